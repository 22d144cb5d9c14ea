import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commonType } from '../src/functions/logic.ts';
import { arithmeticType } from '../src/functions/numeric-types.ts';
import { printType, type SqlType } from '../src/schema.ts';
import {
  bareNull,
  bigint,
  type Cell,
  call,
  cast,
  column,
  dayTime,
  decimal,
  double,
  evaluate,
  evaluateOne,
  failed,
  integer,
  literal,
  real,
  smallint,
  tinyint,
  varchar,
} from './expressions.ts';

const overflow = failed('NumericOverflow');

describe('the type of arithmetic', () => {
  // AWS SQL reference, "Numeric Types and Precision".
  const cases: readonly [SqlType, '+' | '-' | '*' | '/', SqlType, string][] = [
    [integer, '+', integer, 'INTEGER'],
    [integer, '/', integer, 'INTEGER'],
    [tinyint, '*', smallint, 'SMALLINT'],
    [smallint, '+', bigint, 'BIGINT'],
    [integer, '*', double, 'DOUBLE'],
    [real, '+', real, 'REAL'],
    [real, '+', integer, 'REAL'],
    [real, '*', decimal(5, 2), 'DOUBLE'],
    [decimal(5, 2), '+', double, 'DOUBLE'],
    [decimal(5, 2), '+', decimal(7, 3), 'DECIMAL(8,3)'],
    [decimal(5, 2), '-', integer, 'DECIMAL(13,2)'],
    [decimal(5, 2), '*', decimal(7, 3), 'DECIMAL(12,5)'],
    [decimal(12, 2), '*', decimal(12, 3), 'DECIMAL(18,5)'],
    [decimal(2, 1), '/', integer, 'DECIMAL(13,12)'],
    [decimal(18, 0), '/', decimal(18, 6), 'DECIMAL(18,6)'],
    [{ kind: 'null' }, '+', integer, 'INTEGER'],
  ];
  test.each(cases)('%j %s %j is %s', (a, op, b, type) => {
    expect(printType(arithmeticType(op, a, b))).toBe(type);
  });
});

describe('the common type of values', () => {
  const cases: readonly [readonly SqlType[], string | null][] = [
    [[integer, bigint], 'BIGINT'],
    [[integer, decimal(5, 2)], 'DECIMAL(12,2)'],
    [[decimal(5, 2), double], 'DOUBLE'],
    [[varchar(3), varchar(9)], 'VARCHAR(9)'],
    [[varchar(3), varchar()], 'VARCHAR'],
    [[{ kind: 'null' }, varchar(3)], 'VARCHAR(3)'],
    [[varchar(3), { kind: 'null' }], 'VARCHAR(3)'],
    [[integer, varchar(3)], null],
    [[{ kind: 'date' }, { kind: 'timestamp' }], null],
  ];
  test.each(cases)('%j: %s', (types, expected) => {
    const common = commonType(types.map((type, i) => column(i, type)));
    expect(common && printType(common)).toBe(expected);
  });
});

describe('arithmetic on one row', () => {
  const int = (value: number | null): ReturnType<typeof literal> => literal(value, integer);
  const big = (value: number): ReturnType<typeof literal> => literal(value, bigint);
  const dec = (value: number, precision: number, scale: number) => literal(value, decimal(precision, scale));
  const cases: readonly [string, ReturnType<typeof literal>, Cell][] = [
    ['5 / 2', call('/', int(5), int(2)), 2],
    ['-5 / 2', call('/', int(-5), int(2)), -2],
    ['1 / -2 is not -0', call('/', int(1), int(-2)), 0],
    ['154 / 4', call('/', int(154), int(4)), 38],
    ['1 / 0', call('/', int(1), int(0)), failed('DivisionByZero')],
    ['NULL / 0', call('/', int(null), int(0)), null],
    ['1.0 / 0 in DOUBLE', call('/', literal(1, double), literal(0, double)), failed('DivisionByZero')],
    ['0 / 0 in DOUBLE', call('/', literal(0, double), literal(0, double)), failed('DivisionByZero')],
    ['1 / -0 in DOUBLE', call('/', literal(1, double), literal(-0, double)), failed('DivisionByZero')],
    ['MOD(-4, 3)', call('MOD', int(-4), int(3)), -1],
    ['MOD(4, -3)', call('MOD', int(4), int(-3)), 1],
    ['MOD(-3, 3) is not -0', call('MOD', int(-3), int(3)), 0],
    ['MOD(4, 0)', call('MOD', int(4), int(0)), failed('DivisionByZero')],
    ['the largest INTEGER', call('+', int(2 ** 31 - 2), int(1)), 2 ** 31 - 1],
    ['one more than the largest INTEGER', call('+', int(2 ** 31 - 1), int(1)), overflow],
    ['the smallest INTEGER', call('-', int(-(2 ** 31) + 1), int(1)), -(2 ** 31)],
    ['one less than the smallest INTEGER', call('-', int(-(2 ** 31)), int(1)), overflow],
    ['minus the smallest INTEGER', call('NEGATE', int(-(2 ** 31))), overflow],
    ['the smallest INTEGER / -1', call('/', int(-(2 ** 31)), int(-1)), overflow],
    ['ABS of the smallest INTEGER', call('ABS', int(-(2 ** 31))), overflow],
    ['TINYINT 100 + 27', call('+', literal(100, tinyint), literal(27, tinyint)), 127],
    ['TINYINT 100 + 28', call('+', literal(100, tinyint), literal(28, tinyint)), overflow],
    ['BIGINT up to 2^53 - 1', call('+', big(2 ** 53 - 2), big(1)), 2 ** 53 - 1],
    ['BIGINT beyond 2^53', call('+', big(2 ** 53 - 1), big(2)), '9007199254740993'],
    ['BIGINT product beyond 2^53', call('*', big(2 ** 30 + 1), big(2 ** 30)), '1152921505680588800'],
    ['BIGINT product beyond 2^63', call('*', big(2 ** 32), big(2 ** 31)), overflow],
    ['3.0 + 2', call('+', dec(3, 2, 1), int(2)), 5],
    ['5.0 / 2', call('/', dec(5, 2, 1), int(2)), 2.5],
    ['1.0 / 3 has 12 digits', call('/', dec(1, 2, 1), int(3)), 0.333333333333],
    ['0.1 + 0.2', call('+', dec(0.1, 1, 1), dec(0.2, 1, 1)), 0.3],
    ['1.1 * 1.1', call('*', dec(1.1, 2, 1), dec(1.1, 2, 1)), 1.21],
    ['0.5 / 2 at sixteen digits', call('/', dec(0.5, 5, 5), int(2)), '0.2500000000000000'],
    ['123456.5 / 1 at eighteen digits', call('/', dec(123456.5, 10, 4), int(1)), '123456.500000000000'],
    ['999.99 + 0.01', call('+', dec(999.99, 5, 2), dec(0.01, 5, 2)), 1000],
    ['REAL 0.1 + 0.2', call('+', literal(Math.fround(0.1), real), literal(Math.fround(0.2), real)), Math.fround(0.3)],
    ['REAL 3e38 * 2', call('*', literal(Math.fround(3e38), real), literal(2, real)), overflow],
    ['DOUBLE 1e308 * 10', call('*', literal(1e308, double), literal(10, double)), overflow],
    ['EXP(1000)', call('EXP', literal(1000, double)), overflow],
    ['POWER(4, -2)', call('POWER', int(4), int(-2)), 0.0625],
    ['POWER(0, -1)', call('POWER', int(0), int(-1)), failed('InvalidArgument')],
    ['POWER(-1, 0.5)', call('POWER', int(-1), dec(0.5, 1, 1)), failed('InvalidArgument')],
    ['LN(0)', call('LN', int(0)), failed('InvalidArgument')],
    ['SQRT(-1)', call('SQRT', int(-1)), failed('InvalidArgument')],
    ['FLOOR(-1.5)', call('FLOOR', dec(-1.5, 2, 1)), -2],
    ['CEIL(-0.5) is not -0', call('CEIL', dec(-0.5, 2, 1)), 0],
    ['1 + NULL', call('+', int(1), bareNull), null],
  ];
  test.each(cases)('%s', (_, expr, expected) => {
    const [found] = [evaluateOne(expr)];
    expect(Object.is(found, -0) ? 'negative zero' : found).toEqual(expected);
  });
});

test('MOD takes integers only', () => {
  expect(() => call('MOD', literal(1.5, double), literal(1, integer))).toThrow('no MOD(DOUBLE, INTEGER)');
});

test('arithmetic takes no texts', () => {
  expect(() => call('+', literal('1', varchar(1)), literal(1, integer))).toThrow('no +(VARCHAR(1), INTEGER)');
});

test('interval * number and interval / number are cut to milliseconds', () => {
  const second = literal(1_000, dayTime);
  expect(evaluateOne(call('*', second, literal(1.5, double)))).toBe(1_500);
  expect(evaluateOne(call('*', literal(3, integer), second))).toBe(3_000);
  expect(evaluateOne(call('/', second, literal(3, integer)))).toBe(333);
  expect(evaluateOne(call('/', second, literal(0, integer)))).toEqual(failed('DivisionByZero'));
});

test('a DECIMAL with up to 15 digits is never changed by bringing it into its own type', () => {
  const decimals = fc.tuple(fc.integer({ min: 1, max: 15 }), fc.nat({ max: 15 })).chain(([precision, scale]) => {
    const digits = Math.min(scale, precision);
    const max = 10 ** precision - 1;
    return fc
      .tuple(
        fc.constant(decimal(precision, digits)),
        fc.maxSafeInteger().map((n) => n % max),
      )
      .map(([type, unscaled]) => ({ type, text: `${unscaled}e-${digits}` }));
  });
  fc.assert(
    fc.property(decimals, ({ type, text }) => {
      const value = Number(text) + 0;
      expect(evaluate(cast(column(0, double), type), [{ type: double, cells: [value] }])).toEqual([value]);
    }),
    { numRuns: 1000 },
  );
});

test('rounding to a scale goes to the nearest, halves away from zero', () => {
  const cases: readonly [number, number, number][] = [
    [1.005, 2, 1.01],
    [-1.005, 2, -1.01],
    [2.675, 2, 2.68],
    [1.004999, 2, 1],
    [0.5, 0, 1],
    [-0.5, 0, -1],
    [0.49, 0, 0],
    [600_000_000_000_000, 0, 600_000_000_000_000],
    [999_999_999_999_999, 0, 999_999_999_999_999],
    [99_999_999_999_999.9, 1, 99_999_999_999_999.9],
  ];
  for (const [value, scale, expected] of cases) {
    expect(evaluateOne(cast(literal(value, double), decimal(15, scale))), `${value} at ${scale}`).toBe(expected);
  }
});

test('a DECIMAL beyond 2^53 keeps its digits, or is a failure', () => {
  const type = decimal(18, 0);
  expect(evaluateOne(cast(literal(2 ** 53 - 1, double), type))).toBe(2 ** 53 - 1);
  expect(evaluateOne(cast(literal(5e15, double), type))).toBe(5e15);
  expect(evaluateOne(call('FLOOR', literal(5e15, type)))).toBe(5e15);
  expect(evaluateOne(cast(literal(2 ** 53 + 2, double), type))).toBe('9007199254740994');
  expect(evaluateOne(call('*', literal(3e9, type), literal(4_000_001, type)))).toBe('12000003000000000');
  expect(evaluateOne(call('*', literal(3e9, type), literal(4e9, type)))).toEqual(overflow);
});
