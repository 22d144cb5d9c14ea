import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateFunction } from '../src/aggregates/index.ts';
import { fromRows, type Row } from '../src/batch.ts';
import { Distinct } from '../src/operators/distinct.ts';
import { Stagger } from '../src/operators/stagger.ts';
import { RowErrors } from '../src/row-errors.ts';
import type { Schema } from '../src/schema.ts';
import { verifyOperator } from '../src/testing/verify-operator.ts';

const schema: Schema = [
  { name: 'k', type: { kind: 'varchar', length: 4 }, nullable: true },
  { name: 'n', type: { kind: 'integer' }, nullable: true },
];

interface TimedRow {
  readonly rowtime: number;
  readonly row: Row;
}

const rowsArbitrary = fc
  .array(
    fc.record({
      gap: fc.constantFrom(0, 1, 4, 10),
      k: fc.constantFrom('a', 'b', 'c', null),
      n: fc.option(fc.integer({ min: -9, max: 9 })),
    }),
    { minLength: 1, maxLength: 50 },
  )
  .map((items) => {
    let rowtime = 0;
    return items.map(({ gap, ...row }): TimedRow => {
      rowtime += gap;
      return { rowtime, row };
    });
  });

describe('STAGGER', () => {
  const names = ['COUNT', 'SUM', 'MIN', 'MAX', 'AVG', 'FIRST_VALUE', 'LAST_VALUE', 'VAR_POP'];
  const create = (range: number) => () =>
    new Stagger({
      input: schema,
      range,
      keys: [0],
      calls: names.map((name) => {
        const aggregate = aggregateFunction(name)?.bind([{ kind: 'integer' }]);
        if (!aggregate) throw new Error(name);
        return { name, input: 1, aggregate };
      }),
      errors: new RowErrors('p'),
    });

  test('each key opens its window with its first row and closes it a range later', () => {
    //  0   4   10  14  20        range 10
    //  a   b   a|  b|  a|        a row at the closing instant is the first of the next window
    const rows: TimedRow[] = [
      { rowtime: 0, row: { k: 'a', n: 1 } },
      { rowtime: 4, row: { k: 'b', n: 2 } },
      { rowtime: 9, row: { k: 'a', n: 3 } },
      { rowtime: 10, row: { k: 'a', n: 5 } },
    ];
    const results = verifyOperator({
      create: create(10),
      steps: [{ batch: fromRows(schema, rows) }, { advance: 14 }, { advance: 20 }],
    });
    expect(results.map(({ rowtime, row }) => [rowtime, row['k'], row['SUM']])).toEqual([
      [10, 'a', 4],
      [14, 'b', 2],
      [20, 'a', 5],
    ]);
  });

  test('every row is in exactly one window of its key, however rows were batched or restored', () => {
    fc.assert(
      fc.property(rowsArbitrary, fc.constantFrom(1, 5, 12), (rows, range) => {
        const end = (rows.at(-1)?.rowtime ?? 0) + range;
        const results = verifyOperator({
          create: create(range),
          steps: [{ batch: fromRows(schema, rows) }, { advance: end }],
        });
        // The plain way: one window after the other for each key.
        const windows: { k: unknown; closesAt: number; values: number[]; all: unknown[] }[] = [];
        for (const { rowtime, row } of rows) {
          let window = windows.find(({ k, closesAt }) => k === row['k'] && rowtime < closesAt);
          if (!window) {
            window = { k: row['k'], closesAt: rowtime + range, values: [], all: [] };
            windows.push(window);
          }
          if (row['n'] !== null) window.values.push(Number(row['n']));
          window.all.push(row['n']);
        }
        const expected = windows.map(({ k, closesAt, values, all }) => {
          const sum = values.length > 0 ? values.reduce((total, n) => total + n, 0) : null;
          return [closesAt, k, values.length, sum, all[0], all.at(-1)];
        });
        const found = results.map(({ rowtime, row }) => [
          rowtime,
          row['k'],
          row['COUNT'],
          row['SUM'],
          row['FIRST_VALUE'],
          row['LAST_VALUE'],
        ]);
        expect(found).toEqual(expected);
      }),
    );
  });

  test('windows that are done are forgotten, and the open ones go on', () => {
    const operator = create(10)();
    let [count, total] = [0, 0];
    for (let from = 0; from < 40_000; from += 1_000) {
      const rows = Array.from(
        { length: 1_000 },
        (_, i): TimedRow => ({ rowtime: from + i, row: { k: `k${from + i}`, n: 1 } }),
      );
      operator.push(fromRows(schema, rows), (batch) => {
        count += batch.length;
        const sum = batch.columns[2];
        if (sum.kind === 'num') total += sum.values.reduce((a, b) => a + b, 0);
      });
    }
    expect({ count, total }).toEqual({ count: 39_990, total: 39_990 });
    expect(JSON.stringify(operator.snapshot()).length).toBeLessThan(400_000);
  });
});

describe('SELECT DISTINCT', () => {
  const timed: Schema = [...schema, { name: 'minute', type: { kind: 'timestamp' }, nullable: true }];
  const floor = (t: number): number => Math.floor(t / 10) * 10;
  const create = () => new Distinct({ schema: timed, time: 2, timeAt: floor, keys: [0, 1, 2] });

  test('the first of equal rows of one minute passes at once, NULL equal to NULL, however rows were batched', () => {
    fc.assert(
      fc.property(rowsArbitrary, (rows) => {
        const batch = fromRows(
          timed,
          rows.map(({ rowtime, row }) => ({ rowtime, row: { ...row, minute: floor(rowtime) } })),
        );
        const results = verifyOperator({ create, steps: [{ batch }, { advance: rows.at(-1)?.rowtime ?? 0 }] });
        const seen = new Set<string>();
        const expected = rows.flatMap(({ rowtime, row }) => {
          const text = JSON.stringify([row['k'], row['n'], floor(rowtime)]);
          if (seen.has(text)) return [];
          seen.add(text);
          return [[rowtime, row['k'], row['n']]];
        });
        expect(results.map(({ rowtime, row }) => [rowtime, row['k'], row['n']])).toEqual(expected);
      }),
    );
  });
});
