import { type Expr, intervalType, isPlain, parseUnits, printUnits, type SqlType, unitRange } from '@rowtime/core';
import {
  type DatetimeLiteral,
  type DatetimeUnit,
  datetimeUnits,
  type IntervalLiteral,
  type NumberLiteral,
} from './ast.ts';
import { SqlError } from './errors.ts';

/** 1 is INTEGER (BIGINT if it must be), 1.5 is DECIMAL, 1e2 is DOUBLE (AWS SQL reference, "Expressions and Literals").
 *  With its sign, because the smallest BIGINT has no positive counterpart. */
export function numberLiteral({ form, text, span }: NumberLiteral, sign: '-' | '' = ''): Expr {
  if (form === 'approximate') return { kind: 'literal', value: Number(sign + text), type: { kind: 'double' } };
  const [whole = '', fraction = ''] = text.split('.');
  const digits = whole.replace(/^0+/, '').length + fraction.length;
  const type: SqlType =
    form === 'decimal'
      ? { kind: 'decimal', precision: Math.max(digits, 1), scale: fraction.length }
      : { kind: Number(text) <= 2 ** 31 - 1 ? 'integer' : 'bigint' };
  const units = parseUnits(sign + text, fraction.length) ?? 0n;
  const [min, max] = unitRange(type);
  if (digits > 19 || units < min || units > max) {
    throw new SqlError(
      'SQL_INVALID_LITERAL',
      form === 'decimal' ? `${text} has more digits than a DECIMAL` : `${text} is out of range for BIGINT`,
      span,
      `write ${text}e0 for a DOUBLE`,
    );
  }
  const value = isPlain(units, fraction.length) ? Number(text) : printUnits(units, fraction.length);
  return { kind: 'literal', value: typeof value === 'number' && sign === '-' ? 0 - value : value, type };
}

const datetimePatterns = {
  DATE: /^(\d{4})-(\d{1,2})-(\d{1,2})$/,
  TIME: /^()()()(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$/,
  TIMESTAMP: /^(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$/,
};

const datetimeForms = { DATE: 'yyyy-MM-dd', TIME: 'HH:mm:ss[.SSS]', TIMESTAMP: 'yyyy-MM-dd HH:mm:ss[.SSS]' };

export function datetimeLiteral({ type, text, textSpan }: DatetimeLiteral): Expr {
  const match = datetimePatterns[type].exec(text);
  const [year, month, day, hour, minute, second] = (match ?? []).slice(1, 7).map((part) => Number(part || 0));
  const millis = Number((match?.[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const date = new Date(0);
  if (type !== 'TIME') date.setUTCFullYear(year ?? 0, (month ?? 1) - 1, day ?? 1);
  date.setUTCHours(hour ?? 0, minute ?? 0, second ?? 0, millis);
  const exists =
    match !== null &&
    (type === 'TIME' || (date.getUTCMonth() === (month ?? 1) - 1 && date.getUTCDate() === day)) &&
    (hour ?? 0) < 24 &&
    (minute ?? 0) < 60 &&
    (second ?? 0) < 60;
  if (!exists) {
    throw new SqlError(
      'SQL_INVALID_LITERAL',
      `'${text}' is not a ${type}`,
      textSpan,
      `write ${type} '${datetimeForms[type]}'`,
    );
  }
  const kind = type === 'DATE' ? 'date' : type === 'TIME' ? 'time' : 'timestamp';
  return { kind: 'literal', value: date.getTime(), type: { kind } };
}

const unitSize: Readonly<Record<DatetimeUnit, number>> = {
  YEAR: 12,
  MONTH: 1,
  DAY: 86_400_000,
  HOUR: 3_600_000,
  MINUTE: 60_000,
  SECOND: 1_000,
};

// The separators between the fields of an interval: '2 3:4:5.678' DAY TO SECOND, '1-6' YEAR TO MONTH.
const separators: Readonly<Record<string, string>> = { YEAR: '-', DAY: ' ', HOUR: ':', MINUTE: ':' };

/** INTERVAL '…' qualifier, as milliseconds or months. A leading field may exceed its precision: published programs write
 *  INTERVAL '120' SECOND, which the page on intervals forbids. */
export function intervalLiteral({ text, textSpan, negative, qualifier }: IntervalLiteral): Expr {
  const { start, end } = qualifier;
  const units = datetimeUnits.slice(datetimeUnits.indexOf(start), datetimeUnits.indexOf(end ?? start) + 1);
  const pattern = units.map((unit) => (unit === 'SECOND' ? String.raw`(\d+(?:\.\d{0,9})?)` : String.raw`(\d+)`));
  const joined = pattern
    .map((part, i) => part + (i < pattern.length - 1 ? (separators[units[i] ?? ''] ?? '') : ''))
    .join('');
  const match = new RegExp(`^\\s*([+-]?)\\s*${joined}\\s*$`).exec(text);
  if (!match) {
    const example = end === null ? '1' : units.map((unit) => (unit === 'SECOND' ? '05.5' : '1')).join('…');
    throw new SqlError(
      'SQL_INVALID_LITERAL',
      `'${text}' is not an interval of ${start}${end ? ` TO ${end}` : ''}`,
      textSpan,
      end === null
        ? `write INTERVAL '${example}' ${start}`
        : `the fields are ${units.join(', ')}, as in '2 03:04:05.678' DAY TO SECOND`,
    );
  }
  const size = units.reduce((sum, unit, i) => sum + Math.trunc(Number(match[i + 2]) * unitSize[unit] + 1e-6), 0);
  const sign = (match[1] === '-') !== negative ? -1 : 1;
  return { kind: 'literal', value: sign * size, type: intervalType(start, end ?? start) };
}
