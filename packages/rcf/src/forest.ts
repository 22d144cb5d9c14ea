import type { Attribution } from './attribution.ts';
import type { Engine } from './engine.ts';
import { impute } from './impute.ts';
import type { EngineChoice, ForestOptions, ForestParameters } from './parameters.ts';
import { engineChoice, forestParameters, forestSeed, integer } from './parameters.ts';
import { checkPoints, type Rows } from './rows.ts';
import type { ForestState } from './snapshot.ts';
import { loadForest, parametersOf, saveForest } from './snapshot.ts';
import type { Trees } from './trees.ts';
import { TypeScriptEngine } from './typescript-engine.ts';
import { WasmEngine } from './wasm/engine.ts';

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
  readonly #engine: Engine;
  readonly #trees: Trees;
  readonly #rows: Rows;
  readonly #sums: Float64Array;
  #totalUpdates = 0;

  /** `engine` is for forests that bring their own. */
  constructor(options: ForestOptions, engine?: Engine) {
    const parameters = forestParameters(options);
    const seed = forestSeed(options.randomSeed);
    this.parameters = parameters;
    this.pointLength = parameters.inputDimensions * (parameters.internalShingling ? 1 : parameters.shingleSize);
    this.#engine = engine ?? makeEngine(parameters, engineChoice(options.engine));
    const { memory } = this.#engine;
    memory.start(seed);
    this.#trees = memory.trees;
    this.#rows = memory.rows;
    this.#sums = memory.sums;
  }

  /** Goes on where `snapshot` was taken, bit for bit, with whichever engine. */
  static restore(state: ForestState, options: { engine?: EngineChoice | undefined } = {}): RandomCutForest {
    const forest = new RandomCutForest({ ...parametersOf(state), engine: options.engine });
    forest.load(state);
    return forest;
  }

  /** What computes: never 'auto'. */
  get engine(): 'wasm' | 'typescript' {
    return this.#engine.name;
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
    if (!this.#isReady(0)) {
      attribution.high.fill(0);
      attribution.low.fill(0);
      return attribution;
    }
    this.#engine.attribute(attribution);
    const scale = 1 / this.#trees.numberOfTrees;
    for (let i = 0; i < dimensions; i++) {
      attribution.high[i]! *= scale;
      attribution.low[i]! *= scale;
    }
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
    return saveForest(this.parameters, this.#totalUpdates, this.#engine.memory);
  }

  protected load(state: ForestState): void {
    loadForest(state, this.#engine.memory);
    this.#totalUpdates = state.totalUpdates;
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
    return this.#isReady(0) ? this.#engine.score() / this.#trees.numberOfTrees : 0;
  }

  /** Scores the rows of the block from `firstScored` on, and adds all of them. */
  #updateLoaded(count: number, firstScored: number): void {
    const sequence = this.#sequence;
    if (sequence >= 0) this.#engine.push(count, firstScored, sequence);
    this.#rows.advance(count);
    this.#totalUpdates += count;
  }
}

function makeEngine(parameters: ForestParameters, choice: EngineChoice): Engine {
  const wasm = choice === 'typescript' ? null : WasmEngine.create(parameters);
  if (wasm === null && choice === 'wasm') {
    throw new RangeError(
      'engine is wasm; this runtime has no WebAssembly with SIMD, or too little memory for the forest',
    );
  }
  return wasm ?? new TypeScriptEngine(parameters);
}
