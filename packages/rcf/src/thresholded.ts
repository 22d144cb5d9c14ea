import type { Attribution } from './attribution.ts';
import { RandomCutForest } from './forest.ts';
import type { ForestOptions } from './parameters.ts';
import { integer, positive, real } from './parameters.ts';
import { checkPoint, valueMax } from './rows.ts';
import type { ForestState } from './snapshot.ts';
import { Threshold } from './threshold.ts';
import type { TransformMethod } from './transform.ts';
import { Transform, transformMethods } from './transform.ts';

/** The forest's options, with the defaults of the library's ThresholdedRandomCutForest, and the threshold's own. */
export interface ThresholdedOptions extends Omit<ForestOptions, 'internalShingling'> {
  /** Default 'normalize'. */
  transformMethod?: TransformMethod | undefined;
  /** A row makes the earlier ones count `1 - transformDecay` times as much in the statistics. Default 1 / sampleSize. */
  transformDecay?: number | undefined;
  /** Rows gathered for the first statistics, then replayed. Default 10. */
  startNormalization?: number | undefined;
  /** Deviations between the mean score and the threshold. Default 3. */
  zFactor?: number | undefined;
  /** No score below this is an anomaly. Default 0.8. */
  absoluteThreshold?: number | undefined;
}

export interface Verdict {
  /** The forest's, 0 while it starts. */
  readonly score: number;
  /** 0: ordinary. Above 0: an anomaly, up to 1. */
  readonly grade: number;
  /** How much of the samples was filled before this row, 0 to 1. */
  readonly confidence: number;
  /** What the row should have been, in the units of the input; null for an ordinary row. */
  readonly expected: Float64Array | null;
  /** What the score is made of, per input column; null for an ordinary row. */
  readonly attribution: Attribution | null;
}

/** Plain data that survives structuredClone. */
export interface ThresholdedState {
  readonly version: 1;
  readonly settings: ThresholdedSettings;
  readonly forest: ForestState;
  readonly rows: number;
  readonly rowsSinceAnomaly: number;
  readonly pending: Float64Array;
  readonly previous: Float64Array;
  readonly shingle: Float64Array;
  readonly corrected: Float64Array;
  readonly transform: Float64Array;
  readonly threshold: Float64Array;
}

export interface ThresholdedSettings {
  readonly transformMethod: TransformMethod;
  readonly transformDecay: number;
  readonly startNormalization: number;
  readonly zFactor: number;
  readonly absoluteThreshold: number;
}

/**
 * Says of each row whether it is an anomaly, without a threshold from the caller: a forest over transformed, shingled
 * rows, and a threshold that learns from its scores. It follows the library's ThresholdedRandomCutForest in outline; its
 * grades are not the library's.
 */
export class ThresholdedForest {
  readonly #settings: ThresholdedSettings;
  readonly #transform: Transform;
  readonly #threshold: Threshold;
  /** The first rows, until there are enough for statistics. */
  readonly #pending: Float64Array;
  /** The row before. */
  readonly #previous: Float64Array;
  /** The last rows, transformed, newest last. */
  readonly #shingle: Float64Array;
  /** The same, where each anomaly is replaced by what was expected. */
  readonly #corrected: Float64Array;
  #forest: RandomCutForest;
  #rows = 0;
  #rowsSinceAnomaly: number;

  constructor(options: ThresholdedOptions) {
    this.#forest = new RandomCutForest({
      ...options,
      internalShingling: false, // the shingles are made here, because a corrected one is scored too
      outputAfter: options.outputAfter ?? 32,
      initialAcceptFraction: options.initialAcceptFraction ?? 0.125,
    });
    const { inputDimensions, shingleSize, sampleSize } = this.#forest.parameters;
    const settings = thresholdedSettings(options, sampleSize);
    this.#settings = settings;
    this.#transform = new Transform(settings.transformMethod, inputDimensions, settings.transformDecay);
    this.#threshold = new Threshold(settings.zFactor, settings.absoluteThreshold, settings.transformDecay);
    this.#pending = new Float64Array(settings.startNormalization * inputDimensions);
    this.#previous = new Float64Array(inputDimensions);
    this.#shingle = new Float64Array(inputDimensions * shingleSize);
    this.#corrected = new Float64Array(inputDimensions * shingleSize);
    this.#rowsSinceAnomaly = shingleSize;
  }

  /** Goes on where `snapshot` was taken, bit for bit. */
  static restore(state: ThresholdedState): ThresholdedForest {
    if (state.version !== 1) throw new RangeError(`version of the state is ${String(state.version)}; it must be 1`);
    const { internalShingling: _, ...parameters } = state.forest.parameters;
    const thresholded = new ThresholdedForest({ ...parameters, ...state.settings });
    thresholded.#forest = RandomCutForest.restore(state.forest);
    thresholded.#rows = state.rows;
    thresholded.#rowsSinceAnomaly = state.rowsSinceAnomaly;
    thresholded.#pending.set(state.pending);
    thresholded.#previous.set(state.previous);
    thresholded.#shingle.set(state.shingle);
    thresholded.#corrected.set(state.corrected);
    thresholded.#transform.state.set(state.transform);
    thresholded.#threshold.state.set(state.threshold);
    return thresholded;
  }

  /** Judges the row, then learns from it. A row is `inputDimensions` finite numbers. */
  process(row: ArrayLike<number>): Verdict {
    const { inputDimensions } = this.#forest.parameters;
    const { startNormalization } = this.#settings;
    checkPoint('row', row, inputDimensions);
    const values = Float64Array.from(row, (value) => Math.max(-valueMax, Math.min(valueMax, value)));
    if (this.#rows++ < startNormalization) {
      this.#pending.set(values, (this.#rows - 1) * inputDimensions);
      return this.#rows < startNormalization ? starting : this.#replay();
    }
    const verdict = this.#judge(values, this.#rows);
    this.#learn(values);
    return verdict;
  }

  snapshot(): ThresholdedState {
    return {
      version: 1,
      settings: { ...this.#settings },
      forest: this.#forest.snapshot(),
      rows: this.#rows,
      rowsSinceAnomaly: this.#rowsSinceAnomaly,
      pending: this.#pending.slice(),
      previous: this.#previous.slice(),
      shingle: this.#shingle.slice(),
      corrected: this.#corrected.slice(),
      transform: this.#transform.state.slice(),
      threshold: this.#threshold.state.slice(),
    };
  }

  /** Judges the pending rows by the statistics of all of them, and returns the last verdict. */
  #replay(): Verdict {
    const { inputDimensions } = this.#forest.parameters;
    const { startNormalization } = this.#settings;
    const rows = Array.from({ length: startNormalization }, (_, row) =>
      this.#pending.subarray(row * inputDimensions, (row + 1) * inputDimensions),
    );
    this.#previous.set(rows[0]!);
    for (const values of rows) this.#learn(values);
    this.#previous.set(rows[0]!);
    let verdict = starting;
    for (const [row, values] of rows.entries()) {
      verdict = this.#judge(values, row + 1);
      this.#previous.set(values);
    }
    return verdict;
  }

  #learn(values: Float64Array): void {
    for (let column = 0; column < values.length; column++) {
      this.#transform.learn(column, values[column]!, this.#previous[column]!);
    }
    this.#previous.set(values);
  }

  /** `rows` counts the rows up to this one. */
  #judge(values: Float64Array, rows: number): Verdict {
    const forest = this.#forest;
    const { shingleSize, sampleSize } = forest.parameters;
    const newest = this.#shingle.length - values.length;
    this.#shingle.copyWithin(0, values.length);
    this.#corrected.copyWithin(0, values.length);
    for (let column = 0; column < values.length; column++) {
      const transformed = this.#transform.apply(column, values[column]!, this.#previous[column]!);
      this.#shingle[newest + column] = transformed;
      this.#corrected[newest + column] = transformed;
    }
    if (rows < shingleSize) return starting;

    const score = forest.score(this.#shingle);
    const confidence = Math.min(1, forest.totalUpdates / sampleSize);
    let verdict: Verdict = { score, grade: 0, confidence, expected: null, attribution: null };
    if (score > 0) {
      const grade = this.#grade(score);
      if (grade > 0) verdict = this.#explain(score, grade, confidence);
      this.#rowsSinceAnomaly = grade > 0 ? 1 : this.#rowsSinceAnomaly + 1;
      this.#threshold.update(score);
    }
    forest.update(this.#shingle);
    return verdict;
  }

  /** A shingle that still holds an earlier anomaly scores high for that: it counts only if it would without. */
  #grade(score: number): number {
    const grade = this.#threshold.grade(score);
    if (grade === 0 || this.#rowsSinceAnomaly >= this.#forest.parameters.shingleSize) return grade;
    return Math.min(grade, this.#threshold.grade(this.#forest.score(this.#corrected)));
  }

  /** Says which columns made the score, and what they should have been; the latter also goes into the corrected shingle. */
  #explain(score: number, grade: number, confidence: number): Verdict {
    const forest = this.#forest;
    const columns = this.#previous.length;
    const newest = this.#shingle.length - columns;
    const { high, low } = forest.attribution(this.#shingle);
    const attribution = { high: new Float64Array(columns), low: new Float64Array(columns) };
    for (let i = 0; i < high.length; i++) {
      attribution.high[i % columns]! += high[i]!;
      attribution.low[i % columns]! += low[i]!;
    }

    const shares = Float64Array.from(
      { length: columns },
      (_, column) => high[newest + column]! + low[newest + column]!,
    );
    const mean = shares.reduce((sum, share) => sum + share, 0) / columns;
    const suspects = [...shares.keys()].filter((column) => shares[column]! >= mean);
    const expected = new Float64Array(columns);
    // Without any known dimension there is nothing to go by but the mean.
    const known = suspects.length < this.#shingle.length;
    const imputed = known
      ? forest.impute(
          this.#corrected,
          suspects.map((column) => newest + column),
        )
      : null;
    for (let column = 0; column < columns; column++) {
      const previous = this.#previous[column]!;
      if (imputed === null) {
        expected[column] = this.#transform.mean(column);
        this.#corrected[newest + column] = this.#transform.apply(column, expected[column]!, previous);
      } else {
        expected[column] = this.#transform.invert(column, imputed[newest + column]!, previous);
        this.#corrected[newest + column] = imputed[newest + column]!;
      }
    }
    return { score, grade, confidence, expected, attribution };
  }
}

const starting: Verdict = { score: 0, grade: 0, confidence: 0, expected: null, attribution: null };

function thresholdedSettings(options: ThresholdedOptions, sampleSize: number): ThresholdedSettings {
  const transformMethod = options.transformMethod ?? 'normalize';
  if (!transformMethods.includes(transformMethod)) {
    throw new RangeError(
      `transformMethod is ${String(transformMethod)}; it must be one of ${transformMethods.join(', ')}`,
    );
  }
  return {
    transformMethod,
    transformDecay: positive('transformDecay', options.transformDecay ?? 1 / sampleSize, 1),
    startNormalization: integer('startNormalization', options.startNormalization ?? 10, 1, 1000),
    zFactor: real('zFactor', options.zFactor ?? 3, 1, 100),
    absoluteThreshold: real('absoluteThreshold', options.absoluteThreshold ?? 0.8, 0, 100),
  };
}
