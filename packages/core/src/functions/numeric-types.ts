import type { Valid } from '../column.ts';
import { plainLimit } from '../exact.ts';
import type { Failures } from '../expr.ts';
import { checkRange, round, roundToFloat, roundToScale } from '../kernels/arithmetic.ts';
import { isDatetime, isInteger, printType, type SqlType } from '../schema.ts';

/** What is computed with doubles is not known exactly beyond 2^53 - 1, and we never lose digits silently. */
const exactMax = Number.MAX_SAFE_INTEGER;

const integerMax: Readonly<Record<string, number>> = {
  tinyint: 2 ** 7 - 1,
  smallint: 2 ** 15 - 1,
  integer: 2 ** 31 - 1,
  bigint: exactMax,
};

/** The years 0 to 9999: beyond them a time has no text of the form yyyy-MM-dd. */
const firstTime = -62_167_219_200_000;
const lastTime = 253_402_300_799_999;

const integerRank = ['tinyint', 'smallint', 'integer', 'bigint'];

/** The type that holds both (AWS SQL reference, "Numeric Types and Precision"; Calcite's rule where it is silent: an
 *  approximate type wins over an exact one, DECIMAL with REAL gives DOUBLE). */
export function commonNumeric(a: SqlType, b: SqlType): SqlType {
  if (a.kind === 'null') return b;
  if (b.kind === 'null') return a;
  if (a.kind === 'double' || b.kind === 'double') return { kind: 'double' };
  if (a.kind === 'real' || b.kind === 'real') {
    return a.kind === 'decimal' || b.kind === 'decimal' ? { kind: 'double' } : { kind: 'real' };
  }
  if (a.kind === 'decimal' || b.kind === 'decimal') {
    const [da, db] = [asDecimal(a), asDecimal(b)];
    const scale = Math.max(da.scale, db.scale);
    return decimal(Math.max(da.precision - da.scale, db.precision - db.scale) + scale, scale, digitsMax(da, db));
  }
  return integerRank.indexOf(a.kind) >= integerRank.indexOf(b.kind) ? a : b;
}

/** The type of a `op` b (AWS SQL reference, "Numeric Types and Precision", precision capped at 18, or at 19 if an operand
 *  has as many: no digit of it may go). */
export function arithmeticType(op: '+' | '-' | '*' | '/', a: SqlType, b: SqlType): SqlType {
  const common = commonNumeric(a, b);
  if (common.kind !== 'decimal') return common;
  const [da, db] = [asDecimal(a), asDecimal(b)];
  const max = digitsMax(da, db);
  if (op === '*') return decimal(da.precision + db.precision, da.scale + db.scale, max);
  if (op === '/') {
    const digits = da.precision - da.scale + db.scale;
    const scale = Math.max(6, da.scale + db.precision + 1);
    return decimal(digits + scale, Math.min(scale, Math.max(6, max - digits)), max);
  }
  const scale = Math.max(da.scale, db.scale);
  return decimal(Math.max(da.precision - da.scale, db.precision - db.scale) + scale + 1, scale, max);
}

function digitsMax(a: { precision: number }, b: { precision: number }): number {
  return Math.max(18, a.precision, b.precision);
}

function decimal(precision: number, scale: number, max: number): SqlType & { kind: 'decimal' } {
  const p = Math.min(precision, max);
  return { kind: 'decimal', precision: p, scale: Math.min(scale, p) };
}

function asDecimal(type: SqlType): { precision: number; scale: number } {
  switch (type.kind) {
    case 'decimal':
      return type;
    case 'tinyint':
      return { precision: 3, scale: 0 };
    case 'smallint':
      return { precision: 5, scale: 0 };
    case 'integer':
      return { precision: 10, scale: 0 };
    default:
      return { precision: 19, scale: 0 };
  }
}

/** Brings numbers that were computed with doubles (and times) into a type: rounds as the type asks and fails what does not
 *  fit, or is so large that a double no longer tells it from its neighbours. */
export function fitNumbers(
  values: Float64Array,
  valid: Valid,
  type: SqlType,
  failures: Failures,
): { values: Float64Array; valid: Valid } {
  if (isInteger(type)) {
    const max = integerMax[type.kind];
    const rounded = round(values);
    return {
      values: rounded,
      valid: checkRange(rounded, valid, type.kind === 'bigint' ? -max : -max - 1, max, overflow(type, failures)),
    };
  }
  if (type.kind === 'decimal') {
    const rounded = roundToScale(values, type.scale);
    const max = Math.min(10 ** (type.precision - type.scale) - 10 ** -type.scale / 2, plainLimit(type.scale));
    return {
      values: rounded,
      valid: checkRange(rounded, valid, -max, max, overflow(type, failures)),
    };
  }
  if (isDatetime(type)) {
    const failure = failures.number('DatetimeOverflow', outOfRange(type));
    return { values, valid: checkRange(values, valid, firstTime, lastTime, failure) };
  }
  const fitted = type.kind === 'real' ? roundToFloat(values) : values;
  // No Infinity and no NaN ever leaves a kernel: JSON and CSV could not hold it.
  return {
    values: fitted,
    valid: checkRange(fitted, valid, -Number.MAX_VALUE, Number.MAX_VALUE, overflow(type, failures)),
  };
}

export function outOfRange(type: SqlType): string {
  return `value out of range for ${printType(type)}`;
}

/** The number of the failure of what has no place in a numeric type. */
export function overflow(type: SqlType, failures: Failures): number {
  return failures.number('NumericOverflow', outOfRange(type));
}
