import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateFunction } from '../src/aggregates/index.ts';
import { fromRows, type Row } from '../src/batch.ts';
import { type Value, valueAt } from '../src/column.ts';
import { compile, type Expr, Failures } from '../src/expr.ts';
import { scalarFunction } from '../src/functions/index.ts';
import { type SubqueryOptions, subqueryFunction } from '../src/functions/subquery.ts';
import { GroupAll } from '../src/operators/group-all.ts';
import { Once } from '../src/operators/once.ts';
import { RowErrors } from '../src/row-errors.ts';
import type { Schema } from '../src/schema.ts';
import { verifyOperator } from '../src/testing/verify-operator.ts';

const schema: Schema = [
  { name: 'k', type: { kind: 'varchar', length: 4 }, nullable: true },
  { name: 'n', type: { kind: 'integer' }, nullable: true },
];

const timed = (rows: readonly Row[]) =>
  fromRows(
    schema,
    rows.map((row, i) => ({ rowtime: i, row })),
  );

const count = (input: number | null) => {
  const aggregate = aggregateFunction('COUNT')?.bind(input === null ? [] : [schema[input].type]);
  if (!aggregate) throw new Error('COUNT is there');
  return { name: 'COUNT', input, aggregate };
};

describe('GROUP BY of tables', () => {
  const create = (keys: readonly number[]) => () =>
    new GroupAll({ input: schema, keys, calls: [count(null), count(1)], errors: new RowErrors('p') });
  const rows = timed([
    { k: 'a', n: 1 },
    { k: null, n: 2 },
    { k: 'a', n: null },
    { k: null, n: null },
    { k: 'b', n: 3 },
  ]);

  test('waits for the end, and gives the groups in the order in which they came', () => {
    const steps = [{ batch: rows }, { advance: 1_000 }, { batch: rows }, { advance: Number.POSITIVE_INFINITY }];
    const results = verifyOperator({ create: create([0]), steps });
    expect(results.map(({ row }) => Object.values(row))).toEqual([
      ['a', 2],
      [null, 2],
      ['b', 2],
    ]);
  });

  test('without keys has one group, also of no row', () => {
    const end = { advance: Number.POSITIVE_INFINITY };
    expect(
      verifyOperator({ create: create([]), steps: [{ batch: rows }, end] }).map(({ row }) => row['COUNT']),
    ).toEqual([3]);
    expect(verifyOperator({ create: create([]), steps: [end] }).map(({ row }) => row['COUNT'])).toEqual([0]);
    expect(verifyOperator({ create: create([0]), steps: [end] })).toEqual([]);
  });
});

describe('a table into a stream', () => {
  const table = timed([
    { k: 'a', n: 1 },
    { k: 'b', n: 2 },
  ]);
  const create = () => new Once(schema, table);
  const at = (rowtime: number) => fromRows([], [{ rowtime, row: {} }]);

  test('comes once, when time is known, at the earliest of the first rows', () => {
    const batch = fromRows(
      [],
      [7, 8, 9].map((rowtime) => ({ rowtime, row: {} })),
    );
    const steps = [
      { batch, input: 0 },
      { batch: at(5), input: 1 },
      { advance: 5 },
      { batch: at(9), input: 1 },
      { advance: 9 },
    ];
    const results = verifyOperator({ create, steps });
    expect(results.map(({ rowtime, row }) => [rowtime, row['k']])).toEqual([
      [5, 'a'],
      [5, 'b'],
    ]);
  });

  test('needs a time: an end without one gives nothing', () => {
    expect(verifyOperator({ create, steps: [{ advance: Number.POSITIVE_INFINITY }] })).toEqual([]);
    expect(verifyOperator({ create, steps: [{ advance: 3 }] }).map(({ rowtime }) => rowtime)).toEqual([3, 3]);
  });
});

// What SQL:2008 says of each subquery, row by row, against the hash and the pairs.
describe('a subquery over a table', () => {
  const cell = fc.record({
    k: fc.constantFrom('a', 'b', 'c', null),
    n: fc.constantFrom(1, 2, 3, null),
  });
  const all = (states: readonly (boolean | null)[]): boolean | null =>
    states.includes(false) ? false : states.includes(null) ? null : true;
  const any = (states: readonly (boolean | null)[]): boolean | null =>
    states.includes(true) ? true : states.includes(null) ? null : false;
  const equal = (a: Value, b: Value): boolean | null => (a === null || b === null ? null : a === b);
  const columns = schema.map(({ type }, index): Expr => ({ kind: 'column', index, type }));
  // Columns of the table are k, n; behind them the arguments: k again, for `n > n` of the row.
  const greater: Expr = {
    kind: 'call',
    name: '>',
    args: [columns[1], { ...columns[1], index: 3 } as Expr],
    type: { kind: 'boolean' },
  };

  function ask(options: Partial<SubqueryOptions>, args: readonly Expr[], table: readonly Row[], rows: readonly Row[]) {
    const wanted = { name: 'Q', mode: 'exists', keys: 0, items: 0, residual: null, ...options } as const;
    const relation = { schema, rows: timed(table) };
    const fn = subqueryFunction({ ...wanted, relation, functions: scalarFunction });
    const expr: Expr = { kind: 'call', name: 'Q', args, type: { kind: 'boolean' } };
    const failures = new Failures();
    const batch = timed(rows);
    const column = compile(expr, failures, (name) => (name === 'Q' ? fn : scalarFunction(name)))(batch);
    return rows.map((_, i) => (column.valid && column.valid[i] > 1 ? 'failed' : valueAt(column, i)));
  }

  const tables = fc.array(cell, { maxLength: 6 });
  const streams = fc.array(cell, { minLength: 1, maxLength: 8 });

  test('EXISTS by key', () => {
    fc.assert(
      fc.property(tables, streams, (table, rows) => {
        const expected = rows.map((row) => table.some((other) => equal(row.k, other.k) === true));
        expect(ask({ mode: 'exists', keys: 1 }, [columns[0]], table, rows)).toEqual(expected);
      }),
    );
  });

  test('EXISTS by key and a further condition', () => {
    fc.assert(
      fc.property(tables, streams, (table, rows) => {
        const holds = (row: Row, other: Row) =>
          equal(row['k'], other['k']) === true && row['n'] !== null && other['n'] !== null && other['n'] > row['n'];
        const expected = rows.map((row) => table.some((other) => holds(row, other)));
        expect(ask({ mode: 'exists', keys: 1, residual: greater }, [columns[0], columns[1]], table, rows)).toEqual(
          expected,
        );
      }),
    );
  });

  test.each([1, 2] as const)('IN of %d columns', (items) => {
    fc.assert(
      fc.property(tables, streams, (table, rows) => {
        const names = schema.slice(0, items).map(({ name }) => name);
        const expected = rows.map((row: Row) =>
          any(table.map((other: Row) => all(names.map((name) => equal(row[name], other[name]))))),
        );
        expect(ask({ mode: 'in', items }, columns.slice(0, items), table, rows)).toEqual(expected);
      }),
    );
  });

  test('IN by key', () => {
    fc.assert(
      fc.property(tables, streams, (table, rows) => {
        const expected = rows.map((row) =>
          any(table.filter(({ k }) => equal(k, row.k) === true).map(({ n }) => equal(n, row.n))),
        );
        expect(ask({ mode: 'in', keys: 1, items: 1 }, columns, table, rows)).toEqual(expected);
      }),
    );
  });

  test('a value by key: NULL of no row, a failure of several', () => {
    fc.assert(
      fc.property(tables, streams, (table, rows) => {
        const expected = rows.map((row) => {
          const met = table.filter(({ k }) => equal(k, row.k) === true);
          return met.length > 1 ? 'failed' : (met[0]?.n ?? null);
        });
        expect(ask({ mode: 'value', keys: 1, items: 1 }, [columns[0]], table, rows)).toEqual(expected);
      }),
    );
  });
});
