import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromRows, type Row } from '../src/batch.ts';
import type { Value } from '../src/column.ts';
import type { Expr } from '../src/expr.ts';
import { Join } from '../src/operators/join.ts';
import { lookup } from '../src/operators/lookup.ts';
import { RowErrors } from '../src/row-errors.ts';
import type { Schema } from '../src/schema.ts';
import type { Frame } from '../src/sliding/sliding-window.ts';
import { type Step, verifyOperator } from '../src/testing/verify-operator.ts';

const side = (name: string): Schema => [
  { name: `${name}k`, type: { kind: 'integer' }, nullable: true },
  { name: `${name}v`, type: { kind: 'varchar', length: 4 }, nullable: true },
];
const rowtimeOf = (name: string): Schema[number] => ({ name: `${name}t`, type: { kind: 'timestamp' }, nullable: true });
const joined: Schema = [...side('l'), rowtimeOf('l'), ...side('r'), rowtimeOf('r')];

interface TimedRow {
  readonly rowtime: number;
  readonly k: number | null;
  readonly v: string;
}

const rowsArbitrary = fc
  .array(
    fc.record({ gap: fc.constantFrom(0, 1, 3, 9), k: fc.constantFrom(1, 2, null), v: fc.constantFrom('x', 'y') }),
    { maxLength: 25 },
  )
  .map((items) => {
    let rowtime = 0;
    return items.map(({ gap, ...row }): TimedRow => {
      rowtime += gap;
      return { rowtime, ...row };
    });
  });

function steps(left: readonly TimedRow[], right: readonly TimedRow[]): Step[] {
  const batch = (name: string, rows: readonly TimedRow[]) =>
    fromRows(
      side(name),
      rows.map(({ rowtime, k, v }) => ({ rowtime, row: { [`${name}k`]: k, [`${name}v`]: v } })),
    );
  return [
    ...(left.length > 0 ? [{ batch: batch('l', left), input: 0 }] : []),
    ...(right.length > 0 ? [{ batch: batch('r', right), input: 1 }] : []),
    { advance: Number.POSITIVE_INFINITY },
  ];
}

/** The pairs that must come out, the plain way: every left row with every right row. */
function pairs(
  left: readonly TimedRow[],
  right: readonly TimedRow[],
  leftFrame: Frame | null,
  rightFrame: Frame | null,
): string[] {
  const reaches = (frame: Frame | null, age: number): boolean => frame?.kind === 'range' && age <= frame.millis;
  return left
    .flatMap((l) =>
      right.flatMap((r) => {
        if (l.k === null || l.k !== r.k) return [];
        // The earlier one must still be in its window when the later one comes; of equal times either will do.
        const met =
          (l.rowtime <= r.rowtime && reaches(leftFrame, r.rowtime - l.rowtime)) ||
          (r.rowtime <= l.rowtime && reaches(rightFrame, l.rowtime - r.rowtime));
        return met ? [JSON.stringify([Math.max(l.rowtime, r.rowtime), l.k, l.v, l.rowtime, r.k, r.v, r.rowtime])] : [];
      }),
    )
    .sort();
}

const printed = ({ rowtime, row }: { rowtime: number; row: Row }): string =>
  JSON.stringify([rowtime, ...joined.map(({ name }) => row[name] as Value)]);

describe('JOIN of two streams', () => {
  const range: Frame = { kind: 'range', millis: 3 };
  test.each<[string, Frame | null, Frame | null]>([
    ['a window on the left', range, null],
    ['a window on the right', null, range],
    ['windows on both sides', range, { kind: 'range', millis: 5 }],
  ])('with %s gives each pair whose rows are there together, once, in ROWTIME order', (_, leftFrame, rightFrame) => {
    fc.assert(
      fc.property(rowsArbitrary, rowsArbitrary, (left, right) => {
        const create = () =>
          new Join({
            left: { schema: side('l'), frame: leftFrame, keys: [0], isOuter: false },
            right: { schema: side('r'), frame: rightFrame, keys: [0], isOuter: false },
            schema: joined,
            residual: null,
            errors: new RowErrors('p'),
          });
        const results = verifyOperator({ create, steps: steps(left, right) });
        expect(results.map(printed).sort()).toEqual(pairs(left, right, leftFrame, rightFrame));
        const times = results.map(({ rowtime }) => rowtime);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }),
      { numRuns: 150 },
    );
  });

  test('an outer side keeps each row that met none, once: at its window’s end, or at once without a window', () => {
    fc.assert(
      fc.property(rowsArbitrary, rowsArbitrary, fc.boolean(), (left, right, hasWindow) => {
        const leftFrame = hasWindow ? range : null;
        const create = () =>
          new Join({
            left: { schema: side('l'), frame: leftFrame, keys: [0], isOuter: true },
            right: { schema: side('r'), frame: range, keys: [0], isOuter: false },
            schema: joined,
            residual: null,
            errors: new RowErrors('p'),
          });
        const results = verifyOperator({ create, steps: steps(left, right) });
        const lone = results.filter(({ row }) => row['rt'] === null);
        const met = new Set(
          results
            .filter(({ row }) => row['rt'] !== null)
            .map(({ row }) => JSON.stringify([row['lk'], row['lv'], row['lt']])),
        );
        const expected = left.filter(({ k, v, rowtime }) => !met.has(JSON.stringify([k, v, rowtime])));
        const ends = expected.map(({ rowtime, k, v }) => [rowtime + (hasWindow ? range.millis : 0), k, v, rowtime]);
        expect(lone.map(({ rowtime, row }) => [rowtime, row['lk'], row['lv'], row['lt']])).toEqual(ends);
      }),
      { numRuns: 150 },
    );
  });

  test('what is no equality is asked of each pair', () => {
    const column = (index: number): Expr => ({ kind: 'column', index, type: { kind: 'varchar', length: 4 } });
    const residual: Expr = { kind: 'call', name: '<', args: [column(1), column(4)], type: { kind: 'boolean' } };
    const rows = ['x', 'y'].map((v, i): TimedRow => ({ rowtime: i, k: 1, v }));
    const create = () =>
      new Join({
        left: { schema: side('l'), frame: range, keys: [0], isOuter: false },
        right: { schema: side('r'), frame: range, keys: [0], isOuter: false },
        schema: joined,
        residual,
        errors: new RowErrors('p'),
      });
    const results = verifyOperator({ create, steps: steps(rows, rows) });
    expect(results.map(({ row }) => [row['lv'], row['rv']])).toEqual([['x', 'y']]);
  });
});

describe('JOIN with a reference table', () => {
  const table = {
    schema: side('r'),
    rows: fromRows(
      side('r'),
      [
        { rk: 1, rv: 'a' },
        { rk: 1, rv: 'b' },
        { rk: 3, rv: 'c' },
        { rk: null, rv: 'n' },
      ].map((row) => ({ rowtime: 0, row })),
    ),
  };
  const create = (isOuter: boolean, isTableFirst: boolean) => () =>
    lookup({
      input: side('l'),
      table,
      streamKeys: [0],
      tableKeys: [0],
      isOuter,
      isTableFirst,
      schema: isTableFirst ? [...side('r'), rowtimeOf('r'), ...side('l'), rowtimeOf('l')] : joined,
      residual: null,
      errors: new RowErrors('p'),
    });

  test.each([
    [
      'inner',
      false,
      [
        [1, 'a'],
        [1, 'b'],
      ],
    ],
    [
      'outer',
      true,
      [
        [1, 'a'],
        [1, 'b'],
        [null, null],
        [null, null],
      ],
    ],
  ] as const)('%s: each row meets all matching rows of the table; NULL matches nothing', (_, isOuter, expected) => {
    const rows = [1, 2, null].map((k, i): TimedRow => ({ rowtime: i, k, v: 'x' }));
    for (const isTableFirst of [false, true]) {
      const results = verifyOperator({ create: create(isOuter, isTableFirst), steps: steps(rows, []) });
      expect(results.map(({ row }) => [row['rk'], row['rv']])).toEqual(expected);
    }
  });
});
