import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Millis, toRows } from '../src/batch.ts';
import { arrivalClock, type Clock, columnClock, systemClock, type TimeUnit } from '../src/clock.ts';
import type { Value } from '../src/column.ts';
import { errorStreamSchema, RowErrors } from '../src/row-errors.ts';
import { manualClock } from '../src/testing/index.ts';
import { double, integer, timestamp } from './expressions.ts';
import { batchOf, schemaOf } from './rows.ts';

// features: F082

const schema = schemaOf({ t: double, n: integer });

function stamp(clock: Clock, rows: readonly (readonly [Millis, Value, Value?])[], of = schema) {
  const errors = new RowErrors(null);
  const batch = batchOf(of, ...rows.map(([at, t, n = 0]) => [at, t, n] as const));
  const stamped = clock.stamp(batch, errors);
  const taken = errors.take();
  return {
    rowtimes: stamped ? [...stamped.rowtime] : null,
    rows: stamped ? toRows(of, stamped).map(({ row }) => row['n']) : [],
    errors: taken ? toRows(errorStreamSchema, taken).map(({ rowtime, row }) => [rowtime, row['ERROR_NAME']]) : [],
    messages: taken ? toRows(errorStreamSchema, taken).map(({ row }) => row['MESSAGE']) : [],
  };
}

describe('the arrival clock', () => {
  //  arrival   5   9   7   9   12
  //  ROWTIME   5   9   9   9   12      raised where it would decrease
  test('raises a time that would decrease', () => {
    const clock = arrivalClock();
    expect(
      stamp(clock, [
        [5, 0],
        [9, 0],
        [7, 0],
        [9, 0],
        [12, 0],
      ]).rowtimes,
    ).toEqual([5, 9, 9, 9, 12]);
    expect(stamp(clock, [[3, 0]]).rowtimes).toEqual([12]);
  });

  test('comes as far as the source has caught up, and no row gets an older time after that', () => {
    const clock = arrivalClock();
    expect(clock.watermark(100)).toBe(100);
    expect(clock.watermark(50)).toBe(100);
    expect(stamp(clock, [[60, 0]]).rowtimes).toEqual([100]);
  });

  test('never goes back, not over a restart either', () => {
    const times = fc.array(
      fc.oneof(fc.nat(100), fc.record({ caughtUpTo: fc.nat(100) }), fc.constant('restart' as const)),
    );
    fc.assert(
      fc.property(times, (actions) => {
        let clock = arrivalClock();
        let last = Number.NEGATIVE_INFINITY;
        for (const action of actions) {
          if (action === 'restart') {
            const saved = clock.snapshot();
            clock = arrivalClock();
            clock.restore(saved);
          } else {
            const t =
              typeof action === 'number'
                ? stamp(clock, [[action, 0]]).rowtimes![0]!
                : clock.watermark(action.caughtUpTo);
            expect(t).toBeGreaterThanOrEqual(last);
            last = t;
          }
        }
      }),
    );
  });
});

test('the system clock gives the moment of insertion, and stands still when the wall clock goes back', () => {
  const { now, set, pass } = manualClock(1_000);
  const clock = systemClock(now);
  expect(
    stamp(clock, [
      [5, 0],
      [9, 0],
    ]).rowtimes,
  ).toEqual([1_000, 1_000]);
  pass(50);
  expect(clock.watermark(0)).toBe(1_050);
  set(900);
  expect(stamp(clock, [[5, 0]]).rowtimes).toEqual([1_050]);
  const restarted = systemClock(now);
  restarted.restore(clock.snapshot());
  expect(restarted.watermark(0)).toBe(1_050);
});

describe('the column clock', () => {
  const unit = (name: TimeUnit): Clock => columnClock(schema, 0, name);

  test.each<[TimeUnit, number, Millis]>([
    ['ms', 1_632_320_837_500, 1_632_320_837_500],
    ['ms', 1_632_320_837_500.9, 1_632_320_837_500],
    ['s', 1_632_320_837.5, 1_632_320_837_500],
    ['s', 1_632_312_345.678, 1_632_312_345_678],
    ['s', 2_163_921_690.97, 2_163_921_690_970], // times 1000 it is 2163921690969.9998
    ['auto', 1_632_320_837.5, 1_632_320_837_500],
    ['auto', 1_632_320_837_500, 1_632_320_837_500],
    ['auto', -5, -5_000],
    ['ms', 5, 5],
  ])('takes %s: %d is %d', (name, value, expected) => {
    expect(stamp(unit(name), [[0, value]]).rowtimes).toEqual([expected]);
  });

  test('takes every whole millisecond written in seconds exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (t) => {
        expect(stamp(unit('s'), [[0, t / 1_000]]).rowtimes).toEqual([t]);
      }),
    );
  });

  test('takes a TIMESTAMP as it is, whatever the unit', () => {
    const times = schemaOf({ t: timestamp, n: integer });
    expect(stamp(columnClock(times, 0, 's'), [[0, 5_000]], times).rowtimes).toEqual([5_000]);
  });

  //  column    10   20   15   NULL  20   30
  //  ROWTIME   10   20   late  -    20   30
  test('sends late rows and NULL to error_stream, with the time of the row before', () => {
    const clock = unit('ms');
    const { rowtimes, rows, errors, messages } = stamp(clock, [
      [1, 10, 1],
      [2, 20, 2],
      [3, 15, 3],
      [4, null, 4],
      [5, 20, 5],
      [6, 30, 6],
    ]);
    expect(rowtimes).toEqual([10, 20, 20, 30]);
    expect(rows).toEqual([1, 2, 5, 6]);
    expect(errors).toEqual([
      [20, 'LateRow'],
      [20, 'NullRowtime'],
    ]);
    expect(messages).toEqual([
      'ROWTIME 1970-01-01T00:00:00.015Z from column t is older than 1970-01-01T00:00:00.020Z of the row before it',
      'column t, which gives ROWTIME, is NULL',
    ]);
    expect(clock.watermark(1e9)).toBe(30);
  });

  test.each([1e30, -1e30, 8.64e15 + 1, -8.64e15 - 1, Number.NaN, Number.POSITIVE_INFINITY])(
    'takes %d for no time',
    (value) => {
      const clock = unit('ms');
      expect(
        stamp(clock, [
          [7, value],
          [8, 40],
          [9, value],
        ]),
      ).toMatchObject({
        rowtimes: [40],
        errors: [
          [0, 'InvalidRowtime'],
          [40, 'InvalidRowtime'],
        ],
      });
    },
  );

  test('gives null when no row is left', () => {
    expect(stamp(unit('ms'), [[1, null]])).toMatchObject({ rowtimes: null, errors: [[0, 'NullRowtime']] });
  });

  // Arrival times are of another scale than the column: they would put error_stream out of order.
  test('keeps error_stream in time order, also before the first row has a time', () => {
    const clock = unit('ms');
    const { errors } = stamp(clock, [
      [1e12, null],
      [1e12, 5],
      [1e12, 3],
      [1e12, 9],
      [1e12, 1],
    ]);
    const times = errors.map(([at]) => at);
    expect(times).toEqual([0, 5, 9]);
  });

  test('goes on after a restart where it was', () => {
    const clock = unit('ms');
    stamp(clock, [[0, 50]]);
    const restarted = unit('ms');
    restarted.restore(clock.snapshot());
    expect(
      stamp(restarted, [
        [0, 49],
        [0, 50],
      ]),
    ).toMatchObject({ rowtimes: [50], errors: [[50, 'LateRow']] });
  });

  test('accepts or reports every row, in order, for any values', () => {
    const value = fc.option(fc.integer({ min: -5, max: 40 }), { nil: null });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 30 }), fc.nat(10), (values, cut) => {
        const clock = unit('ms');
        const parts = [values.slice(0, cut), values.slice(cut)].map((part) =>
          stamp(
            clock,
            part.map((t, i) => [i, t, i]),
          ),
        );
        let last = Number.NEGATIVE_INFINITY;
        const accepted = values.filter((t) => {
          if (t === null || t < last) return false;
          last = t;
          return true;
        });
        expect(parts.flatMap(({ rowtimes }) => rowtimes ?? [])).toEqual(accepted);
        expect(parts.flatMap(({ errors }) => errors)).toHaveLength(values.length - accepted.length);
      }),
    );
  });
});
