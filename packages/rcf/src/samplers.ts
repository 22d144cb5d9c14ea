import type { Arrays } from './arrays.ts';
import type { ForestParameters } from './parameters.ts';
import { JavaRandom, mask24, multiplierHigh, multiplierLow } from './random.ts';

/**
 * The samples of all trees: per tree a reservoir weighted by time, kept as a binary heap with the heaviest entry, the
 * next to go, on top (Efraimidis and Spirakis 2006, with the exponential decay of the library). An entry names a leaf.
 */
export class Samplers {
  readonly sampleSize: number;
  readonly timeDecay: number;
  readonly initialAcceptFraction: number;
  /** Heaps of `sampleSize` entries, tree after tree. */
  readonly weights: Float32Array;
  readonly leaves: Int32Array;
  readonly sizes: Int32Array;
  /** Two halves per tree: what the next offered row draws from. */
  readonly seeds: Int32Array;
  /** Below this, the top 26 bits of a draw mean a certain rejection, for sequence numbers before `certainUntil`. */
  readonly certain: Int32Array;
  readonly certainUntil: Float64Array;
  readonly #random = new JavaRandom();
  readonly #accepted = new Float32Array(1);
  #evicts = false;

  constructor(arrays: Arrays, parameters: ForestParameters) {
    const { numberOfTrees, sampleSize, timeDecay, initialAcceptFraction } = parameters;
    this.sampleSize = sampleSize;
    this.timeDecay = timeDecay;
    this.initialAcceptFraction = initialAcceptFraction;
    this.weights = arrays.float32(numberOfTrees * sampleSize);
    this.leaves = arrays.int32(numberOfTrees * sampleSize);
    this.sizes = arrays.int32(numberOfTrees);
    this.seeds = arrays.int32(2 * numberOfTrees);
    this.certain = arrays.int32(numberOfTrees);
    this.certainUntil = arrays.float64(numberOfTrees);
  }

  /**
   * Offers rows to samples, tree-major: pair `tree × rows + row` is the row with sequence number `sequence + row`.
   * Returns the first pair accepted, or `to`. The caller must then evict, if `evicts`, and `add`, before the next pair.
   */
  nextAccepted(from: number, to: number, rows: number, sequence: number): number {
    const { seeds, certain, certainUntil } = this;
    let tree = Math.trunc(from / rows);
    let row = from - tree * rows;
    let pair = from;
    for (; pair < to; tree++) {
      let low = seeds[2 * tree]!;
      let high = seeds[2 * tree + 1]!;
      let surely = certain[tree]!;
      let until = certainUntil[tree]! - sequence;
      for (; row < rows; row++, pair++) {
        if (row >= until) {
          this.#boundRejections(tree, sequence + row);
          surely = certain[tree]!;
          until = certainUntil[tree]! - sequence;
        }
        // JavaRandom.replay and the first half of nextUniform, with the first three steps each made from the start:
        // state n is multiplier^n × start + increment n, so none waits for the one before.
        const startLow = low ^ multiplierLow;
        const startHigh = high ^ multiplierHigh;
        const first = Math.imul(startLow | (startHigh << 24), 0xdeece66d) + 11; // only bits 16..31 count
        const product2 = startLow * 0x600a69 + 0x2de6ba;
        const high2 =
          Math.imul(startHigh, 0x600a69) + Math.imul(startLow, 0xbb20b4) + ((product2 * 2 ** -24) | 0) + 0x4094;
        const low2 = Math.imul(startLow, 0x600a69) + 0x2de6ba;
        const second = (high2 << 8) | ((low2 >>> 16) & 0xff);
        const product3 = startLow * 0x0ac4b5 + 0x4e593d;
        const high3 =
          (Math.imul(startHigh, 0x0ac4b5) + Math.imul(startLow, 0xd498bd) + ((product3 * 2 ** -24) | 0) + 0xaa854) &
          mask24;
        const low3 = (Math.imul(startLow, 0x0ac4b5) + 0x4e593d) & mask24;
        const top26 = (high3 << 2) | (low3 >>> 22);
        if (top26 >= surely) {
          seeds[2 * tree] = low;
          seeds[2 * tree + 1] = high;
          if (this.#offer(tree, sequence + row)) return pair;
          low = seeds[2 * tree]!;
          high = seeds[2 * tree + 1]!;
        } else {
          low = second & mask24;
          high = ((((first >>> 16) + (second >> 31)) & 0xffff) << 8) | (second >>> 24);
        }
      }
      seeds[2 * tree] = low;
      seeds[2 * tree + 1] = high;
      row = 0;
    }
    return to;
  }

  /** Whether the row just accepted takes the place of the heaviest entry. */
  get evicts(): boolean {
    return this.#evicts;
  }

  /** Takes the heaviest entry out and returns its leaf. */
  evict(tree: number): number {
    const { weights, leaves, sizes } = this;
    const top = tree * this.sampleSize;
    const leaf = leaves[top]!;
    const size = --sizes[tree]!;
    const weight = weights[top + size]!;
    const last = leaves[top + size]!;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      // Strictly heavier only: the order among equal weights decides later evictions.
      if (child + 1 < size && weights[top + child + 1]! > weights[top + child]!) child++;
      if (weights[top + child]! <= weight) break;
      weights[top + hole] = weights[top + child]!;
      leaves[top + hole] = leaves[top + child]!;
      hole = child;
    }
    weights[top + hole] = weight;
    leaves[top + hole] = last;
    return leaf;
  }

  /** Enters the row just accepted, as the leaf that the tree put it in. */
  add(tree: number, leaf: number): void {
    const { weights, leaves, sizes } = this;
    const top = tree * this.sampleSize;
    const weight = this.#accepted[0]!;
    let hole = sizes[tree]!++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (weights[top + parent]! >= weight) break;
      weights[top + hole] = weights[top + parent]!;
      leaves[top + hole] = leaves[top + parent]!;
      hole = parent;
    }
    weights[top + hole] = weight;
    leaves[top + hole] = leaf;
  }

  /** The exact test. It draws once more while the sample is not full, also where the answer is certain. */
  #offer(tree: number, sequence: number): boolean {
    const { sampleSize, seeds } = this;
    const random = this.#random;
    const accepted = this.#accepted;
    do {
      random.replay(seeds, tree);
      random.nextUniform();
    } while (random.uniform[0] === 0);
    accepted[0] = -sequence * this.timeDecay + Math.log(-Math.log(random.uniform[0]!));
    const size = this.sizes[tree]!;
    if (size < sampleSize) {
      random.replay(seeds, tree);
      random.nextUniform();
      if (random.uniform[0]! < this.#initialAcceptance(size)) {
        this.#evicts = false;
        return true;
      }
    }
    this.#evicts = true;
    return size > 0 && accepted[0]! < this.weights[tree * sampleSize]!;
  }

  #initialAcceptance(size: number): number {
    const { sampleSize, initialAcceptFraction } = this;
    if (size < initialAcceptFraction * sampleSize) return 1;
    if (initialAcceptFraction >= 1) return 0;
    return 1 - (size / sampleSize - initialAcceptFraction) / (1 - initialAcceptFraction);
  }

  /**
   * A weight is log(-log u) - timeDecay × sequence: only a u above exp(-exp(heaviest + timeDecay × sequence)) can be
   * lighter than the heaviest entry, which only ever makes way for lighter ones. Taken for a sequence number some way
   * ahead, and a little lower, that bound spares nearly every row its logarithms; the exact test decides the others.
   */
  #boundRejections(tree: number, sequence: number): void {
    const until = sequence + rowsPerBound;
    this.certainUntil[tree] = until;
    if (this.sizes[tree]! < this.sampleSize) {
      this.certain[tree] = 0;
      return;
    }
    const heaviest = this.weights[tree * this.sampleSize]!;
    const lightest = heaviest + this.timeDecay * until;
    const margin = 1e-6 + 1e-12 * (Math.abs(heaviest) + this.timeDecay * until);
    const uniform = Math.exp(-Math.exp(lightest + margin)) - 2 ** -50;
    this.certain[tree] = Math.max(0, Math.floor(uniform * 2 ** 26)) | 0;
  }
}

const rowsPerBound = 64;
