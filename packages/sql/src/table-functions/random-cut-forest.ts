import { type Batch, type Column, gather, type Operator, type Output, type Schema, type Value } from '@rowtime/core';
import { RandomCutForest } from '@rowtime/rcf';
import { SqlError } from '../errors.ts';
import type { TableFunction, TableFunctionOptions } from './table-function.ts';

// AWS SQL reference, "RANDOM_CUT_FOREST": the types that take part in the score; DECIMAL does not.
const scoredKinds = ['tinyint', 'smallint', 'integer', 'bigint', 'real', 'double'];

const parameters = [
  { name: 'numberOfTrees', initial: 100, min: 1, max: 1000 },
  { name: 'subSampleSize', initial: 256, min: 10, max: 1000 },
  { name: 'timeDecay', initial: 100_000, min: 1, max: 2_147_483_647 },
  { name: 'shingleSize', initial: 1, min: 1, max: 30 },
];

const columnsMax = 30;

export const randomCutForest: TableFunction = {
  name: 'RANDOM_CUT_FOREST',
  doc: 'RANDOM_CUT_FOREST(CURSOR(query), numberOfTrees = 100, subSampleSize = 256, timeDecay = 100000, shingleSize = 1): the columns of the query and ANOMALY_SCORE, 0 for the first subSampleSize rows.',
  bind(input, args, spanOf) {
    if (args.length > parameters.length) {
      throw new SqlError(
        'SQL_ARGUMENTS',
        `RANDOM_CUT_FOREST takes at most ${parameters.length} arguments after the cursor`,
        spanOf(parameters.length),
      );
    }
    parameters.forEach(({ name, min, max }, i) => {
      const arg = args[i];
      if (arg === undefined) return;
      if (!Number.isInteger(arg) || Number(arg) < min || Number(arg) > max) {
        throw new SqlError(
          'SQL_ARGUMENTS',
          `${name} is ${arg}`,
          spanOf(i),
          `it must be a whole number from ${min} to ${max}`,
        );
      }
    });
    const [, sampleSize = 0, timeDecay = 0] = settings(args);
    if (sampleSize >= timeDecay) {
      throw new SqlError(
        'SQL_ARGUMENTS',
        `subSampleSize ${sampleSize} is not less than timeDecay ${timeDecay}`,
        spanOf(1),
        'use a larger timeDecay',
      );
    }
    const scored = scoredColumns(input).length;
    if (scored === 0) {
      throw new SqlError(
        'SQL_ARGUMENTS',
        'the query of RANDOM_CUT_FOREST has no numeric column to score',
        spanOf(-1),
        'DECIMAL columns do not count; CAST them to DOUBLE',
      );
    }
    if (scored > columnsMax) {
      throw new SqlError(
        'SQL_ARGUMENTS',
        `the query of RANDOM_CUT_FOREST has ${scored} numeric columns`,
        spanOf(-1),
        `at most ${columnsMax} can be scored`,
      );
    }
    return [...input, { name: 'ANOMALY_SCORE', type: { kind: 'double' }, nullable: true }];
  },
  create: (input, output, args, options) => new Forest(input, output, args, options),
};

function settings(args: readonly Value[]): number[] {
  return parameters.map(({ initial }, i) => Number(args[i] ?? initial));
}

function scoredColumns(schema: Schema): number[] {
  return schema.flatMap(({ type }, i) => (scoredKinds.includes(type.kind) ? [i] : []));
}

/** Adds ANOMALY_SCORE to each row: the row is scored, then learnt. A row with NULL in a numeric column has no place in
 *  the space of the forest: it goes to error_stream and is not learnt. */
class Forest implements Operator {
  readonly schema: Schema;
  readonly #input: Schema;
  readonly #columns: readonly number[];
  readonly #errors: TableFunctionOptions['errors'];
  #forest: RandomCutForest;

  constructor(input: Schema, output: Schema, args: readonly Value[], { errors, seed }: TableFunctionOptions) {
    const [numberOfTrees, sampleSize = 256, timeDecay = 100_000, shingleSize = 1] = settings(args);
    this.schema = output;
    this.#input = input;
    this.#columns = scoredColumns(input);
    this.#errors = errors;
    this.#forest = new RandomCutForest({
      inputDimensions: this.#columns.length,
      shingleSize,
      internalShingling: shingleSize > 1,
      numberOfTrees,
      sampleSize,
      timeDecay: 1 / timeDecay,
      // "returns zero for the first subSampleSize records"; the library would begin after a quarter of them.
      outputAfter: sampleSize + shingleSize - 1,
      initialAcceptFraction: 1,
      randomSeed: seed,
    });
  }

  push(batch: Batch, out: Output): void {
    const rows = this.#complete(batch);
    if (rows.length === 0) return;
    const { columns, rowtime, length } = rows;
    const dimensions = this.#columns.length;
    const points = new Float64Array(length * dimensions);
    this.#columns.forEach((index, d) => {
      const column = columns[index];
      if (column?.kind !== 'num') throw new Error('broken invariant: a scored column is one of numbers');
      for (let i = 0; i < length; i++) points[i * dimensions + d] = column.values[i] as number;
    });
    const scores = new Float64Array(length);
    this.#forest.processBatch(points, scores);
    const score: Column = { kind: 'num', values: scores, valid: null };
    out({ length, rowtime, columns: [...columns, score] });
  }

  advance(watermark: number): number {
    return watermark;
  }

  snapshot(): unknown {
    return this.#forest.snapshot();
  }

  restore(state: unknown): void {
    this.#forest = RandomCutForest.restore(state as ReturnType<RandomCutForest['snapshot']>);
  }

  /** The batch without the rows that have a NULL to score. */
  #complete(batch: Batch): Batch {
    const failing = this.#columns.filter((index) => batch.columns[index]?.valid);
    if (failing.length === 0) return batch;
    const rows = new Uint32Array(batch.length);
    let kept = 0;
    for (let i = 0; i < batch.length; i++) {
      const missing = failing.find((index) => batch.columns[index]?.valid?.[i] !== 1);
      if (missing === undefined) rows[kept++] = i;
      else {
        const message = `column ${this.#input[missing]?.name} is NULL, which RANDOM_CUT_FOREST cannot score`;
        this.#errors.report({ name: 'NullArgument', message }, this.#input, batch, i);
      }
    }
    return gather(batch, rows, kept);
  }
}
