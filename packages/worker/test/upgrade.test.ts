import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { printed, putRecords } from './put-records.ts';
import { type Finished, rowsIn, rowtime, temporaryFolder } from './rowtime.ts';

const before = `
CREATE STREAM passed (i INTEGER);
CREATE PUMP pass AS INSERT INTO passed SELECT STREAM "i" FROM "S_001" WHERE "i" > 0;
CREATE STREAM counted (k INTEGER, n INTEGER);
CREATE PUMP counts AS INSERT INTO counted SELECT STREAM MOD("i", 3), COUNT(*) FROM "S_001" GROUP BY MOD("i", 3), FLOOR("S_001".ROWTIME TO HOUR);
CREATE STREAM summed (n INTEGER);
CREATE PUMP sums AS INSERT INTO summed SELECT STREAM SUM(i) FROM passed GROUP BY FLOOR(passed.ROWTIME TO HOUR);
CREATE STREAM former (i INTEGER);
CREATE PUMP formers AS INSERT INTO former SELECT STREAM "i" FROM "S_001";`;

/** Without the pump and stream at the end, and with another condition. */
const after = `-- the second version\n${before.slice(0, before.indexOf('CREATE STREAM former')).replace('> 0', '> 1')}`;

const columns = [
  { Name: 'i', SqlType: 'INTEGER', Mapping: '$.i' },
  { Name: 't', SqlType: 'TIMESTAMP', Mapping: '$.t' },
];
const record = (i: number): string =>
  `{"i":${i},"t":"${new Date(Date.UTC(2024, 0, 1, 0, 0, i)).toISOString().replace('T', ' ').replace('Z', '')}"}`;

function writeApplication(folder: string, sql: string, streams: readonly string[], more: object = {}): string {
  const file = join(folder, 'application.json');
  const application = {
    ApplicationName: 'numbers',
    ApplicationCode: sql,
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisFirehoseInput: { ResourceARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/numbers' },
        InputSchema: { RecordFormat: { RecordFormatType: 'JSON' }, RecordColumns: columns },
      },
    ],
    rowtime: {
      inputs: { S: { from: 'directPut', port: 0 } },
      outputs: Object.fromEntries(streams.map((name) => [name, { to: 'files', folder: join(folder, 'out') }])),
      rowtime: 'column:t',
      checkpointInterval: '100ms',
      monitor: { port: 0 },
      ...more,
    },
  };
  writeFileSync(file, JSON.stringify(application));
  return file;
}

/** Starts the service, sends the records from `from` to `to`, and stops it when they are in a checkpoint. */
async function serving(file: string, from: number, to: number, ...flags: string[]): Promise<Finished> {
  const { process, finished } = rowtime('run', file, ...flags);
  const line = await printed(process, (text) => text.split('\n').find((one) => one.includes('"msg":"started"')));
  const { from: address, monitor } = JSON.parse(line);
  const taken = async () => JSON.parse(await (await fetch(`${monitor}/statusz`)).text()).input.records;
  const records = Array.from({ length: to - from }, (_, i) => record(from + i));
  expect(await putRecords(address.split(' ')[0], 'numbers', records)).toBe(true);
  await expect.poll(taken, { timeout: 20_000 }).toBe(to - from);
  process.kill('SIGTERM');
  return finished;
}

const kept = 'pump COUNTS: tumbling window of 1 hour, 3 keys open';
const lost = 'pump SUMS: tumbling window of 1 hour, open (reads PASSED, whose rows have changed)';
const changed = [
  'stream FORMER is gone',
  'pump PASS has changed',
  '  - filter >("i", 0:INTEGER)',
  '  + filter >("i", 1:INTEGER)',
  'pump FORMERS is gone',
];
const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join('');

test('a service whose program was changed keeps what it can, and loses nothing that it was not told to', async () => {
  const folder = temporaryFolder();
  const streams = ['PASSED', 'COUNTED', 'SUMMED'];
  const file = writeApplication(folder, before, [...streams, 'FORMER']);
  expect(await serving(file, 0, 100)).toMatchObject({ code: 0 });
  expect(rowsIn(join(folder, 'out'), 'FORMER').length).toBeLessThan(100);

  writeApplication(folder, after, streams);
  const refused = await rowtime('run', file).finished;
  expect(refused).toMatchObject({
    code: 4,
    stderr: `rowtime: CHECKPOINT_PLAN: the checkpoint was taken by another program, and some of its state has no place in this one
changed:
${indented(changed)}keeps:
  ${kept}
publishes:
  output FORMER to files: what it has left
loses:
  ${lost}
with --allow-state-drop it goes on without what is lost; without, run the program it belongs to, or start in an empty checkpoint folder
`,
  });
  const asked = await rowtime('explain', file, '--checkpoint').finished;
  expect(asked.code).toBe(4);
  expect(asked.stdout).toMatch(/^checkpoint \d+ in .* has state that this program has no place for\nchanged:\n/);
  expect(asked.stdout).toContain(`keeps:\n  ${kept}\nloses:\n  ${lost}\n`);
  const json = await rowtime('explain', file, '--checkpoint', join(folder, '.rowtime/numbers'), '--json').finished;
  expect(JSON.parse(json.stdout)).toMatchObject({ isRefused: true, changed, kept: [kept], lost: [lost] });
  const { stdout: shown } = await rowtime('checkpoints', 'show', file, String(JSON.parse(json.stdout).checkpoint))
    .finished;
  expect(shown).toContain(`  ${kept}\n`);

  // The hour ends with record 3,600.
  const { code, stdout } = await serving(file, 3_500, 3_700, '--allow-state-drop');
  expect(code).toBe(0);
  const told = stdout.split('\n').find((line) => line.includes('the program was changed since the checkpoint'));
  expect(JSON.parse(told!)).toMatchObject({ changed, kept: [kept], lost: [lost] });
  // It is not said again.
  const again = await serving(file, 3_700, 3_701);
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).not.toContain('the program was changed');
  // What the output that is gone had left is there.
  expect(rowsIn(join(folder, 'out'), 'FORMER').map(({ I }) => I)).toEqual(Array.from({ length: 100 }, (_, i) => i));

  const between = Array.from({ length: 100 }, (_, i) => 3_500 + i);
  const keys = [...Array.from({ length: 100 }, (_, i) => i), ...between].map((i) => i % 3);
  expect(rowsIn(join(folder, 'out'), 'COUNTED')).toMatchObject(
    [0, 1, 2].map((K) => ({ K, N: keys.filter((k) => k === K).length })),
  );
  expect(rowsIn(join(folder, 'out'), 'SUMMED')).toMatchObject([{ N: between.reduce((sum, i) => sum + i, 0) }]);
  const passed = rowsIn(join(folder, 'out'), 'PASSED').map(({ I }) => I as number);
  expect(passed.sort((a, b) => a - b).slice(0, 200)).toEqual([
    ...Array.from({ length: 99 }, (_, i) => i + 1),
    ...Array.from({ length: 101 }, (_, i) => 3_500 + i),
  ]);
}, 60_000);

test('rowtime run says what a changed program keeps, and needs to be told to lose something', async () => {
  const folder = temporaryFolder();
  const [sql, schema] = [join(folder, 'app.sql'), join(folder, 'schema.json')];
  writeFileSync(sql, before);
  writeFileSync(schema, JSON.stringify({ RecordFormat: { RecordFormatType: 'JSON' }, RecordColumns: columns }));
  const input = ['--schema', schema, '--stream', 'S_001'];
  const command = (...flags: string[]) =>
    rowtime(
      ...['run', sql, '--input', '-', '--json', ...input, '--rowtime', 'column:t'],
      ...['--checkpoint', join(folder, 'checkpoints'), '--checkpoint-interval', '50ms', ...flags],
    );
  const first = command();
  first.process.stdin!.write(`${[1, 2, 3, 4].map(record).join('\n')}\n`);
  // Printed at a checkpoint that has all windows open.
  await printed(first.process, (text) => (text.includes('"I":4') ? text : undefined));
  first.process.kill('SIGTERM');
  expect(await first.finished).toMatchObject({ code: 0 });

  writeFileSync(sql, after);
  const refused = await command().finished;
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain(`keeps:\n  ${kept}\nloses:\n  ${lost}\nwith --allow-state-drop`);
  const asked = ['explain', sql, ...input, '--checkpoint', join(folder, 'checkpoints')];
  expect(await rowtime(...asked).finished).toMatchObject({ code: 4, stdout: expect.stringContaining(`  ${lost}\n`) });

  const second = command('--allow-state-drop');
  // Standard input goes on after the bytes that were read before.
  second.process.stdin!.end(`${[1, 2, 3, 4, 5, 6].map(record).join('\n')}\n`);
  const { code, stdout, stderr } = await second.finished;
  expect(code).toBe(0);
  expect(stderr).toContain(`the program was changed since the checkpoint\nchanged:\n${indented(changed)}keeps:\n`);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const rowsOf = (name: string) =>
    rows.filter(({ stream }) => stream === name).map(({ row: { ROWTIME: _, ...row } }) => row);
  expect(rowsOf('COUNTED')).toEqual([
    { K: 1, N: 2 },
    { K: 2, N: 2 },
    { K: 0, N: 2 },
  ]);
  expect(rowsOf('SUMMED')).toEqual([{ N: 11 }]);
  // At its end nothing is open: whatever is changed, nothing is lost.
  writeFileSync(sql, before);
  expect(await rowtime(...asked).finished).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(' has no state that would be lost\nchanged:\n'),
  });

  writeFileSync(sql, after);
  const more = [...columns, { Name: 'j', SqlType: 'DOUBLE', Mapping: '$.j' }];
  writeFileSync(schema, JSON.stringify({ RecordFormat: { RecordFormatType: 'JSON' }, RecordColumns: more }));
  expect(await command('--allow-state-drop').finished).toMatchObject({
    code: 4,
    stderr: `rowtime: CHECKPOINT_INPUT: the checkpoint was taken with another input; start in an empty checkpoint folder, or run the program it belongs to
changed:
  input S_001 has changed
    - input S_001 ("i" INTEGER, "t" TIMESTAMP)
    + input S_001 ("i" INTEGER, "t" TIMESTAMP, "j" DOUBLE)
`,
  });
}, 60_000);
