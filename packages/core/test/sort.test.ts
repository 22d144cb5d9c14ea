import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Millis, toRows } from '../src/batch.ts';
import { Sort, type SortKey } from '../src/operators/sort.ts';
import { type Step, verifyOperator } from '../src/testing/index.ts';
import { boolean, double, integer, timestamp, varchar } from './expressions.ts';
import { arbitrarySteps, batchOf, rowsOf, schemaOf, type TimedRow, tuples } from './rows.ts';

const second = (t: Millis): Millis => Math.floor(t / 1_000) * 1_000;
const schema = schemaOf({ key: timestamp, n: integer, s: varchar(9) });
const end: Step = { advance: Number.POSITIVE_INFINITY };
const at = (t: Millis, ...values: [number | null, string | null]) => [t, second(t), ...values] as const;

const sort = (keys: readonly SortKey[], rowtimeIsKey = true) =>
  new Sort({ schema, time: 0, timeAt: second, keys, rowtimeIsKey });

const run = (keys: readonly SortKey[], steps: readonly Step[]) =>
  tuples(verifyOperator({ create: () => sort(keys), steps }));

const up = (index: number): SortKey => ({ index, descending: false });
const down = (index: number): SortKey => ({ index, descending: true });

describe('sort', () => {
  //        0         1000      2000
  //        [3-1-2-----)[1-2----)      the row at 1000 lets out the rows of the second before it
  const batch = batchOf(schema, at(10, 3, 'a'), at(20, 1, 'b'), at(990, 2, 'c'), at(1_000, 1, 'd'), at(1_100, 2, 'e'));

  test('emits the rows of one leading key when the next begins, with that key as their ROWTIME', () => {
    expect(run([up(1)], [{ batch }])).toEqual([
      [0, 0, 1, 'b'],
      [0, 0, 2, 'c'],
      [0, 0, 3, 'a'],
    ]);
  });

  test('emits them when time passes and no row comes', () => {
    expect(run([down(1)], [{ batch }, { advance: 1_999 }])).toHaveLength(3);
    expect(run([down(1)], [{ batch }, { advance: 2_000 }]).slice(3)).toEqual([
      [1_000, 1_000, 2, 'e'],
      [1_000, 1_000, 1, 'd'],
    ]);
  });

  test('without further keys keeps the order of arrival', () => {
    expect(run([], [{ batch }, end]).map(([, , n]) => n)).toEqual([3, 1, 2, 1, 2]);
  });

  test('takes NULL for the largest value: last, and first with DESC', () => {
    const rows = batchOf(schema, at(1, null, 'a'), at(2, 2, 'b'), at(3, -1, 'c'), at(4, null, 'd'));
    const names = (keys: readonly SortKey[]) => run(keys, [{ batch: rows }, end]).map(([, , , s]) => s);
    expect(names([up(1)])).toEqual(['c', 'b', 'a', 'd']);
    expect(names([down(1)])).toEqual(['a', 'd', 'b', 'c']);
  });

  test('puts NULL behind the largest of all numbers too', () => {
    const numbers = schemaOf({ key: timestamp, x: double });
    const rows = batchOf(numbers, [1, 0, null], [2, 0, Number.MAX_VALUE], [3, 0, null]);
    const create = () => new Sort({ schema: numbers, time: 0, timeAt: second, keys: [up(1)], rowtimeIsKey: true });
    const found = verifyOperator({ create, steps: [{ batch: rows }, end] });
    expect(found.map(({ row }) => row['x'])).toEqual([Number.MAX_VALUE, null, null]);
  });

  test('keeps rows that are equal in all keys in order of arrival', () => {
    const rows = batchOf(schema, at(1, 1, 'x'), at(2, 0, 'y'), at(3, 1, 'z'), at(4, 1, 'a'), at(5, 0, 'b'));
    expect(run([down(1)], [{ batch: rows }, end]).map(([, , , s]) => s)).toEqual(['x', 'z', 'a', 'y', 'b']);
  });

  test('sorts by several keys, texts by code unit', () => {
    const rows = batchOf(schema, at(1, 1, 'b'), at(2, 1, 'B'), at(3, 0, 'é'), at(4, 1, null), at(5, 0, 'z'));
    const found = run([up(1), down(2)], [{ batch: rows }, end]).map(([, , n, s]) => [n, s]);
    expect(found).toEqual([
      [0, 'é'],
      [0, 'z'],
      [1, null],
      [1, 'b'],
      [1, 'B'],
    ]);
  });

  test('sorts FALSE before TRUE', () => {
    const flags = schemaOf({ key: timestamp, b: boolean });
    const create = () => new Sort({ schema: flags, time: 0, timeAt: second, keys: [up(1)], rowtimeIsKey: true });
    const rows = batchOf(flags, [1, 0, true], [2, 0, null], [3, 0, false]);
    const found = verifyOperator({ create, steps: [{ batch: rows }, end] });
    expect(found.map(({ row }) => row['b'])).toEqual([false, true, null]);
  });

  test('leaves ROWTIME alone where the key is the window of groups', () => {
    //  window        [0, 1000)         [1000, 2000)        key: its start; ROWTIME: its end
    const rows = batchOf(schema, [1_000, 0, 2, 'a'], [1_000, 0, 1, 'b'], [2_000, 1_000, 5, 'c']);
    const timeAt = (t: Millis): Millis => second(t - 1);
    const create = () => new Sort({ schema, time: 0, timeAt, keys: [up(1)], rowtimeIsKey: false });
    const found = tuples(verifyOperator({ create, steps: [{ batch: rows }, { advance: 2_000 }, { advance: 2_001 }] }));
    expect(found).toEqual([
      [1_000, 0, 1, 'b'],
      [1_000, 0, 2, 'a'],
      [2_000, 1_000, 5, 'c'],
    ]);
  });

  test('for any rows, cut and restored anywhere, is a permutation, sorted within each leading key', () => {
    const keys = fc.constantFrom<readonly SortKey[]>([], [up(1)], [down(1)], [up(2), down(1)]);
    const steps = arbitrarySteps(schemaOf({ n: integer, s: varchar(9) }), { gapMax: 700 }).map((made) =>
      made.map((step): Step => {
        if ('advance' in step) return step;
        const { batch: rows } = step;
        const key = { kind: 'num', values: rows.rowtime.map(second), valid: null } as const;
        return { batch: { ...rows, columns: [key, ...rows.columns] } };
      }),
    );
    fc.assert(
      fc.property(steps, keys, (made, by) => {
        const rows = rowsOf(made, (part) => toRows(schema, part));
        const sorted = rows
          .map(({ row }, i) => ({ rowtime: Number(row['key']), row, i }))
          .sort((a, b) => a.rowtime - b.rowtime || compare(a, b, by) || a.i - b.i)
          .map(({ rowtime, row }) => ({ rowtime, row }));
        expect(verifyOperator({ create: () => sort(by), steps: made })).toEqual(sorted);
      }),
    );
  });
});

function compare(a: TimedRow, b: TimedRow, keys: readonly SortKey[]): number {
  for (const { index, descending } of keys) {
    const [x, y] = [a, b].map(({ row }) => Object.values(row)[index]!);
    const order = x === y ? 0 : x === null ? 1 : y === null ? -1 : x! < y! ? -1 : 1;
    if (order !== 0) return descending ? -order : order;
  }
  return 0;
}
