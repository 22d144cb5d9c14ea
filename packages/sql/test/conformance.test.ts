import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ConformanceCase, parseCase } from '../src/conformance/case.ts';
import { type RunOptions, runCase } from '../src/conformance/run.ts';

// conformance/*.json: whole programs with their input and what must come out, each run four ways.
const folder = join(import.meta.dirname, 'conformance');
const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as ConformanceCase;

// Decoding records is the work of sources: these cases give rows.
const options: RunOptions = {
  decoder: () => {
    throw new Error('no case here has records');
  },
};

describe('conformance', () => {
  for (const file of readdirSync(folder).sort()) {
    const test_ = read(file);
    test(test_.name, () => {
      expect(test_.name).toBe(basename(file, '.json'));
      expect(runCase(test_, options)).toBeNull();
    });
  }
});

// A runner that passes everything would pass these too.
describe('the runner', () => {
  const good = read('row-errors-of-a-pump.json');
  const rows = good.expected!['O']!.rows;
  const withRows = (expected: object) => ({ ...good, expected: { O: { ...good.expected!['O']!, ...expected } } });

  test.each<[string, ConformanceCase, string]>([
    [
      'a wrong value',
      withRows({ rows: [{ Q: 15 }, ...rows.slice(1)] }),
      'row by row: O: row 1 should be {"Q":15}, found',
    ],
    ['a missing row', withRows({ rows: [...rows, { Q: 1 }] }), 'row 4 should be {"Q":1}, found none'],
    ['a row too many', withRows({ rows: rows.slice(1), ordered: false }), '3 rows, expected 2; one too many is'],
    ['another order', withRows({ rows: rows.slice().reverse() }), 'row 1 should be {"Q":-14}, found'],
    ['a column too many', withRows({ rows: rows.map((row) => ({ ...row, R: 1 })) }), 'row 1 should be'],
    ['another ROWTIME', withRows({ rows: rows.map((row) => ({ ...row, ROWTIME: 'never' })) }), '"ROWTIME":"never"'],
    [
      'a stream that stays empty',
      { ...good, expected: { X: { ordered: true, rows: [{ A: 1 }] } } },
      'X: row 1 should be',
    ],
    ['errors that do not come', { ...good, expected_error_stream: { count: 3 } }, '2 rows on error_stream, expected 3'],
    ['errors of another pump', { ...good, expected_error_stream: { count: 2, pump: 'P' } }, 'has PUMP_NAME DIVIDER'],
    [
      'a program that should be refused',
      { ...good, expected_error: { phase: 'validate' } },
      'the program was accepted',
    ],
    [
      'a program that is refused',
      { ...good, sql: `${good.sql}\nSELECT STREAM Q FROM O;` },
      'SQL_NOT_SUPPORTED: a query on its own',
    ],
    [
      'a check it does not know',
      { ...good, properties: [{ check: 'beautiful', stream: 'O' }] },
      'O: beautiful: the check beautiful is not known to this runner',
    ],
  ])('finds %s', (_, changed, why) => {
    expect(runCase(changed, options)).toContain(why);
  });

  test('tells numbers apart that JSON.parse would not', () => {
    const text = (expected: string) => `{
      "name": "n", "tags": [], "sql": "CREATE STREAM o (id BIGINT); CREATE PUMP p AS INSERT INTO o SELECT STREAM id FROM s;",
      "input_schema": {"S": [{"name": "ID", "type": "BIGINT"}]},
      "input": [{"stream": "S", "rowtime": "2024-01-01T00:00:00.000Z", "row": {"ID": 123456789012345678}}],
      "advance_to": "2024-01-01T00:01:00.000Z",
      "expected": {"O": {"ordered": true, "rows": [{"ID": ${expected}}]}}
    }`;
    expect(runCase(parseCase(text('123456789012345678')), options)).toBeNull();
    expect(runCase(parseCase(text('123456789012345679')), options)).toContain('O: row 1 should be');
    // A case that was read without such care says it as a double: then the nearest one is meant.
    expect(runCase(JSON.parse(text('123456789012345678')) as ConformanceCase, options)).toBeNull();
  });

  test('does not take "not supported yet" for a refusal', () => {
    const sql = `CREATE STREAM o (q INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM q FROM o
      WHERE EXISTS (SELECT COUNT(*) FROM (VALUES 1) AS v(x) WHERE v.x = o.q GROUP BY x);`;
    const why = runCase({ ...good, sql, expected_error: { phase: 'validate' } }, options);
    expect(why).toMatch(/^SQL_NOT_SUPPORTED_YET: GROUP BY .+ is not supported yet \(line 2, column \d+\)$/);
  });

  test('finds each property that does not hold', () => {
    const anomaly = read('rating-anomaly.json');
    const broken = [
      { check: 'row_count', stream: 'RAW_ANOMALY_STREAM', count: 479 },
      { check: 'columns', stream: 'RAW_ANOMALY_STREAM', columns: ['rating'] },
      { check: 'range', stream: 'RAW_ANOMALY_STREAM', column: 'ANOMALY_SCORE', min: 0.1 },
      { check: 'prefix_equals', stream: 'RAW_ANOMALY_STREAM', column: 'ANOMALY_SCORE', count: 257, value: 0 },
      { check: 'all_greater', stream: 'RAW_ANOMALY_STREAM', column: 'ANOMALY_SCORE', skip: 255, than: 0 },
      {
        check: 'rank',
        stream: 'RAW_ANOMALY_STREAM',
        score: 'ANOMALY_SCORE',
        k: 1.1,
        skip: 256,
        outlier: { column: 'favoritecaptain', equals: 'Han Solo' },
      },
      { check: 'group_sorted', stream: 'RAW_ANOMALY_STREAM', by: 'ANOMALY_SCORE', direction: 'desc' as const },
    ];
    for (const property of broken) {
      expect(runCase({ ...anomaly, properties: [property] }, options)).toContain(
        `RAW_ANOMALY_STREAM: ${property.check}: `,
      );
    }
  });
});
