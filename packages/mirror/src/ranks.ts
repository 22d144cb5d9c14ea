/** Spearman's rank correlation: -1 to 1; equal values share their ranks. NaN if all of one side are equal. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranks(a), ranks(b)];
  const middle = (a.length - 1) / 2;
  let [both, squareX, squareY] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - middle, y[i]! - middle];
    both += dx * dy;
    squareX += dx * dx;
    squareY += dy * dy;
  }
  return both / Math.sqrt(squareX * squareY);
}

/** The part of the `k` places with the highest values of one side that are among those of the other. */
export function topOverlap(a: readonly number[], b: readonly number[], k: number): number {
  const other = new Set(highest(b, k));
  return highest(a, k).filter((at) => other.has(at)).length / k;
}

function ranks(values: readonly number[]): Float64Array {
  const order = values.map((_, at) => at).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let at = from; at < to; at++) ranks[order[at]!] = (from + to - 1) / 2;
  }
  return ranks;
}

function highest(values: readonly number[], k: number): number[] {
  return values
    .map((_, at) => at)
    .sort((i, j) => values[j]! - values[i]!)
    .slice(0, k);
}
