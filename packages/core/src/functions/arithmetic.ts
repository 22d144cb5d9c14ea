import type { Column, NumColumn } from '../column.ts';
import type { BoundFunction, Expr, Failures, Kernel, ScalarFunction } from '../expr.ts';
import { add, checkNotZero, divide, map, multiply, remainder, subtract, truncate } from '../kernels/arithmetic.ts';
import { both } from '../kernels/valid.ts';
import { isInteger, isNumeric, type SqlType } from '../schema.ts';
import { addMonths } from './datetime.ts';
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
    bind: ([a, ...rest]) => (a && rest.length === 0 && isArithmetic(a.type) ? mapped(a.type, (x) => 0 - x) : null),
  },
  {
    name: 'ABS',
    doc: 'Absolute value of a number or interval.',
    bind: ([a, ...rest]) => (a && rest.length === 0 && isArithmetic(a.type) ? mapped(a.type, Math.abs) : null),
  },
  {
    name: 'MOD',
    doc: 'Remainder of an integer division; the sign is that of the dividend.',
    bind: ([a, b, ...rest]) =>
      a && b && rest.length === 0 && isInteger(a.type) && isInteger(b.type)
        ? numeric(commonNumeric(a.type, b.type), (x, y, failures) => ({
            values: remainder(x.values, y.values),
            valid: checkNotZero(y.values, both(x.valid, y.valid), divisionByZero(failures)),
          }))
        : null,
  },
  rounding('FLOOR', 'Largest whole number that is not above the argument.', Math.floor),
  rounding('CEIL', 'Smallest whole number that is not below the argument.', Math.ceil),
];

/** The type of arithmetic between two expressions; null if the operator does not take them. */
function arithmetic(name: ArithmeticName, doc: string): ScalarFunction {
  return {
    name,
    doc,
    bind: ([a, b, ...rest]) => {
      if (!a || !b || rest.length > 0) return null;
      if (isNumber(a) && isNumber(b)) return numbers(name, arithmeticType(name, a.type, b.type));
      return withInterval(name, a.type, b.type);
    },
  };
}

function numbers(name: ArithmeticName, type: SqlType): BoundFunction {
  const operator = operators[name];
  return numeric(type, (a, b, failures) => {
    let valid = both(a.valid, b.valid);
    if (name === '/') valid = checkNotZero(b.values, valid, divisionByZero(failures));
    const values = operator(a.values, b.values);
    return { values: name === '/' && isInteger(type) ? truncate(values) : values, valid };
  });
}

// AWS SQL reference, "Date, Timestamp, and Interval Operators".
function withInterval(name: ArithmeticName, a: SqlType, b: SqlType): BoundFunction | null {
  if (name === '+' && a.kind === 'interval' && isPointInTime(b)) return flipped(withInterval('+', b, a));
  if (name === '*' && isNumeric(a) && b.kind === 'interval') return flipped(withInterval('*', b, a));
  if ((name === '+' || name === '-') && isPointInTime(a) && b.kind === 'interval') {
    const sign = name === '+' ? 1 : -1;
    if (b.unit === 'month') return a.kind === 'time' ? null : plain(a, (x, y) => addMonths(x, sign * y));
    switch (a.kind) {
      case 'date': // stays a day
        return plain(a, (x, y) => Math.floor((x + sign * y) / dayMillis) * dayMillis);
      case 'time': // goes round the clock
        return plain(a, (x, y) => (((x + sign * y) % dayMillis) + dayMillis) % dayMillis);
      default:
        return plain(a, (x, y) => x + sign * y);
    }
  }
  if ((name === '+' || name === '-') && a.kind === 'interval' && b.kind === 'interval' && a.unit === b.unit) {
    return plain(a, name === '+' ? (x, y) => x + y : (x, y) => x - y);
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

function rounding(name: string, doc: string, f: (x: number) => number): ScalarFunction {
  return {
    name,
    doc,
    bind: ([a, ...rest]) => {
      if (!a || rest.length > 0 || !isNumber(a)) return null;
      const type: SqlType = a.type.kind === 'decimal' ? { ...a.type, scale: 0 } : a.type;
      return mapped(type, (x) => f(x) + 0);
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

const dayMillis = 86_400_000;

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

export function asNumbers(column: Column): NumColumn {
  if (column.kind !== 'num') throw new Error('broken invariant: a numeric argument is a column of numbers');
  return column;
}

function isNumber(expr: Expr): boolean {
  return isNumeric(expr.type) || expr.type.kind === 'null';
}

function isArithmetic(type: SqlType): boolean {
  return isNumeric(type) || type.kind === 'interval';
}

function isPointInTime(type: SqlType): boolean {
  return type.kind === 'timestamp' || type.kind === 'date' || type.kind === 'time';
}
