import { isPlain, parseUnits, printType, type SqlType, unitRange, unreachable } from '@rowtime/core';
import type { ColumnWriter } from './column-writer.ts';
import { parseDate, parseTime, parseTimestamp } from './datetime.ts';
import { isWhole, isZero, numberIn, toDecimal } from './exact-number.ts';
import {
  jsonArray,
  jsonEscapedString,
  jsonFalse,
  jsonNull,
  jsonNumber,
  jsonObject,
  jsonString,
  jsonTrue,
  missing,
} from './record-scanner.ts';
import { hashBytes } from './text-interner.ts';

/** A JSON value: what it is and its bytes [from, to), which are valid UTF-8; for strings without the quotes. */
export interface JsonValue {
  readonly bytes: Buffer;
  readonly view: DataView;
  kind: number;
  from: number;
  to: number;
}

/**
 * Writes a value into a row of a column as AWS's table "Mapping JSON Data Types to SQL Data Types" says (developer
 * guide, sch-mapping). Returns null, or why the column cannot hold the value.
 */
export function coerce(column: ColumnWriter, row: number, value: JsonValue): string | null {
  const { type } = column;
  if (value.kind === missing || value.kind === jsonNull || !column.used) {
    column.valid[row] = 0;
    return null;
  }
  column.valid[row] = 1;
  switch (type.kind) {
    case 'char':
    case 'varchar': {
      // First the code: to make it may move the column.
      const code = textCode(column, value);
      column.codes[row] = code;
      return null;
    }
    case 'binary':
    case 'varbinary': {
      // BINARY(n) has n bytes: of true and false the lowest bit is the last one.
      const bytes = type.kind === 'binary' ? (type.length ?? 1) : 1;
      const hex = hexText(value, bytes);
      if (hex === null) return reason(type, value, 'is not hex text');
      const code = column.texts.codeOfText(hex);
      column.codes[row] = code;
      return null;
    }
    case 'boolean': {
      if (value.kind === jsonArray || value.kind === jsonObject) return reason(type, value, 'is not a boolean');
      column.bools[row] = isTrue(value) ? 1 : 0;
      return null;
    }
    case 'date':
    case 'time':
    case 'timestamp': {
      const parse = type.kind === 'date' ? parseDate : type.kind === 'time' ? parseTime : parseTimestamp;
      const millis = isString(value) ? parse(stringOf(value)) : Number.NaN;
      if (Number.isNaN(millis)) return reason(type, value, `is not a ${type.kind}`);
      column.numbers[row] = millis;
      return null;
    }
    case 'interval':
    case 'null':
      throw new Error(`broken invariant: no column of a source is ${printType(type)}`);
    default:
      return coerceNumber(column, row, value, type);
  }
}

type NumericType = Extract<
  SqlType,
  { kind: 'tinyint' | 'smallint' | 'integer' | 'bigint' | 'decimal' | 'real' | 'double' }
>;

function coerceNumber(column: ColumnWriter, row: number, value: JsonValue, type: NumericType): string | null {
  const text = numberText(value);
  if (text === null) return reason(type, value, 'is not a number');
  const number = Number(text);
  switch (type.kind) {
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint': {
      const isSafe = Math.abs(number) <= Number.MAX_SAFE_INTEGER;
      const whole = isSafe ? null : parseUnits(text, 0);
      const [min, max] = unitRange(type);
      if (whole === null ? number < Number(min) || number > Number(max) : whole < min || whole > max) {
        return reason(type, value, 'is out of range');
      }
      if (!isWhole(text)) return reason(type, value, 'has a fraction');
      if (whole === null || isPlain(whole, 0))
        column.numbers[row] = number + 0; // -0 is 0
      else column.setUnits(row, whole);
      return null;
    }
    case 'decimal': {
      const decimal = toDecimal(text, type.precision, type.scale);
      if (decimal === null) return reason(type, value, 'is out of range');
      column.numbers[row] = decimal;
      if (Math.abs(decimal) * 10 ** type.scale < 1e14) return null;
      const units = parseUnits(text, type.scale) ?? 0n;
      const [min, max] = unitRange(type);
      if (units < min || units > max) return reason(type, value, 'is out of range');
      if (!isPlain(units, type.scale)) column.setUnits(row, units);
      return null;
    }
    case 'real':
    case 'double': {
      const float = type.kind === 'real' ? Math.fround(number) : number;
      if (!Number.isFinite(float)) return reason(type, value, 'is out of range');
      column.numbers[row] = float;
      return null;
    }
    default:
      return unreachable(type);
  }
}

/** The largest integers that a double and the fast paths hold. */
export const integerMax = { tinyint: 127, smallint: 32_767, integer: 2_147_483_647, bigint: Number.MAX_SAFE_INTEGER };

/** The number that a value is or spells, as text; null: it is none. */
function numberText(value: JsonValue): string | null {
  switch (value.kind) {
    case jsonNumber:
      return value.bytes.toString('latin1', value.from, value.to);
    case jsonTrue:
      return '1';
    case jsonFalse:
      return '0';
    case jsonString:
    case jsonEscapedString:
      return numberIn(stringOf(value));
    default:
      return null;
  }
}

function isTrue(value: JsonValue): boolean {
  switch (value.kind) {
    case jsonTrue:
      return true;
    case jsonFalse:
      return false;
    case jsonNumber:
      return !isZero(value.bytes.toString('latin1', value.from, value.to));
    default:
      return stringOf(value).toLowerCase() === 'true';
  }
}

function textCode(column: ColumnWriter, value: JsonValue): number {
  if (value.kind === jsonEscapedString) return column.texts.codeOfText(stringOf(value));
  // All others stand as they are written: the words, digits and brackets of the record.
  const { bytes, view, from, to } = value;
  return column.texts.codeOfBytes(bytes, view, from, to, hashBytes(view, from, to));
}

/** Upper-case hex text from `0aff` or `X'0aff'`; of true and false the lowest bit. */
function hexText(value: JsonValue, bytes: number): string | null {
  if (value.kind === jsonTrue) return '01'.padStart(bytes * 2, '0');
  if (value.kind === jsonFalse) return '00'.padStart(bytes * 2, '0');
  if (!isString(value)) return null;
  const match = /^(?:[xX]'((?:[0-9a-fA-F]{2})*)'|((?:[0-9a-fA-F]{2})*))$/.exec(stringOf(value));
  return match ? (match[1] ?? match[2]).toUpperCase() : null;
}

function isString(value: JsonValue): boolean {
  return value.kind === jsonString || value.kind === jsonEscapedString;
}

function stringOf({ bytes, kind, from, to }: JsonValue): string {
  if (kind === jsonString) return bytes.toString('utf8', from, to);
  return JSON.parse(bytes.toString('utf8', from - 1, to + 1)) as string;
}

function reason(type: SqlType, value: JsonValue, why: string): string {
  return `${shown(value)} ${why}: it does not fit ${printType(type)}`;
}

const shownMax = 60;

/** The value as the record has it, cut so that a message stays readable. */
function shown({ bytes, kind, from, to }: JsonValue): string {
  const quote = kind === jsonString || kind === jsonEscapedString ? '"' : '';
  if (to - from <= shownMax) return quote + bytes.toString('utf8', from, to) + quote;
  // A cut through a character shows as U+FFFD.
  return `${quote}${bytes.toString('utf8', from, from + shownMax)}…${quote}`;
}
