import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Value } from '../src/column.ts';
import type { Expr } from '../src/expr.ts';
import type { SqlType } from '../src/schema.ts';
import {
  bareNull,
  bigint,
  boolean,
  type Cell,
  call,
  char,
  column,
  double,
  evaluate,
  evaluateOne,
  failed,
  type Input,
  integer,
  isFailed,
  literal,
  nothing,
  real,
  timestamp,
  varchar,
} from './expressions.ts';

/** A function of values as a function of cells: a failure of any argument, else NULL if one is NULL. */
function strict(f: (...values: never[]) => Cell): (...cells: Cell[]) => Cell {
  return (...cells) => cells.find(isFailed) ?? (cells.includes(null) ? null : f(...(cells as never[])));
}

const and = (a: Cell, b: Cell): Cell => (a === false || b === false ? false : strict(() => true)(a, b));
const or = (a: Cell, b: Cell): Cell => (a === true || b === true ? true : strict(() => false)(a, b));
const isNull = (a: Cell): Cell => (isFailed(a) ? a : a === null);
const coalesce = (...cells: Cell[]): Cell => cells.find((cell) => cell !== null) ?? null;
function chosen(...cells: Cell[]): Cell {
  const [test, value = null, ...rest] = cells;
  if (rest.length === 0 && cells.length === 1) return test!;
  return isFailed(test!) ? test : test === true ? value : chosen(...rest);
}
const inInteger = (x: number): Cell => (Math.abs(x + 0.5) <= 2 ** 31 ? x + 0 : failed('NumericOverflow'));
const inDouble = (x: number): Cell => (Number.isFinite(x) ? x : failed('NumericOverflow'));

const failure = fc.constantFrom(failed('First'), failed('Second'));
const cell = (value: fc.Arbitrary<Value>): fc.Arbitrary<Cell> =>
  fc.oneof(
    { weight: 6, arbitrary: value },
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: failure },
  );

const integers = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.integer());
const finite = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
const texts = fc.oneof(fc.constantFrom('', 'a', 'A', 'ab', 'ß', 'é'), fc.string({ maxLength: 6 }));
const valuesOf: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  integer: integers,
  double: finite,
  real: finite.map(Math.fround).filter(Number.isFinite),
  boolean: fc.boolean(),
  varchar: texts,
  timestamp: fc.integer({ min: 0, max: 2e12 }),
};

/** Columns of these types, with NULLs and failures, or (so that the loops without validity run too) without any. */
function columnsOf(types: readonly SqlType[]): fc.Arbitrary<Input[]> {
  return fc.nat({ max: 20 }).chain((rows) =>
    fc.tuple(
      ...types.map((type) => {
        const value = valuesOf[type.kind]!;
        const cells = (from: fc.Arbitrary<Cell>) => fc.array(from, { minLength: rows, maxLength: rows });
        return fc.oneof(cells(cell(value)), cells(value)).map((made): Input => ({ type, cells: made }));
      }),
    ),
  );
}

describe('each kernel equals its row version on random columns with NULLs and failures', () => {
  const text = varchar(20);
  const cases: readonly [name: string, types: readonly SqlType[], row: (...cells: Cell[]) => Cell][] = [
    ['AND', [boolean, boolean], and],
    ['OR', [boolean, boolean], or],
    ['NOT', [boolean], strict((a: boolean) => !a)],
    ['IS_TRUE', [boolean], (a) => (isFailed(a) ? a : a === true)],
    ['IS_FALSE', [boolean], (a) => (isFailed(a) ? a : a === false)],
    ['IS_NULL', [integer], isNull],
    ['IS_NULL', [text], isNull],
    ['COALESCE', [integer, integer, integer], coalesce],
    ['COALESCE', [text, text], coalesce],
    ['COALESCE', [boolean, boolean], coalesce],
    ['CASE', [boolean, integer, boolean, integer, integer], chosen],
    ['CASE', [boolean, text, text], chosen],
    ['CASE', [boolean, boolean, boolean], chosen],
    ['+', [integer, integer], strict((a: number, b: number) => inInteger(a + b))],
    ['-', [integer, integer], strict((a: number, b: number) => inInteger(a - b))],
    ['*', [integer, integer], strict((a: number, b: number) => inInteger(a * b))],
    [
      '/',
      [integer, integer],
      strict((a: number, b: number) => (b === 0 ? failed('DivisionByZero') : inInteger(Math.trunc(a / b)))),
    ],
    ['MOD', [integer, integer], strict((a: number, b: number) => (b === 0 ? failed('DivisionByZero') : (a % b) + 0))],
    ['NEGATE', [integer], strict((a: number) => inInteger(-a))],
    ['ABS', [integer], strict((a: number) => inInteger(Math.abs(a)))],
    ['+', [double, double], strict((a: number, b: number) => inDouble(a + b))],
    ['*', [double, double], strict((a: number, b: number) => inDouble(a * b))],
    ['/', [double, double], strict((a: number, b: number) => (b === 0 ? failed('DivisionByZero') : inDouble(a / b)))],
    ['+', [real, real], strict((a: number, b: number) => inDouble(Math.fround(a + b)))],
    ['+', [integer, double], strict((a: number, b: number) => inDouble(a + b))],
    ['FLOOR', [double], strict((a: number) => Math.floor(a) + 0)],
    ['CEIL', [double], strict((a: number) => Math.ceil(a) + 0)],
    ['SQRT', [double], strict((a: number) => (a < 0 ? failed('InvalidArgument') : Math.sqrt(a)))],
    ['LN', [double], strict((a: number) => (a <= 0 ? failed('InvalidArgument') : Math.log(a)))],
    ['LOG10', [double], strict((a: number) => (a <= 0 ? failed('InvalidArgument') : Math.log10(a)))],
    ['EXP', [double], strict((a: number) => inDouble(Math.exp(a)))],
    [
      'POWER',
      [double, double],
      strict((a: number, b: number) =>
        Number.isNaN(a ** b) || (a === 0 && b < 0) ? failed('InvalidArgument') : inDouble(a ** b),
      ),
    ],
    ['=', [integer, integer], strict((a: number, b: number) => a === b)],
    ['<>', [integer, double], strict((a: number, b: number) => a !== b)],
    ['<', [text, text], strict((a: string, b: string) => a < b)],
    ['<=', [text, text], strict((a: string, b: string) => a <= b)],
    ['>', [boolean, boolean], strict((a: boolean, b: boolean) => a > b)],
    ['>=', [timestamp, timestamp], strict((a: number, b: number) => a >= b)],
    ['||', [text, text], strict((a: string, b: string) => a + b)],
    ['UPPER', [text], strict((a: string) => a.toUpperCase())],
    ['LOWER', [text], strict((a: string) => a.toLowerCase())],
    ['CHAR_LENGTH', [text], strict((a: string) => a.length)],
    ['UNIX_TIMESTAMP', [timestamp], strict((a: number) => a)],
  ];
  test.each(cases)('%s %j', (name, types, row) => {
    const expr = call(name, ...types.map((type, i) => column(i, type)));
    fc.assert(
      fc.property(columnsOf(types), (inputs) => {
        const rows = inputs[0]!.cells.map((_, i) => row(...inputs.map(({ cells }) => cells[i]!)));
        expect(evaluate(expr, inputs)).toEqual(rows);
      }),
    );
  });
});

describe('comparing with a literal, which takes a loop of its own, gives the same', () => {
  test.each(['=', '<>', '<', '<=', '>', '>='])('%s', (op) => {
    fc.assert(
      fc.property(columnsOf([varchar(20)]), texts, ([input], text) => {
        const left = column(0, varchar(20));
        const constant = input!.cells.map(() => text);
        const two = evaluate(call(op, left, column(1, varchar(20))), [input!, { type: varchar(20), cells: constant }]);
        expect(evaluate(call(op, left, literal(text, char(text.length))), [input!])).toEqual(two);
      }),
    );
  });
});

/** A random expression over columns (INTEGER, INTEGER, BOOLEAN, BOOLEAN), and what it gives for one row of cells. */
interface Tree {
  readonly expr: Expr;
  readonly row: (cells: readonly Cell[]) => Cell;
}

const node = (name: string, f: (...cells: Cell[]) => Cell, ...args: Tree[]): Tree => ({
  expr: call(name, ...args.map(({ expr }) => expr)),
  row: (cells) => f(...args.map(({ row }) => row(cells))),
});
const leaf = (index: number, type: SqlType): Tree => ({ expr: column(index, type), row: (cells) => cells[index]! });
const constant = (value: number): Tree => ({ expr: literal(value, integer), row: () => value });

const trees = fc.letrec<{ number: Tree; condition: Tree }>((tie) => ({
  number: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(leaf(0, integer), leaf(1, integer), constant(0), constant(7)),
    fc.tuple(tie('number'), tie('number')).map(([a, b]) =>
      node(
        '+',
        strict((x: number, y: number) => inInteger(x + y)),
        a,
        b,
      ),
    ),
    fc.tuple(tie('number'), tie('number')).map(([a, b]) =>
      node(
        '/',
        strict((x: number, y: number) => (y === 0 ? failed('DivisionByZero') : inInteger(Math.trunc(x / y)))),
        a,
        b,
      ),
    ),
    fc.tuple(tie('number'), tie('number')).map((args) => node('COALESCE', coalesce, ...args)),
    fc.tuple(tie('condition'), tie('number'), tie('number')).map((args) => node('CASE', chosen, ...args)),
  ),
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(leaf(2, boolean), leaf(3, boolean)),
    fc.tuple(tie('number'), tie('number')).map(([a, b]) =>
      node(
        '<',
        strict((x: number, y: number) => x < y),
        a,
        b,
      ),
    ),
    fc.tuple(tie('condition'), tie('condition')).map((args) => node('AND', and, ...args)),
    fc.tuple(tie('condition'), tie('condition')).map((args) => node('OR', or, ...args)),
    tie('condition').map((a) =>
      node(
        'NOT',
        strict((x: boolean) => !x),
        a,
      ),
    ),
    tie('number').map((a) => node('IS_NULL', isNull, a)),
  ),
}));

test('any expression of kernels equals its row version', () => {
  const inputs = columnsOf([integer, integer, boolean, boolean]);
  fc.assert(
    fc.property(fc.oneof(trees.number, trees.condition), inputs, ({ expr, row }, columns) => {
      const rows = columns[0]!.cells.map((_, i) => row(columns.map(({ cells }) => cells[i]!)));
      expect(evaluate(expr, columns)).toEqual(rows);
    }),
    { numRuns: 500 },
  );
});

describe('a failure that is not used fails nothing', () => {
  const zero = literal(0, integer);
  const failing = call('/', literal(1, integer), zero);
  const isPositive = call('>', failing, zero);
  const truth = (value: boolean): Expr => literal(value, boolean);
  const cases: readonly [string, Expr, Cell][] = [
    ['FALSE AND failure', call('AND', truth(false), isPositive), false],
    ['failure AND FALSE', call('AND', isPositive, truth(false)), false],
    ['TRUE OR failure', call('OR', truth(true), isPositive), true],
    ['TRUE AND failure', call('AND', truth(true), isPositive), failed('DivisionByZero')],
    ['NULL AND failure', call('AND', bareNull, isPositive), failed('DivisionByZero')],
    ['CASE WHEN TRUE THEN 5 ELSE failure', call('CASE', truth(true), literal(5, integer), failing), 5],
    ['CASE WHEN FALSE THEN failure ELSE 5', call('CASE', truth(false), failing, literal(5, integer)), 5],
    [
      'CASE WHEN failure THEN 1 ELSE 2',
      call('CASE', isPositive, literal(1, integer), literal(2, integer)),
      failed('DivisionByZero'),
    ],
    ['COALESCE(5, failure)', call('COALESCE', literal(5, integer), failing), 5],
    ['COALESCE(failure, 5)', call('COALESCE', failing, literal(5, integer)), failed('DivisionByZero')],
    ['failure IS NULL', call('IS_NULL', failing), failed('DivisionByZero')],
    ['NULL + failure', call('+', literal(null, integer), failing), failed('DivisionByZero')],
    ['POWER(NULL, failure)', call('POWER', literal(null, integer), failing), failed('DivisionByZero')],
  ];
  test.each(cases)('%s', (_, expr, expected) => {
    expect(evaluateOne(expr)).toEqual(expected);
  });
});

describe('a bare NULL goes wherever a value goes', () => {
  const cases: readonly [string, Expr, Cell][] = [
    ['NULL = text', call('=', bareNull, literal('a', char(1))), null],
    ['text <> NULL', call('<>', literal('a', char(1)), bareNull), null],
    ['NULL = NULL', call('=', bareNull, bareNull), null],
    ['NULL AND TRUE', call('AND', bareNull, literal(true, boolean)), null],
    ['NULL AND FALSE', call('AND', bareNull, literal(false, boolean)), false],
    ['NOT NULL', call('NOT', bareNull), null],
    ['NULL IS TRUE', call('IS_TRUE', bareNull), false],
    ['NULL + 1', call('+', bareNull, literal(1, integer)), null],
    ['NULL + NULL', call('+', bareNull, bareNull), null],
    ["NULL || 'a'", call('||', bareNull, literal('a', char(1))), null],
    ["'a' || NULL", call('||', literal('a', char(1)), bareNull), null],
    ['UPPER(NULL)', call('UPPER', bareNull), null],
    ['COALESCE(NULL, NULL)', call('COALESCE', bareNull, bareNull), null],
    ["COALESCE(NULL, 'a')", call('COALESCE', bareNull, literal('a', char(1))), 'a'],
    ['CASE WHEN NULL THEN 1 ELSE 2', call('CASE', bareNull, literal(1, integer), literal(2, integer)), 2],
    ["CASE WHEN TRUE THEN NULL ELSE 'a'", call('CASE', literal(true, boolean), bareNull, literal('a', char(1))), null],
    ['SQRT(NULL)', call('SQRT', bareNull), null],
  ];
  test.each(cases)('%s', (_, expr, expected) => {
    expect(evaluateOne(expr)).toEqual(expected);
  });

  test('COALESCE(NULL, NULL) has the type of NULL', () => {
    expect(call('COALESCE', bareNull, bareNull).type).toEqual(nothing);
  });
});

test('the values of CASE are brought into one type', () => {
  const expr = call('CASE', column(0, boolean), literal(1, integer), literal(2 ** 40, bigint));
  expect(expr.type).toEqual(bigint);
  expect(evaluate(expr, [{ type: boolean, cells: [true, false, null] }])).toEqual([1, 2 ** 40, 2 ** 40]);
});

test('texts of different lengths in one CASE keep theirs, without padding', () => {
  const expr = call('CASE', column(0, boolean), literal('big', char(3)), literal('small', char(5)));
  expect(expr.type).toEqual(varchar(5));
  expect(evaluate(expr, [{ type: boolean, cells: [true, false] }])).toEqual(['big', 'small']);
});
