import { assert } from '../assert.ts';
import type { Millis } from '../batch.ts';
import { type Column, constantColumn, type TextColumn, type Valid } from '../column.ts';
import type { Failures, Kernel } from '../expr.ts';
import { map } from '../kernels/arithmetic.ts';
import { mapText, numbersOfTexts, textOfRows } from '../kernels/text.ts';
import { ValidWriter } from '../kernels/valid.ts';
import { columnKind, isDatetime, isInteger, isNumeric, isText, printType, type SqlType } from '../schema.ts';
import { fitNumbers } from './numeric-types.ts';

/** What CAST accepts (AWS SQL reference, "CAST"). */
export function castable(from: SqlType, to: SqlType): boolean {
  if (from.kind === 'null' || !needsCast(from, to)) return true;
  if (isNumeric(from)) return isNumeric(to) || isText(to);
  if (isText(from)) return isNumeric(to) || isText(to) || isDatetime(to) || to.kind === 'boolean';
  if (from.kind === 'timestamp') return isDatetime(to) || isText(to);
  if (from.kind === 'date' || from.kind === 'time') return to.kind === 'timestamp' || isText(to);
  if (from.kind === 'boolean') return isText(to);
  if (from.kind === 'interval') return from.unit === 'millisecond' && (to.kind === 'bigint' || to.kind === 'decimal');
  return isBinary(from) && isBinary(to);
}

/** What an INSERT converts by itself: any number to any number, any text to any text, else only the same kind
 *  (AWS SQL reference, "Data Types"). */
export function assignable(from: SqlType, to: SqlType): boolean {
  if (from.kind === 'null' || from.kind === to.kind) return true;
  return (isNumeric(from) && isNumeric(to)) || (isText(from) && isText(to)) || (isBinary(from) && isBinary(to));
}

/** False where every value of `from` is, as it is stored, a value of `to`. */
export function needsCast(from: SqlType, to: SqlType): boolean {
  if (from.kind === 'null') return columnKind(to) !== 'num';
  if (isInteger(from) && isInteger(to)) return rank(from) > rank(to);
  if (to.kind === 'double') return !isNumeric(from);
  if (isInteger(from) && to.kind === 'decimal') return to.precision - to.scale < 19;
  if (from.kind === 'decimal' && to.kind === 'decimal') {
    return from.scale > to.scale || from.precision - from.scale > to.precision - to.scale;
  }
  if (isText(from) && to.kind === 'varchar') {
    return to.length !== null && (!('length' in from) || from.length === null || from.length > to.length);
  }
  if (from.kind === 'char' && to.kind === 'char') return from.length !== to.length;
  if (isBinary(from) && isBinary(to)) return true;
  if (from.kind === 'interval' && to.kind === 'interval') return from.unit !== to.unit;
  return from.kind !== to.kind;
}

export function castKernel(kernel: Kernel, from: SqlType, to: SqlType, failures: Failures): Kernel {
  if (!needsCast(from, to)) return kernel;
  if (from.kind === 'null') return (batch) => constantColumn(columnKind(to), null, batch.length);
  const convert = conversion(from, to, failures);
  return (batch) => convert(kernel(batch));
}

type Conversion = (column: Column) => Column;

function conversion(from: SqlType, to: SqlType, failures: Failures): Conversion {
  if (isText(from) && isText(to)) return ofText((column) => fitText(column, to));
  if (isBinary(from) && isBinary(to))
    return ofText((column) => cutText(column, 'length' in to && to.length ? to.length * 2 : null));
  if (isText(from)) return ofText((column) => parseTexts(column, to, failures));
  if (isText(to)) return (column) => formatValues(column, from, to, failures);
  if (isNumeric(from) && isNumeric(to)) {
    return ofNumbers((values, valid) => fitNumbers(values, valid, to, failures));
  }
  if (from.kind === 'interval' && isNumeric(to)) {
    return ofNumbers((values, valid) => fitNumbers(values, valid, to, failures));
  }
  if (from.kind === 'timestamp' && to.kind === 'date') {
    return ofNumbers((values, valid) => ({ values: map(values, startOfDay), valid }));
  }
  if (from.kind === 'timestamp' && to.kind === 'time') {
    return ofNumbers((values, valid) => ({ values: map(values, (t) => t - startOfDay(t)), valid }));
  }
  // DATE to TIMESTAMP is midnight; TIME to TIMESTAMP is on 1970-01-01 (SEMANTICS.md, "casts").
  if (isDatetime(from) && to.kind === 'timestamp') return (column) => column;
  throw new Error(`broken invariant: no cast from ${printType(from)} to ${printType(to)}`);
}

function fitText(column: TextColumn, to: SqlType): TextColumn {
  assert('length' in to, 'a text type has a length');
  if (to.length === null) return column;
  if (to.kind === 'char') return mapText(column, (text) => text.slice(0, to.length!).padEnd(to.length!));
  return cutText(column, to.length);
}

function cutText(column: TextColumn, length: number | null): TextColumn {
  if (length === null || column.dict.every((text) => text.length <= length)) return column;
  return mapText(column, (text) => text.slice(0, length));
}

function parseTexts(column: TextColumn, to: SqlType, failures: Failures): Column {
  const failure = failures.number('CastError', `the text cannot be read as ${printType(to)}`);
  if (to.kind === 'boolean') {
    const parsed = Int8Array.from(column.dict, parseBoolean);
    const values = Uint8Array.from(column.codes, (code) => (parsed[code] === 1 ? 1 : 0));
    const valid = failWhere(column.codes.length, column.valid, failure, (i) => parsed[column.codes[i]] < 0);
    return { kind: 'bool', values, valid };
  }
  const parse = isNumeric(to)
    ? parseNumber
    : to.kind === 'date'
      ? parseDate
      : to.kind === 'time'
        ? parseTime
        : parseTimestamp;
  const values = numbersOfTexts(column, parse);
  const valid = failWhere(values.length, column.valid, failure, (i) => Number.isNaN(values[i]));
  return { kind: 'num', ...(isNumeric(to) ? fitNumbers(values, valid, to, failures) : { values, valid }) };
}

function failWhere(length: number, valid: Valid, failure: number, failed: (row: number) => boolean): Valid {
  const out = new ValidWriter(valid, length);
  for (let i = 0; i < length; i++) if (out.isValid(i) && failed(i)) out.set(i, failure);
  return out.finish();
}

function formatValues(column: Column, from: SqlType, to: SqlType, failures: Failures): TextColumn {
  assert('length' in to && column.kind !== 'text', 'a number, boolean or datetime is formatted as text');
  const format = formatter(from);
  const text = textOfRows(column.values.length, column.valid, (i) => format(column.values[i]));
  const { length } = to;
  if (length === null) return text;
  // Unlike a text, a number or date that does not fit must not be cut: 2024 is not 20 (AWS SQL reference, "CAST").
  const failure = failures.number('CastError', `${printType(from)} does not fit ${printType(to)}`);
  const tooLong = text.dict.map((value) => value.length > length);
  const valid = failWhere(text.codes.length, text.valid, failure, (i) => tooLong[text.codes[i]]);
  const fitted = to.kind === 'char' ? mapText(text, (value) => value.padEnd(length)) : text;
  return { ...fitted, valid };
}

function formatter(type: SqlType): (x: number) => string {
  switch (type.kind) {
    case 'boolean':
      return (x) => (x === 1 ? 'TRUE' : 'FALSE');
    case 'timestamp':
      return (t) => new Date(t).toISOString().replace('T', ' ').replace('.000Z', '').replace('Z', '');
    case 'date':
      return (t) => new Date(t).toISOString().slice(0, 10);
    case 'time':
      return (t) => new Date(t).toISOString().slice(11, 23).replace('.000', '');
    case 'real':
      return (x) => shortestFloat(x);
    case 'decimal':
      return (x) => x.toFixed(type.scale);
    default:
      return String;
  }
}

/** The shortest decimal that reads back to the same 32-bit float. */
function shortestFloat(x: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = x.toPrecision(digits);
    if (Math.fround(Number(text)) === x) return String(Number(text));
  }
  return String(Number(x.toPrecision(9)));
}

function parseNumber(text: string): number {
  const trimmed = text.trim();
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** 1, 0, or -1 for neither. */
function parseBoolean(text: string): number {
  const lower = text.trim().toLowerCase();
  return lower === 'true' ? 1 : lower === 'false' ? 0 : -1;
}

// AWS SQL reference, "CAST": exactly yyyy-MM-dd HH:mm:ss; an example on that page has a fraction, so one is accepted.
function parseTimestamp(text: string): Millis {
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{1,2}:\d{2}:\d{2}(?:\.\d{1,9})?)$/.exec(text);
  return match ? parseDate(match[1]) + parseTime(match[2]) : Number.NaN;
}

function parseDate(text: string): Millis {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return Number.NaN;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // A day that the month does not have would move into the next month.
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : Number.NaN;
}

function parseTime(text: string): Millis {
  const match = /^(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$/.exec(text);
  if (!match) return Number.NaN;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  return hour * 3_600_000 + minute * 60_000 + second * 1_000 + Number((match[4] ?? '0').slice(0, 3).padEnd(3, '0'));
}

function ofText(f: (column: TextColumn) => Column): Conversion {
  return (column) => {
    assert(column.kind === 'text', 'a text argument is a column of texts');
    return f(column);
  };
}

function ofNumbers(f: (values: Float64Array, valid: Valid) => { values: Float64Array; valid: Valid }): Conversion {
  return (column) => {
    assert(column.kind === 'num', 'a numeric argument is a column of numbers');
    return { kind: 'num', ...f(column.values, column.valid) };
  };
}

function startOfDay(t: Millis): Millis {
  return Math.floor(t / 86_400_000) * 86_400_000;
}

function rank(type: SqlType): number {
  return ['tinyint', 'smallint', 'integer', 'bigint'].indexOf(type.kind);
}

function isBinary(type: SqlType): boolean {
  return type.kind === 'binary' || type.kind === 'varbinary';
}
