import type { Valid } from '../column.ts';
import { ValidWriter } from './valid.ts';

export function add(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] + b[i];
  return out;
}

export function subtract(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] - b[i];
  return out;
}

export function multiply(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i];
  return out;
}

export function divide(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] / b[i];
  return out;
}

/** The sign of the dividend, as Java's % (AWS SQL reference, "MOD": MOD(-4,3) is -1). */
export function remainder(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] % b[i]) + 0; // + 0: not -0
  return out;
}

export function map(a: Float64Array, f: (x: number) => number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = f(a[i]);
  return out;
}

/** Toward zero, and never -0: text output would show it. */
export function truncate(a: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.trunc(a[i]) + 0;
  return out;
}

/** To the nearest whole number, halves away from zero. */
export function round(a: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] < 0 ? -Math.round(-a[i]) : Math.round(a[i])) + 0;
  return out;
}

export function roundToFloat(a: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.fround(a[i]);
  return out;
}

/** To `scale` digits after the point, halves away from zero. */
export function roundToScale(a: Float64Array, scale: number): Float64Array {
  const out = new Float64Array(a.length);
  const unit = 10 ** scale;
  for (let i = 0; i < out.length; i++) out[i] = roundHalfUp(a[i], unit);
  return out;
}

/** x to a multiple of 1 / unit. The nudge makes 1.005 go up although its double lies just below. */
function roundHalfUp(x: number, unit: number): number {
  const scaled = Math.abs(x) * unit;
  // A double this large has no digits left to round; and no nudge may reach the next whole number.
  if (!(scaled < 2 ** 52)) return x;
  const nudge = Math.min(scaled * 4 * Number.EPSILON, 2 ** -6);
  const rounded = Math.floor(scaled + 0.5 + nudge) / unit;
  return (x < 0 ? -rounded : rounded) + 0;
}

/** Fails the rows whose value is outside [min, max] or no number. */
export function checkRange(values: Float64Array, valid: Valid, min: number, max: number, failure: number): Valid {
  let ok = true;
  for (let i = 0; i < values.length; i++) ok = ok && values[i] >= min && values[i] <= max;
  if (ok) return valid;
  const out = new ValidWriter(valid, values.length);
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] >= min && values[i] <= max) && out.isValid(i)) out.set(i, failure);
  }
  return out.finish();
}

/** Fails the rows where `values` is zero. */
export function checkNotZero(values: Float64Array, valid: Valid, failure: number): Valid {
  let ok = true;
  for (let i = 0; i < values.length; i++) ok = ok && values[i] !== 0;
  if (ok) return valid;
  const out = new ValidWriter(valid, values.length);
  for (let i = 0; i < values.length; i++) if (values[i] === 0 && out.isValid(i)) out.set(i, failure);
  return out.finish();
}

// Decimals, each the double nearest to one of at most 15 digits: times 10^scale they round to their units without error,
// and sums and products of units are exact up to 2^53. Where one may not be, the result is NaN, and bigints must do it.

const unitsMax = 1e15;

export function unitsOfDecimals(values: Float64Array, scale: number): Float64Array {
  const out = new Float64Array(values.length);
  const unit = 10 ** scale;
  for (let i = 0; i < out.length; i++) out[i] = Math.round(values[i] * unit);
  return out;
}

/** At another scale, halves away from zero. */
export function rescaleDecimals(values: Float64Array, from: number, to: number): Float64Array {
  const out = new Float64Array(values.length);
  const [fromUnit, toUnit] = [10 ** from, 10 ** to];
  const cut = 10 ** Math.max(from - to, 0);
  for (let i = 0; i < out.length; i++) {
    const x = values[i];
    const rounded = Math.round(Math.abs(Math.round(x * fromUnit)) / cut) / toUnit;
    out[i] = from <= to ? x : (x < 0 ? -rounded : rounded) + 0;
  }
  return out;
}

export function addDecimals(a: Float64Array, b: Float64Array, scale: number): Float64Array {
  const out = new Float64Array(a.length);
  const unit = 10 ** scale;
  for (let i = 0; i < out.length; i++) {
    const x = Math.round(a[i] * unit);
    const y = Math.round(b[i] * unit);
    out[i] = Math.abs(x) < unitsMax && Math.abs(y) < unitsMax ? (x + y) / unit + 0 : Number.NaN;
  }
  return out;
}

export function subtractDecimals(a: Float64Array, b: Float64Array, scale: number): Float64Array {
  const out = new Float64Array(a.length);
  const unit = 10 ** scale;
  for (let i = 0; i < out.length; i++) {
    const x = Math.round(a[i] * unit);
    const y = Math.round(b[i] * unit);
    out[i] = Math.abs(x) < unitsMax && Math.abs(y) < unitsMax ? (x - y) / unit + 0 : Number.NaN;
  }
  return out;
}

/** `scales`: of a, of b, and of the result. */
export function multiplyDecimals(
  a: Float64Array,
  b: Float64Array,
  [aScale, bScale, scale]: readonly [number, number, number],
): Float64Array {
  const out = new Float64Array(a.length);
  const [aUnit, bUnit, unit] = [10 ** aScale, 10 ** bScale, 10 ** scale];
  const cut = 10 ** (aScale + bScale - scale);
  for (let i = 0; i < out.length; i++) {
    const units = Math.round(a[i] * aUnit) * Math.round(b[i] * bUnit);
    const size = Math.abs(units);
    const rounded = Math.round(size / cut);
    out[i] = size < unitsMax ? (units < 0 ? -rounded : rounded) / unit + 0 : Number.NaN;
  }
  return out;
}

export function divideDecimals(
  a: Float64Array,
  b: Float64Array,
  [aScale, bScale, scale]: readonly [number, number, number],
): Float64Array {
  const out = new Float64Array(a.length);
  const [aUnit, bUnit, unit] = [10 ** aScale, 10 ** bScale, 10 ** scale];
  const shift = 10 ** (scale - aScale + bScale);
  const isShiftWhole = scale - aScale + bScale >= 0;
  for (let i = 0; i < out.length; i++) {
    const dividend = Math.round(a[i] * aUnit) * shift;
    const divisor = Math.round(b[i] * bUnit);
    const size = Math.abs(dividend / divisor);
    const rounded = Math.round(size);
    const isExact = isShiftWhole && Math.abs(dividend) < unitsMax && Math.abs(divisor) < unitsMax && size < unitsMax;
    out[i] = isExact ? (dividend < 0 === divisor < 0 ? rounded : -rounded) / unit + 0 : Number.NaN;
  }
  return out;
}
