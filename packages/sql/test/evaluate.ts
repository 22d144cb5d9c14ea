import {
  type Batch,
  compile,
  type Expr,
  Failures,
  fromRows,
  type Row,
  type Schema,
  type Value,
  valueAt,
} from '@rowtime/core';
import { bindExpr, plainContext } from '../src/bind-expr.ts';
import { Catalog } from '../src/catalog.ts';
import { functionNamed } from '../src/functions/index.ts';
import { parseExpr } from '../src/parser.ts';
import { Scope } from '../src/scope.ts';

/** A value, or the ERROR_NAME of the row that has none. */
export type Result = Value | { readonly failed: string };

export function bind(sql: string, schema: Schema = []): Expr {
  return bindExpr(
    parseExpr(sql),
    plainContext(new Scope([{ name: 'T', schema, offset: 0 }], new Catalog({}, {})), 'a test'),
  );
}

/** The expression over each row; ROWTIME is 0, 1, 2, … seconds. */
export function evaluateRows(sql: string, schema: Schema, rows: readonly Row[]): Result[] {
  const batch = fromRows(
    schema,
    rows.map((row, i) => ({ rowtime: i * 1_000, row })),
  );
  return evaluateBatch(bind(sql, schema), batch);
}

export function evaluateBatch(expr: Expr, batch: Batch): Result[] {
  const failures = new Failures();
  const column = compile(expr, failures, functionNamed)(batch);
  return Array.from({ length: batch.length }, (_, i) => {
    const state = column.valid?.[i] ?? 1;
    return state > 1 ? { failed: failures.get(state).name } : valueAt(column, i);
  });
}

/** An expression without columns. */
export function evaluate(sql: string): Result {
  return evaluateRows(sql, [], [{}])[0] as Result;
}

export const fails = (name: string): Result => ({ failed: name });

/** Milliseconds of `2004-09-30 13:48:23`, in UTC. */
export function at(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}${text.includes(' ') ? 'Z' : 'T00:00:00Z'}`);
}
