import { type Column, ColumnBuilder, columnLength, gatherColumn, sliceColumn, type Value, valueAt } from './column.ts';
import { isPlain, parseUnits, printUnits, scaleOf, toUnits } from './exact.ts';
import { unitsOf } from './exact-column.ts';
import { columnKind, isNumeric, type Schema, type SqlType } from './schema.ts';

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Millis = number;

/** Rows of one stream, in ROWTIME order. Once pushed, a batch never changes. */
export interface Batch {
  readonly length: number;
  /** Never decreases, neither inside a batch nor from one batch to the next. */
  readonly rowtime: Float64Array;
  /** One per field of the stream's schema, each of `length` rows. */
  readonly columns: readonly Column[];
}

/** Rows `rows[0..count)`, in that order. */
export function gather(batch: Batch, rows: Uint32Array, count: number): Batch {
  const rowtime = new Float64Array(count);
  for (let i = 0; i < count; i++) rowtime[i] = batch.rowtime[rows[i]];
  return { length: count, rowtime, columns: batch.columns.map((column) => gatherColumn(column, rows, count)) };
}

/** Rows [from, to), without copying. */
export function slice(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.length) return batch;
  return {
    length: to - from,
    rowtime: batch.rowtime.subarray(from, to),
    columns: batch.columns.map((column) => sliceColumn(column, from, to)),
  };
}

/** The rows of several batches of one schema, one after the other. */
export function concat(batches: readonly Batch[]): Batch {
  if (batches.length === 1) return batches[0];
  const length = batches.reduce((sum, batch) => sum + batch.length, 0);
  const rowtime = new Float64Array(length);
  let at = 0;
  for (const batch of batches) {
    rowtime.set(batch.rowtime, at);
    at += batch.length;
  }
  const columns = batches[0].columns.map((_, c) =>
    concatColumns(
      batches.map((batch) => batch.columns[c]),
      length,
    ),
  );
  return { length, rowtime, columns };
}

function concatColumns(columns: readonly Column[], length: number): Column {
  const valid = columns.some((column) => column.valid) ? new Uint8Array(length) : null;
  let at = 0;
  if (valid) {
    for (const column of columns) {
      const rows = columnLength(column);
      if (column.valid) valid.set(column.valid, at);
      else valid.fill(1, at, at + rows);
      at += rows;
    }
    at = 0;
  }
  const first = columns.find(({ kind }) => kind === 'exact') ?? columns[0];
  switch (first.kind) {
    case 'exact': {
      const { scale } = first;
      const units = new BigInt64Array(length);
      for (const column of columns) {
        if (column.kind !== 'num' && column.kind !== 'exact') continue;
        const own = unitsOf(column, scale);
        units.set(own, at);
        at += own.length;
      }
      return { kind: 'exact', units, scale, valid };
    }
    case 'num': {
      const values = new Float64Array(length);
      for (const column of columns) {
        if (column.kind !== 'num') continue;
        values.set(column.values, at);
        at += column.values.length;
      }
      return { kind: 'num', values, valid };
    }
    case 'bool': {
      const values = new Uint8Array(length);
      for (const column of columns) {
        if (column.kind !== 'bool') continue;
        values.set(column.values, at);
        at += column.values.length;
      }
      return { kind: 'bool', values, valid };
    }
    case 'text': {
      const codes = new Int32Array(length);
      const dict: string[] = [];
      const known = new Map<string, number>();
      for (const column of columns) {
        if (column.kind !== 'text') continue;
        // Each distinct text is looked up once per batch, not once per row.
        const moved = Int32Array.from(column.dict, (text) => {
          let code = known.get(text);
          if (code === undefined) {
            code = dict.length;
            dict.push(text);
            known.set(text, code);
          }
          return code;
        });
        for (let i = 0; i < column.codes.length; i++) codes[at + i] = moved[column.codes[i]];
        at += column.codes.length;
      }
      return { kind: 'text', codes, dict, valid };
    }
  }
}

/** A row as an object, keys in schema order. Not for hot loops. */
export type Row = Record<string, Value>;

/** A batch from plain objects: keys are column names, what is missing is NULL; a BIGINT or DECIMAL may be its digits as
 *  text. Not for hot loops. */
export function fromRows(schema: Schema, rows: readonly { readonly rowtime: Millis; readonly row: Row }[]): Batch {
  const columns = schema.map(({ name, type }) => {
    const builder = new ColumnBuilder(columnKind(type), Math.max(rows.length, 1));
    for (const { row } of rows) builder.push(Object.hasOwn(row, name) ? stored(row[name] ?? null, type) : null);
    return builder.finish();
  });
  return { length: rows.length, rowtime: Float64Array.from(rows, ({ rowtime }) => rowtime), columns };
}

/** A number as a double if that holds it, else as its digits, all of its scale. */
function stored(value: Value, type: SqlType): Value {
  const scale = scaleOf(type);
  if (value === null || typeof value === 'boolean') return value;
  if (type.kind === 'real') return Math.fround(Number(value));
  if (scale === null) return isNumeric(type) ? Number(value) : value;
  if (typeof value === 'number' && !Number.isFinite(value)) return value;
  const units = typeof value === 'string' ? parseUnits(value, scale) : toUnits(value, scale);
  if (units === null || isPlain(units, scale)) return typeof value === 'string' ? Number(value) : value;
  return printUnits(units, scale);
}

/** The rows of a batch as plain objects. Not for hot loops. */
export function toRows(schema: Schema, batch: Batch): { rowtime: Millis; row: Row }[] {
  return Array.from({ length: batch.length }, (_, i) => ({
    rowtime: batch.rowtime[i],
    row: rowAt(schema, batch, i),
  }));
}

/** One row as an object. Column names come from users, so `__proto__` must be a key like any other. */
export function rowAt(schema: Schema, batch: Batch, row: number): Row {
  const entries = schema.map(({ name }, c): [string, Value] => {
    const value = valueAt(batch.columns[c], row);
    return [name, batch.columns[c].kind === 'exact' && typeof value === 'string' ? withoutZeros(value) : value];
  });
  return Object.fromEntries(entries);
}

/** A number, if up to 15 digits and zeros behind them are all there is: 0.5 in a column of 18 places. */
function withoutZeros(digits: string): Value {
  const text = digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
  return text.replace(/^-?0*\.?0*/, '').replace('.', '').length <= 15 ? Number(text) : text;
}
