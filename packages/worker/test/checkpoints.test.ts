import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from '@rowtime/core';
import { describe, expect, test } from 'vitest';
import { checkpointFiles } from '../src/checkpoint-files.ts';
import { describeParts, describePosition, operatorStates } from '../src/checkpoints/describe.ts';
import { printed, putRecords } from './put-records.ts';
import { rowsIn, rowtime, temporaryFolder } from './rowtime.ts';

const code = `
CREATE OR REPLACE STREAM "PASSED" (i INTEGER);
CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED" SELECT STREAM "i" FROM "S_001";
CREATE OR REPLACE STREAM "COUNTED" (k INTEGER, n INTEGER);
CREATE OR REPLACE PUMP "COUNTS" AS INSERT INTO "COUNTED" SELECT STREAM MOD("i", 3), COUNT(*) FROM "S_001"
  GROUP BY MOD("i", 3), STEP("S_001".ROWTIME BY INTERVAL '1' HOUR);`;

function writeApplication(folder: string): string {
  const file = join(folder, 'application.json');
  const application = {
    ApplicationName: 'numbers',
    ApplicationCode: code,
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisFirehoseInput: { ResourceARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/numbers' },
        InputSchema: {
          RecordFormat: { RecordFormatType: 'JSON' },
          RecordColumns: [{ Name: 'i', SqlType: 'INTEGER', Mapping: '$.i' }],
        },
      },
    ],
    rowtime: {
      inputs: { S: { from: 'directPut', port: 0 } },
      outputs: { PASSED: { to: 'files', folder: join(folder, 'out'), bufferSize: 0.0005 } },
      checkpointInterval: '100ms',
      monitor: { port: 0 },
    },
  };
  writeFileSync(file, JSON.stringify(application));
  return file;
}

/** Starts the service, sends the numbers from `from` to `to` over some checkpoints, and leaves it running. */
async function sending(file: string, from: number, to: number) {
  const running = rowtime('run', file);
  const line = await printed(running.process, (text) =>
    text.split('\n').find((one) => one.includes('"msg":"started"')),
  );
  const { from: address, monitor } = JSON.parse(line);
  const taken = async (): Promise<number> => {
    const { checkpoints, input } = JSON.parse(await (await fetch(`${monitor}/statusz`)).text());
    return input.records < next - from ? 0 : checkpoints.taken;
  };
  let next = from;
  while (next < to) {
    const records = Array.from({ length: Math.min(25, to - next) }, () => `{"i":${next++}}`);
    expect(await putRecords(address.split(' ')[0], 'numbers', records)).toBe(true);
    const before = await taken();
    await expect.poll(taken).toBeGreaterThan(before);
  }
  return running;
}

const numbers = (stdout: string): number[] =>
  JSON.parse(stdout).checkpoints.map((one: { number: number }) => one.number);

test('an older checkpoint is restored: what comes again is what is there, and nothing is lost or repeated', async () => {
  const folder = temporaryFolder();
  const file = writeApplication(folder);
  const { process, finished } = await sending(file, 0, 200);
  process.kill('SIGTERM');
  expect((await finished).code).toBe(0);

  const listed = await rowtime('checkpoints', 'list', file, '--json').finished;
  expect(listed.code).toBe(0);
  const [newest, middle, oldest] = numbers(listed.stdout) as [number, number, number];
  expect([middle, oldest]).toEqual([newest - 1, newest - 2]);

  const { code: ended, stdout, stderr } = await rowtime('checkpoints', 'restore', file, String(oldest)).finished;
  expect({ ended, stdout }).toEqual({
    ended: 0,
    stdout: `checkpoint ${oldest} is the newest again, as checkpoint ${newest + 1}\n`,
  });
  expect(stderr).toContain('the next start reads again from journal 0, byte ');
  expect(stderr).toContain(
    'PASSED to files, error_stream to files: objects that come again are compared with those that are there',
  );
  const state = join(folder, '.rowtime/numbers');
  expect(readdirSync(state).filter((name) => name.startsWith('lock'))).toEqual([]);
  expect(numbers((await rowtime('checkpoints', 'list', state, '--json').finished).stdout)).toEqual([
    newest + 1,
    newest,
    middle,
  ]);

  const again = await sending(file, 200, 400);
  again.process.kill('SIGTERM');
  expect((await again.finished).code).toBe(0);
  const passed = rowsIn(join(folder, 'out'), 'PASSED')
    .map(({ I }) => I as number)
    .sort((a, b) => a - b); // objects of one second are in no order of their names
  expect(passed.length).toBeGreaterThan(350);
  expect(passed).toEqual(passed.map((_, i) => i));
}, 60_000);

test('a service that runs keeps its checkpoints: restore says whose they are', async () => {
  const folder = temporaryFolder();
  const file = writeApplication(folder);
  const { process, finished } = await sending(file, 0, 25);
  const listed = await rowtime('checkpoints', 'list', file, '--json').finished;
  const [number] = numbers(listed.stdout);
  const { code: ended, stderr } = await rowtime('checkpoints', 'restore', file, String(number)).finished;
  expect(ended).toBe(3);
  expect(stderr).toMatch(
    new RegExp(`checkpoint ${number} is not restored while the service runs: .* is in use by process ${process.pid}`),
  );
  process.kill('SIGTERM');
  expect((await finished).code).toBe(0);
});

describe('a folder of checkpoints', () => {
  const checkpoint = (clock: number): Checkpoint => ({
    version: 2,
    plan: 'pump P into S\n  read T\nseed 42',
    position: { path: '/data/a.json', offset: 1_200, arrival: 0, filesRead: 2, file: null },
    clock,
    nodes: [
      { id: 'stream/T', owner: 'input T', kind: 'input', what: '', text: '', from: [], remembers: null },
      {
        id: 'pump/P/1',
        owner: 'pump P',
        kind: 'operator',
        what: 'tumbling window of 1 minute',
        text: '',
        from: ['stream/T'],
        remembers: '100 keys open',
      },
    ],
    operators: { 'stream/T': null, 'pump/P/1': { sums: new Float64Array(100) } },
    parts: [
      {
        name: 'S to firehose scores',
        columns: null,
        about: null,
        isRetired: false,
        prepared: { target: 'firehose scores', rows: 7, unsent: [] },
      },
      { name: 'S to standard output', columns: null, about: null, isRetired: false, prepared: null },
    ],
  });
  const withCheckpoints = async () => {
    const folder = temporaryFolder();
    const store = checkpointFiles(folder);
    for (const minute of [1, 2, 3]) await store.save(checkpoint(60_000 * minute));
    return folder;
  };

  test('is listed, newest first, with what is wrong with a damaged file', async () => {
    const folder = await withCheckpoints();
    const damaged = join(folder, 'checkpoint-000000000002');
    writeFileSync(damaged, readFileSync(damaged).subarray(0, 100));
    const { code, stdout, stderr } = await rowtime('checkpoints', 'list', folder).finished;
    const time = String.raw`20\d\d-\d\d-\d\dT[\d:.]+Z`;
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(
        new RegExp(
          `^   3  ${time}  +1.. KiB  watermark 1970-01-01T00:03:00.000Z; /data/a.json, byte 1,200, after 2 files$`,
        ),
      ),
      expect.stringMatching(
        new RegExp(`^   2  ${time}   100 bytes  damaged: it says it holds \\d+ bytes, and holds 76$`),
      ),
      expect.stringMatching(/^ {3}1 {2}/),
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `${folder}: 3 checkpoints\n` });
  });

  test('shows what one holds', async () => {
    const folder = await withCheckpoints();
    const shown = await rowtime('checkpoints', 'show', folder, '3').finished;
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain(`
outputs
  S to firehose scores: 7 rows taken, 0 not yet delivered (at least once)

operators with state
   832 bytes  pump P: tumbling window of 1 minute, 100 keys open

plan
  pump P into S
    read T
  seed 42
`);
    const { stdout } = await rowtime('checkpoints', 'show', folder, '3', '--json').finished;
    expect(JSON.parse(stdout)).toMatchObject({
      number: 3,
      watermark: '1970-01-01T00:03:00.000Z',
      position: { offset: 1_200 },
      operators: [{ operator: 'pump/P/1', state: 'pump P: tumbling window of 1 minute, 100 keys open', bytes: 832 }],
      plan: ['pump P into S', '  read T', 'seed 42'],
    });
  });

  test('restore says what is delivered again', async () => {
    const folder = await withCheckpoints();
    const { stderr } = await rowtime('checkpoints', 'restore', folder, '1').finished;
    expect(stderr).toContain('S to firehose scores: rows since then are delivered a second time\n');
    expect((await checkpointFiles(folder).load())?.clock).toBe(60_000);
  });

  test('what is not there or not whole is not restored', async () => {
    const folder = await withCheckpoints();
    copyFileSync(new URL(import.meta.url), join(folder, 'checkpoint-000000000002'));
    const refused = async (...args: string[]) => {
      const { code, stderr } = await rowtime('checkpoints', ...args).finished;
      return { code, stderr };
    };
    expect(await refused('restore', folder, '9')).toEqual({
      code: 3,
      stderr: `rowtime: ${folder} has no checkpoint 9; it has 3, 2, 1\n`,
    });
    expect(await refused('restore', folder, '2')).toEqual({
      code: 4,
      stderr: 'rowtime: checkpoint 2 is damaged: it does not begin as a checkpoint does\n',
    });
    expect((await refused('list', join(folder, 'nowhere'))).code).toBe(3);
    expect((await refused('show', folder, 'two')).code).toBe(2);
    expect((await checkpointFiles(folder).load())?.clock).toBe(180_000);
  });
});

test.each([
  [{ stream: 'numbers', time: 0, shards: [{}, {}], done: ['a'] }, 'stream numbers, 2 shards, and 1 read to their end'],
  [{ segment: 3, offset: 120, record: 2 }, 'journal 3, byte 120, record 2'],
  [
    {
      since: 0,
      listing: { after: 'k', done: [] },
      current: { entry: { key: 'a/b', etag: '' }, offset: 7 },
      arrival: 0,
    },
    'object a/b, byte 7',
  ],
  [{ since: 0, listing: { after: 'a/c', done: [] }, current: null, arrival: 0 }, 'after object a/c'],
  [{ since: 0, listing: { after: '', done: [] }, current: null, arrival: 0 }, 'objects since 1970-01-01T00:00:00.000Z'],
  [{ since: null, listing: { after: '', done: [] }, current: null, arrival: 0 }, 'the first object'],
  [17, '17'],
])('says where each source goes on: %o', (position, words) => {
  expect(describePosition(position)).toBe(words);
});

test('operators without state, and parts that keep none, are left out', () => {
  const checkpoint: Checkpoint = {
    version: 2,
    plan: '',
    position: null,
    clock: Number.NEGATIVE_INFINITY,
    nodes: ['a', 'b', 'c'].map((id) => {
      return { id, owner: `pump ${id}`, kind: 'operator', what: 'x', text: '', from: [], remembers: null };
    }),
    operators: { a: null, b: [1], c: new Float64Array(9) },
    parts: [null, { segment: 0, offset: 0, record: 0 }, { stream: 'S', next: 1, open: null, sealed: [] }].map(
      (prepared, i) => ({ name: `part ${i}`, columns: null, about: null, isRetired: false, prepared }),
    ),
  };
  expect(operatorStates(checkpoint).map(({ operator }) => operator)).toEqual(['c', 'b']);
  expect(describeParts(checkpoint)).toEqual([
    { name: 'part 2', delivery: 'exactly once', state: 'no open object, 0 to publish', isDone: true },
  ]);
});
