import { type Batch, type Operator, type Output, printCount, type Schema, type Value } from '@rowtime/core';
import { type ForestState, RandomCutForest } from '@rowtime/rcf';
import { checkForest, createForest, forestParameters } from './forest.ts';
import { Points } from './points.ts';
import type { TableFunction, TableFunctionOptions } from './table-function.ts';

const name = 'RANDOM_CUT_FOREST';

export const randomCutForest: TableFunction = {
  name,
  isRandom: true,
  doc: 'RANDOM_CUT_FOREST(CURSOR(query), numberOfTrees = 100, subSampleSize = 256, timeDecay = 100000, shingleSize = 1): the columns of the query and ANOMALY_SCORE, 0 for the first subSampleSize rows.',
  bind(input, args, spanOf) {
    checkForest(name, forestParameters, input, args, spanOf);
    return [...input, { name: 'ANOMALY_SCORE', type: { kind: 'double' }, nullable: true }];
  },
  create: (input, output, args, options) => new Scores(input, output, args, options),
};

/** Adds ANOMALY_SCORE to each row: the row is scored, then learnt. A row in error_stream is not learnt. */
class Scores implements Operator {
  readonly schema: Schema;
  readonly #points: Points;
  #forest: RandomCutForest;

  constructor(input: Schema, output: Schema, args: readonly Value[], { errors, seed }: TableFunctionOptions) {
    this.schema = output;
    this.#points = new Points(name, input, errors);
    this.#forest = createForest(this.#points.columns.length, args, seed);
  }

  push(input: Batch, out: Output): void {
    const { batch, points } = this.#points.read(input);
    if (batch.length === 0) return;
    const scores = this.#forest.processBatch(points);
    out({ ...batch, columns: [...batch.columns, { kind: 'num', values: scores, valid: null }] });
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
}
