import type { Schema, Value } from '@rowtime/core';
import { describe, expect, test } from 'vitest';
import { SqlError } from '../../src/errors.ts';
import { tableFunctions } from '../../src/table-functions/index.ts';
import { call, column, varchar } from './harness.ts';

const input: Schema = [column('x', 'double'), column('N', 'integer'), column('T', varchar(4)), column('B', 'boolean')];

const forest = 'RANDOM_CUT_FOREST';
const explained = 'RANDOM_CUT_FOREST_WITH_EXPLANATION';
const topK = 'TOP_K_ITEMS_TUMBLING';
const distinct = 'COUNT_DISTINCT_ITEMS_TUMBLING';
const rank = 'GROUP_RANK';

// The limits of each function, at their edges (AWS SQL reference, the page of each function).
const accepted: readonly [fn: string, ...args: Value[]][] = [
  [forest],
  [forest, 1, 10, 11, 1],
  [forest, 1000, 1000, 2_147_483_647, 30],
  [explained],
  [explained, 100, 256, 100_000, 1],
  [explained, 100, 256, 100_000, 1, true],
  ['HOTSPOTS', 100, 0.013, 2],
  ['HOTSPOTS', 1000, 1e-9, 1000],
  [topK, 'T', 1, 1],
  [topK, 'T', 100_000, 3600],
  [topK, 't', 5, 60],
  [distinct, 'x', 1],
  [distinct, 'B', 3600],
  [rank, 'N', 'groupRank', 'desc', 'asc', 5, 0],
  [rank, 'T', 'groupRank', 'ASC', 'NONE', 0, 10],
];

test.each(accepted)('%s(CURSOR(…), %s, %s, %s, %s, %s, %s) is accepted', (fn, ...args) => {
  expect(call(fn, input, args).schema.length).toBeGreaterThan(0);
});

const refused: readonly [message: string, hint: string, at: number, code: string, fn: string, ...args: Value[]][] = [
  ['numberOfTrees is 0', 'it must be a whole number from 1 to 1000', 0, 'SQL_ARGUMENTS', forest, 0],
  ['numberOfTrees is 1001', 'it must be a whole number from 1 to 1000', 0, 'SQL_ARGUMENTS', explained, 1001],
  ["numberOfTrees is '100'", 'it must be a whole number from 1 to 1000', 0, 'SQL_ARGUMENTS', forest, '100'],
  ['subSampleSize is 9', 'it must be a whole number from 10 to 1000', 1, 'SQL_ARGUMENTS', forest, 100, 9],
  ['timeDecay is 1.5', 'it must be a whole number from 1 to 2147483647', 2, 'SQL_ARGUMENTS', explained, 100, 256, 1.5],
  ['subSampleSize 256 is not less than timeDecay 256', 'larger timeDecay', 1, 'SQL_ARGUMENTS', forest, 100, 256, 256],
  ['shingleSize is 31', 'whole number from 1 to 30', 3, 'SQL_ARGUMENTS', forest, 100, 256, 1000, 31],
  ['withDirectionality is 1', 'TRUE or FALSE', 4, 'SQL_ARGUMENTS', explained, 100, 256, 1000, 1, 1],
  ['RANDOM_CUT_FOREST takes at most 4 arguments', 'shingleSize', 4, 'SQL_ARGUMENTS', forest, 100, 256, 1000, 1, true],
  ['HOTSPOTS lacks its argument windowSize', 'windowSize, scanRadius, minimum', -1, 'SQL_ARGUMENTS', 'HOTSPOTS'],
  ['HOTSPOTS lacks its argument scanRadius', 'a number above 0', -1, 'SQL_ARGUMENTS', 'HOTSPOTS', 100],
  ['windowSize is 99', 'whole number from 100 to 1000', 0, 'SQL_ARGUMENTS', 'HOTSPOTS', 99, 1, 2],
  ['windowSize is 1001', 'whole number from 100 to 1000', 0, 'SQL_ARGUMENTS', 'HOTSPOTS', 1001, 1, 2],
  ['scanRadius is 0', 'a number above 0', 1, 'SQL_ARGUMENTS', 'HOTSPOTS', 100, 0, 2],
  ['minimumNumberOfPointsInAHotspot is 1', 'from 2 to', 2, 'SQL_ARGUMENTS', 'HOTSPOTS', 100, 1, 1],
  ['101 is more than windowSize 100', 'from 2 to 100', 2, 'SQL_ARGUMENTS', 'HOTSPOTS', 100, 1, 101],
  ['K is 0', 'whole number from 1 to 100000', 1, 'SQL_ARGUMENTS', topK, 'T', 0, 60],
  ['K is 100001', 'whole number from 1 to 100000', 1, 'SQL_ARGUMENTS', topK, 'T', 100_001, 60],
  ['windowSize is 0', 'whole number from 1 to 3600', 2, 'SQL_ARGUMENTS', topK, 'T', 5, 0],
  ['windowSize is 3601', 'whole number from 1 to 3600', 1, 'SQL_ARGUMENTS', distinct, 'T', 3601],
  ['columnName is 5', 'single quotation marks', 0, 'SQL_ARGUMENTS', topK, 5, 5, 60],
  ['has no column TT', "did you mean 'T'?", 0, 'SQL_UNKNOWN_COLUMN', topK, 'TT', 5, 60],
  ['has no column PRICE', 'it has x, N, T, B', 0, 'SQL_UNKNOWN_COLUMN', distinct, 'PRICE', 60],
  ["sortOrder is 'up'", "it must be 'asc' or 'desc'", 2, 'SQL_ARGUMENTS', rank, 'N', 'R', 'up', 'asc', 0, 0],
  ['maxIdle is -1', 'whole number from 0', 4, 'SQL_ARGUMENTS', rank, 'N', 'R', 'asc', 'asc', -1, 0],
  ['GROUP_RANK lacks its argument outputMax', 'outputMax', -1, 'SQL_ARGUMENTS', rank, 'N', 'R', 'asc', 'asc', 0],
  [
    'the query has a column T already',
    'a name of its own',
    1,
    'SQL_DUPLICATE_NAME',
    rank,
    'N',
    'T',
    'asc',
    'asc',
    0,
    0,
  ],
  ['cannot rank by B', '', 0, 'SQL_TYPE', rank, 'B', 'R', 'asc', 'asc', 0, 0],
];

test.each(refused)('"%s" (%s)', (message, hint, at, code, fn, ...args) => {
  const error = errorOf(() => call(fn, input, args));
  expect(error.message).toContain(message);
  expect(error.hint ?? '').toContain(hint);
  expect({ code: error.code, at: error.span.from }).toEqual({ code, at });
});

describe('the columns that make a point', () => {
  const decimal = column('d', { kind: 'decimal', precision: 10, scale: 2 });

  test.each([forest, explained, 'HOTSPOTS'])(
    '%s refuses a query with none, and says that DECIMAL does not count',
    (fn) => {
      const error = errorOf(() => call(fn, [decimal, column('T', varchar(4))], fn === 'HOTSPOTS' ? [100, 1, 2] : []));
      expect(error.message).toBe(`the query of ${fn} has no numeric column`);
      expect(error.hint).toContain('CAST them to DOUBLE');
    },
  );

  test.each([forest, explained])('%s takes 30 of them, not 31', (fn) => {
    const columns = Array.from({ length: 31 }, (_, i) => column(`c${i}`, 'real'));
    expect(call(fn, columns.slice(1), []).schema.length).toBeGreaterThan(30);
    expect(errorOf(() => call(fn, columns, [])).message).toBe(`the query of ${fn} has 31 numeric columns`);
  });

  test('a forest beyond the memory of the engine is refused before it is made', () => {
    const columns = Array.from({ length: 30 }, (_, i) => column(`c${i}`, 'real'));
    expect(errorOf(() => call(forest, columns, [1000, 1000, 100_000, 30])).message).toContain(
      'numberOfTrees 1000 × subSampleSize 1000 × shingleSize 30 × 30 columns is 900000000',
    );
  });
});

test('each function has a line for the reference page that begins with its name', () => {
  for (const { name, doc } of tableFunctions) expect(doc.startsWith(`${name}(CURSOR(query)`)).toBe(true);
});

function errorOf(attempt: () => unknown): SqlError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
