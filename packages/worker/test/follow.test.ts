import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rowsIn, rowtime, temporaryFolder } from './rowtime.ts';

const program = `
CREATE OR REPLACE STREAM "PASSED" (n INTEGER);
CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED" SELECT STREAM "n" FROM "SOURCE_SQL_STREAM_001";
CREATE OR REPLACE STREAM "COUNTED" (k INTEGER, c INTEGER);
CREATE OR REPLACE PUMP "COUNTS" AS INSERT INTO "COUNTED" SELECT STREAM MOD("n", 3), COUNT(*) FROM "SOURCE_SQL_STREAM_001"
  GROUP BY MOD("n", 3), STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '10' SECOND);`;

const schema = {
  RecordFormat: { RecordFormatType: 'JSON' },
  RecordColumns: [
    { Name: 'n', SqlType: 'INTEGER', Mapping: '$.n' },
    { Name: 't', SqlType: 'BIGINT', Mapping: '$.t' },
  ],
};
const start = Date.UTC(2024, 0, 1);
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `{"n":${from + i},"t":${start + (from + i) * 100}}\n`).join('');

function workplace() {
  const folder = temporaryFolder();
  const [sql, input, schemaFile] = [join(folder, 'app.sql'), join(folder, 'input.log'), join(folder, 'schema.json')];
  writeFileSync(sql, program);
  writeFileSync(schemaFile, JSON.stringify(schema));
  const out = (name: string) => join(folder, name);
  const run = (output: string, ...flags: string[]) =>
    rowtime(
      'run',
      sql,
      '--input',
      input,
      '--output',
      out(output),
      '--rowtime',
      'column:t',
      '--streams',
      'all',
      ...flags,
    );
  const passed = (output: string) => (existsSync(out(output)) ? rowsIn(out(output), 'PASSED').map(({ N }) => N) : []);
  const rows = (output: string) => ['PASSED', 'COUNTED', 'error_stream'].map((stream) => rowsIn(out(output), stream));
  return { folder, input, schemaFile, run, passed, rows };
}

// Objects of different seconds: their names are in order.
const small = ['--buffer-interval', '1s'];

test('a file is followed as it grows and is rotated; at the stop what is there is read, and all windows close', async () => {
  const { input, run, passed, rows } = workplace();
  writeFileSync(input, lines(0, 50));
  const { process, finished } = run('followed', '--follow', ...small);
  await expect.poll(() => passed('followed').length, { timeout: 15_000 }).toBeGreaterThanOrEqual(40);
  appendFileSync(input, lines(50, 100));
  await expect.poll(() => passed('followed').length, { timeout: 15_000 }).toBeGreaterThanOrEqual(90);
  renameSync(input, `${input}.1`);
  appendFileSync(`${input}.1`, lines(100, 150));
  writeFileSync(input, lines(150, 200));
  await expect.poll(() => passed('followed').length, { timeout: 15_000 }).toBeGreaterThanOrEqual(190);
  appendFileSync(input, lines(200, 250).trimEnd());
  process.kill('SIGINT');
  expect(await finished).toMatchObject({ code: 0 });
  expect(passed('followed')).toEqual(Array.from({ length: 250 }, (_, n) => n));

  writeFileSync(input, lines(0, 250));
  expect((await run('whole', ...small).finished).code).toBe(0);
  expect(rows('followed')).toEqual(rows('whole'));
}, 60_000);

test('with checkpoints it goes on where it was, also in the file that was rotated away meanwhile', async () => {
  const { folder, input, run, passed, rows } = workplace();
  writeFileSync(input, lines(0, 60));
  const checkpoint = join(folder, 'checkpoint');
  const again = () =>
    run('followed', '--follow', '--checkpoint', checkpoint, '--checkpoint-interval', '100ms', ...small);
  const ends: [NodeJS.Signals, () => void][] = [
    ['SIGKILL', () => appendFileSync(input, lines(60, 90))],
    [
      'SIGTERM',
      () => {
        appendFileSync(input, lines(90, 120));
        renameSync(input, `${input}.1`);
        writeFileSync(input, lines(120, 150));
      },
    ],
    ['SIGKILL', () => appendFileSync(input, lines(150, 180))],
  ];
  let known = 60;
  for (const [signal, meanwhile] of ends) {
    const { process, finished } = again();
    await expect.poll(() => passed('followed').length, { timeout: 15_000 }).toBeGreaterThanOrEqual(known - 10);
    process.kill(signal);
    const ended = await finished;
    if (signal === 'SIGKILL') expect(ended.signal).toBe('SIGKILL');
    else expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining('run the same command again') });
    meanwhile();
    known += signal === 'SIGTERM' ? 60 : 30;
  }
  const last = again();
  await expect.poll(() => passed('followed').length, { timeout: 15_000 }).toBe(170);
  last.process.kill('SIGTERM');
  expect((await last.finished).code).toBe(0);
  expect(passed('followed')).toEqual(Array.from({ length: 170 }, (_, n) => n));
  // The window of the last rows stays open in the checkpoint.
  expect(rows('followed')[1]).toHaveLength(3);
  const other = await run('followed', '--checkpoint', checkpoint, ...small).finished;
  expect(other).toMatchObject({ code: 3, stderr: expect.stringContaining('follow it again') });
}, 60_000);

test('where there is a schema the file may come later', async () => {
  const { input, schemaFile, run, passed } = workplace();
  const { process, finished } = run('later', '--follow', '--schema', schemaFile, ...small);
  await new Promise((resolve) => setTimeout(resolve, 700));
  writeFileSync(input, lines(0, 30));
  await expect.poll(() => passed('later').length, { timeout: 15_000 }).toBeGreaterThanOrEqual(20);
  process.kill('SIGTERM');
  expect((await finished).code).toBe(0);
  expect(passed('later')).toEqual(Array.from({ length: 30 }, (_, n) => n));
}, 30_000);

test('--follow end begins with what is appended', async () => {
  const { input, run, passed } = workplace();
  writeFileSync(input, lines(0, 30));
  const { process, finished } = run('end', '--follow', 'end', ...small);
  let written = 30;
  // It begins when it is ready: what was appended before then is not its.
  await expect
    .poll(
      () => {
        appendFileSync(input, lines(written, written + 10));
        written += 10;
        return passed('end').length;
      },
      { timeout: 15_000, interval: 200 },
    )
    .toBeGreaterThan(0);
  process.kill('SIGTERM');
  expect((await finished).code).toBe(0);
  const found = passed('end').map(Number);
  expect(found[0]).toBeGreaterThanOrEqual(30);
  expect(found).toEqual(Array.from({ length: written - found[0]! }, (_, i) => found[0]! + i));
}, 30_000);

test.each([
  [['--input', '-', '--follow'], 2, 'standard input is read as it comes'],
  [['--input', 'a', 'b', '--follow'], 2, '--follow is of one file'],
  [['--input', 'nowhere/*.log', '--follow'], 2, 'is a pattern'],
  [['--input', 'nowhere.log', '--follow'], 3, 'give --schema'],
])('%j: %i', async (flags, code, message) => {
  const folder = temporaryFolder();
  const sql = join(folder, 'app.sql');
  writeFileSync(sql, program);
  const { finished } = rowtime('run', sql, '--json', ...flags);
  expect(await finished).toMatchObject({ code, stderr: expect.stringContaining(message) });
});
