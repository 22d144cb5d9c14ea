import { compile, Failures, type Schema, valueAt } from '@rowtime/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { functionNamed } from '../src/functions/index.ts';
import { monotonicity } from '../src/monotonic.ts';
import { windowOfValues } from '../src/windows.ts';
import { bind } from './evaluate.ts';

const schema: Schema = [
  { name: 'N', type: { kind: 'integer' }, nullable: true },
  { name: 'S', type: { kind: 'varchar', length: 9 }, nullable: true },
  { name: 'T', type: { kind: 'timestamp' }, nullable: true },
];

const of = (sql: string): string => {
  const found = monotonicity(bind(sql, schema));
  return found ? `${found.direction}${found.isOfRowtime ? '' : ' by decree'}` : 'unknown';
};

// AWS SQL reference, "Monotonic Expressions and Operators".
const t0 = "TIMESTAMP '2024-01-01 00:00:00'";
const ascending = [
  'ROWTIME',
  'MONOTONIC(ROWTIME)',
  'CURRENT_ROW_TIMESTAMP',
  'FLOOR(ROWTIME TO HOUR)',
  'CEIL(ROWTIME TO MONTH)',
  "STEP(ROWTIME BY INTERVAL '5' DAY)",
  "STEP(ROWTIME BY INTERVAL '5' MONTH)",
  "ROWTIME + INTERVAL '1' DAY",
  "ROWTIME - INTERVAL '-1' HOUR",
  "FLOOR(ROWTIME + INTERVAL '90' MINUTE TO DAY)",
  `(ROWTIME - ${t0}) SECOND`,
  `(ROWTIME - ${t0}) DAY TO SECOND * 2`,
  `2 * (ROWTIME - ${t0}) MINUTE`,
  `(${t0} - ROWTIME) MINUTE / -7`,
  `FLOOR((ROWTIME - ${t0}) HOUR / 3 TO HOUR)`,
  `STEP((ROWTIME - ${t0}) SECOND BY INTERVAL '10' SECOND)`,
  'UNIX_TIMESTAMP(ROWTIME) / 60000',
  'STEP(UNIX_TIMESTAMP(ROWTIME) BY 1000)',
  'FLOOR(UNIX_TIMESTAMP(ROWTIME) / 7e4)',
  'CEIL(CAST(UNIX_TIMESTAMP(ROWTIME) AS DOUBLE) / 1e6)',
  'TO_TIMESTAMP(UNIX_TIMESTAMP(ROWTIME) + 17)',
  'UNIX_TIMESTAMP(ROWTIME) + UNIX_TIMESTAMP(FLOOR(ROWTIME TO DAY))',
  'CAST(ROWTIME AS DATE)',
  `CAST((ROWTIME - ${t0}) SECOND AS BIGINT)`,
  'CAST(ROWTIME AS VARCHAR(30))',
  'SUBSTRING(CAST(ROWTIME AS VARCHAR(30)) FROM 0 FOR 14)',
  'SUBSTRING(CAST(ROWTIME AS VARCHAR(30)) FROM 1 FOR 7)',
];
const descending = [
  '-UNIX_TIMESTAMP(ROWTIME)',
  `(${t0} - ROWTIME) SECOND`,
  '100 - UNIX_TIMESTAMP(ROWTIME) / 1000',
  'UNIX_TIMESTAMP(ROWTIME) * -3',
  'UNIX_TIMESTAMP(ROWTIME) / (2 - 4000)',
  `(${t0} - ROWTIME) SECOND - (ROWTIME - ${t0}) SECOND`,
  'FLOOR(UNIX_TIMESTAMP(ROWTIME) / -1e5)',
];

describe('the direction of an expression', () => {
  test.each(ascending)('%s ascends', (sql) => expect(of(sql)).toBe('ascending'));
  test.each(descending)('%s descends', (sql) => expect(of(sql)).toBe('descending'));

  test.each([
    ['7', 'constant'],
    [`(${t0} - ${t0}) SECOND`, 'constant'],
    ['CURRENT_TIMESTAMP', 'constant by decree'],
    ['FLOOR(LOCALTIMESTAMP TO DAY)', 'constant by decree'],
    ['UNIX_TIMESTAMP(ROWTIME) * 0', 'constant'],
    ['MONOTONIC(n)', 'ascending by decree'],
    ['MONOTONIC(s)', 'ascending by decree'],
    ['MONOTONIC(7)', 'ascending by decree'],
    ['MONOTONIC(n) / 10', 'ascending by decree'],
    ['10 - MONOTONIC(n)', 'descending by decree'],
    ["STEP(MONOTONIC(t) BY INTERVAL '1' MINUTE)", 'ascending by decree'],
    ['MONOTONIC(n) + UNIX_TIMESTAMP(ROWTIME)', 'ascending by decree'],
    ['1e9 / UNIX_TIMESTAMP(ROWTIME)', 'descending by decree'],
    ['(ROWTIME - CURRENT_TIMESTAMP) SECOND', 'ascending by decree'],
    ["(ROWTIME - TIMESTAMP '2024-01-01 00:00:00') MONTH", 'ascending by decree'],
  ])('%s is %s', (sql, expected) => expect(of(sql)).toBe(expected));

  test.each([
    'n',
    'FLOOR(t TO MINUTE)',
    'UNIX_TIMESTAMP(ROWTIME) + n',
    'UNIX_TIMESTAMP(ROWTIME) * n',
    'UNIX_TIMESTAMP(ROWTIME) * CAST(NULL AS INTEGER)',
    'UNIX_TIMESTAMP(ROWTIME) - UNIX_TIMESTAMP(ROWTIME)',
    'UNIX_TIMESTAMP(ROWTIME) * UNIX_TIMESTAMP(ROWTIME)',
    "ROWTIME - INTERVAL '1' MONTH",
    "ROWTIME + INTERVAL '1' YEAR",
    'EXTRACT(HOUR FROM ROWTIME)',
    'CAST(ROWTIME AS TIME)',
    'CAST(UNIX_TIMESTAMP(ROWTIME) AS VARCHAR(20))',
    'SUBSTRING(CAST(ROWTIME AS VARCHAR(30)) FROM 12 FOR 5)',
    'MOD(UNIX_TIMESTAMP(ROWTIME), 10)',
    'ABS(UNIX_TIMESTAMP(ROWTIME))',
    'CASE WHEN n > 1 THEN ROWTIME ELSE t END',
  ])('of %s nothing is known', (sql) => expect(of(sql)).toBe('unknown'));
});

describe('what the rules say of an expression of ROWTIME', () => {
  const times = fc.integer({ min: Date.parse('1900-01-01'), max: Date.parse('2200-01-01') });

  test.each([...ascending, ...descending])('is true of %s, and its windows are those in which it stays', (sql) => {
    const expr = bind(sql);
    const kernel = compile(expr, new Failures(), functionNamed);
    const valuesAt = (...rowtimes: number[]): (number | string)[] => {
      const column = kernel({ length: rowtimes.length, rowtime: Float64Array.from(rowtimes), columns: [] });
      return rowtimes.map((_, i) => valueAt(column, i) as number | string);
    };
    const isDescending = monotonicity(expr)?.direction === 'descending';
    fc.assert(
      fc.property(times, fc.oneof(fc.nat(100_000), fc.nat(1e10)), (t, gap) => {
        const [first, later] = valuesAt(t, t + gap) as [number, number];
        expect(isDescending ? later <= first : first <= later).toBe(true);
        const window = windowOfValues(expr);
        const [start, end] = [window.start(t), window.end(window.start(t))];
        expect(start <= t && t < end).toBe(true);
        const [before, opening, closing, after] = valuesAt(start - 1, start, end - 1, end);
        expect([opening, closing]).toEqual([first, first]);
        expect(before).not.toBe(first);
        expect(after).not.toBe(first);
      }),
      { numRuns: 25 },
    );
  });
});
