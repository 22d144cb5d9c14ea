import {
  type Batch,
  type Field,
  fromRows,
  type Millis,
  type Operator,
  type Row,
  RowErrors,
  type Schema,
  type SqlType,
  toRows,
  type Value,
} from '@rowtime/core';
import { tableFunction } from '../../src/table-functions/index.ts';

export function column(name: string, type: SqlType['kind'] | SqlType): Field {
  return { name, type: (typeof type === 'string' ? { kind: type } : type) as SqlType, nullable: true };
}

export const varchar = (length: number): SqlType => ({ kind: 'varchar', length });

/** TABLE(fn(CURSOR(rows of the schema), args…)): its columns, and an operator of it. */
export function call(
  fn: string,
  input: Schema,
  args: readonly Value[],
): { schema: Schema; create: (errors?: RowErrors) => Operator } {
  const found = tableFunction(fn);
  if (!found) throw new Error(`there is no ${fn}`);
  const schema = found.bind(input, args, (arg) => ({ from: arg, to: arg + 1 }));
  return {
    schema,
    create: (errors = new RowErrors(null)) => found.create(input, schema, args, { errors, seed: 42 }),
  };
}

/** A batch of rows, given as [rowtime, value, value…]. */
export function batch(schema: Schema, rows: readonly (readonly [Millis, ...Value[]])[]): Batch {
  return fromRows(
    schema,
    rows.map(([rowtime, ...values]) => ({
      rowtime,
      row: Object.fromEntries(schema.map(({ name }, i): [string, Value] => [name, values[i] ?? null])),
    })),
  );
}

/** What comes out of one push of all rows, and then of the end of time. */
export function run(operator: Operator, input: Batch): { rowtime: Millis; row: Row }[] {
  const rows: { rowtime: Millis; row: Row }[] = [];
  const out = (emitted: Batch): void => {
    rows.push(...toRows(operator.schema, emitted));
  };
  operator.push(input, out, 0);
  operator.advance(Number.POSITIVE_INFINITY, out);
  return rows;
}

/** Numbers from 0 to 1 that a seed makes. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
