import type { NumColumn, Valid } from '../column.ts';
import { divideUnits, plainLimit, rescale, scaleOf, unitRange } from '../exact.ts';
import { isNumbers, numbersOf, unitsOf } from '../exact-column.ts';
import type { BoundFunction, Failures } from '../expr.ts';
import {
  add,
  addDecimals,
  checkNotZero,
  checkRange,
  divide,
  divideDecimals,
  multiply,
  multiplyDecimals,
  remainder,
  subtract,
  subtractDecimals,
  truncate,
} from '../kernels/arithmetic.ts';
import { both, ValidWriter } from '../kernels/valid.ts';
import { isInteger, type SqlType } from '../schema.ts';
import { fitNumbers, overflow } from './numeric-types.ts';

type Operator = '+' | '-' | '*' | '/' | 'MOD';

/** a op b where the result is an integer or a DECIMAL: in doubles as long as they hold every number that occurs, else the
 *  whole batch in bigints. Digits are never lost: what has no place in `type` fails its row. */
export function exactOperator(op: Operator, a: SqlType, b: SqlType, type: SqlType): BoundFunction {
  const scales: Scales = [scaleOf(a) ?? 0, scaleOf(b) ?? 0, scaleOf(type) ?? 0];
  const [fast, exact] = isInteger(type) ? [integers[op], integersExactly[op]] : [decimals[op], decimalsExactly(op)];
  const fit = isInteger(type) ? fitNumbers : fitPlain;
  const max = plainLimit(scales[2]);
  return {
    type,
    kernel: ([left, right], failures) => {
      const divisionByZero = op === '/' || op === 'MOD' ? failures.number('DivisionByZero', 'division by zero') : 0;
      const exactly = exactKernel(type, failures);
      return (batch) => {
        const [x, y] = [left(batch), right(batch)];
        if (!isNumbers(x) || !isNumbers(y))
          throw new Error('broken invariant: a numeric argument is a column of numbers');
        let valid = both(x.valid, y.valid);
        if (divisionByZero > 0 && y.kind === 'num') valid = checkNotZero(y.values, valid, divisionByZero);
        if (x.kind === 'num' && y.kind === 'num') {
          const values = fast(x.values, y.values, scales);
          if (areWithin(values, valid, max)) return { kind: 'num', ...fit(values, valid, type, failures) };
        }
        const [m, n] = [unitsOf(x, scales[0]), unitsOf(y, scales[1])];
        if (divisionByZero > 0 && y.kind === 'exact') valid = checkNotZeroUnits(n, valid, divisionByZero);
        return exactly(m.length, valid, (i) => exact(m[i], n[i], scales));
      };
    },
  };
}

/** f of one number, likewise. `exact` takes and gives units. */
export function exactMap(
  from: SqlType,
  type: SqlType,
  f: (values: Float64Array) => Float64Array,
  exact: (units: bigint) => bigint,
): BoundFunction {
  const scale = scaleOf(from) ?? 0;
  return {
    type,
    kernel: ([argument], failures) => {
      const exactly = exactKernel(type, failures);
      return (batch) => {
        const x = argument(batch);
        if (x.kind === 'num') return { kind: 'num', ...fitNumbers(f(x.values), x.valid, type, failures) };
        if (x.kind !== 'exact') throw new Error('broken invariant: a numeric argument is a column of numbers');
        const units = unitsOf(x, scale);
        return exactly(units.length, x.valid, (i) => exact(units[i]));
      };
    },
  };
}

/** Makes columns of an exact type row by row; what is out of its range fails. */
export function exactKernel(type: SqlType, failures: Failures) {
  const scale = scaleOf(type) ?? 0;
  const [min, max] = unitRange(type);
  const failure = overflow(type, failures);
  return (length: number, valid: Valid, unitsAt: (row: number) => bigint) => {
    const units = new BigInt64Array(length);
    const writer = new ValidWriter(valid, length);
    for (let i = 0; i < length; i++) {
      if (!writer.isValid(i)) continue;
      const own = unitsAt(i);
      if (own < min || own > max) writer.set(i, failure);
      else units[i] = own;
    }
    return numbersOf(units, scale, writer.finish());
  };
}

type Scales = readonly [a: number, b: number, result: number];
type Fast = (a: Float64Array, b: Float64Array, scales: Scales) => Float64Array;
type Exact = (a: bigint, b: bigint, scales: Scales) => bigint;

const integers: Readonly<Record<Operator, Fast>> = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': (a, b) => truncate(divide(a, b)),
  MOD: remainder,
};

const integersExactly: Readonly<Record<Operator, Exact>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  MOD: (a, b) => a % b,
};

const decimals: Readonly<Record<Operator, Fast>> = {
  '+': (a, b, [, , scale]) => addDecimals(a, b, scale),
  '-': (a, b, [, , scale]) => subtractDecimals(a, b, scale),
  '*': multiplyDecimals,
  '/': divideDecimals,
  MOD: remainder,
};

function decimalsExactly(op: Operator): Exact {
  switch (op) {
    case '+':
      return (a, b, [s, t, scale]) => rescale(a, s, scale) + rescale(b, t, scale);
    case '-':
      return (a, b, [s, t, scale]) => rescale(a, s, scale) - rescale(b, t, scale);
    case '*':
      return (a, b, [s, t, scale]) => rescale(a * b, s + t, scale);
    case '/':
      return (a, b, [s, t, scale]) => {
        const shift = scale - s + t;
        return shift >= 0 ? divideUnits(a * 10n ** BigInt(shift), b) : divideUnits(a, b * 10n ** BigInt(-shift));
      };
    case 'MOD':
      return integersExactly.MOD;
  }
}

/** Whether a double holds all results; NaN stands for one that it does not. */
export function areWithin(values: Float64Array, valid: Valid, max: number): boolean {
  let ok = true;
  for (let i = 0; i < values.length; i++) ok = ok && values[i] >= -max && values[i] <= max;
  if (ok || !valid) return ok;
  for (let i = 0; i < values.length; i++) if (valid[i] === 1 && !(Math.abs(values[i]) <= max)) return false;
  return true;
}

/** For values that already have the scale of the type. */
export function fitPlain(
  values: Float64Array,
  valid: Valid,
  type: SqlType,
  failures: Failures,
): Omit<NumColumn, 'kind'> {
  if (type.kind !== 'decimal' || type.precision >= 15) return { values, valid };
  const max = (10 ** type.precision - 1) / 10 ** type.scale;
  return { values, valid: checkRange(values, valid, -max, max, overflow(type, failures)) };
}

function checkNotZeroUnits(units: BigInt64Array, valid: Valid, failure: number): Valid {
  const out = new ValidWriter(valid, units.length);
  for (let i = 0; i < units.length; i++) if (units[i] === 0n && out.isValid(i)) out.set(i, failure);
  return out.finish();
}
