import type { Column, Valid } from '../column.ts';
import { divideUnits, plainMax, scaleOf } from '../exact.ts';
import { Failures } from '../expr.ts';
import { exactKernel } from '../functions/exact-arithmetic.ts';
import { fitNumbers } from '../functions/numeric-types.ts';
import { isInteger, type SqlType } from '../schema.ts';

/** The type of SUM: that of the argument, but a DECIMAL has all the digits there are. Else DECIMAL(5,2) would overflow
 *  after a few rows (as Calcite: the largest precision). */
export function sumType(type: SqlType): SqlType {
  return type.kind === 'decimal' ? { ...type, precision: 19 } : type;
}

/** The largest absolute value of a type of which that is small enough to be of use; else that of these rows. */
export function largestOf(type: SqlType, values: Float64Array, from: number, to: number): number {
  if (isInteger(type) && type.kind !== 'bigint') return 2 ** 31;
  let largest = 0;
  for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(values[i]));
  return Number.isNaN(largest) ? Number.POSITIVE_INFINITY : largest;
}

/** SUM or AVG of an exact type out of sums in units, and counts. No rows: NULL. Bigints for sums beyond 2^53. */
export function finishSums(
  kind: 'sum' | 'avg',
  type: SqlType,
  sums: Float64Array | readonly bigint[],
  counts: Float64Array,
): Column {
  const failures = new Failures();
  const valid: Valid = counts.includes(0) ? Uint8Array.from(counts, (n) => (n > 0 ? 1 : 0)) : null;
  const scale = scaleOf(type) ?? 0;
  if (sums instanceof Float64Array && (scale === 0 || sums.every((sum) => Math.abs(sum) <= plainMax))) {
    const units = kind === 'avg' ? averages(sums, counts, isInteger(type)) : sums;
    const values = scale === 0 ? units : divideBy(units, 10 ** scale);
    return { kind: 'num', ...fitNumbers(values, valid, type, failures) };
  }
  const average = isInteger(type) ? (sum: bigint, count: bigint) => sum / count : divideUnits;
  return exactKernel(type, failures)(counts.length, valid, (i) => {
    const sum = BigInt(sums[i]);
    return kind === 'avg' ? average(sum, BigInt(counts[i])) : sum;
  });
}

function averages(sums: Float64Array, counts: Float64Array, isTruncated: boolean): Float64Array {
  const out = new Float64Array(sums.length);
  for (let i = 0; i < out.length; i++) {
    if (counts[i] === 0) continue;
    const average = sums[i] / counts[i];
    out[i] = (isTruncated ? Math.trunc(average) : average < 0 ? -Math.round(-average) : Math.round(average)) + 0;
  }
  return out;
}

function divideBy(values: Float64Array, divisor: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = values[i] / divisor;
  return out;
}
