import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSlt } from '@rowtime/testing/slt';
import { beforeAll, describe, expect, test } from 'vitest';
import { ways } from '../src/conformance/run.ts';
import { cellsOf, type Found, rewritten, runSlt } from './slt.ts';

// slt/**/*.slt: SQL, rows in, rows out; see slt.ts for the dialect. Each file runs four ways with one expectation.
// REWRITE=1 writes what was found; read the diff as you would read code.
const folder = join(import.meta.dirname, 'slt');
const rewrite = process.env['REWRITE'] === '1';

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.slt'));
for (const file of files.sort()) {
  describe(`slt/${file}`, () => {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    const records = parseSlt(text);
    if (rewrite) beforeAll(() => writeFileSync(path, rewritten(text, runSlt(records, ways[0]))));
    test.each(ways)('$name', (way) => {
      expect(shown(runSlt(records, way))).toEqual(rewrite ? shown(runSlt(records, ways[0])) : expectedOf());
    });

    function expectedOf(): Record<string, string[]> {
      const expects = records.filter(({ words }) => words[0] === 'expect');
      expect(expects.length + records.filter(({ words }) => words[1] === 'error').length).toBeGreaterThan(0);
      return Object.fromEntries(
        expects.map(({ words, line, body }) => [
          `line ${line}: ${words.join(' ')}`,
          body.map((row) => cellsOf(row.text).join('  ')),
        ]),
      );
    }
  });
}

function shown(found: Found): Record<string, readonly string[]> {
  return Object.fromEntries([...found].map(([{ words, line }, rows]) => [`line ${line}: ${words.join(' ')}`, rows]));
}

// The runner itself: what it must not let pass.
const program = `statement ok
CREATE STREAM s (n INTEGER);
CREATE STREAM t (n INTEGER);
CREATE PUMP p AS INSERT INTO t SELECT STREAM 10 / n FROM s;
`;
const run = (rest: string) => shown(runSlt(parseSlt(`${program}\n${rest}`), ways[0]));

describe('the runner', () => {
  test('gives the rows since the last look', () => {
    const found = run(
      'rows s\n09:00:00  5\n09:00:01  NULL\n\nexpect t\n----\n\nrows s\n09:00:02  2\n\nexpect t ROWTIME N\n----\n',
    );
    expect(Object.values(found)).toEqual([['2', 'NULL'], ['09:00:02  5']]);
  });

  test('refuses error rows that nobody looked at', () => {
    expect(() => run('rows s\n09:00:00  0\n')).toThrow('nobody looked at this row of error_stream: ');
  });

  test('refuses rows left on a stream that somebody looked at', () => {
    const found = () => run('rows s\n09:00:00  5\n\nexpect t\n----\n2\n\nrows s\n09:00:01  2\n');
    expect(found).toThrow('nobody looked at this row of T: 09:00:01  5');
  });

  test('refuses an error that does not come, or another one', () => {
    const pump = 'CREATE PUMP q AS INSERT INTO t SELECT STREAM m FROM s;';
    expect(() => run(`statement error SQL_TYPE\n${pump}\n`)).toThrow('found SQL_UNKNOWN_COLUMN: S has no column M');
    expect(() => run(`statement error SQL_TYPE\n${pump.replace('m', 'n')}\n`)).toThrow('the statement was accepted');
  });

  test('names the line of what it cannot read', () => {
    expect(() => run('rows s\n09:00:00  5  6\n')).toThrow('line 7: 1 columns wanted, found 2');
    expect(() => run('rows s\n25:00:00  5\n')).toThrow('25:00:00 is not a time');
    expect(() => run('row s\n')).toThrow('line 6: unknown record row');
    expect(() => run('expect t\nrow')).toThrow('line 6: expect is followed by ----');
  });

  test('writes what was found, in columns, and changes nothing else', () => {
    const text = `${program}\nrows s\n09:00:00  5\n09:00:01  -1\n\nexpect t ROWTIME N # why\n----\nold\n\n# end\n`;
    const plain = text.replace(' # why', '');
    expect(rewritten(plain, runSlt(parseSlt(plain), ways[0]))).toBe(plain.replace('old', '09:00:00  2\n09:00:01  -10'));
  });
});
