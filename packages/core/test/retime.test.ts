import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Millis, toRows } from '../src/batch.ts';
import { Retime, type RetimeOptions } from '../src/operators/retime.ts';
import { errorStreamSchema, RowErrors } from '../src/row-errors.ts';
import { type Step, verifyOperator } from '../src/testing/index.ts';
import { integer, timestamp } from './expressions.ts';
import { batchOf, schemaOf, type TimedRow, tuples } from './rows.ts';

const schema = schemaOf({ t: timestamp, n: integer });
const end: Step = { advance: Number.POSITIVE_INFINITY };

const retime = (options: Partial<RetimeOptions> = {}) =>
  new Retime({ schema, time: 0, within: 0, bound: null, errors: new RowErrors('P'), ...options });

const run = (steps: readonly Step[], options?: Partial<RetimeOptions>) =>
  tuples(verifyOperator({ create: () => retime(options), steps }));

describe('a column as ROWTIME', () => {
  const batch = batchOf(schema, [100, 5, 1], [101, 9, 2], [102, 8, 3], [103, null, 4], [104, 9, 5]);

  test('goes on at once, without the rows that are older than the one before or have no time', () => {
    expect(run([{ batch }])).toEqual([
      [5, 5, 1],
      [9, 9, 2],
      [9, 9, 5],
    ]);
  });

  test('reports the others with the time of the row before them', () => {
    const errors = new RowErrors('P');
    const late = batchOf(schema, [99, null, 0]);
    const operator = retime({ errors });
    operator.push(late, () => {});
    operator.push(batch, () => {});
    const rows = toRows(errorStreamSchema, errors.take()!);
    expect(rows.map(({ rowtime, row }) => [rowtime, row['ERROR_NAME']])).toEqual([
      [0, 'NullRowtime'],
      [9, 'LateRow'],
      [9, 'NullRowtime'],
    ]);
  });

  test('promises no more than what the rows say, and with a bound what time says', () => {
    const none = retime();
    expect(none.advance(1_000, () => {})).toBe(Number.NEGATIVE_INFINITY);
    none.push(batch, () => {});
    expect(none.advance(2_000, () => {})).toBe(9);
    expect(none.advance(Number.POSITIVE_INFINITY, () => {})).toBe(Number.POSITIVE_INFINITY);
    expect(retime({ bound: (t) => t + 60 }).advance(1_000, () => {})).toBe(1_060);
  });
});

describe('rows that come late', () => {
  test('are put in order within the interval, rows of one time in the order in which they came', () => {
    const batch = batchOf(schema, [1, 12, 1], [2, 15, 2], [3, 9, 3], [4, 12, 4], [5, 26, 5], [6, 14, 6], [7, 16, 7]);
    expect(run([{ batch }], { within: 10 })).toEqual([
      [9, 9, 3],
      [12, 12, 1],
      [12, 12, 4],
      [15, 15, 2],
      [16, 16, 7],
    ]);
    expect(run([{ batch }, end], { within: 10 }).at(-1)).toEqual([26, 26, 5]);
  });

  test('wait for what time says, without an interval', () => {
    const lag = (rowtime: Millis): Millis => rowtime - 10;
    const batch = batchOf(schema, [11, 11, 1], [12, 2, 2], [12, 12, 3], [15, 5, 4]);
    const found = run([{ batch }, { advance: 21 }, { advance: 22 }], { within: null, bound: lag });
    expect(found.map(([t, , n]) => [t, n])).toEqual([
      [2, 2],
      [5, 4],
      [11, 1],
      [12, 3],
    ]);
  });

  test('come out in order, none lost, none too late', () => {
    const row = fc.tuple(fc.nat(20), fc.option(fc.nat(200), { nil: null, freq: 8 }));
    const steps = fc.array(fc.array(row, { minLength: 1, maxLength: 9 }), { maxLength: 8 });
    fc.assert(
      fc.property(steps, fc.nat(60), (batches, within) => {
        let rowtime = 0;
        let n = 0;
        const given: TimedRow[] = [];
        const made = batches.map((rows): Step => {
          const timed = rows.map(([gap, t]) => {
            rowtime += gap;
            return [rowtime, t, n++] as const;
          });
          const batch = batchOf(schema, ...timed);
          given.push(...toRows(schema, batch));
          return { batch };
        });
        let reached = Number.NEGATIVE_INFINITY;
        const inTime = given.filter(({ row: { t } }) => {
          if (t === null || Number(t) < reached) return false;
          reached = Math.max(reached, Number(t) - within);
          return true;
        });
        const expected = inTime
          .map(({ row: { t, n: id } }) => [Number(t), Number(t), Number(id)])
          .sort(([a = 0, , x = 0], [b = 0, , y = 0]) => a - b || x - y);
        expect(run([...made, end], { within })).toEqual(expected);
      }),
    );
  });
});
