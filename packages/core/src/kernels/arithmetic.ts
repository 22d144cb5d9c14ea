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
