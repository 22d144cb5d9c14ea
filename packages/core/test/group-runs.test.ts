import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateFunction } from '../src/aggregates/index.ts';
import { type Batch, toRows } from '../src/batch.ts';
import { Distinct } from '../src/operators/distinct.ts';
import { GroupRuns } from '../src/operators/group-runs.ts';
import { Sort } from '../src/operators/sort.ts';
import { errorStreamSchema, RowErrors } from '../src/row-errors.ts';
import { type Step, verifyOperator } from '../src/testing/index.ts';
import { integer, varchar } from './expressions.ts';
import { arbitrarySteps, batchOf, rowsOf, schemaOf, type TimedRow, tuples } from './rows.ts';

const schema = schemaOf({ x: varchar(9), n: integer });
const end: Step = { advance: Number.POSITIVE_INFINITY };
const rows = (batch: Batch) => toRows(schema, batch);

function runsOf(steps: readonly Step[]): TimedRow[][] {
  const runs: TimedRow[][] = [];
  for (const row of rowsOf(steps, rows)) {
    const last = runs.at(-1);
    if (last && last[0]!.row['x'] === row.row['x']) last.push(row);
    else runs.push([row]);
  }
  return runs;
}

const sum = (errors = new RowErrors('P')) =>
  new GroupRuns({
    input: schema,
    keys: [0],
    run: 0,
    calls: [{ name: 'SUM', input: 1, aggregate: aggregateFunction('SUM')!.bind([integer])! }],
    errors,
  });

const run = (steps: readonly Step[]) => tuples(verifyOperator({ create: () => sum(), steps }));

describe('groups of a monotonic key', () => {
  const batch = batchOf(schema, [1, 'a', 1], [2, 'a', 2], [2, 'b', 4], [5, null, 8], [6, null, 16]);

  test('are closed by the row that has another value, and have its ROWTIME', () => {
    expect(run([{ batch }])).toEqual([
      [2, 'a', 3],
      [5, 'b', 4],
    ]);
  });

  test('are not closed by time, but by the end of the stream, with the last ROWTIME there was', () => {
    expect(run([{ batch }, { advance: 100 }])).toHaveLength(2);
    expect(run([{ batch }, end]).at(-1)).toEqual([6, null, 24]);
    expect(run([{ batch }, { advance: 100 }, end]).at(-1)).toEqual([100, null, 24]);
  });

  test('report a result that has no place in its type', () => {
    const errors = new RowErrors('P');
    const operator = sum(errors);
    operator.push(batchOf(schema, [1, 'a', 2 ** 31 - 1], [2, 'a', 1], [3, 'b', 1]), () => {});
    expect(toRows(errorStreamSchema, errors.take()!).map(({ row }) => row['ERROR_NAME'])).toEqual(['NumericOverflow']);
  });

  test('are the runs of its values, however rows and time come', () => {
    fc.assert(
      fc.property(arbitrarySteps(schema), (steps) => {
        const sums = runsOf(steps).map((group) => {
          const values = group.flatMap(({ row: { n } }) => (n === null ? [] : [Number(n)]));
          return [group[0]!.row['x'], values.length > 0 ? values.reduce((a, b) => a + b) + 0 : null];
        });
        expect(run(steps).map(([, x, n]) => [x, n])).toEqual(sums);
      }),
    );
  });
});

test('ORDER BY a monotonic key sorts the rows of each of its runs, and gives them the time of the first', () => {
  const create = () =>
    new Sort({
      schema,
      time: 0,
      timeAt: null,
      keys: [{ index: 1, descending: true, nulls: 'last' }],
      rowtimeIsKey: false,
      startOf: (first) => first,
    });
  fc.assert(
    fc.property(arbitrarySteps(schema), (steps) => {
      const place = ({ row: { n } }: TimedRow): number => (n === null ? Number.POSITIVE_INFINITY : -Number(n));
      const sorted = runsOf(steps).flatMap((group) =>
        group.toSorted((a, b) => place(a) - place(b) || 0).map(({ row }) => [group[0]!.rowtime, row['x'], row['n']]),
      );
      expect(tuples(verifyOperator({ create, steps }))).toEqual(sorted);
    }),
  );
});

test('DISTINCT with a monotonic item passes on the first of equal rows of each of its runs', () => {
  const create = () => new Distinct({ schema, time: 0, timeAt: null, keys: [0, 1] });
  fc.assert(
    fc.property(arbitrarySteps(schema), (steps) => {
      const firsts = runsOf(steps).flatMap((group) =>
        group.filter(({ row }, i) => group.findIndex((other) => other.row['n'] === row['n']) === i),
      );
      expect(verifyOperator({ create, steps })).toEqual(firsts);
    }),
  );
});
