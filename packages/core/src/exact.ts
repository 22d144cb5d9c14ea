import { isInteger, type SqlType } from './schema.ts';

// BIGINT and DECIMAL values as units: whole numbers of 10^-scale. 12.34 of a DECIMAL(5,2) is 1234 units.

/** Up to so many units a DECIMAL is told from its neighbours by the double nearest to it: 15 digits. */
export const plainMax = 999_999_999_999_999;

/** Whether a double holds the value. One that none holds is never in a column of doubles. */
export function isPlain(units: bigint, scale: number): boolean {
  const max = scale === 0 ? maxWhole : maxScaled;
  return units <= max && units >= -max;
}

const maxWhole = BigInt(Number.MAX_SAFE_INTEGER);
const maxScaled = BigInt(plainMax);

/** The largest number of a scale that a double holds. */
export function plainLimit(scale: number): number {
  return scale === 0 ? Number.MAX_SAFE_INTEGER : plainMax / 10 ** scale;
}

/** The digits after the point of a type whose values are exact; null for REAL, DOUBLE and all that are no numbers. */
export function scaleOf(type: SqlType): number | null {
  if (type.kind === 'decimal') return type.scale;
  return isInteger(type) ? 0 : null;
}

/** Whether values of a type may need more than a double. */
export function mayBeExact(type: SqlType): boolean {
  return type.kind === 'bigint' || (type.kind === 'decimal' && type.precision > 15);
}

/** The largest and smallest units of a type: 64 bits, as the service had them, also for DECIMAL(19, s). */
export function unitRange(type: SqlType): readonly [min: bigint, max: bigint] {
  switch (type.kind) {
    case 'tinyint':
      return [-(2n ** 7n), 2n ** 7n - 1n];
    case 'smallint':
      return [-(2n ** 15n), 2n ** 15n - 1n];
    case 'integer':
      return [-(2n ** 31n), 2n ** 31n - 1n];
    case 'decimal': {
      const max = 10n ** BigInt(type.precision) - 1n;
      return max < int64Max ? [-max, max] : [-int64Max - 1n, int64Max];
    }
    default:
      return [-int64Max - 1n, int64Max];
  }
}

const int64Max = 2n ** 63n - 1n;

/** Units at another scale; digits that are lost round half away from zero. */
export function rescale(units: bigint, from: number, to: number): bigint {
  if (to >= from) return to === from ? units : units * 10n ** BigInt(to - from);
  return divideUnits(units, 10n ** BigInt(from - to));
}

/** a / b as a whole number, halves away from zero. */
export function divideUnits(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  const rest = a % b;
  const doubled = rest < 0n ? -rest * 2n : rest * 2n;
  if (doubled < (b < 0n ? -b : b)) return quotient;
  return quotient + (a < 0n === b < 0n ? 1n : -1n);
}

/** The units of a finite double: of the shortest decimal that reads back as it, rounded half away from zero. */
export function toUnits(value: number, scale: number): bigint {
  if (Number.isInteger(value)) return rescale(BigInt(value), 0, scale);
  return parseUnits(String(value), scale) ?? 0n;
}

/** The units of a number as text, rounded half away from zero; null if it is none. */
export function parseUnits(text: string, scale: number): bigint | null {
  const match = numberText.exec(text);
  if (!match) return null;
  const [, sign, whole, fraction = '', tail = '', exponent = '0'] = match;
  const digits = ((whole ?? '') + fraction + tail).replace(/^0+/, '');
  if (digits === '') return 0n;
  // Of a very long number the first digits decide, and whether anything is behind them.
  const kept = digits.length > 80 ? `${digits.slice(0, 80)}1` : digits;
  const shift = Number(exponent) - (fraction + tail).length + scale + digits.length - kept.length;
  // Beyond any type, without making the number; or nothing is left of it.
  if (kept.length + shift > 40) return sign === '-' ? -(10n ** 40n) : 10n ** 40n;
  if (kept.length + shift < 0) return 0n;
  const all = BigInt(kept);
  const units = shift >= 0 ? all * 10n ** BigInt(shift) : divideUnits(all, 10n ** BigInt(-shift));
  return sign === '-' ? -units : units;
}

const numberText = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/;

/** The digits after the point of a number as text without exponent. */
export function scaleOfText(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

/** With all digits of the scale: `0.10`. */
export function printUnits(units: bigint, scale: number): string {
  if (scale === 0) return String(units);
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The nearest double. */
export function toDouble(units: bigint, scale: number): number {
  return scale === 0 ? Number(units) : Number(printUnits(units, scale));
}
