import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Expr } from '../src/expr.ts';
import { addMonths } from '../src/functions/datetime.ts';
import {
  bigint,
  type Cell,
  call,
  cast,
  date,
  dayTime,
  evaluateOne,
  failed,
  integer,
  literal,
  time,
  timestamp,
  varchar,
  yearMonth,
} from './expressions.ts';

const hour = 3_600_000;
const day = 24 * hour;
const at = (text: string): Expr => literal(Date.parse(`${text}Z`), timestamp);
const unit = (name: string): Expr => literal(name, varchar());
const millis = (value: number): Expr => literal(value, dayTime);
const months = (value: number): Expr => literal(value, yearMonth);
const outOfRange = failed('DatetimeOverflow');

describe('FLOOR and CEIL to a unit', () => {
  const cases: readonly [string, string, string, string][] = [
    // unit, time, floor, ceil
    ['SECOND', '2004-09-30T13:48:23.456', '2004-09-30T13:48:23', '2004-09-30T13:48:24'],
    ['MINUTE', '2004-09-30T13:48:23', '2004-09-30T13:48:00', '2004-09-30T13:49:00'],
    ['HOUR', '2004-09-30T13:48:23', '2004-09-30T13:00:00', '2004-09-30T14:00:00'],
    ['DAY', '2004-09-30T13:48:23', '2004-09-30T00:00:00', '2004-10-01T00:00:00'],
    ['MONTH', '2004-12-30T13:48:23', '2004-12-01T00:00:00', '2005-01-01T00:00:00'],
    ['YEAR', '2004-09-30T13:48:23', '2004-01-01T00:00:00', '2005-01-01T00:00:00'],
    ['MONTH', '2004-12-01T00:00:00', '2004-12-01T00:00:00', '2004-12-01T00:00:00'],
    ['HOUR', '1969-12-31T23:30:00', '1969-12-31T23:00:00', '1970-01-01T00:00:00'],
  ];
  test.each(cases)('%s of %s', (name, t, floor, ceil) => {
    expect(evaluateOne(call('FLOOR_TO', at(t), unit(name)))).toBe(Date.parse(`${floor}Z`));
    expect(evaluateOne(call('CEIL_TO', at(t), unit(name)))).toBe(Date.parse(`${ceil}Z`));
  });
});

test('STEP of a time is aligned to 1970, STEP of an integer to zero', () => {
  expect(evaluateOne(call('STEP', at('2004-09-30T13:48:23'), millis(10_000)))).toBe(Date.UTC(2004, 8, 30, 13, 48, 20));
  expect(evaluateOne(call('STEP', at('1969-12-31T23:59:59'), millis(10_000)))).toBe(-10_000);
  expect(evaluateOne(call('STEP', at('2004-09-30T13:48:23'), months(5)))).toBe(Date.UTC(2004, 7, 1));
  expect(evaluateOne(call('STEP', literal(17, integer), literal(5, integer)))).toBe(15);
  expect(evaluateOne(call('STEP', literal(-17, integer), literal(5, integer)))).toBe(-15);
  expect(() => call('STEP', at('2004-09-30T13:48:23'), millis(0))).toThrow('no STEP');
});

test('datetime + interval', () => {
  const cases: readonly [Expr, Expr, number][] = [
    [at('2024-01-01T00:00:00'), millis(90_061_001), Date.UTC(2024, 0, 2, 1, 1, 1, 1)],
    [at('2024-01-31T12:00:00'), months(1), Date.UTC(2024, 1, 29, 12)],
    [at('2024-02-29T12:00:00'), months(12), Date.UTC(2025, 1, 28, 12)],
    [at('2024-03-31T12:00:00'), months(-1), Date.UTC(2024, 1, 29, 12)],
    [literal(Date.UTC(2024, 0, 1), date), millis(day), Date.UTC(2024, 0, 2)],
    // A DATE stays a day, a TIME a time of day.
    [literal(Date.UTC(2024, 0, 1), date), millis(30 * hour), Date.UTC(2024, 0, 2)],
    [literal(23 * hour, time), millis(2 * hour), hour],
    [literal(hour, time), millis(-2 * hour), 23 * hour],
  ];
  for (const [t, interval, expected] of cases) {
    expect(evaluateOne(call('+', t, interval))).toBe(expected);
    expect(evaluateOne(call('+', interval, t))).toBe(expected);
  }
  expect(evaluateOne(call('-', at('2024-01-02T00:00:00'), millis(day)))).toBe(Date.UTC(2024, 0, 1));
  expect(() => call('+', literal(0, time), months(1))).toThrow('no +(TIME');
  expect(() => call('-', at('2024-01-02T00:00:00'), at('2024-01-01T00:00:00'))).toThrow('no -(TIMESTAMP, TIMESTAMP)');
});

test('a time outside of the years 0 to 9999 is a failure, because it has no text', () => {
  const late = at('9999-12-31T23:59:59.999');
  const early = literal(Date.parse('0000-01-01T00:00:00Z'), timestamp);
  const cases: readonly [Expr, Cell][] = [
    [call('+', late, millis(0)), Date.parse('9999-12-31T23:59:59.999Z')],
    [call('+', late, millis(1)), outOfRange],
    [call('-', early, millis(1)), outOfRange],
    [call('+', late, months(1)), outOfRange],
    [call('+', late, months(1e9)), outOfRange],
    [call('CEIL_TO', late, unit('DAY')), outOfRange],
    [call('TO_TIMESTAMP', literal(2 ** 53 - 1, bigint)), outOfRange],
    [cast(call('TO_TIMESTAMP', literal(-(2 ** 53) + 1, bigint)), varchar(30)), outOfRange],
    [call('+', late, call('*', millis(1e14), literal(1e300, { kind: 'double' }))), failed('NumericOverflow')],
  ];
  for (const [expr, expected] of cases) expect(evaluateOne(expr)).toEqual(expected);
});

test('EXTRACT gives the fields of a time, and SECOND with its milliseconds', () => {
  const t = at('2004-09-30T13:48:23.456');
  const fields = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND'].map((name) => call('EXTRACT', unit(name), t));
  expect(fields.map(evaluateOne)).toEqual([2004, 9, 30, 13, 48, 23.456]);
  expect(fields.map(({ type }) => type.kind)).toEqual(['bigint', 'bigint', 'bigint', 'bigint', 'bigint', 'decimal']);
  const before = at('1969-12-31T23:59:58.500');
  expect(['DAY', 'HOUR', 'SECOND'].map((name) => evaluateOne(call('EXTRACT', unit(name), before)))).toEqual([
    31, 23, 58.5,
  ]);
});

test('EXTRACT gives the fields of an interval with its sign', () => {
  const interval = millis(-(2 * day + 3 * hour + 240_000 + 5_006));
  const fields = ['DAY', 'HOUR', 'MINUTE', 'SECOND'].map((name) => evaluateOne(call('EXTRACT', unit(name), interval)));
  expect(fields).toEqual([-2, -3, -4, -5.006]);
  expect(['YEAR', 'MONTH'].map((name) => evaluateOne(call('EXTRACT', unit(name), months(30))))).toEqual([2, 6]);
  expect(() => call('EXTRACT', unit('YEAR'), interval)).toThrow('no EXTRACT');
});

test('adding months keeps the day, or takes the last one of a shorter month', () => {
  const times = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9000, 0, 1) });
  fc.assert(
    fc.property(times, fc.integer({ min: -1200, max: 1200 }), (t, n) => {
      const [from, to] = [new Date(t), new Date(addMonths(t, n))];
      const monthsBetween = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
      expect(monthsBetween).toBe(n);
      const lastDay = new Date(Date.UTC(2000, 0, 1));
      lastDay.setUTCFullYear(to.getUTCFullYear(), to.getUTCMonth() + 1, 0);
      expect(to.getUTCDate()).toBe(Math.min(from.getUTCDate(), lastDay.getUTCDate()));
      expect(to.toISOString().slice(-14)).toBe(from.toISOString().slice(-14));
    }),
  );
});
