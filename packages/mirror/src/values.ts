import type { Value } from './settings.ts';

/** What difference is taken for equal; all 0 for none. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
  readonly ulps: number;
}

/** How far apart two values are; NaN where not both are numbers. */
export interface Distance {
  readonly absolute: number;
  readonly relative: number;
  readonly ulps: number;
}

export const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The value as a double; NaN if it is no number. */
export function numberOf(value: Value | undefined): number {
  switch (typeof value) {
    case 'number':
      return value;
    case 'bigint':
      return Number(value);
    case 'string':
      return decimal.test(value) ? Number(value) : Number.NaN;
    default:
      return Number.NaN;
  }
}

export function same(a: Value, b: Value, tolerance: Tolerance | null): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (a === null || b === null || typeof a === 'boolean' || typeof b === 'boolean') return false;
  if (typeof a !== 'number' || typeof b !== 'number') {
    if (Number.isNaN(numberOf(a)) || Number.isNaN(numberOf(b))) return false;
    if (digits(a) === digits(b)) return true;
  }
  return tolerance !== null && isWithin(distance(a, b), tolerance);
}

export function distance(a: Value, b: Value): Distance {
  const x = numberOf(a);
  const y = numberOf(b);
  const absolute = Math.abs(exactly(a, b) ?? y - x);
  const scale = Math.max(Math.abs(x), Math.abs(y));
  return { absolute, relative: scale === 0 ? absolute : absolute / scale, ulps: ulpsBetween(x, y) };
}

/** Is one of the two numbers the other one with fewer decimals, or as a REAL, however it was rounded? */
export function isRounding(a: Value, b: Value): boolean {
  const x = numberOf(a);
  const y = numberOf(b);
  // Two that are one double differ in digits that it does not hold.
  if (!Number.isFinite(x) || !Number.isFinite(y) || x === y) return false;
  const [decimalsX, decimalsY] = [decimals(x), decimals(y)];
  const kept = Math.min(decimalsX, decimalsY);
  // Beyond 12 decimals it is the last places of doubles that differ: those come of another order of adding, too.
  if (decimalsX !== decimalsY && kept <= 12 && Math.abs(x - y) < 10 ** -kept) return true;
  return Math.fround(x) === y || Math.fround(y) === x;
}

/** Milliseconds; NaN if it is no time. */
export function timeOf(value: Value | undefined): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' ? timeOfText(value) : Number.NaN;
}

const timeText = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?\s*(?:Z|UTC|([+-])(\d\d):?(\d\d))?$/;

function timeOfText(text: string): number {
  const parts = timeText.exec(text);
  if (parts === null) return decimal.test(text) ? Number(text) : Number.NaN;
  const [, year, month, day, hour, minute, second = '0', fraction = '', sign, zoneHour, zoneMinute] = parts;
  const millis = Number(fraction.padEnd(3, '0').slice(0, 3));
  const utc = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second, millis);
  if (sign === undefined) return utc;
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  return sign === '+' ? utc - zone : utc + zone;
}

function isWithin(found: Distance, allowed: Tolerance): boolean {
  return (
    (allowed.absolute > 0 && found.absolute <= allowed.absolute) ||
    (allowed.relative > 0 && found.relative <= allowed.relative) ||
    (allowed.ulps > 0 && found.ulps <= allowed.ulps)
  );
}

/** A number's text in one form: 7, 7.0, +7 and 07.00 are the same. Numbers with an exponent stay as doubles write them. */
export function digits(value: number | bigint | string): string {
  const text = String(value);
  if (/[eE]/.test(text)) return String(Number(text));
  const [, sign, whole, fraction = ''] = /^([+-]?)(\d*)\.?(\d*)$/.exec(text) ?? ['', '', text];
  const short = `${whole!.replace(/^0+(?=\d)/, '') || '0'}.${fraction.replace(/0+$/, '')}`;
  return sign === '-' && short !== '0.' ? `-${short}` : short;
}

/** The difference of two integers that doubles would round away. */
function exactly(a: Value, b: Value): number | null {
  const isInteger = (value: Value) => typeof value === 'bigint' || (typeof value === 'string' && /^-?\d+$/.test(value));
  if (!isInteger(a) || !isInteger(b)) return null;
  return Number(BigInt(b as string) - BigInt(a as string));
}

const bits = new BigInt64Array(1);
const double = new Float64Array(bits.buffer);

function ulpsBetween(x: number, y: number): number {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return Number.NaN;
  const gap = place(x) - place(y);
  return Number(gap < 0n ? -gap : gap);
}

// Doubles in their order are integers in theirs, once the negative ones are turned around.
function place(x: number): bigint {
  double[0] = x;
  return bits[0]! >= 0n ? bits[0]! : -(bits[0]! & 0x7fff_ffff_ffff_ffffn);
}

function decimals(x: number): number {
  const [mantissa, exponent = '0'] = String(x).split('e');
  return Math.max(0, (mantissa!.split('.')[1]?.length ?? 0) - Number(exponent));
}
