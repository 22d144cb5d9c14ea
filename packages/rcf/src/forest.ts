import type { Attribution } from './attribution.ts';
import { Attributor } from './attribution.ts';
import { impute } from './impute.ts';
import { insert } from './insert.ts';
import type { ForestOptions, ForestParameters } from './parameters.ts';
import { forestParameters, forestSeed, integer } from './parameters.ts';
import { JavaRandom, seedHalves } from './random.ts';
import { remove } from './remove.ts';
import { checkPoints, Rows } from './rows.ts';
import { Samplers } from './samplers.ts';
import { addScores, ScoreTables } from './score.ts';
import type { ForestState } from './snapshot.ts';
import { loadForest, saveForest } from './snapshot.ts';
import { Trees } from './trees.ts';

/**
 * A random cut forest (Guha et al. 2016) that scores points as AWS's Java library does from the same seed.
 * A score is about 1 for an ordinary point and grows with how easily random cuts set the point apart from the samples;
 * it is 0 until `outputAfter` updates have been seen. A point is `pointLength` finite numbers, rounded to float32.
 *
 * Nothing is allocated per point. A forest that throws is as it was before.
 */
export class RandomCutForest {
  readonly parameters: ForestParameters;
  /** Numbers per point passed in: a row with internal shingling, else a whole shingle. */
  readonly pointLength: number;
  readonly #trees: Trees;
  readonly #samplers: Samplers;
  readonly #tables: ScoreTables;
  readonly #rows: Rows;
  readonly #sums: Float64Array;
  readonly #attributor: Attributor;
  #totalUpdates = 0;

  constructor(options: ForestOptions) {
    const parameters = forestParameters(options);
    const { inputDimensions, shingleSize, numberOfTrees, sampleSize, internalShingling } = parameters;
    const dimensions = inputDimensions * shingleSize;
    this.parameters = parameters;
    this.pointLength = internalShingling ? inputDimensions : dimensions;
    this.#trees = new Trees(numberOfTrees, sampleSize, dimensions);
    this.#samplers = new Samplers(numberOfTrees, sampleSize, parameters.timeDecay, parameters.initialAcceptFraction);
    this.#tables = new ScoreTables(sampleSize);
    this.#rows = new Rows(dimensions, this.pointLength);
    this.#sums = new Float64Array(this.#rows.capacity);
    this.#attributor = new Attributor(this.#trees, this.#tables);
    this.#seed(forestSeed(options.randomSeed));
  }

  /** Goes on where `snapshot` was taken, bit for bit. */
  static restore(state: ForestState): RandomCutForest {
    if (state.version !== 1) throw new RangeError(`version of the state is ${String(state.version)}; it must be 1`);
    const forest = new RandomCutForest(state.parameters);
    forest.#totalUpdates = state.totalUpdates;
    loadForest(state, forest.#rows.head, forest.#trees, forest.#samplers);
    return forest;
  }

  /** Points seen by `update`, `process` and `processBatch`. */
  get totalUpdates(): number {
    return this.#totalUpdates;
  }

  /** The anomaly score of the point, if it came next. The forest stays as it is. */
  score(point: ArrayLike<number>): number {
    this.#rows.loadPoint(point);
    return this.#scoreLoaded();
  }

  /** Offers the point to every sample. */
  update(point: ArrayLike<number>): void {
    this.#rows.loadPoint(point);
    this.#updateLoaded(1, 1);
  }

  /** The score of the point, which is then added. */
  process(point: ArrayLike<number>): number {
    this.#rows.loadPoint(point);
    const firstScored = this.#isReady(0) ? 0 : 1;
    this.#updateLoaded(1, firstScored);
    return firstScored === 0 ? this.#sums[0]! / this.#trees.numberOfTrees : 0;
  }

  /**
   * `process` for the points of a row-major array, in order; the same bits, faster. Writes one score per point and
   * returns `scores`.
   */
  processBatch(points: Float64Array, scores?: Float64Array): Float64Array {
    const count = checkPoints(points, this.pointLength);
    const out = scores ?? new Float64Array(count);
    if (out.length < count) throw new RangeError(`scores has ${out.length} numbers; it must have at least ${count}`);
    const { numberOfTrees } = this.#trees;
    let rows = 0;
    for (let from = 0; from < count; from += rows) {
      // Rows that only fill the first shingle go one by one; all others are offered.
      rows = this.#sequence < 0 ? 1 : Math.min(this.#rows.capacity, count - from);
      this.#rows.loadRows(points, from, from + rows);
      let firstScored = 0;
      while (firstScored < rows && !this.#isReady(firstScored)) out[from + firstScored++] = 0;
      this.#updateLoaded(rows, firstScored);
      for (let row = firstScored; row < rows; row++) out[from + row] = this.#sums[row]! / numberOfTrees;
    }
    return out;
  }

  /**
   * What the score of the point is made of; the entries add up to the score, but for rounding. Writes to `out` if given.
   */
  attribution(point: ArrayLike<number>, out?: Attribution): Attribution {
    this.#rows.loadPoint(point);
    const { dimensions } = this.#trees;
    const attribution = out ?? { high: new Float64Array(dimensions), low: new Float64Array(dimensions) };
    if (attribution.high.length !== dimensions || attribution.low.length !== dimensions) {
      throw new RangeError(
        `out has ${attribution.high.length} and ${attribution.low.length} numbers; it must have ${dimensions} each`,
      );
    }
    attribution.high.fill(0);
    attribution.low.fill(0);
    if (this.#isReady(0)) this.#attributor.attribute(this.#rows.values, 0, attribution);
    return attribution;
  }

  /**
   * The point with its missing dimensions replaced by what the samples suggest, given the others. With internal shingling
   * dimensions count through the shingle, oldest row first. Missing dimensions are 0 while there are no scores.
   */
  impute(point: ArrayLike<number>, missing: readonly number[]): Float64Array {
    const { dimensions } = this.#trees;
    const flags = new Uint8Array(dimensions);
    for (const i of missing) flags[integer('missing', i, 0, dimensions - 1)] = 1;
    if (!flags.includes(0)) throw new RangeError(`missing is all ${dimensions} dimensions; one must be known`);
    this.#rows.loadPoint(point);
    const out = new Float64Array(dimensions);
    if (this.#isReady(0)) impute(this.#trees, this.#rows.values, 0, flags, out);
    else for (let i = 0; i < dimensions; i++) out[i] = flags[i] === 1 ? 0 : this.#rows.values[i]!;
    return out;
  }

  snapshot(): ForestState {
    return saveForest(this.parameters, this.#totalUpdates, this.#rows.head, this.#trees, this.#samplers);
  }

  /** The next offered point's place in time. Negative while the first shingle fills. */
  get #sequence(): number {
    const { internalShingling, shingleSize } = this.parameters;
    return internalShingling ? this.#totalUpdates - shingleSize + 1 : this.#totalUpdates;
  }

  /** Whether the row of the block has a score: enough updates before it, and a point in every tree. */
  #isReady(row: number): boolean {
    return this.#totalUpdates + row >= this.parameters.outputAfter && this.#sequence + row > 0;
  }

  #scoreLoaded(): number {
    if (!this.#isReady(0)) return 0;
    const { numberOfTrees } = this.#trees;
    const sums = this.#sums;
    sums[0] = 0;
    const rows = this.#rows;
    addScores(this.#trees, this.#tables, rows.values, rows.stride, 0, numberOfTrees, 1, 0, sums);
    return sums[0]! / numberOfTrees;
  }

  /**
   * Scores and adds the rows of the block, one tree after the other: a tree stays in the cache for all of them, and
   * trees know nothing of each other. Between two accepted rows a tree does not change, so they are scored in one go.
   */
  #updateLoaded(count: number, firstScored: number): void {
    const sequence = this.#sequence;
    if (sequence >= 0) {
      const trees = this.#trees;
      const samplers = this.#samplers;
      const tables = this.#tables;
      const sums = this.#sums;
      const { values, stride } = this.#rows;
      const end = trees.numberOfTrees * count;
      sums.fill(0, firstScored, count);
      for (let from = 0; from < end; ) {
        const accepted = samplers.nextAccepted(from, end, count, sequence);
        const to = accepted < end ? accepted + 1 : end;
        if (firstScored < count) addScores(trees, tables, values, stride, from, to, count, firstScored, sums);
        if (accepted < end) {
          const tree = Math.trunc(accepted / count);
          const row = accepted - tree * count;
          if (samplers.evicts) remove(trees, tree, samplers.evict(tree));
          samplers.add(tree, insert(trees, tree, values, row * stride));
        }
        from = to;
      }
    }
    this.#rows.advance(count);
    this.#totalUpdates += count;
  }

  /** The only draws that trees share, as the library makes them: per tree one long for the tree, one for its sample. */
  #seed(seed: bigint): void {
    const random = new JavaRandom();
    const [low, high] = seedHalves(seed) as unknown as [number, number];
    random.start(high, low);
    for (let tree = 0; tree < this.#trees.numberOfTrees; tree++) {
      random.nextSeed(this.#trees.seeds, tree);
      random.nextSeed(this.#samplers.seeds, tree);
    }
  }
}
