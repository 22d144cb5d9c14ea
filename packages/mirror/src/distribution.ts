const exactMax = 16_384;
const base = Math.log(1.002);
// Below this a score is 0 for any reader.
const smallest = 1e-12;

/**
 * The distribution of many numbers in bounded memory: all of them while they are few, then counts in bins whose borders
 * are 0.2% apart, so that quantiles are within 0.1% and the result does not depend on the order.
 */
export class Distribution {
  count = 0;
  #sum = 0;
  #exact: number[] | null = [];
  #bins = new Map<number, number>();
  #sorted: readonly (readonly [value: number, count: number])[] | null = null;

  add(value: number): void {
    this.count++;
    this.#sum += value;
    this.#sorted = null;
    if (this.#exact === null) {
      this.#toBin(value);
      return;
    }
    this.#exact.push(value);
    if (this.#exact.length > exactMax) this.coarsen();
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }

  get isExact(): boolean {
    return this.#exact !== null;
  }

  /** Distributions are compared both exact or both in bins. */
  coarsen(): void {
    const all = this.#exact ?? [];
    this.#exact = null;
    this.#sorted = null;
    for (const value of all) this.#toBin(value);
  }

  /** Values in ascending order, and how often each comes. */
  values(): readonly (readonly [value: number, count: number])[] {
    this.#sorted ??= this.#sort();
    return this.#sorted;
  }

  quantile(probability: number): number {
    const values = this.values();
    const rank = probability * (this.count - 1);
    let seen = 0;
    for (const [value, count] of values) {
      seen += count;
      if (seen > rank) return value;
    }
    return values.at(-1)?.[0] ?? 0;
  }

  #sort(): (readonly [number, number])[] {
    if (this.#exact !== null) return this.#exact.toSorted((a, b) => a - b).map((value) => [value, 1] as const);
    return [...this.#bins].map(([bin, count]) => [middleOf(bin), count] as const).sort(([a], [b]) => a - b);
  }

  #toBin(value: number): void {
    const bin = binOf(value);
    this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + 1);
  }
}

/** Kolmogorov and Smirnov's D: the largest distance between the two distribution functions. */
export function largestDistance(a: Distribution, b: Distribution): number {
  if (a.count === 0 || b.count === 0) return 0;
  if (a.isExact !== b.isExact) {
    a.coarsen();
    b.coarsen();
  }
  const [x, y] = [a.values(), b.values()];
  let [i, j, seenA, seenB, largest] = [0, 0, 0, 0, 0];
  while (i < x.length || j < y.length) {
    const value = Math.min(x[i]?.[0] ?? Number.POSITIVE_INFINITY, y[j]?.[0] ?? Number.POSITIVE_INFINITY);
    while (i < x.length && x[i]![0] === value) seenA += x[i++]![1];
    while (j < y.length && y[j]![0] === value) seenB += y[j++]![1];
    largest = Math.max(largest, Math.abs(seenA / a.count - seenB / b.count));
  }
  return largest;
}

// Bins of numbers above 0 are above 0, those below are below, and 0 is that of 0.
const offset = 20_000;

function binOf(value: number): number {
  const size = Math.abs(value);
  if (!(size > smallest)) return 0;
  const bin = Math.floor(Math.log(size) / base) + offset;
  return value > 0 ? bin : -bin;
}

function middleOf(bin: number): number {
  if (bin === 0) return 0;
  const size = Math.exp((Math.abs(bin) - offset + 0.5) * base);
  return bin > 0 ? size : -size;
}
