import type { Millis } from '../batch.ts';
import type { BoundFunction, Expr, ScalarFunction } from '../expr.ts';
import { both } from '../kernels/valid.ts';
import {
  type IntervalField,
  type IntervalFields,
  intervalFields,
  isDatetime,
  isInteger,
  type SqlType,
} from '../schema.ts';
import { monthOf } from '../window.ts';
import { asNumbers } from './arithmetic.ts';

export type IntervalType = Extract<SqlType, { kind: 'interval' }>;

const order: readonly IntervalField[] = ['YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND'];

/** A field in the units of the type: months, or milliseconds. */
const sizes: Readonly<Record<IntervalField, number>> = {
  YEAR: 12,
  MONTH: 1,
  DAY: 86_400_000,
  HOUR: 3_600_000,
  MINUTE: 60_000,
  SECOND: 1_000,
};

/** Unlike the other fields, the smallest part of SECOND is a millisecond. */
const smallest = (field: IntervalField): number => (field === 'SECOND' ? 1 : sizes[field]);

export function intervalType(first: IntervalField, last: IntervalField): IntervalType {
  return {
    kind: 'interval',
    unit: first === 'YEAR' || first === 'MONTH' ? 'month' : 'millisecond',
    fields: [first, last],
  };
}

/** The type of a + b: from the first field of either to the last. */
export function commonInterval(a: IntervalType, b: IntervalType): IntervalType {
  const [x, y] = [intervalFields(a), intervalFields(b)];
  const at = (field: IntervalField): number => order.indexOf(field);
  return intervalType(order[Math.min(at(x[0]), at(y[0]))], order[Math.max(at(x[1]), at(y[1]))]);
}

/** What is left in the fields of a type: lower ones are dropped. */
export function cutInterval(type: IntervalType): (value: number) => number {
  const size = smallest(intervalFields(type)[1]);
  return (value) => Math.trunc(value / size) * size + 0;
}

/** What a CAST to a number counts: the last field. */
export function lastFieldSize(type: IntervalType): number {
  return sizes[intervalFields(type)[1]];
}

/** False where a value of `from` may have fields below the last one of `to`. */
export function fitsInterval(from: IntervalType, to: IntervalType): boolean {
  return from.unit === to.unit && smallest(intervalFields(from)[1]) >= smallest(intervalFields(to)[1]);
}

/** A unit of FLOOR(interval TO unit), as months or milliseconds; null if the interval has no such field. */
export function unitSize({ unit }: IntervalType, name: string): number | null {
  const field = order.find((known) => known === name);
  return field && intervalType(field, field).unit === unit ? sizes[field] : null;
}

/** `+6:11`, `+371`, `+2 00:06:11`, `+23-01`: the sign always, milliseconds if there are any (AWS SQL reference, "Date,
 *  Timestamp, and Interval Operators"). */
export function printInterval(type: IntervalType): (value: number) => string {
  const fields = between(intervalFields(type));
  return (value) => {
    let left = Math.abs(value);
    let text = value < 0 ? '-' : '+';
    fields.forEach((field, i) => {
      const count = Math.floor(left / sizes[field]);
      left -= count * sizes[field];
      text += i === 0 ? String(count) : separators[fields[i - 1]] + String(count).padStart(2, '0');
    });
    return fields.at(-1) === 'SECOND' && left > 0 ? `${text}.${String(left).padStart(3, '0')}` : text;
  };
}

/** The value of a text in the printed form, the sign left out or not; NaN if it is none. */
export function parseInterval(type: IntervalType): (text: string) => number {
  const fields = between(intervalFields(type));
  const parts = fields.map((field, i) => {
    const digits = i === 0 ? String.raw`(\d+)` : String.raw`(\d{1,2})`;
    return (
      digits +
      (field === 'SECOND' ? String.raw`(?:\.(\d{1,9}))?` : '') +
      (i < fields.length - 1 ? separators[field] : '')
    );
  });
  const pattern = new RegExp(String.raw`^\s*([+-]?)${parts.join('')}\s*$`);
  return (text) => {
    const match = pattern.exec(text);
    if (!match) return Number.NaN;
    const whole = fields.reduce((sum, field, i) => sum + Number(match[i + 2]) * sizes[field], 0);
    const millis = Number((match[fields.length + 2] ?? '').slice(0, 3).padEnd(3, '0'));
    return (match[1] === '-' ? -1 : 1) * (whole + millis) + 0;
  };
}

const separators: Readonly<Record<IntervalField, string>> = {
  YEAR: '-',
  MONTH: ' ',
  DAY: ' ',
  HOUR: ':',
  MINUTE: ':',
  SECOND: '',
};

function between([first, last]: IntervalFields): readonly IntervalField[] {
  return order.slice(order.indexOf(first), order.indexOf(last) + 1);
}

export const intervalFunctions: readonly ScalarFunction[] = [
  {
    name: 'DATETIME_DIFFERENCE',
    doc: '(a - b) MINUTE TO SECOND: the interval between two datetimes of one kind; fields below the last are dropped.',
    bind: ([a, b, first, last, ...rest]) => {
      const [from, to] = [fieldOf(first), fieldOf(last)];
      if (!a || !b || !from || !to || rest.length > 0) return null;
      if (!isDatetime(a.type) && !isDatetime(b.type)) return null;
      if (a.type.kind !== b.type.kind && a.type.kind !== 'null' && b.type.kind !== 'null') return null;
      const type = intervalType(from, to);
      const cut = cutInterval(type);
      return ofTwo(type, type.unit === 'month' ? (x, y) => cut(monthsBetween(y, x)) : (x, y) => cut(x - y));
    },
  },
  {
    name: 'TSDIFF',
    doc: 'TSDIFF(start, end): end - start in milliseconds.',
    // AWS SQL reference, "TSDIFF": BIGINT arguments; "Temporal Predicates": TIMESTAMP arguments.
    bind: (args) =>
      args.length === 2 && args.every(isInstant) ? ofTwo({ kind: 'bigint' }, (start, end) => end - start) : null,
  },
];

/** Whole months from a to b; negative if b is before a. */
function monthsBetween(a: Millis, b: Millis): number {
  if (b < a) return -monthsBetween(b, a) + 0;
  const months = monthOf(b) - monthOf(a);
  return inMonth(b) < inMonth(a) ? months - 1 : months;
}

/** How far into its month an instant is. */
function inMonth(t: Millis): number {
  const date = new Date(t);
  return date.getUTCDate() * 86_400_000 + (t - Math.floor(t / 86_400_000) * 86_400_000);
}

function ofTwo(type: SqlType, f: (a: number, b: number) => number): BoundFunction {
  return {
    type,
    kernel: ([a, b]) => {
      return (batch) => {
        const [x, y] = [asNumbers(a(batch)), asNumbers(b(batch))];
        const values = new Float64Array(batch.length);
        for (let i = 0; i < values.length; i++) values[i] = f(x.values[i], y.values[i]);
        return { kind: 'num', values, valid: both(x.valid, y.valid) };
      };
    },
  };
}

function fieldOf(unit: Expr | undefined): IntervalField | null {
  const found = unit?.kind === 'literal' && order.find((field) => field === unit.value);
  return found || null;
}

function isInstant({ type }: Expr): boolean {
  return type.kind === 'timestamp' || isInteger(type) || type.kind === 'null';
}
