import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateFunction } from '../src/aggregates/index.ts';
import { type Batch, fromRows, type Row } from '../src/batch.ts';
import type { Value } from '../src/column.ts';
import type { Expr } from '../src/expr.ts';
import { type OverWindow, Slide } from '../src/operators/slide.ts';
import { RowErrors } from '../src/row-errors.ts';
import type { Schema, SqlType } from '../src/schema.ts';
import { analyticFunction } from '../src/sliding/index.ts';
import type { BoundedFrame } from '../src/sliding/sliding-window.ts';
import { verifyOperator } from '../src/testing/verify-operator.ts';

const schema: Schema = [
  { name: 'k', type: { kind: 'varchar', length: 4 }, nullable: true },
  { name: 'n', type: { kind: 'integer' }, nullable: true },
  { name: 'x', type: { kind: 'double' }, nullable: true },
  { name: 's', type: { kind: 'varchar', length: 4 }, nullable: true },
  { name: 'b', type: { kind: 'boolean' }, nullable: true },
];

const literal = (value: Value, type: SqlType): Expr => ({ kind: 'literal', value, type });

/** A call as SQL would have it: its function, the column, further literal arguments. */
interface Written {
  readonly name: string;
  readonly column: string | null;
  readonly more?: readonly Expr[];
  readonly ignoreNulls?: boolean;
  readonly fromLast?: boolean;
  readonly distinct?: boolean;
}

function over(frame: BoundedFrame, partitionBy: readonly string[], ...written: Written[]): OverWindow {
  const index = (name: string): number => schema.findIndex((field) => field.name === name);
  const calls = written.map(
    ({ name, column, more = [], ignoreNulls = false, fromLast = false, distinct = false }, i) => {
      const args: Expr[] =
        column === null ? [] : [{ kind: 'column', index: index(column), type: schema[index(column)].type }];
      const analytic = analyticFunction(name)?.bind([...args, ...more], { ignoreNulls, fromLast, distinct });
      if (!analytic) throw new Error(`${name} does not take ${column}`);
      return { name: `c${i}`, input: column === null ? null : index(column), analytic };
    },
  );
  return { frame, partitionBy: partitionBy.map(index), calls };
}

const create = (windows: readonly OverWindow[]) => () =>
  new Slide({ input: schema, windows, errors: new RowErrors('p') });

function batchOf(rows: readonly { rowtime: number; row: Row }[]): Batch {
  return fromRows(schema, rows);
}

const written: readonly Written[] = [
  { name: 'COUNT', column: null },
  { name: 'COUNT', column: 'n' },
  { name: 'SUM', column: 'n' },
  { name: 'AVG', column: 'n' },
  { name: 'MIN', column: 'n' },
  { name: 'MAX', column: 'x' },
  { name: 'MAX', column: 's' },
  { name: 'FIRST_VALUE', column: 'n' },
  { name: 'FIRST_VALUE', column: 's', ignoreNulls: true },
  { name: 'LAST_VALUE', column: 'n' },
  { name: 'LAST_VALUE', column: 'n', ignoreNulls: true },
  { name: 'NTH_VALUE', column: 'n', more: [literal(2, { kind: 'integer' })] },
  { name: 'NTH_VALUE', column: 'n', more: [literal(2, { kind: 'integer' })], fromLast: true, ignoreNulls: true },
  { name: 'LAG', column: 'n' },
  {
    name: 'LAG',
    column: 'n',
    more: [literal(2, { kind: 'integer' }), literal(-7, { kind: 'integer' })],
    ignoreNulls: true,
  },
  { name: 'ANY', column: 'b' },
  { name: 'EVERY', column: 'b' },
  { name: 'SUM', column: 'n', distinct: true },
  { name: 'AVG', column: 'n', distinct: true },
  { name: 'MAX', column: 'n', distinct: true },
];

/** The same without those that need the rows themselves: what a window without an end can compute. */
function running(...calls: readonly Written[]): OverWindow {
  const index = (name: string): number => schema.findIndex((field) => field.name === name);
  return {
    frame: { kind: 'unbounded' },
    partitionBy: [index('k')],
    calls: calls.map(({ name, column, ignoreNulls = false }, i) => {
      const types = column === null ? [] : [schema[index(column)].type];
      const aggregate = aggregateFunction(name)!.bind(types, { ignoreNulls })!;
      return { name: `c${i}`, input: column === null ? null : index(column), aggregate };
    }),
  };
}

/** The value of a call over the rows of its window, the current one last, the plain way. */
function plainly(
  { name, column, more = [], ignoreNulls = false, fromLast = false, distinct = false }: Written,
  rows: readonly Row[],
): Value {
  const given = rows.map((row) => (column === null ? 1 : row[column]));
  const all = distinct ? [...new Set(given)] : given;
  const values = all.filter((value) => value !== null);
  const numbers = values.map(Number);
  const list = ignoreNulls ? values : all;
  const [first, second] = more.map((expr) => (expr.kind === 'literal' ? expr.value : null));
  const sum = numbers.reduce((total, n) => total + n, 0);
  switch (name) {
    case 'COUNT':
      return values.length;
    case 'SUM':
      return values.length > 0 ? sum : null;
    case 'AVG':
      return values.length > 0 ? Math.trunc(sum / values.length) + 0 : null;
    case 'MIN':
      return values.length > 0 ? Math.min(...numbers) : null;
    case 'MAX':
      if (values.length === 0) return null;
      // biome-ignore lint/complexity/useMathMinMax: of texts, too
      return values.reduce((best, value) => (value > best ? value : best));
    case 'FIRST_VALUE':
      return list[0] ?? null;
    case 'LAST_VALUE':
      return list.at(-1) ?? null;
    case 'NTH_VALUE':
      return (fromLast ? list.at(-Number(first)) : list[Number(first) - 1]) ?? null;
    case 'LAG': {
      const before = all.slice(0, -1).filter((value) => !ignoreNulls || value !== null);
      const found = before.at(-Number(first ?? 1));
      return before.length >= Number(first ?? 1) ? (found ?? null) : (second ?? null);
    }
    case 'ANY':
      return values.length > 0 ? values.includes(true) : null;
    case 'EVERY':
      return values.length > 0 ? !values.includes(false) : null;
    default:
      throw new Error(name);
  }
}

const rowsArbitrary = fc
  .array(
    fc.record({
      gap: fc.constantFrom(0, 0, 1, 3, 10, 40),
      k: fc.constantFrom('a', 'b', null),
      n: fc.option(fc.integer({ min: -50, max: 50 }), { freq: 3 }),
      x: fc.option(fc.double({ min: -5, max: 5, noNaN: true }), { freq: 3 }),
      s: fc.option(fc.constantFrom('p', 'q', 'r'), { freq: 3 }),
      b: fc.option(fc.boolean(), { freq: 3 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((items) => {
    let rowtime = 0;
    return items.map(({ gap, ...row }) => {
      rowtime += gap;
      return { rowtime, row: { ...row, x: row.x === null ? null : row.x + 0 } };
    });
  });

describe('OVER a sliding window', () => {
  test.each<[string, BoundedFrame]>([
    ['RANGE', { kind: 'range', millis: 10 }],
    ['RANGE of nothing but the same ROWTIME', { kind: 'range', millis: 0 }],
    ['ROWS', { kind: 'rows', preceding: 2 }],
    ['ROWS of the current row alone', { kind: 'rows', preceding: 0 }],
  ])(
    'every function over %s equals the same over the rows of the window, however they were batched or restored',
    (_, frame) => {
      fc.assert(
        fc.property(rowsArbitrary, fc.boolean(), (rows, isPartitioned) => {
          const partitionBy = isPartitioned ? ['k'] : [];
          const results = verifyOperator({
            create: create([over(frame, partitionBy, ...written)]),
            steps: [{ batch: batchOf(rows) }],
          });
          const kept: { rowtime: number; row: Row }[] = [];
          rows.forEach((current, i) => {
            kept.push(current);
            const partition = kept.filter(({ row }) => !isPartitioned || row['k'] === current.row['k']);
            const window =
              frame.kind === 'range'
                ? partition.filter(({ rowtime }) => rowtime >= current.rowtime - frame.millis)
                : partition.slice(-frame.preceding - 1);
            const expected = written.map((call) =>
              plainly(
                call,
                window.map(({ row }) => row),
              ),
            );
            expect(written.map((_, c) => results[i].row[`c${c}`])).toEqual(expected);
            expect(results[i].rowtime).toBe(current.rowtime);
          });
          expect(results).toHaveLength(rows.length);
        }),
        { numRuns: 60 },
      );
    },
  );
});

test('OVER a window without an end every aggregate sees all rows of its partition so far', () => {
  const calls = written.filter(({ name, distinct }) => aggregateFunction(name) && !distinct);
  expect(calls.length).toBeGreaterThan(10);
  fc.assert(
    fc.property(rowsArbitrary, (rows) => {
      const results = verifyOperator({ create: create([running(...calls)]), steps: [{ batch: batchOf(rows) }] });
      const expected = rows.map((current, i) => {
        const partition = rows.slice(0, i + 1).flatMap(({ row }) => (row['k'] === current.row['k'] ? [row] : []));
        return calls.map((call) => plainly(call, partition));
      });
      expect(results.map(({ row }) => calls.map((_, c) => row[`c${c}`]))).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('sums of distinct doubles are as exact as if what left had never been there', () => {
  const rows = [1e16, 1, 1, 2, 3].map((x, i) => ({ rowtime: i * 5, row: { k: 'a', n: 0, x, s: '', b: true } }));
  const windows = [over({ kind: 'rows', preceding: 2 }, ['k'], { name: 'SUM', column: 'x', distinct: true })];
  const results = verifyOperator({ create: create(windows), steps: [{ batch: batchOf(rows) }] });
  expect(results.map(({ row }) => row['c0'])).toEqual([1e16, 1e16 + 1, 1e16 + 1, 3, 6]);
});

test('averages of doubles do not drift: a window that lost a huge value is as exact as one that never had it', () => {
  const rows = [1e16, 1, 2, 3].map((x, i) => ({ rowtime: i * 5, row: { k: 'a', n: 0, x, s: '', b: true } }));
  const windows = [over({ kind: 'range', millis: 10 }, ['k'], { name: 'SUM', column: 'x' })];
  const results = verifyOperator({ create: create(windows), steps: [{ batch: batchOf(rows) }] });
  expect(results.map(({ row }) => row['c0'])).toEqual([1e16, 1e16 + 1, 1e16 + 3, 6]);
});

test('deviations and EXP_AVG equal the plain formulas within 1e-9, however they were batched', () => {
  const calls: readonly Written[] = [
    { name: 'STDDEV_POP', column: 'x' },
    { name: 'VAR_SAMP', column: 'x' },
    { name: 'EXP_AVG', column: 'x', more: [literal(4, { kind: 'interval', unit: 'millisecond' })] },
  ];
  fc.assert(
    fc.property(rowsArbitrary, (rows) => {
      const operator = create([over({ kind: 'range', millis: 10 }, ['k'], ...calls)])();
      const results: (Value | undefined)[][] = [];
      for (const row of rows) {
        operator.push(batchOf([row]), ({ columns }) => {
          results.push(
            columns
              .slice(schema.length)
              .map((column) =>
                column.valid?.[0] === 0 || column.kind === 'text' || column.kind === 'exact' ? null : column.values[0],
              ) as Value[],
          );
        });
      }
      rows.forEach(({ rowtime, row }, i) => {
        const window = rows
          .slice(0, i + 1)
          .filter((other) => other.row['k'] === row['k'] && other.rowtime >= rowtime - 10 && other.row['x'] !== null);
        const values = window.map((other) => Number(other.row['x']));
        const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
        const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
        const weights = window.map((other) => 2 ** (-(rowtime - other.rowtime) / 4));
        const fading = values.reduce((sum, x, w) => sum + x * weights[w], 0) / weights.reduce((sum, w) => sum + w, 0);
        const [pop, samp, exp] = results[i];
        if (values.length === 0) expect([pop, samp, exp]).toEqual([null, null, null]);
        else {
          expect(Number(pop)).toBeCloseTo(Math.sqrt(squares / values.length), 6);
          expect(Number(exp)).toBeCloseTo(fading, 6);
        }
        if (values.length > 1) expect(Number(samp)).toBeCloseTo(squares / (values.length - 1), 6);
      });
    }),
  );
});

test('partitions whose rows have all left are forgotten, and the others go on', () => {
  const rows = Array.from({ length: 30_000 }, (_, i) => ({
    rowtime: i,
    row: { k: i % 2 === 0 ? 'stay' : `go${i}`, n: i, x: i, s: '', b: true },
  }));
  const windows = [over({ kind: 'range', millis: 100 }, ['k'], ...written, { name: 'SUM', column: 'x' })];
  const operator = create(windows)();
  let last: Row = {};
  for (let from = 0; from < rows.length; from += 500) {
    operator.push(batchOf(rows.slice(from, from + 500)), (batch) => {
      const count = batch.columns[schema.length];
      const sum = batch.columns[schema.length + written.length];
      if (count.kind === 'num' && sum.kind === 'num') last = { count: count.values[498], sum: sum.values[498] };
    });
  }
  // The last even row is 29,998: 51 even rows from 29,898 on.
  expect(last).toEqual({ count: 51, sum: 51 * 29_948 });
  expect(JSON.stringify(structuredClone(operator.snapshot())).length).toBeLessThan(200_000);
});

test('a SUM that does not fit INTEGER fails its row, and later rows have their sums', () => {
  const rows = [2_000_000_000, 2_000_000_000, 5].map((n, i) => ({
    rowtime: i * 8,
    row: { k: 'a', n, x: 0, s: '', b: true },
  }));
  const errors = new RowErrors('p');
  const operator = new Slide({
    input: schema,
    windows: [over({ kind: 'range', millis: 10 }, [], { name: 'SUM', column: 'n' })],
    errors,
  });
  const sums: number[] = [];
  operator.push(batchOf(rows), ({ columns }) => {
    const column = columns[schema.length];
    if (column.kind === 'num') sums.push(...column.values);
  });
  expect(sums).toEqual([2_000_000_000, 2_000_000_005]);
  expect(errors.take()?.length).toBe(1);
});
