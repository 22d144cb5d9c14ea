import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { compile } from '../src/application.ts';
import { frame, SqlError } from '../src/errors.ts';

const here = import.meta.dirname;
const readme = await readFile(join(here, '../README.md'), 'utf8');
const blocks = [...readme.matchAll(/```(?:ts)?\n(.*?)```/gs)].map(([, block]) => block!);

test('the snippet of the README prints what the README says, in under 15 lines', async () => {
  const [snippet = '', said = ''] = blocks;
  const folder = await mkdtemp(join(here, '.readme-'));
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    // A reader has rxjs; this package has not, and finds that of core.
    const rxjs = createRequire(join(here, '../../core/package.json')).resolve('rxjs');
    await writeFile(join(folder, 'snippet.ts'), snippet.replace("from 'rxjs'", `from ${JSON.stringify(rxjs)}`));
    await import(join(folder, 'snippet.ts'));
    const printed = print.mock.calls.map((values) => `${values.join(' ')}\n`).join('');
    expect(said).not.toBe('');
    expect(printed).toBe(said);
    expect(snippet.trim().split('\n').length).toBeLessThan(15);
  } finally {
    print.mockRestore();
    await rm(folder, { recursive: true });
  }
});

test('the error of the README is printed as it says', () => {
  const sql = `CREATE STREAM scores (average DOUBLE);
CREATE PUMP p AS
INSERT INTO scores
  SELECT STREAM AVG(rating)
  FROM ratings GROUP BY FLOOR(ratings.ROWTIME TO MINUTE);`;
  let printed = '';
  try {
    compile(sql, { inputs: { RATINGS: { rating: 'INTEGER' } } });
  } catch (error) {
    if (error instanceof SqlError) printed = frame(sql, error);
  }
  expect(`${printed}\n`).toBe(blocks[2]);
});

test('what the README says is not done yet is refused as such', () => {
  const inputs = { S: { N: 'INTEGER', W: 'VARCHAR(9)', T: 'TIMESTAMP' } };
  const pump = (query: string) => `CREATE STREAM o (n INTEGER); CREATE PUMP p AS INSERT INTO o ${query};`;
  const refused = [
    'SELECT STREAM SUM(n) OVER (ROWS 1 PRECEDING) FROM s',
    "SELECT STREAM n FROM s WINDOWED BY STAGGER (PARTITION BY n RANGE INTERVAL '1' MINUTE)",
    'SELECT STREAM a.n FROM s AS a JOIN s AS b ON a.n = b.n',
    'SELECT STREAM DISTINCT n FROM s',
    'SELECT STREAM t AS ROWTIME FROM s',
    "SELECT STREAM n FROM s WHERE w LIKE 'a'",
    "SELECT STREAM n FROM s WHERE w SIMILAR TO 'a'",
    'SELECT STREAM SUBSTRING(w FROM 1) FROM s',
    "SELECT STREAM REGEX_REPLACE(w, 'a', 'b', 1, 0) FROM s",
    "SELECT STREAM CHAR_TO_TIMESTAMP('yyyy', w) FROM s",
    'SELECT STREAM n FROM s WHERE t < CURRENT_TIMESTAMP',
    'SELECT STREAM n FROM s WHERE (t - t) SECOND IS NULL',
    'SELECT STREAM 1 FROM TABLE(HOTSPOTS(CURSOR(SELECT STREAM n FROM s), 100, 1, 2))',
    'SELECT STREAM 9007199254740993 FROM s',
  ];
  const codes = refused.map((query) => {
    try {
      compile(pump(query), { inputs });
      return `${query} was accepted`;
    } catch (error) {
      return error instanceof SqlError ? error.code : String(error);
    }
  });
  expect(codes).toEqual(refused.map(() => 'SQL_NOT_SUPPORTED_YET'));
});
