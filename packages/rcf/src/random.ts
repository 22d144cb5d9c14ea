/**
 * The generator of java.util.Random, whose sequence the Java platform specifies: 48 bits of state, one multiplication
 * per step. The state is two 24-bit halves, so that every product is exact in a double and no draw makes a BigInt.
 */
export class JavaRandom {
  #high = 0;
  #low = 0;
  readonly uniform = new Float64Array(1);

  /** Starts the sequence of `new Random(seed)`; only the low 48 bits of the seed count. */
  start(seedHigh: number, seedLow: number): void {
    this.#high = seedHigh ^ multiplierHigh;
    this.#low = seedLow ^ multiplierLow;
  }

  /**
   * The library keeps a seed, not a generator: it starts from the stored seed, takes one long as the next seed, and goes
   * on drawing from the same sequence. `seeds` holds pairs of halves, low then high.
   */
  replay(seeds: Int32Array, pair: number): void {
    this.start(seeds[2 * pair + 1]!, seeds[2 * pair]!);
    this.nextSeed(seeds, pair);
  }

  /** One nextLong() written to `seeds` as halves. The second word of a Java long is signed: it borrows from the first. */
  nextSeed(seeds: Int32Array, pair: number): void {
    this.#step();
    const first = (this.#high << 8) | (this.#low >>> 16);
    this.#step();
    const second = (this.#high << 8) | (this.#low >>> 16);
    seeds[2 * pair] = second & mask24;
    seeds[2 * pair + 1] = (((first + (second >> 31)) & 0xffff) << 8) | (second >>> 24);
  }

  /** One nextDouble(), in [0, 1), as `uniform[0]`: a returned double is an object on the heap wherever it is not inlined. */
  nextUniform(): void {
    this.#step();
    const top26 = this.#high * 4 + (this.#low >>> 22);
    this.#step();
    this.uniform[0] = (top26 * 2 ** 27 + this.#high * 8 + (this.#low >>> 21)) * 2 ** -53;
  }

  #step(): void {
    const product = this.#low * multiplierLow + 11; // below 2^48
    this.#high =
      (Math.imul(this.#high, multiplierLow) + Math.imul(this.#low, multiplierHigh) + ((product * 2 ** -24) | 0)) &
      mask24;
    this.#low = (Math.imul(this.#low, multiplierLow) + 11) & mask24;
  }
}

export const mask24 = 0xffffff;
export const multiplierHigh = 0x5de; // 0x5DEECE66D
export const multiplierLow = 0xece66d;

/** The halves, low then high, of the 48 bits of a seed that count. */
export function seedHalves(seed: bigint | number): Int32Array {
  const bits = BigInt.asUintN(48, BigInt(seed));
  return Int32Array.of(Number(bits & 0xffffffn), Number(bits >> 24n));
}
