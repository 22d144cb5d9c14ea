import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateFunction } from '../src/aggregates/index.ts';
import { type Millis, toRows } from '../src/batch.ts';
import { type AggregateCall, Tumble } from '../src/operators/tumble.ts';
import { errorStreamSchema, RowErrors } from '../src/row-errors.ts';
import type { Schema } from '../src/schema.ts';
import { type Step, verifyOperator } from '../src/testing/index.ts';
import { step, stepMonths, type Window } from '../src/window.ts';
import { boolean, integer, varchar } from './expressions.ts';
import { arbitrarySteps, batchOf, rowsOf, schemaOf, tuples } from './rows.ts';

const schema = schemaOf({ k: varchar(9), n: integer });
const end: Step = { advance: Number.POSITIVE_INFINITY };

function aggregate(name: string, input: number | null, of: Schema = schema): AggregateCall {
  return { name, input, aggregate: aggregateFunction(name)!.bind(input === null ? [] : [of[input]!.type])! };
}

interface Options {
  readonly window?: Window;
  readonly keys?: readonly number[];
  readonly calls?: readonly AggregateCall[];
  readonly errors?: RowErrors;
  readonly input?: Schema;
}

const tumble = ({
  window = step(60),
  keys = [0],
  calls = [aggregate('COUNT', null)],
  errors = new RowErrors('P'),
  input = schema,
}: Options = {}) => new Tumble({ input, window, keys, calls, errors });

const run = (steps: readonly Step[], options?: Options) =>
  tuples(verifyOperator({ create: () => tumble(options), steps }));

describe('a tumbling window', () => {
  //        0        60       120
  //        [a--b--a-)[b------)        a at 5 and 59, b at 30; b at 60
  const batch = batchOf(schema, [5, 'a', 1], [30, 'b', 2], [59, 'a', 3], [60, 'b', 4]);

  test('is closed by the row that passes its end, and that row is not part of it', () => {
    expect(run([{ batch }])).toEqual([
      [60, 'a', 0, 2],
      [60, 'b', 0, 1],
    ]);
  });

  test('is closed by time alone when no row comes', () => {
    expect(run([{ batch }, { advance: 119 }])).toHaveLength(2);
    expect(run([{ batch }, { advance: 120 }])).toEqual([
      [60, 'a', 0, 2],
      [60, 'b', 0, 1],
      [120, 'b', 60, 1],
    ]);
  });

  test('emits nothing when it is empty', () => {
    //        0        60       120      180      240
    //        [a-------)[        )[       )[a-----)
    const rows = batchOf(schema, [5, 'a', 1], [200, 'a', 1]);
    expect(run([{ advance: 3 }, { batch: rows }, { advance: 1_000 }, end])).toEqual([
      [60, 'a', 0, 1],
      [240, 'a', 180, 1],
    ]);
  });

  test('starts before 1970 as after it', () => {
    //       -60        0        60
    //        [a-------)[a-------)
    expect(run([{ batch: batchOf(schema, [-1, 'a', 1], [0, 'a', 1]) }, end])).toEqual([
      [0, 'a', -60, 1],
      [60, 'a', 0, 1],
    ]);
  });

  test('has the length of its month', () => {
    //     2024-02-01        2024-03-01
    //        [a-----------a)[a
    const [leap, last, march] = ['02-01T00:00', '02-29T23:59', '03-01T00:00'].map((t) => Date.parse(`2024-${t}Z`));
    const rows = batchOf(schema, [leap!, 'a', 1], [last!, 'a', 1], [march!, 'a', 1]);
    expect(run([{ batch: rows }, end], { window: stepMonths(1) })).toEqual([
      [march, 'a', leap, 2],
      [Date.UTC(2024, 3, 1), 'a', march, 1],
    ]);
  });

  test('without keys has one group', () => {
    expect(run([{ batch }, end], { keys: [], calls: [aggregate('SUM', 1)] })).toEqual([
      [60, 0, 6],
      [120, 60, 4],
    ]);
  });

  test('puts NULL keys in one group, and groups come out in the order they came', () => {
    const rows = batchOf(schema, [1, 'z', 1], [2, null, 2], [3, 'a', 3], [4, null, 4]);
    expect(run([{ batch: rows }, end], { calls: [aggregate('SUM', 1)] })).toEqual([
      [60, 'z', 0, 1],
      [60, null, 0, 6],
      [60, 'a', 0, 3],
    ]);
  });

  test('groups by several keys', () => {
    const three = schemaOf({ k: varchar(9), b: boolean, n: integer });
    const rows = batchOf(three, [1, 'a', true, 1], [2, 'a', null, 2], [3, null, true, 1], [4, 'a', true, 1]);
    const found = run([{ batch: rows }, end], {
      input: three,
      keys: [0, 1, 2],
      calls: [aggregate('COUNT', null, three)],
    });
    expect(found).toEqual([
      [60, 'a', true, 1, 0, 2],
      [60, 'a', null, 2, 0, 1],
      [60, null, true, 1, 0, 1],
    ]);
  });

  test('computes without groups of rows nothing at all: aggregates may be none', () => {
    expect(run([{ batch }, end], { calls: [] })).toEqual([
      [60, 'a', 0],
      [60, 'b', 0],
      [120, 'b', 60],
    ]);
  });

  test('reports the group whose sum does not fit, with its keys, and emits the others', () => {
    const errors = new RowErrors('P');
    const operator = tumble({ calls: [aggregate('SUM', 1)], errors });
    const rows = batchOf(schema, [1, 'a', 2 ** 31 - 1], [2, 'b', 1], [3, 'a', 1]);
    const out: unknown[] = [];
    operator.push(rows, () => {});
    operator.advance(60, (made) => out.push(...tuples(toRows(operator.schema, made))));
    expect(out).toEqual([[60, 'b', 0, 1]]);
    const [error] = toRows(errorStreamSchema, errors.take()!);
    expect(error).toMatchObject({
      rowtime: 60,
      row: { ERROR_NAME: 'NumericOverflow', MESSAGE: 'SUM: value out of range for INTEGER' },
    });
    const data = JSON.parse(Buffer.from(String(error!.row['DATA_ROW']), 'hex').toString());
    expect(data).toEqual({ k: 'a', 'window start': 0, SUM: null });
  });

  test('promises no row before the end of the window that time is in', () => {
    const operator = tumble();
    operator.push(batchOf(schema, [5, 'a', 1]), () => {});
    expect(operator.advance(30, () => {})).toBe(60);
    expect(operator.advance(60, () => {})).toBe(120);
    expect(operator.advance(Number.POSITIVE_INFINITY, () => {})).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('for any rows, cut and restored anywhere', () => {
  const windows: fc.Arbitrary<Window> = fc.oneof(
    fc.integer({ min: 1, max: 100_000 }).map(step),
    fc.constant(stepMonths(1)),
  );

  test('the counts of all windows together are the number of rows', () => {
    fc.assert(
      fc.property(arbitrarySteps(schema), windows, fc.subarray([0, 1]), (steps, window, keys) => {
        const counts = verifyOperator({ create: () => tumble({ window, keys }), steps });
        const total = counts.reduce((sum, { row }) => sum + Number(row['COUNT']), 0);
        expect(total).toBe(rowsOf(steps, (batch) => toRows(schema, batch)).length);
      }),
    );
  });

  test('the groups are those of a Map over window and key', () => {
    fc.assert(
      fc.property(arbitrarySteps(schema), fc.integer({ min: 1, max: 100_000 }), (steps, size) => {
        const model = new Map<string, [Millis, string | null, Millis, number | null, number]>();
        for (const { rowtime, row } of rowsOf(steps, (batch) => toRows(schema, batch))) {
          const start = Math.floor(rowtime / size) * size;
          const key = row['k'] as string | null;
          const id = JSON.stringify([start, key]);
          const [, , , sum, count] = model.get(id) ?? [0, null, 0, null, 0];
          const n = row['n'] as number | null;
          model.set(id, [start + size, key, start, n === null ? sum : (sum ?? 0) + n, count + 1]);
        }
        const calls = [aggregate('SUM', 1), aggregate('COUNT', null)];
        const found = verifyOperator({ create: () => tumble({ window: step(size), calls }), steps });
        expect(tuples(found)).toEqual([...model.values()]);
      }),
    );
  });
});
