import type { Column, Valid } from '../column.ts';
import { Failures } from '../expr.ts';
import { fitNumbers } from '../functions/numeric-types.ts';
import { divide } from '../kernels/arithmetic.ts';
import type { SqlType } from '../schema.ts';

/** SUM or AVG of REAL or DOUBLE from sums and numbers of values. */
export function sumResult(sums: Float64Array, counts: Float64Array, type: SqlType, kind: 'sum' | 'avg'): Column {
  const values = kind === 'avg' ? divide(sums, counts) : sums;
  const valid: Valid = counts.includes(0) ? Uint8Array.from(counts, (n) => (n > 0 ? 1 : 0)) : null;
  if (valid) for (let i = 0; i < values.length; i++) if (valid[i] === 0) values[i] = 0;
  return { kind: 'num', ...fitNumbers(values, valid, type, new Failures()) };
}
