import { expect } from 'vitest';
import type { Batch } from '../src/batch.ts';
import { type Column, ColumnBuilder, type Value, valueAt } from '../src/column.ts';
import { compile, type Expr, Failures } from '../src/expr.ts';
import { scalarFunction } from '../src/functions/index.ts';
import { columnKind, printType, type SqlType } from '../src/schema.ts';

export const tinyint: SqlType = { kind: 'tinyint' };
export const smallint: SqlType = { kind: 'smallint' };
export const integer: SqlType = { kind: 'integer' };
export const bigint: SqlType = { kind: 'bigint' };
export const real: SqlType = { kind: 'real' };
export const double: SqlType = { kind: 'double' };
export const boolean: SqlType = { kind: 'boolean' };
export const date: SqlType = { kind: 'date' };
export const time: SqlType = { kind: 'time' };
export const timestamp: SqlType = { kind: 'timestamp' };
export const nothing: SqlType = { kind: 'null' };
export const dayTime: SqlType = { kind: 'interval', unit: 'millisecond' };
export const yearMonth: SqlType = { kind: 'interval', unit: 'month' };
export const varchar = (length: number | null = null): SqlType => ({ kind: 'varchar', length });
export const char = (length: number): SqlType => ({ kind: 'char', length });
export const decimal = (precision: number, scale: number): SqlType => ({ kind: 'decimal', precision, scale });

export const column = (index: number, type: SqlType): Expr => ({ kind: 'column', index, type });
export const literal = (value: Value, type: SqlType): Expr => ({ kind: 'literal', value, type });
export const cast = (arg: Expr, type: SqlType): Expr => ({ kind: 'cast', arg, type });
export const rowtime: Expr = { kind: 'rowtime', type: timestamp };
export const bareNull = literal(null, nothing);

export function call(name: string, ...args: readonly Expr[]): Expr {
  const bound = scalarFunction(name)?.bind(args);
  if (!bound) throw new TypeError(`no ${name}(${args.map(({ type }) => printType(type)).join(', ')})`);
  return { kind: 'call', name, args, type: bound.type };
}

/** What a row of a kernel's result holds: a value, or the name of the failure that stands in its place. */
export type Cell = Value | { readonly failed: string };

export const failed = (name: string): Cell => ({ failed: name });
export const isFailed = (cell: Cell): cell is { readonly failed: string } => typeof cell === 'object' && cell !== null;

/** A column of cells: what other kernels may hand over. */
function columnOf(type: SqlType, cells: readonly Cell[], failures: Failures): Column {
  const builder = new ColumnBuilder(columnKind(type), Math.max(cells.length, 1));
  for (const cell of cells) builder.push(isFailed(cell) ? null : cell);
  const made = builder.finish();
  if (!cells.some(isFailed)) return made;
  const valid = Uint8Array.from(cells, (cell, i) =>
    isFailed(cell) ? failures.number(cell.failed, cell.failed) : made.valid![i]!,
  );
  return { ...made, valid };
}

export interface Input {
  readonly type: SqlType;
  readonly cells: readonly Cell[];
}

/** The cells of an expression over columns. Checks too that its kernel changes nothing it is given. */
export function evaluate(expr: Expr, inputs: readonly Input[] = [], rows = inputs[0]?.cells.length ?? 1): Cell[] {
  const failures = new Failures();
  const columns = inputs.map(({ type, cells }) => columnOf(type, cells, failures));
  const times = Float64Array.from({ length: rows }, (_, i) => i * 1_000);
  const batch: Batch = { length: rows, rowtime: times, columns };
  const kernel = compile(expr, failures);
  const before = structuredClone(batch);
  const result = kernel(batch);
  expect(batch).toStrictEqual(before);
  expect(result.kind === 'exact' ? 'num' : result.kind).toBe(columnKind(expr.type));
  const cells = cellsOf(result, rows, failures);
  // The second batch of a stream is computed as the first was.
  expect(cellsOf(kernel(batch), rows, failures)).toStrictEqual(cells);
  return cells;
}

/** The one value of an expression without columns. */
export const evaluateOne = (expr: Expr): Cell => evaluate(expr)[0]!;

function cellsOf(result: Column, rows: number, failures: Failures): Cell[] {
  return Array.from({ length: rows }, (_, row): Cell => {
    const state = result.valid ? result.valid[row]! : 1;
    return state > 1 ? failed(failures.get(state).name) : valueAt(result, row);
  });
}
