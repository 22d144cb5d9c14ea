import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { popularCaptains } from '@rowtime/examples/captains';
import { describe, expect, test } from 'vitest';
import { type Finished, rowtime, temporaryFolder } from './rowtime.ts';

/** check, explain and fmt, as a user runs them. */
function withProgram(sql: string): { folder: string; file: string } {
  const folder = temporaryFolder();
  const file = join(folder, 'app.sql');
  writeFileSync(file, sql);
  return { folder, file };
}

function fromStdin(sql: string, ...args: string[]): Promise<Finished> {
  const { process, finished } = rowtime(...args);
  process.stdin?.end(sql);
  return finished;
}

const schema = JSON.stringify({
  RecordColumns: [
    { Name: 'TICKER', SqlType: 'VARCHAR(4)', Mapping: '$.t' },
    { Name: 'PRICE', SqlType: 'DOUBLE', Mapping: '$.p' },
  ],
  RecordFormat: { RecordFormatType: 'JSON' },
});

const broken = `CREATE STREAM t (ticker VARCHAR(4));
CREATE PUMP p AS INSERT INTO t SELECT STREAM tickr FROM SOURCE_SQL_STREAM_001;
CREATE PUMP q AS INSERT INTO t SELECT STREAM ticker FRM SOURCE_SQL_STREAM_001;
`;

describe('rowtime check', () => {
  test('prints each error with its place, its line and a hint, and exits with 2', async () => {
    const { folder, file } = withProgram(broken);
    const schemaFile = join(folder, 'schema.json');
    writeFileSync(schemaFile, schema);
    const { code, stdout, stderr } = await rowtime('check', file, '--schema', schemaFile).finished;
    expect({ code, stderr }).toEqual({ code: 2, stderr: `${file}: 2 errors\n` });
    expect(stdout.replaceAll(file, 'app.sql')).toBe(`app.sql:2:46
SQL_UNKNOWN_COLUMN: SOURCE_SQL_STREAM_001 has no column TICKR
  2 | CREATE PUMP p AS INSERT INTO t SELECT STREAM tickr FROM SOURCE_SQL_STREAM_001;
    |                                              ^^^^^
hint: did you mean TICKER?

app.sql:3:57
SQL_SYNTAX: expected a comma or FROM, found SOURCE_SQL_STREAM_001
  3 | CREATE PUMP q AS INSERT INTO t SELECT STREAM ticker FRM SOURCE_SQL_STREAM_001;
    |                                                         ^^^^^^^^^^^^^^^^^^^^^
hint: a comma or an operator may be missing before SOURCE_SQL_STREAM_001

`);
  });

  test('without a schema says what it did not check', async () => {
    const { code, stdout, stderr } = await fromStdin(broken, 'check', '-', '--json');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    const { errors, unchecked } = JSON.parse(stdout);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: 'SQL_SYNTAX', from: { line: 3, column: 57 }, to: { line: 3, column: 78 } });
    expect(unchecked).toEqual([{ pump: 'P', stream: 'SOURCE_SQL_STREAM_001' }]);
    const plain = await fromStdin(broken.split('\n').slice(0, 2).join('\n'), 'check', '-');
    expect(plain).toMatchObject({ code: 0, stdout: '' });
    expect(plain.stderr).toContain('only the syntax of P was checked');
  });

  test('discovers the schema from the input', async () => {
    const { folder, file } = withProgram(broken.split('\n').slice(0, 2).join('\n'));
    const input = join(folder, 'input.json');
    writeFileSync(input, '{"TICKER":"AMZN"}\n{"TICKER":"MSFT"}\n');
    const { code, stdout } = await rowtime('check', file, '--input', input).finished;
    expect(code).toBe(2);
    expect(stdout).toContain('did you mean TICKER?');
  });
});

describe('rowtime explain', () => {
  test('prints the plan of each pump, or all of it as JSON', async () => {
    const { folder, file } = withProgram(broken.split('\n').slice(0, 2).join('\n').replace('tickr', 'ticker'));
    const schemaFile = join(folder, 'schema.json');
    writeFileSync(schemaFile, schema);
    const { code, stdout } = await rowtime('explain', file, '--schema', schemaFile).finished;
    expect(code).toBe(0);
    expect(stdout).toContain('pump P into T\n  project TICKER = TICKER\n    read SOURCE_SQL_STREAM_001\n');
    const json = await rowtime('explain', file, '--schema', schemaFile, '--json').finished;
    expect(JSON.parse(json.stdout)).toMatchObject({ pumps: [{ name: 'P', into: 'T', root: { kind: 'project' } }] });
  });

  test('needs to know the columns of the input', async () => {
    const { file } = withProgram(broken);
    const { code, stderr } = await rowtime('explain', file).finished;
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'rowtime: rowtime explain needs the columns of the input: --schema <file>, or --input <path>\n',
    });
  });
});

describe('rowtime fmt', () => {
  const messy = 'create stream t (a int); -- why\nselect a from t';
  const tidy = 'CREATE STREAM t (a INT); -- why\nSELECT a\nFROM t\n';

  test('prints the program, or writes it, and checks it', async () => {
    expect(await fromStdin(messy, 'fmt', '-')).toMatchObject({ code: 0, stdout: tidy });
    const { file } = withProgram(messy);
    expect(await rowtime('fmt', '--check', file).finished).toMatchObject({ code: 1, stdout: '' });
    expect(await rowtime('fmt', '--write', file).finished).toMatchObject({ code: 0, stdout: '' });
    expect(readFileSync(file, 'utf8')).toBe(tidy);
    expect(await rowtime('fmt', '--check', file).finished).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('leaves a program with an error alone', async () => {
    const { file } = withProgram(broken);
    const { code, stderr } = await rowtime('fmt', '--write', file).finished;
    expect(code).toBe(2);
    expect(stderr).toContain('SQL_SYNTAX');
    expect(readFileSync(file, 'utf8')).toBe(broken);
  });

  test('prints no colours where there is no terminal', async () => {
    const { stdout, stderr } = await fromStdin(`${popularCaptains};;x`, 'check', '-');
    expect(stdout).toContain('SQL_SYNTAX');
    expect(stdout + stderr).not.toContain('\u001b');
  });
});

test.each(['check', 'explain', 'fmt'])('rowtime %s --help shows an example', async (command) => {
  const { code, stdout } = await rowtime(command, '--help').finished;
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`Example:\n  rowtime ${command} .*app.sql`));
});
