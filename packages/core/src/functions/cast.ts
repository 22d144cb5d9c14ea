import { assert } from '../assert.ts';
import type { Millis } from '../batch.ts';
import { type Column, constantColumn, type TextColumn, type Valid } from '../column.ts';
import { mayBeExact, parseUnits, plainLimit, printUnits, rescale, scaleOf, toUnits } from '../exact.ts';
import { isNumbers, unitsOf } from '../exact-column.ts';
import type { Failures, Kernel } from '../expr.ts';
import { map, rescaleDecimals } from '../kernels/arithmetic.ts';
import { mapText, numbersOfTexts, textOfRows } from '../kernels/text.ts';
import { ValidWriter } from '../kernels/valid.ts';
import { columnKind, isBinary, isDatetime, isInteger, isNumeric, isText, printType, type SqlType } from '../schema.ts';
import { asDoubles } from './arithmetic.ts';
import { areWithin, exactKernel, fitPlain } from './exact-arithmetic.ts';
import { cutInterval, fitsInterval, lastFieldSize, parseInterval, printInterval } from './intervals.ts';
import { fitNumbers } from './numeric-types.ts';

/** What CAST accepts (AWS SQL reference, "CAST"). */
export function castable(from: SqlType, to: SqlType): boolean {
  if (from.kind === 'null' || !needsCast(from, to)) return true;
  if (isNumeric(from)) return isNumeric(to) || isText(to);
  if (isText(from))
    return isNumeric(to) || isText(to) || isDatetime(to) || to.kind === 'boolean' || to.kind === 'interval';
  if (from.kind === 'timestamp') return isDatetime(to) || isText(to);
  if (from.kind === 'date' || from.kind === 'time') return to.kind === 'timestamp' || isText(to);
  if (from.kind === 'boolean') return isText(to);
  if (from.kind === 'interval') return isNumeric(to) || isText(to) || (to.kind === 'interval' && to.unit === from.unit);
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
  if (to.kind === 'double') return !isNumeric(from) || mayBeExact(from);
  if (from.kind === 'decimal' && to.kind === 'decimal') {
    const whole = from.precision - from.scale;
    if (from.scale > to.scale || whole > to.precision - to.scale) return true;
    // At another scale the same number may need another kind of column: see isPlain.
    return from.scale !== to.scale && (mayBeExact(from) || whole + to.scale > 15);
  }
  if (isText(from) && to.kind === 'varchar') {
    return to.length !== null && (!('length' in from) || from.length === null || from.length > to.length);
  }
  if (from.kind === 'char' && to.kind === 'char') return from.length !== to.length;
  if (isBinary(from) && isBinary(to)) return true;
  if (from.kind === 'interval' && to.kind === 'interval') return !fitsInterval(from, to);
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
  if (isBinary(from) && isBinary(to)) return ofText((column) => fitBinary(column, to));
  if (isText(from)) return ofText((column) => parseTexts(column, to, failures));
  if (isText(to)) return (column) => formatValues(column, from, to, failures);
  if (isNumeric(from) && isNumeric(to)) return numericConversion(from, to, failures);
  if (from.kind === 'interval' && isNumeric(to)) {
    // Undocumented: as the engine's relatives do, TSDIFF being CAST((e - s) SECOND * 1000 AS BIGINT)
    // (AWS SQL reference, "Temporal Predicates").
    const size = lastFieldSize(from);
    return ofNumbers((values, valid) =>
      fitNumbers(
        map(values, (x) => x / size),
        valid,
        to,
        failures,
      ),
    );
  }
  if (from.kind === 'interval' && to.kind === 'interval') {
    return ofNumbers((values, valid) => ({ values: map(values, cutInterval(to)), valid }));
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

function numericConversion(from: SqlType, to: SqlType, failures: Failures): Conversion {
  const [scale, toScale] = [scaleOf(from), scaleOf(to)];
  if (toScale === null) {
    return (column) => {
      const { values, valid } = asDoubles(column);
      return { kind: 'num', ...fitNumbers(values, valid, to, failures) };
    };
  }
  const exactly = exactKernel(to, failures);
  // What comes from a double has no more digits than the double shows.
  if (scale === null) {
    const max = plainLimit(toScale);
    return (column) => {
      assert(column.kind === 'num', 'a REAL or DOUBLE is a column of doubles');
      const { values, valid } = column;
      if (!values.some((value) => Math.abs(value) >= max)) {
        return { kind: 'num', ...fitNumbers(values, valid, to, failures) };
      }
      return exactly(values.length, valid, (i) => toUnits(values[i], toScale));
    };
  }
  return (column) => {
    assert(isNumbers(column), 'a numeric argument is a column of numbers');
    if (column.kind === 'num' && isInteger(to)) {
      return { kind: 'num', ...fitNumbers(column.values, column.valid, to, failures) };
    }
    if (column.kind === 'num') {
      const values = rescaleDecimals(column.values, scale, toScale);
      if (areWithin(values, column.valid, plainLimit(toScale))) {
        return { kind: 'num', ...fitPlain(values, column.valid, to, failures) };
      }
    }
    const units = unitsOf(column, scale);
    return exactly(units.length, column.valid, (i) => rescale(units[i], scale, toScale));
  };
}

function fitText(column: TextColumn, to: SqlType): TextColumn {
  assert('length' in to, 'a text type has a length');
  if (to.length === null) return column;
  if (to.kind === 'char') return mapText(column, (text) => text.slice(0, to.length!).padEnd(to.length!));
  return cutText(column, to.length);
}

/** A BINARY(n) is filled with zeros, as CHAR(n) is with blanks. */
function fitBinary(column: TextColumn, to: SqlType): TextColumn {
  assert('length' in to, 'a binary type has a length');
  if (to.length === null) return column;
  const digits = to.length * 2;
  return to.kind === 'binary'
    ? mapText(column, (hex) => hex.slice(0, digits).padEnd(digits, '0'))
    : cutText(column, digits);
}

function cutText(column: TextColumn, length: number | null): TextColumn {
  if (length === null || column.dict.every((text) => text.length <= length)) return column;
  return mapText(column, (text) => text.slice(0, length));
}

function parseTexts(column: TextColumn, to: SqlType, failures: Failures): Column {
  const failure = failures.number('CastError', `the text cannot be read as ${printType(to)}`);
  const scale = scaleOf(to);
  const isPlainType = scale === 0 || !mayBeExact(to);
  if (scale !== null && !(isPlainType && column.dict.every(isShortNumber))) {
    const units = column.dict.map((text) => parseUnits(text.trim(), scale));
    const { codes } = column;
    const valid = failWhere(codes.length, column.valid, failure, (i) => units[codes[i]] === null);
    return exactKernel(to, failures)(codes.length, valid, (i) => units[codes[i]] ?? 0n);
  }
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
        : to.kind === 'interval'
          ? parseInterval(to)
          : parseTimestamp;
  const values = numbersOfTexts(column, parse);
  const valid = failWhere(values.length, column.valid, failure, (i) => Number.isNaN(values[i]));
  return { kind: 'num', ...(isNumeric(to) ? fitNumbers(values, valid, to, failures) : { values, valid }) };
}

/** Whether a double tells the number from all others of so few digits. */
function isShortNumber(text: string): boolean {
  return text.length <= 15 && !/[eE]/.test(text);
}

function failWhere(length: number, valid: Valid, failure: number, failed: (row: number) => boolean): Valid {
  const out = new ValidWriter(valid, length);
  for (let i = 0; i < length; i++) if (out.isValid(i) && failed(i)) out.set(i, failure);
  return out.finish();
}

function formatValues(column: Column, from: SqlType, to: SqlType, failures: Failures): TextColumn {
  assert('length' in to && column.kind !== 'text', 'a number, boolean or datetime is formatted as text');
  const format = formatter(from);
  const text =
    column.kind === 'exact'
      ? textOfRows(column.units.length, column.valid, (i) => printUnits(column.units[i], column.scale))
      : textOfRows(column.values.length, column.valid, (i) => format(column.values[i]));
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
    case 'interval':
      return printInterval(type);
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
