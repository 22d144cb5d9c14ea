/** The first index in [from, to) of an ascending array whose value is not below x; `to` if there is none. */
export function lowerBound(sorted: Float64Array, x: number, from: number, to: number): number {
  // Mostly the whole rest is below x (a window spans many batches): one comparison.
  if (from < to && sorted[to - 1] < x) return to;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
