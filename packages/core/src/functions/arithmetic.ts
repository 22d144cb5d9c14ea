import type { Column, NumColumn } from '../column.ts';
import { isPlain, scaleOf } from '../exact.ts';
import { doublesOf } from '../exact-column.ts';
import type { BoundFunction, Expr, Kernel, ScalarFunction } from '../expr.ts';
import { beyondDoubles, type Failures } from '../failures.ts';
import { add, checkNotZero, divide, map, multiply, subtract, truncate } from '../kernels/arithmetic.ts';
import { both, ValidWriter } from '../kernels/valid.ts';
import { isInteger, isNumeric, type SqlType } from '../schema.ts';
import { addMonths } from './datetime.ts';
import { exactMap, exactOperator } from './exact-arithmetic.ts';
import { commonInterval } from './intervals.ts';
import { arithmeticType, commonNumeric, fitNumbers } from './numeric-types.ts';

const operators = { '+': add, '-': subtract, '*': multiply, '/': divide } as const;

type ArithmeticName = keyof typeof operators;

export const arithmeticFunctions: readonly ScalarFunction[] = [
  arithmetic('+', 'Sum. Also datetime + interval and interval + interval.'),
  arithmetic('-', 'Difference. Also datetime - interval and interval - interval.'),
  arithmetic('*', 'Product. Also number * interval.'),
  arithmetic('/', 'Quotient; integers are truncated toward zero. Also interval / number.'),
  {
    name: 'NEGATE',
    doc: 'Unary minus.',
    bind: ([a, ...rest]) =>
      a && rest.length === 0 && isArithmetic(a.type)
        ? unary(
            a.type,
            (x) => 0 - x,
            (units) => -units,
          )
        : null,
  },
  {
    name: 'ABS',
    doc: 'Absolute value of a number or interval.',
    bind: ([a, ...rest]) =>
      a && rest.length === 0 && isArithmetic(a.type)
        ? unary(a.type, Math.abs, (units) => (units < 0n ? -units : units))
        : null,
  },
  {
    name: 'MOD',
    doc: 'Remainder of an integer division; the sign is that of the dividend.',
    bind: ([a, b, ...rest]) =>
      a && b && rest.length === 0 && isWhole(a) && isWhole(b)
        ? exactOperator('MOD', a.type, b.type, wholeType(a.type, b.type))
        : null,
  },
  rounding('FLOOR', 'Largest whole number that is not above the argument.', Math.floor, floorUnits),
  rounding(
    'CEIL',
    'Smallest whole number that is not below the argument.',
    Math.ceil,
    (units, unit) => -floorUnits(-units, unit),
  ),
];

/** The type of arithmetic between two expressions; null if the operator does not take them. */
function arithmetic(name: ArithmeticName, doc: string): ScalarFunction {
  return {
    name,
    doc,
    bind: ([a, b, ...rest]) => {
      if (!a || !b || rest.length > 0) return null;
      if (isNumber(a) && isNumber(b)) return numbers(name, a.type, b.type);
      return withInterval(name, a.type, b.type);
    },
  };
}

function numbers(name: ArithmeticName, a: SqlType, b: SqlType): BoundFunction {
  const type = arithmeticType(name, a, b);
  if (scaleOf(type) !== null) return exactOperator(name, a, b, type);
  const operator = operators[name];
  return {
    type,
    kernel: ([left, right], failures) => {
      return (batch) => {
        const [x, y] = [asDoubles(left(batch)), asDoubles(right(batch))];
        let valid = both(x.valid, y.valid);
        if (name === '/') valid = checkNotZero(y.values, valid, divisionByZero(failures));
        return { kind: 'num', ...fitNumbers(operator(x.values, y.values), valid, type, failures) };
      };
    },
  };
}

// AWS SQL reference, "Date, Timestamp, and Interval Operators".
function withInterval(name: ArithmeticName, a: SqlType, b: SqlType): BoundFunction | null {
  if (name === '+' && a.kind === 'interval' && isPointInTime(b)) return flipped(withInterval('+', b, a));
  if (name === '*' && isNumeric(a) && b.kind === 'interval') return flipped(withInterval('*', b, a));
  if ((name === '+' || name === '-') && isPointInTime(a) && b.kind === 'interval') {
    const sign = name === '+' ? 1 : -1;
    if (b.unit === 'month') return a.kind === 'time' ? null : plain(a, (x, y) => addMonths(x, sign * y));
    return plain(
      a,
      inRange(a, (x, y) => x + sign * y),
    );
  }
  if ((name === '+' || name === '-') && a.kind === 'interval' && b.kind === 'interval' && a.unit === b.unit) {
    return plain(commonInterval(a, b), name === '+' ? (x, y) => x + y : (x, y) => x - y);
  }
  if (name === '*' && a.kind === 'interval' && isNumeric(b)) return plain(a, (x, y) => Math.trunc(x * y));
  if (name === '/' && a.kind === 'interval' && isNumeric(b)) {
    return numericFunction(a, (x, y, failures) => ({
      kind: 'num',
      values: truncate(divide(x.values, y.values)),
      valid: checkNotZero(y.values, both(x.valid, y.valid), divisionByZero(failures)),
    }));
  }
  return null;
}

// A TIME goes round the clock; a DATE has no hours.
function inRange({ kind }: SqlType, f: (x: number, y: number) => number): (x: number, y: number) => number {
  if (kind === 'time') return (x, y) => f(x, y) - Math.floor(f(x, y) / 86_400_000) * 86_400_000;
  if (kind === 'date') return (x, y) => Math.floor(f(x, y) / 86_400_000) * 86_400_000;
  return f;
}

function rounding(
  name: string,
  doc: string,
  f: (x: number) => number,
  exact: (units: bigint, unit: bigint) => bigint,
): ScalarFunction {
  return {
    name,
    doc,
    bind: ([a, ...rest]) => {
      if (!a || rest.length > 0 || !isNumber(a)) return null;
      if (a.type.kind !== 'decimal') return scaleOf(a.type) === 0 ? unchanged(a.type) : mapped(a.type, (x) => f(x) + 0);
      const unit = 10n ** BigInt(a.type.scale);
      return exactMap(
        a.type,
        { ...a.type, scale: 0 },
        (values) => map(values, (x) => f(x) + 0),
        (units) => exact(units, unit),
      );
    },
  };
}

function divisionByZero(failures: Failures): number {
  return failures.number('DivisionByZero', 'division by zero');
}

/** A function of two numbers whose result is brought into `type`. */
function numeric(
  type: SqlType,
  f: (a: NumColumn, b: NumColumn, failures: Failures) => Omit<NumColumn, 'kind'>,
): BoundFunction {
  return numericFunction(type, (a, b, failures) => {
    const { values, valid } = f(a, b, failures);
    return { kind: 'num', ...fitNumbers(values, valid, type, failures) };
  });
}

function numericFunction(
  type: SqlType,
  f: (a: NumColumn, b: NumColumn, failures: Failures) => NumColumn,
): BoundFunction {
  return {
    type,
    kernel: ([a, b], failures) => {
      return (batch) => f(asNumbers(a(batch)), asNumbers(b(batch)), failures);
    },
  };
}

function plain(type: SqlType, f: (x: number, y: number) => number): BoundFunction {
  return numeric(type, (a, b) => {
    const values = new Float64Array(a.values.length);
    for (let i = 0; i < values.length; i++) values[i] = f(a.values[i], b.values[i]);
    return { values, valid: both(a.valid, b.valid) };
  });
}

function flipped(bound: BoundFunction | null): BoundFunction | null {
  return bound && { type: bound.type, kernel: ([a, b], failures) => bound.kernel([b, a], failures) };
}

function mapped(type: SqlType, f: (x: number) => number): BoundFunction {
  return {
    type,
    kernel: ([a], failures): Kernel => {
      return (batch) => {
        const column = asNumbers(a(batch));
        return { kind: 'num', ...fitNumbers(map(column.values, f), column.valid, type, failures) };
      };
    },
  };
}

function unary(type: SqlType, f: (x: number) => number, exact: (units: bigint) => bigint): BoundFunction {
  return scaleOf(type) === null ? mapped(type, f) : exactMap(type, type, (values) => map(values, f), exact);
}

function unchanged(type: SqlType): BoundFunction {
  return { type, kernel: ([own]) => own };
}

function floorUnits(units: bigint, unit: bigint): bigint {
  return units / unit - (units % unit < 0n ? 1n : 0n);
}

function wholeType(a: SqlType, b: SqlType): SqlType {
  const type = commonNumeric(a, b);
  return type.kind === 'null' ? { kind: 'integer' } : type;
}

/** The argument of a function that computes with doubles: a row that none holds fails. Functions that are exact take
 *  columns as they come, and those whose result is DOUBLE call `asDoubles`. */
export function asNumbers(column: Column): NumColumn {
  if (column.kind === 'num') return column;
  const doubles = asDoubles(column);
  const valid = new ValidWriter(column.valid, doubles.values.length);
  if (column.kind === 'exact') {
    for (let i = 0; i < column.units.length; i++) {
      if (valid.isValid(i) && !isPlain(column.units[i], column.scale)) valid.set(i, beyondDoubles);
    }
  }
  return { ...doubles, valid: valid.finish() };
}

/** The numbers, each as the nearest double. */
export function asDoubles(column: Column): NumColumn {
  return column.kind === 'num' ? column : { kind: 'num', values: doublesOf(column), valid: column.valid };
}

function isNumber(expr: Expr): boolean {
  return isNumeric(expr.type) || expr.type.kind === 'null';
}

function isArithmetic(type: SqlType): boolean {
  return isNumeric(type) || type.kind === 'interval' || type.kind === 'null';
}

function isWhole({ type }: Expr): boolean {
  return isInteger(type) || type.kind === 'null';
}

function isPointInTime(type: SqlType): boolean {
  return type.kind === 'timestamp' || type.kind === 'date' || type.kind === 'time';
}
