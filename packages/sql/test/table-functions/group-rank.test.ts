import type { Schema, Value } from '@rowtime/core';
import { verifyOperator } from '@rowtime/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batch, call, column, run, varchar } from './harness.ts';

// The columns of the reference's example: tickers counted by second, then ranked.
const schema: Schema = [column('ticker', varchar(4)), column('ticker_count', 'integer')];

const rows = batch(schema, [
  [1_000, 'AAA', 3],
  [1_000, 'BBB', 7],
  [1_000, 'CCC', 3],
  [1_000, 'DDD', 1],
  [2_000, 'AAA', 2],
  [3_000, 'AAA', null],
  [3_000, 'BBB', 5],
]);

function ranked(...args: readonly Value[]): unknown[] {
  const [rankBy = 'ticker_count', ...rest] = args;
  const create = () => call('GROUP_RANK', schema, [rankBy, 'groupRank', ...rest]).create();
  return verifyOperator({ create, steps: [{ batch: rows }, { advance: 3_001 }] }).map(({ rowtime, row }) => [
    rowtime / 1_000,
    row['ticker'],
    row['groupRank'],
  ]);
}

describe('GROUP_RANK', () => {
  test('ranks the rows of one ROWTIME; equal rows share a rank and leave a gap', () => {
    expect(ranked('ticker_count', 'desc', 'asc', 5, 0)).toEqual([
      [1, 'BBB', 1],
      [1, 'AAA', 2],
      [1, 'CCC', 2],
      [1, 'DDD', 4],
      [2, 'AAA', 1],
      [3, 'AAA', 1],
      [3, 'BBB', 2],
    ]);
  });

  test('sortOrder says what is first, outputOrder in which order the ranks come', () => {
    expect(ranked('ticker_count', 'asc', 'desc', 0, 0)).toEqual([
      [1, 'BBB', 4],
      [1, 'AAA', 2],
      [1, 'CCC', 2],
      [1, 'DDD', 1],
      [2, 'AAA', 1],
      [3, 'AAA', 2],
      [3, 'BBB', 1],
    ]);
  });

  test('without an output order rows stay in the order received', () => {
    expect(ranked('ticker_count', 'desc', 'none', 0, 0).slice(0, 4)).toEqual([
      [1, 'AAA', 2],
      [1, 'BBB', 1],
      [1, 'CCC', 2],
      [1, 'DDD', 4],
    ]);
  });

  test('outputMax is the number of rows of each group', () => {
    expect(ranked('ticker_count', 'desc', 'asc', 0, 1)).toEqual([
      [1, 'BBB', 1],
      [2, 'AAA', 1],
      [3, 'AAA', 1],
    ]);
    expect(ranked('ticker_count', 'desc', 'asc', 0, 3)).toHaveLength(6);
  });

  test('ranks by text', () => {
    expect(ranked('ticker', 'desc', 'asc', 0, 2)).toEqual([
      [1, 'DDD', 1],
      [1, 'CCC', 2],
      [2, 'AAA', 1],
      [3, 'BBB', 1],
      [3, 'AAA', 2],
    ]);
  });

  test('adds the rank under the name it is given', () => {
    const { schema: output } = call('GROUP_RANK', schema, ['ticker', 'R', 'asc', 'asc', 0, 0]);
    expect(output).toEqual([...schema, column('R', 'integer')]);
  });

  test('a group is held until a later row or the watermark says that it is complete', () => {
    const operator = call('GROUP_RANK', schema, ['ticker', 'R', 'asc', 'asc', 1, 0]).create();
    let emitted = 0;
    const out = ({ length }: { length: number }): void => {
      emitted += length;
    };
    operator.push(rows, out, 0);
    expect(emitted).toBe(5);
    // A row at 3,000 can still come.
    expect(operator.advance(3_000, out)).toBe(3_000);
    expect(emitted).toBe(5);
    expect(operator.advance(9_000, out)).toBe(9_000);
    expect(emitted).toBe(7);
  });

  test('a rank is 1 and the number of rows of the group that sort before', () => {
    const many = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: -3, max: 3 })), {
      maxLength: 40,
      minLength: 1,
    });
    fc.assert(
      fc.property(
        many,
        fc.constantFrom('asc', 'desc'),
        fc.constantFrom('asc', 'desc', 'none'),
        fc.integer({ min: 0, max: 3 }),
        (gaps, sort, order, max) => {
          let time = 0;
          const all = gaps.map(([gap, value]): [number, ...Value[]] => {
            time += gap;
            return [time, 'T', value];
          });
          const create = () => call('GROUP_RANK', schema, ['ticker_count', 'R', sort, order, 0, max]).create();
          const got = verifyOperator({ create, steps: [{ batch: batch(schema, all) }, { advance: 1_000 }] });
          const sign = sort === 'asc' ? 1 : -1;
          for (const { rowtime, row } of got) {
            const before = all.filter(
              ([at, , value]) => at === rowtime && sign * (Number(value) - Number(row['ticker_count'])) < 0,
            );
            expect(row['R']).toBe(before.length + 1);
          }
          for (const at of new Set(all.map(([of]) => of))) {
            const group = all.filter(([of]) => of === at);
            const ranks = got.filter(({ rowtime }) => rowtime === at).map(({ row }) => Number(row['R']));
            expect(ranks).toHaveLength(max === 0 ? group.length : Math.min(max, group.length));
            if (order !== 'none') expect(ranks).toEqual(ranks.toSorted((a, b) => (order === 'asc' ? a - b : b - a)));
          }
        },
      ),
      { numRuns: 100, seed: 3 },
    );
  });

  test('one push with many groups gives one batch', () => {
    const operator = call('GROUP_RANK', schema, ['ticker', 'R', 'asc', 'asc', 1, 0]).create();
    const lengths: number[] = [];
    operator.push(rows, ({ length }) => lengths.push(length), 0);
    expect(lengths).toEqual([5]);
    expect(run(operator, batch(schema, [[4_000, 'X', 1]]))).toHaveLength(3);
  });
});
