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
  const inputs = { S: { N: 'INTEGER' } };
  const pump = (query: string) => `CREATE STREAM o (n INTEGER); CREATE PUMP p AS INSERT INTO o ${query};`;
  const refused = ['SELECT STREAM n FROM s WHERE n IN (SELECT MAX(x) FROM (VALUES 1) AS v(x) WHERE v.x = s.n)'];
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
