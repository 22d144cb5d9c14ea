import { assert, type Batch, doublesOf, gather, type RowErrors, type Schema } from '@rowtime/core';
import type { Span } from '../ast.ts';
import { SqlError } from '../errors.ts';

// AWS SQL reference, "RANDOM_CUT_FOREST" and "HOTSPOTS": the types that take part; DECIMAL does not.
const numericKinds = ['tinyint', 'smallint', 'integer', 'bigint', 'real', 'double'];

/** Throws a SqlError unless the query has one to `columnsMax` numeric columns; returns how many. */
export function checkPointColumns(
  fn: string,
  input: Schema,
  span: Span,
  columnsMax: number = Number.POSITIVE_INFINITY,
): number {
  const found = pointColumns(input).length;
  if (found === 0) {
    const hint = 'DECIMAL columns do not count; CAST them to DOUBLE';
    throw new SqlError('SQL_ARGUMENTS', `the query of ${fn} has no numeric column`, span, hint);
  }
  if (found > columnsMax) {
    const hint = `it takes at most ${columnsMax}; select those that matter`;
    throw new SqlError('SQL_ARGUMENTS', `the query of ${fn} has ${found} numeric columns`, span, hint);
  }
  return found;
}

/** Reads rows as points. A row with NULL or an infinite number has no place in space: it goes to error_stream. */
export class Points {
  readonly columns: readonly number[];
  readonly #fn: string;
  readonly #input: Schema;
  readonly #errors: RowErrors;

  constructor(fn: string, input: Schema, errors: RowErrors) {
    this.columns = pointColumns(input);
    this.#fn = fn;
    this.#input = input;
    this.#errors = errors;
  }

  /** The rows that are points, and their numbers, row after row. */
  read(batch: Batch): { batch: Batch; points: Float64Array } {
    const { length } = batch;
    const dimensions = this.columns.length;
    const points = new Float64Array(length * dimensions);
    let finite = 0;
    this.columns.forEach((index, d) => {
      const column = batch.columns[index];
      assert(column, 'a column of a point is one of the input');
      const values = doublesOf(column);
      const { valid } = column;
      for (let i = 0, at = d; i < length; i++, at += dimensions) {
        const value = valid && valid[i] !== 1 ? Number.NaN : values[i]!;
        points[at] = value;
        if (value - value === 0) finite++;
      }
    });
    return finite === points.length ? { batch, points } : this.#withoutFailures(batch, points);
  }

  #withoutFailures(batch: Batch, points: Float64Array): { batch: Batch; points: Float64Array } {
    const dimensions = this.columns.length;
    const rows = new Uint32Array(batch.length);
    let kept = 0;
    for (let i = 0; i < batch.length; i++) {
      const point = points.subarray(i * dimensions, (i + 1) * dimensions);
      const failing = point.findIndex((value) => !Number.isFinite(value));
      if (failing < 0) {
        points.copyWithin(kept * dimensions, i * dimensions, (i + 1) * dimensions);
        rows[kept++] = i;
      } else this.#report(batch, i, this.columns[failing]!);
    }
    return { batch: gather(batch, rows, kept), points: points.subarray(0, kept * dimensions) };
  }

  #report(batch: Batch, row: number, index: number): void {
    const { valid } = batch.columns[index]!;
    const isNull = valid !== null && valid[row] !== 1;
    const what = (value: string): string =>
      `column ${this.#input[index]?.name} is ${value}, which ${this.#fn} cannot place`;
    const error = isNull
      ? { name: 'NullArgument', message: what('NULL') }
      : { name: 'NotFinite', message: what('not a finite number') };
    this.#errors.report(error, this.#input, batch, row);
  }
}

/** The columns that make a row a point, in column order. The machine-learning functions pass all others through. */
function pointColumns(schema: Schema): number[] {
  return schema.flatMap(({ type }, i) => (numericKinds.includes(type.kind) ? [i] : []));
}
