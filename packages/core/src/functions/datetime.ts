import type { Millis } from '../batch.ts';
import type { BoundFunction, Expr, ScalarFunction } from '../expr.ts';
import { map } from '../kernels/arithmetic.ts';
import { isDatetime, isInteger, type SqlType } from '../schema.ts';
import { monthOf, monthStart, step, stepMonths, type Window } from '../window.ts';
import { asNumbers } from './arithmetic.ts';
import { type IntervalType, unitSize } from './intervals.ts';
import { fitNumbers } from './numeric-types.ts';

const unitMillis: Readonly<Record<string, number>> = {
  SECOND: 1_000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
};
const unitMonths: Readonly<Record<string, number>> = { MONTH: 1, YEAR: 12 };

/** The windows that FLOOR(t TO unit) cuts time into; null for an unknown unit. */
export function unitWindow(unit: string): Window | null {
  if (Object.hasOwn(unitMillis, unit)) return step(unitMillis[unit]);
  if (Object.hasOwn(unitMonths, unit)) return stepMonths(unitMonths[unit]);
  return null;
}

/** The windows of STEP(t BY interval): aligned to 1970-01-01 00:00:00 (AWS SQL reference, "STEP"). */
export function intervalWindow(interval: Expr): Window | null {
  if (interval.kind !== 'literal' || interval.type.kind !== 'interval') return null;
  const size = Number(interval.value);
  if (!(size > 0)) return null;
  return interval.type.unit === 'month' ? stepMonths(size) : step(size);
}

/** t moved by whole months; the day is cut to the length of the month (2000-01-31 + 1 month is 2000-02-29). */
export function addMonths(t: Millis, months: number): Millis {
  const start = monthStart(monthOf(t));
  const target = monthOf(t) + months;
  const day = Math.floor((t - start) / 86_400_000);
  const lastDay = (monthStart(target + 1) - monthStart(target)) / 86_400_000 - 1;
  return monthStart(target) + Math.min(day, lastDay) * 86_400_000 + (t - start - day * 86_400_000);
}

export const datetimeFunctions: readonly ScalarFunction[] = [
  {
    name: 'STEP',
    doc: 'STEP(t BY interval): start of the interval that t lies in, counted from 1970. STEP(i BY n): multiple of n.',
    bind: ([t, by, ...rest]) => {
      if (!t || !by || rest.length > 0) return null;
      if (isInteger(t.type) && isInteger(by.type)) return stepOfIntegers(t, by);
      if (t.type.kind === 'interval') return stepOfInterval(t.type, by);
      const window = intervalWindow(by);
      return window && isPointInTime(t.type) ? toStart(t.type, window) : null;
    },
  },
  {
    name: 'FLOOR_TO',
    doc: 'FLOOR(t TO unit): start of the year, month, day, hour, minute or second that t lies in. Also of an interval.',
    bind: ([t, unit, ...rest]) => {
      if (!t || !unit || rest.length > 0) return null;
      if (t.type.kind === 'interval') return toUnit(t.type, unit, Math.floor);
      const window = unitOf(unit);
      return window && isDatetime(t.type) ? toStart(t.type, window) : null;
    },
  },
  {
    name: 'CEIL_TO',
    doc: 'CEIL(t TO unit): the first start of a unit that is not before t. Also of an interval.',
    bind: ([t, unit, ...rest]) => {
      if (!t || !unit || rest.length > 0) return null;
      if (t.type.kind === 'interval') return toUnit(t.type, unit, Math.ceil);
      const window = unitOf(unit);
      if (!window || !isDatetime(t.type)) return null;
      return mapped(t.type, (x) => (window.start(x) === x ? x : window.end(window.start(x))));
    },
  },
  {
    name: 'EXTRACT',
    doc: 'EXTRACT(unit FROM t): a field of a datetime or interval; SECOND has milliseconds.',
    bind: ([unit, t, ...rest]) => {
      if (!unit || !t || rest.length > 0 || unit.kind !== 'literal') return null;
      const field = fieldOf(String(unit.value), t.type);
      if (!field) return null;
      const type: SqlType = unit.value === 'SECOND' ? { kind: 'decimal', precision: 5, scale: 3 } : { kind: 'bigint' };
      return mapped(type, field, 1);
    },
  },
  {
    name: 'MONOTONIC',
    doc: 'MONOTONIC(x): x, declared to never decrease. What comes of it is unspecified if it does.',
    bind: ([x, ...rest]) => (x && rest.length === 0 ? { type: x.type, kernel: ([own]) => own } : null),
  },
  {
    name: 'UNIX_TIMESTAMP',
    doc: 'Milliseconds since 1970-01-01 00:00:00.',
    bind: ([t, ...rest]) =>
      t && rest.length === 0 && t.type.kind === 'timestamp' ? mapped({ kind: 'bigint' }, (x) => x) : null,
  },
  {
    name: 'TO_TIMESTAMP',
    doc: 'The TIMESTAMP of milliseconds since 1970-01-01 00:00:00.',
    bind: ([t, ...rest]) =>
      t && rest.length === 0 && isInteger(t.type) ? mapped({ kind: 'timestamp' }, (x) => x) : null,
  },
];

function stepOfIntegers(t: Expr, by: Expr): BoundFunction | null {
  if (by.kind !== 'literal' || !(Number(by.value) > 0)) return null;
  const size = Number(by.value);
  return mapped(t.type, (x) => Math.trunc(x / size) * size + 0);
}

function stepOfInterval(type: IntervalType, by: Expr): BoundFunction | null {
  if (by.kind !== 'literal' || by.type.kind !== 'interval' || by.type.unit !== type.unit) return null;
  const size = Number(by.value);
  return size > 0 ? mapped(type, (x) => Math.floor(x / size) * size) : null;
}

function toUnit(type: IntervalType, unit: Expr, round: (x: number) => number): BoundFunction | null {
  const size = unit.kind === 'literal' ? unitSize(type, String(unit.value)) : null;
  return size === null ? null : mapped(type, (x) => round(x / size) * size + 0);
}

function toStart(type: SqlType, window: Window): BoundFunction {
  return mapped(type, (x) => window.start(x));
}

function unitOf(unit: Expr): Window | null {
  return unit.kind === 'literal' ? unitWindow(String(unit.value)) : null;
}

function fieldOf(unit: string, type: SqlType): ((x: number) => number) | null {
  if (type.kind === 'interval') {
    // Signed, as the interval is: truncation toward zero.
    if (type.unit === 'month') {
      if (unit === 'YEAR') return (x) => Math.trunc(x / 12) + 0;
      return unit === 'MONTH' ? (x) => (x % 12) + 0 : null;
    }
    if (unit === 'DAY') return (x) => Math.trunc(x / 86_400_000) + 0;
    if (unit === 'HOUR') return (x) => Math.trunc((x % 86_400_000) / 3_600_000) + 0;
    if (unit === 'MINUTE') return (x) => Math.trunc((x % 3_600_000) / 60_000) + 0;
    return unit === 'SECOND' ? (x) => (x % 60_000) / 1_000 + 0 : null;
  }
  if (!isDatetime(type)) return null;
  const timeOfDay: Record<string, (x: number) => number> = {
    HOUR: (x) => Math.floor(floorMod(x, 86_400_000) / 3_600_000),
    MINUTE: (x) => Math.floor(floorMod(x, 3_600_000) / 60_000),
    SECOND: (x) => floorMod(x, 60_000) / 1_000,
  };
  const calendar: Record<string, (x: number) => number> = {
    YEAR: (x) => new Date(x).getUTCFullYear(),
    MONTH: (x) => new Date(x).getUTCMonth() + 1,
    DAY: (x) => new Date(x).getUTCDate(),
  };
  if (type.kind !== 'date' && Object.hasOwn(timeOfDay, unit)) return timeOfDay[unit];
  if (type.kind === 'date' && Object.hasOwn(timeOfDay, unit)) return () => 0;
  return type.kind !== 'time' && Object.hasOwn(calendar, unit) ? calendar[unit] : null;
}

function floorMod(x: number, size: number): number {
  return x - Math.floor(x / size) * size;
}

function isPointInTime(type: SqlType): boolean {
  return type.kind === 'timestamp' || type.kind === 'date';
}

function mapped(type: SqlType, f: (x: number) => number, argument = 0): BoundFunction {
  return {
    type,
    kernel: (kernels, failures) => {
      const t = kernels[argument];
      return (batch) => {
        const column = asNumbers(t(batch));
        return { kind: 'num', ...fitNumbers(map(column.values, f), column.valid, type, failures) };
      };
    },
  };
}
