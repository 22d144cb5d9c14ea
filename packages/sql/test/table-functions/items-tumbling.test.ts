import type { Schema, Value } from '@rowtime/core';
import { type Step, verifyOperator } from '@rowtime/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batch, call, column, run, varchar } from './harness.ts';

const schema: Schema = [column('PRICE', 'double'), column('TICKER', varchar(4))];
const topK = 'TOP_K_ITEMS_TUMBLING';
const distinct = 'COUNT_DISTINCT_ITEMS_TUMBLING';

/** Trades of these tickers, one a second. */
function trades(from: number, ...tickers: (string | null)[]): ReturnType<typeof batch> {
  return batch(
    schema,
    tickers.map((ticker, i): [number, ...Value[]] => [from + i * 1000, i, ticker]),
  );
}

describe(topK, () => {
  const create = (k: number, seconds = 60) => call(topK, schema, ['TICKER', k, seconds]).create();
  const items = (rows: ReturnType<typeof run>): unknown[] =>
    rows.map(({ rowtime, row }) => [rowtime, row['ITEM'], row['ITEM_COUNT']]);

  test('the K most frequent values of each window, most frequent first, at the end of the window', () => {
    const rows = verifyOperator({
      create: () => create(2),
      steps: [
        {
          batch: trades(
            50_000,
            'AMZN',
            'TGT',
            'AMZN',
            'WMT',
            'TGT',
            'AMZN',
            'WMT',
            'WMT',
            'WMT',
            'WMT',
            'AMZN',
            'TGT',
            'TGT',
          ),
        },
        { advance: 200_000 },
      ],
    });
    expect(items(rows)).toEqual([
      [60_000, 'WMT', 5],
      [60_000, 'AMZN', 3],
      [120_000, 'TGT', 2],
      [120_000, 'AMZN', 1],
    ]);
  });

  test('values that occur equally often are in the order in which they came', () => {
    expect(items(run(create(2), trades(0, 'C', 'A', 'B', 'B', 'A', 'C')))).toEqual([
      [60_000, 'C', 2],
      [60_000, 'A', 2],
    ]);
  });

  test('NULL is no item, and a window without items gives no row', () => {
    const rows = verifyOperator({
      create: () => create(5, 5),
      steps: [
        { batch: trades(0, null, 'A', null, null, 'A', null, null) },
        { advance: 60_000 },
        { advance: Number.POSITIVE_INFINITY },
      ],
    });
    expect(items(rows)).toEqual([[5_000, 'A', 2]]);
  });

  test('NULL does not take the place of the K-th', () => {
    expect(items(run(create(2), trades(0, null, null, null, 'A', 'B', 'B')))).toEqual([
      [60_000, 'B', 2],
      [60_000, 'A', 1],
    ]);
  });

  test('an item is text, as the length of its column or else as VARCHAR(1024)', () => {
    expect(call(topK, schema, ['TICKER', 1, 60]).schema).toMatchObject([
      { name: 'ITEM', type: varchar(4) },
      { name: 'ITEM_COUNT', type: { kind: 'bigint' } },
    ]);
    const numbers = [column('N', 'integer')];
    const { schema: output, create: of } = call(topK, numbers, ['N', 1, 60]);
    expect(output[0]?.type).toEqual(varchar(1024));
    expect(
      items(
        run(
          of(),
          batch(numbers, [
            [0, 7],
            [1, -12],
            [2, -12],
          ]),
        ),
      ),
    ).toEqual([[60_000, '-12', 2]]);
  });

  test('the column is the one spelled so, else the one in upper case', () => {
    const both = [column('ticker', varchar(4)), column('TICKER', varchar(4))];
    expect(items(run(call(topK, both, ['ticker', 1, 60]).create(), batch(both, [[0, 'low', 'UP']])))).toEqual([
      [60_000, 'low', 1],
    ]);
    expect(items(run(call(topK, schema, ['ticker', 1, 60]).create(), trades(0, 'A')))).toEqual([[60_000, 'A', 1]]);
  });

  test('counts as a Map does', () => {
    const ticks = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 900 }), fc.option(fc.constantFrom('A', 'B', 'C', 'D', 'E'))),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(ticks, fc.integer({ min: 1, max: 4 }), (gaps, k) => {
        let time = -3_000;
        const rows = gaps.map(([gap, ticker]): [number, ...Value[]] => {
          time += gap;
          return [time, 0, ticker];
        });
        const steps: Step[] = [{ batch: batch(schema, rows) }, { advance: 100_000 }];
        const got = verifyOperator({ create: () => create(k, 2), steps });
        expect(items(got)).toEqual(counted(rows, k, 2_000));
        const numbers = verifyOperator({ create: () => call(distinct, schema, ['TICKER', 2]).create(), steps });
        const windows = [...new Set(rows.map(([at]) => end(at, 2_000)))];
        expect(numbers.map(({ rowtime, row }) => [rowtime, row['NUMBER_OF_DISTINCT_ITEMS']])).toEqual(
          windows.map((at) => [at, counted(rows, 9, 2_000).filter(([of]) => of === at).length]),
        );
      }),
      { numRuns: 100, seed: 11 },
    );
  });
});

describe(distinct, () => {
  test('how many different values each window has; NULL is none of them', () => {
    const rows = verifyOperator({
      create: () => call(distinct, schema, ['TICKER', 5]).create(),
      steps: [{ batch: trades(1_000, 'A', 'B', 'A', null, null, null, null, null, null, 'A') }, { advance: 60_000 }],
    });
    expect(rows).toEqual([
      { rowtime: 5_000, row: { NUMBER_OF_DISTINCT_ITEMS: 2 } },
      { rowtime: 10_000, row: { NUMBER_OF_DISTINCT_ITEMS: 0 } },
      { rowtime: 15_000, row: { NUMBER_OF_DISTINCT_ITEMS: 1 } },
    ]);
  });

  test('is exact beyond the 10,000 items from which the service was not', () => {
    const numbers = [column('N', 'bigint')];
    const all = batch(
      numbers,
      Array.from({ length: 30_000 }, (_, i): [number, ...Value[]] => [0, i % 15_000]),
    );
    expect(run(call(distinct, numbers, ['N', 60]).create(), all)).toEqual([
      { rowtime: 60_000, row: { NUMBER_OF_DISTINCT_ITEMS: 15_000 } },
    ]);
  });

  test('texts, numbers and truth values alike', () => {
    const kinds = [column('B', 'boolean'), column('X', 'double'), column('T', varchar(2))];
    const rows = batch(kinds, [
      [0, true, 1.5, 'a'],
      [1, false, 1.5, 'b'],
      [2, null, 2.5, 'c'],
    ]);
    const counts = ['B', 'X', 'T'].map(
      (name) => run(call(distinct, kinds, [name, 1]).create(), rows)[0]?.row['NUMBER_OF_DISTINCT_ITEMS'],
    );
    expect(counts).toEqual([2, 2, 3]);
  });
});

const end = (at: number, size: number): number => (Math.floor(at / size) + 1) * size;

function counted(rows: readonly (readonly [number, ...Value[]])[], k: number, size: number): [number, Value, number][] {
  const windows = new Map<number, Map<Value, number>>();
  for (const [at, , ticker] of rows) {
    const window = windows.get(end(at, size)) ?? new Map<Value, number>();
    windows.set(end(at, size), window);
    if (ticker) window.set(ticker, (window.get(ticker) ?? 0) + 1);
  }
  return [...windows].flatMap(([at, window]) =>
    [...window]
      .sort(([, a], [, b]) => b - a)
      .slice(0, k)
      .map(([item, count]): [number, Value, number] => [at, item, count]),
  );
}
