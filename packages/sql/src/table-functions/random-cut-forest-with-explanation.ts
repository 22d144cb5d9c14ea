import {
  type Batch,
  ColumnBuilder,
  type Operator,
  type Output,
  printCount,
  type Schema,
  type Value,
} from '@rowtime/core';
import { type Attribution, type ForestState, RandomCutForest } from '@rowtime/rcf';
import { checkForest, createForest, forestParameters } from './forest.ts';
import { type Parameter, truth } from './parameters.ts';
import { Points } from './points.ts';
import type { TableFunction, TableFunctionOptions } from './table-function.ts';

const name = 'RANDOM_CUT_FOREST_WITH_EXPLANATION';

const parameters: readonly Parameter[] = [...forestParameters, truth('withDirectionality', false)];

export const randomCutForestWithExplanation: TableFunction = {
  name,
  isRandom: true,
  doc: 'RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR(query), numberOfTrees = 100, subSampleSize = 256, timeDecay = 100000, shingleSize = 1, withDirectionality = FALSE): as RANDOM_CUT_FOREST, and ANOMALY_EXPLANATION, a JSON object with the ATTRIBUTION_SCORE of each numeric column, with directionality also its DIRECTION and STRENGTH.',
  bind(input, args, spanOf) {
    checkForest(name, parameters, input, args, spanOf);
    return [
      ...input,
      { name: 'ANOMALY_SCORE', type: { kind: 'double' }, nullable: true },
      { name: 'ANOMALY_EXPLANATION', type: { kind: 'varchar', length: null }, nullable: true },
    ];
  },
  create: (input, output, args, options) => new Explanations(input, output, args, options),
};

/** Adds ANOMALY_SCORE, that of RANDOM_CUT_FOREST, and what it is made of: the row is explained, then learnt. A row in
 *  error_stream is not learnt. */
class Explanations implements Operator {
  readonly schema: Schema;
  readonly #points: Points;
  readonly #point: Float64Array;
  readonly #attribution: Attribution;
  /** What comes before the first value of each column: {"x":{"ATTRIBUTION_SCORE":" and "},"y":{"ATTRIBUTION_SCORE":" */
  readonly #openings: readonly string[];
  readonly #directionality: boolean;
  /** The explanation of every row while the forest learns. */
  readonly #learning: string;
  #forest: RandomCutForest;

  constructor(input: Schema, output: Schema, args: readonly Value[], { errors, seed }: TableFunctionOptions) {
    this.schema = output;
    this.#points = new Points(name, input, errors);
    const columns = this.#points.columns;
    this.#forest = createForest(columns.length, args, seed);
    const { inputDimensions, shingleSize } = this.#forest.parameters;
    this.#point = new Float64Array(inputDimensions);
    this.#attribution = {
      high: new Float64Array(inputDimensions * shingleSize),
      low: new Float64Array(inputDimensions * shingleSize),
    };
    this.#directionality = args[forestParameters.length] === true;
    const first = this.#directionality ? 'DIRECTION' : 'ATTRIBUTION_SCORE';
    this.#openings = columns.map((index, i) => {
      const start = i === 0 ? '{' : '"},';
      return `${start}${JSON.stringify(input[index]?.name)}:{"${first}":"`;
    });
    this.#learning = this.#explain(0);
  }

  push(input: Batch, out: Output): void {
    const { batch, points } = this.#points.read(input);
    const { length } = batch;
    if (length === 0) return;
    const dimensions = this.#point.length;
    const scores = new Float64Array(length);
    const explanations = new ColumnBuilder('text', length);
    for (let i = 0; i < length; i++) {
      for (let d = 0; d < dimensions; d++) this.#point[d] = points[i * dimensions + d]!;
      explanations.push(this.#explained(scores, i));
    }
    const score = { kind: 'num', values: scores, valid: null } as const;
    out({ ...batch, columns: [...batch.columns, score, explanations.finish()] });
  }

  advance(watermark: number): number {
    return watermark;
  }

  remembers(): string | null {
    const { totalUpdates } = this.#forest;
    return totalUpdates === 0 ? null : `${printCount(totalUpdates, 'point')} learnt`;
  }

  snapshot(): unknown {
    return this.#forest.snapshot();
  }

  restore(state: unknown): void {
    this.#forest = RandomCutForest.restore(state as ForestState);
  }

  // The attribution is that of the point before it is learnt, as the score is, of which it is the parts: their sum
  // saves computing the score a second time, and differs from it by float32 roundings (1e-7).
  #explained(scores: Float64Array, i: number): string {
    const forest = this.#forest;
    const isLearning = forest.totalUpdates < forest.parameters.outputAfter;
    if (!isLearning) forest.attribution(this.#point, this.#attribution);
    forest.update(this.#point);
    if (isLearning) return this.#learning;
    const { high, low } = this.#attribution;
    let score = 0;
    for (let at = 0; at < high.length; at++) score += high[at]! + low[at]!;
    scores[i] = score;
    return this.#explain(score);
  }

  #explain(score: number): string {
    const { high, low } = this.#attribution;
    const columns = this.#openings.length;
    let text = '';
    for (let c = 0; c < columns; c++) {
      let above = 0;
      let below = 0;
      // Of a shingle the attribution has one entry per row and column.
      for (let at = c; at < high.length; at += columns) {
        above += high[at]!;
        below += low[at]!;
      }
      text += this.#openings[c];
      if (this.#directionality) {
        // Of the newest row of the shingle alone. Undocumented: SEMANTICS.md, "DIRECTION and STRENGTH".
        const newest = high.length - columns + c;
        text += high[newest]! > low[newest]! ? 'HIGH' : 'LOW';
        text += `","STRENGTH":"${strength(high[newest]!, low[newest]!, score).toFixed(4)}","ATTRIBUTION_SCORE":"`;
      }
      text += (above + below).toFixed(4);
    }
    return `${text}"}}`;
  }
}

/** How sure a DIRECTION is. AWS does not document the formula, and no simple one gives all published values: those of the
 *  developer guide fit this one, which has no unit, but a published run on sums of thousands has strengths of hundreds. */
function strength(above: number, below: number, score: number): number {
  return Math.abs(above - below) * score;
}
