import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CreateStreamCommand, KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { type Batch, fromRows, type Schema } from '@rowtime/core';
import { faultProxy, startKinesalite, startTestServer } from '@rowtime/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { expect, onTestFinished, test } from 'vitest';
import { placeOf, streamPlace } from '../../src/mirror/place.ts';
import { type Shadow, type ShadowOptions, shadow } from '../../src/mirror/shadow.ts';
import { printed, putRecords } from '../put-records.ts';
import { filesIn, rowtime, rowtimeIn, temporaryFolder } from '../rowtime.ts';

const start = Date.UTC(2024, 0, 1);
const schema: Schema = [
  { name: 'ticker', type: { kind: 'varchar', length: 8 }, nullable: true },
  { name: 'total', type: { kind: 'bigint' }, nullable: true },
  { name: 'day', type: { kind: 'date' }, nullable: true },
];
/** Enough of them: a comparison begins when some thousand rows of each side are there. */
const tickers = Array.from({ length: 200 }, (_, i) => `T${i}`);

/** The rows of a minute, at its end. */
function rowsOf(minute: number, totals: (ticker: number) => number | string = (ticker) => minute * 1_000 + ticker) {
  return tickers.map((ticker, i) => ({
    rowtime: start + (minute + 1) * 60_000,
    row: { ticker, total: totals(i), day: start },
  }));
}

const batch = (minute: number): Batch => fromRows(schema, rowsOf(minute));

/** The same as the old application delivered it. */
function recordsOf(minute: number, totals?: (ticker: number) => number | string): string[] {
  return rowsOf(minute, totals).map(
    ({ rowtime, row }) =>
      `{"ROWTIME":"${new Date(rowtime).toISOString().replace('T', ' ').slice(0, 21)}","ticker":"${row.ticker}","total":${row.total},"day":"2024-01-01"}`,
  );
}

function record(folder: string, minute: number, totals?: (ticker: number) => number | string): void {
  put(folder, minute, recordsOf(minute, totals).join(''));
}

function put(folder: string, minute: number, content: string | Buffer): void {
  const iso = new Date(start + minute * 60_000).toISOString();
  const name = `totals-1-${iso.slice(0, 19).replace(/[T:]/g, '-')}-00000000-0000-0000-0000-000000000000`;
  const path = join(folder, iso.slice(0, 13).replace(/[-T]/g, '/'), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

interface Logged {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly fields: object;
}

function begun(folder: string, options: Partial<ShadowOptions> = {}): { shadow: Shadow; logged: Logged[] } {
  const logged: Logged[] = [];
  const made = shadow({
    stream: 'TOTALS',
    schema,
    recorded: placeOf(folder, {}),
    columns: null,
    key: ['ticker'],
    time: 'ROWTIME',
    windowMillis: 60_000,
    scores: null,
    seeded: false,
    ignored: [],
    tolerances: [],
    alarmBelow: null,
    now: Date.now,
    log: {
      info: (fields, message) => logged.push({ level: 'info', message, fields }),
      warn: (fields, message) => logged.push({ level: 'warn', message, fields }),
    },
    pauseMs: 20,
    ...options,
  });
  onTestFinished(() => made.close());
  made.start();
  return { shadow: made, logged };
}

test('windows are judged as both sides go past them; what comes later is found', async () => {
  const folder = temporaryFolder();
  const { shadow, logged } = begun(folder);
  const taken = (from: number, to: number) => {
    for (let minute = from; minute < to; minute++) shadow.take(batch(minute));
  };
  const recorded = (from: number, to: number) => {
    for (let minute = from; minute < to; minute++) record(folder, minute);
  };
  taken(0, 30);
  expect(shadow.status()).toMatchObject({ state: 'waiting', agreement: null, windows: { equal: 0, different: 0 } });
  // That nothing is there is said once.
  await expect.poll(() => shadow.status().errors).toBe(1);
  recorded(0, 20);
  await expect.poll(() => shadow.status().windows.equal, { timeout: 10_000 }).toBeGreaterThan(10);
  const { windows } = shadow.status();
  expect(windows.equal).toBeLessThan(20);
  recorded(20, 45);
  taken(30, 45);
  await expect.poll(() => shadow.status().windows.equal, { timeout: 10_000 }).toBeGreaterThan(35);
  const { rows, agreement, judgedTo, ...status } = shadow.status();
  expect({ agreement, ...status }).toMatchObject({ agreement: 1, dropped: 0, errors: 1, windows: { different: 0 } });
  expect(rows.equal).toBe(tickers.length * status.windows.equal);
  expect(judgedTo).toBeGreaterThan(start + 30 * 60_000);
  expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(1);
});

test('an alarm begins when the agreement falls below its bound, and ends when it is back', async () => {
  const folder = temporaryFolder();
  for (let minute = 0; minute < 120; minute++) record(folder, minute, minute === 5 ? () => -1 : undefined);
  const { shadow, logged } = begun(folder, { alarmBelow: 0.97 });
  for (let minute = 0; minute < 120; minute++) shadow.take(batch(minute));
  await expect.poll(() => shadow.status().windows.equal, { timeout: 10_000 }).toBeGreaterThan(100);
  expect(shadow.status()).toMatchObject({ isAlarming: false, windows: { different: 1 }, rows: { different: 200 } });
  const messages = logged.map(({ level, message }) => `${level}: ${message}`);
  expect(messages).toEqual([
    'warn: the results differ from the recorded ones',
    'info: the results agree with the recorded ones again',
  ]);
  expect(logged[0]!.fields).toMatchObject({ stream: 'TOTALS', window: expect.stringMatching(/^2024-01-01T00:0/) });
});

test('numbers beyond 2^53, times and dates of ours are those that were recorded', async () => {
  const folder = temporaryFolder();
  const large = (ticker: number) => `9007199254741${String(ticker).padStart(3, '0')}`;
  const oneLess = (ticker: number) => (ticker === 1 ? '9007199254741000' : large(ticker));
  for (let minute = 0; minute < 30; minute++) record(folder, minute, minute === 3 ? oneLess : large);
  const { shadow } = begun(folder);
  for (let minute = 0; minute < 30; minute++) shadow.take(fromRows(schema, rowsOf(minute, large)));
  await expect.poll(() => shadow.status().windows.equal, { timeout: 10_000 }).toBeGreaterThan(20);
  expect(shadow.status().rows).toMatchObject({ different: 1, moved: 0, onlyRecorded: 0, onlyOurs: 0 });
});

test('whatever is wrong with what was recorded is counted and said, and nothing is thrown', async () => {
  const folder = join(temporaryFolder(), 'not there yet');
  const { shadow, logged } = begun(folder);
  await expect.poll(() => shadow.status().errors).toBe(1);
  put(folder, 0, Buffer.from([0x1f, 0x8b, 1, 2, 3]));
  await expect.poll(() => shadow.status().errors).toBe(2);
  put(folder, 0, Buffer.from(' '));
  await expect.poll(() => shadow.status().errors).toBe(3);
  put(folder, 30, Buffer.from('{"ticker": oops}'));
  for (let minute = 0; minute < 30; minute++) {
    record(folder, minute);
    shadow.take(batch(minute));
  }
  await expect.poll(() => shadow.status().windows.equal, { timeout: 10_000 }).toBeGreaterThan(20);
  await expect.poll(() => logged.at(-1)?.message, { timeout: 10_000 }).toMatch(/^1 recorded records are no rows/);
  expect(shadow.status()).toMatchObject({ state: 'comparing', agreement: 1 });
  expect(logged.filter(({ level }) => level === 'warn').length).toBe(shadow.status().errors);
});

test('results that a data stream delivers are compared, also after a failure of the stream', async () => {
  const server = await startKinesalite();
  onTestFinished(() => server.close());
  let isDenied = false;
  const denied = { status: 400, body: '{"__type":"AccessDeniedException","message":"not now"}' };
  const proxy = await faultProxy(server.url, () => (isDenied ? denied : 'pass'));
  onTestFinished(() => proxy.close());
  const [region, credentials] = ['us-east-1', { accessKeyId: 'test', secretAccessKey: 'test' }];
  const requestHandler = new NodeHttpHandler();
  const client = new KinesisClient({ region, endpoint: server.url, credentials, requestHandler });
  onTestFinished(() => client.destroy());
  const connection = { region, endpoint: proxy.url, credentials };
  const { shadow, logged } = begun('', { recorded: streamPlace('kinesis:old', 'old', () => connection) });
  // Nobody has made it yet.
  await expect.poll(() => shadow.status().errors).toBe(1);
  await client.send(new CreateStreamCommand({ StreamName: 'old', ShardCount: 1 }));
  const put = async (from: number, to: number) => {
    for (let minute = from; minute < to; minute++) {
      shadow.take(batch(minute));
      const Records = recordsOf(minute).map((text) => ({ Data: Buffer.from(text), PartitionKey: 'one' }));
      await expect
        .poll(() => client.send(new PutRecordsCommand({ StreamName: 'old', Records })).catch(() => null))
        .toMatchObject({ FailedRecordCount: 0 });
    }
  };
  await put(0, 20);
  await expect.poll(() => shadow.status().windows.equal, { timeout: 10_000 }).toBeGreaterThan(10);
  const before = shadow.status().errors;
  isDenied = true;
  await expect.poll(() => shadow.status().errors, { timeout: 10_000 }).toBeGreaterThan(before);
  expect(logged.at(-1)).toMatchObject({
    message: expect.stringContaining('cannot be read; they are looked for again'),
  });
  isDenied = false;
  await put(20, 40);
  await expect.poll(() => shadow.status().windows.equal, { timeout: 10_000 }).toBeGreaterThan(30);
  expect(shadow.status()).toMatchObject({ agreement: 1, windows: { different: 0 }, dropped: 0 });
}, 60_000);

test('rows of ours that wait for a recording are bounded', async () => {
  const { shadow } = begun(temporaryFolder());
  const many = fromRows(
    schema,
    Array.from({ length: 90_000 }, (_, i) => ({ rowtime: start + i, row: { ticker: 'A', total: i, day: start } })),
  );
  for (let i = 0; i < 5; i++) shadow.take(many);
  expect(shadow.status().dropped).toBe(270_000);
});

const code = `
CREATE OR REPLACE STREAM "TOTALS" ("k" INTEGER, "n" INTEGER);
CREATE OR REPLACE PUMP "P" AS INSERT INTO "TOTALS" SELECT STREAM MOD("i", 100), COUNT(*) FROM "S_001"
  GROUP BY MOD("i", 100), STEP("S_001".ROWTIME BY INTERVAL '1' MINUTE);`;

function application(): object {
  const columns = ['i', 't'].map((name) => ({
    Name: name,
    SqlType: name === 't' ? 'BIGINT' : 'INTEGER',
    Mapping: `$.${name}`,
  }));
  return {
    ApplicationName: 'totals',
    ApplicationCode: code,
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisFirehoseInput: { ResourceARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/numbers' },
        InputSchema: { RecordFormat: { RecordFormatType: 'JSON' }, RecordColumns: columns },
      },
    ],
  };
}

test('a service shows how its results agree with recorded ones, and goes on whatever they are', async () => {
  const folder = temporaryFolder();
  const records = Array.from({ length: 4_500 }, (_, i) => `{"i":${i},"t":${start + i * 600}}`);
  const input = join(folder, 'input.json');
  writeFileSync(input, records.join(''));
  const program = join(folder, 'app.sql');
  writeFileSync(program, code);
  const before = rowtime(
    'run',
    program,
    '--input',
    input,
    '--output',
    join(folder, 'old'),
    '--rowtime',
    'column:t:ms',
    '--stream',
    'S_001',
  );
  expect((await before.finished).code).toBe(0);
  // One of the minutes was recorded with other counts.
  const server = await startTestServer();
  onTestFinished(() => server.close());
  server.s3.createBucket('old');
  for (const [name, text] of filesIn(join(folder, 'old/TOTALS'))) {
    const other = text.replaceAll(/("2024-01-01T00:07:00.000Z","k":\d+,"n":)(\d)/g, '$19');
    server.s3.put('old', `totals/${name}`, Buffer.from(other));
  }

  const file = join(folder, 'application.json');
  writeFileSync(
    file,
    JSON.stringify({
      ...application(),
      rowtime: {
        inputs: { S: { from: 'directPut', port: 0, bucket: join(folder, 'bucket') } },
        outputs: { TOTALS: { to: 'files', folder: join(folder, 'out') } },
        rowtime: 'column:t:ms',
        checkpointInterval: '200ms',
        monitor: { port: 0 },
        metrics: { emf: true },
        region: 'us-east-1',
        endpoints: { s3: server.url },
        mirror: { recorded: 'to be said by --mirror', alarmBelow: 0.99 },
      },
    }),
  );
  const { process, finished } = rowtimeIn({ AWS_ACCESS_KEY_ID: 'test' }, 'run', file, '--mirror', 's3://old/totals/');
  const alarm = printed(process, (text) =>
    text.split('\n').find((line) => line.includes('the results differ from the recorded ones')),
  );
  const line = await printed(process, (text) => text.split('\n').find((one) => one.includes('"msg":"started"')));
  const { from, monitor } = JSON.parse(line);
  for (let at = 0; at < records.length; at += 500)
    expect(await putRecords(from.split(' ')[0], 'numbers', records.slice(at, at + 500))).toBe(true);
  const metrics = async () => (await fetch(`${monitor}/metrics`)).text();
  await expect
    .poll(metrics, { timeout: 20_000 })
    .toMatch(/rowtime_mirror_windows_total\{stream="TOTALS",result="equal",application="totals"\} [34][0-9]/);
  const text = await metrics();
  expect(text).toMatch(/rowtime_mirror_windows_total\{stream="TOTALS",result="different",application="totals"\} 1\n/);
  expect(text).toMatch(/rowtime_mirror_rows_total\{stream="TOTALS",result="different",application="totals"\} 100\n/);
  expect(text).toMatch(/rowtime_mirror_alarm\{stream="TOTALS",application="totals"\} 1\n/);
  expect(text).toMatch(/rowtime_mirror_agreement\{stream="TOTALS",application="totals"\} 0\.9/);
  expect(JSON.parse(await alarm)).toMatchObject({ level: 'warn', stream: 'TOTALS', alarmBelow: 0.99 });
  const status = (await (await fetch(`${monitor}/statusz`)).json()) as { mirror: object };
  expect(status.mirror).toMatchObject({ stream: 'TOTALS', state: 'comparing', isAlarming: true, errors: 0 });
  process.kill('SIGTERM');
  const { code: exit, stdout } = await finished;
  expect(exit).toBe(0);
  expect(stdout).toMatch(/"MirrorAgreement":9\d\./);
  expect(filesIn(join(folder, 'out')).size).toBeGreaterThan(0);
}, 60_000);

test('mirror settings that cannot be meant stop the start; --mirror is for applications', async () => {
  const folder = temporaryFolder();
  const program = join(folder, 'app.sql');
  writeFileSync(program, code);
  const ofProgram = await rowtime('run', program, '--input', 'x', '--json', '--mirror', folder).finished;
  expect(ofProgram).toMatchObject({ code: 2, stderr: expect.stringContaining('--mirror is for an application') });

  const file = join(folder, 'application.json');
  const start = async (mirror: object) => {
    const rowtimeSection = { inputs: { S: { from: 'files', paths: [program] } }, monitor: { port: 0 }, mirror };
    writeFileSync(file, JSON.stringify({ ...application(), rowtime: rowtimeSection }));
    return rowtime('run', file).finished;
  };
  expect(await start({ recorded: folder, stream: 'NONE' })).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/rowtime\.mirror: stream NONE: the program has no such stream; it has .*TOTALS/),
  });
  expect(await start({ recorded: folder, alarmBelow: 2 })).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('rowtime.mirror.alarmBelow'),
  });
  expect((await start({ recorded: folder, stream: 'TOTALS', tolerance: ['much'] })).stderr).toContain(
    '--tolerance much',
  );
});
