import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { printed, putRecords } from './put-records.ts';
import { filesIn, rowsIn, rowtime, temporaryFolder } from './rowtime.ts';

// features: F198 F210 F218

const code = `
CREATE OR REPLACE STREAM "PASSED" (i INTEGER);
CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED" SELECT STREAM "i" FROM "S_001";
CREATE OR REPLACE STREAM "COUNTED" (k INTEGER, n INTEGER);
CREATE OR REPLACE PUMP "COUNTS" AS INSERT INTO "COUNTED" SELECT STREAM MOD("i", 3), COUNT(*) FROM "S_001"
  GROUP BY MOD("i", 3), STEP("S_001".ROWTIME BY INTERVAL '1' SECOND);
CREATE OR REPLACE STREAM "HALVED" (h INTEGER);
CREATE OR REPLACE PUMP "HALVES" AS INSERT INTO "HALVED" SELECT STREAM 10 / MOD("i", 10) FROM "S_001";`;

function writeApplication(folder: string, rowtimeSection: object = {}): string {
  const file = join(folder, 'application.json');
  const InputSchema = {
    RecordFormat: { RecordFormatType: 'JSON' },
    RecordColumns: [{ Name: 'i', SqlType: 'INTEGER', Mapping: '$.i' }],
  };
  const arn = 'arn:aws:firehose:us-east-1:123456789012:deliverystream/numbers';
  const outputs = Object.fromEntries(
    ['PASSED', 'COUNTED', 'HALVED', 'error_stream'].map((name) => [
      name,
      { to: 'files', folder: join(folder, 'out'), bufferInterval: '1s' },
    ]),
  );
  const application = {
    ApplicationName: 'numbers',
    ApplicationCode: code,
    Inputs: [{ NamePrefix: 'S', KinesisFirehoseInput: { ResourceARN: arn }, InputSchema }],
    rowtime: {
      inputs: { S: { from: 'directPut', port: 0, bucket: join(folder, 'bucket'), bufferInterval: '1s' } },
      outputs,
      checkpointInterval: '150ms',
      monitor: { port: 0 },
      ...rowtimeSection,
    },
  };
  writeFileSync(file, JSON.stringify(application, null, 2));
  return file;
}

interface Addresses {
  readonly put: string;
  readonly monitor: string;
}

async function started(process: Parameters<typeof printed>[0]): Promise<Addresses> {
  const line = await printed(process, (text) => text.split('\n').find((one) => one.includes('"msg":"started"')));
  const { from, monitor } = JSON.parse(line);
  return { put: from.split(' ')[0], monitor };
}

function landed(folder: string): number[] {
  return [...filesIn(join(folder, 'bucket'))].flatMap(([, text]) =>
    JSON.parse(`[${text.replaceAll('}{', '},{')}]`).map(({ i }: { i: number }) => i),
  );
}

/** ROWTIME_KILLS: how often the worker is killed; .ci/run kills it more often. */
const kills = Number(process.env['ROWTIME_KILLS'] ?? 5);

test(
  'an application that is killed again and again loses and repeats nothing of what was acknowledged',
  async () => {
    const folder = temporaryFolder();
    const file = writeApplication(folder);
    let sent = 0;
    const acknowledged: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const { process, finished } = rowtime('run', file);
      const { put } = await started(process);
      const killed = new Promise((resolve) => setTimeout(resolve, 300 + 250 * (kill % 5))).then(() =>
        process.kill('SIGKILL'),
      );
      for (;;) {
        const batch = Array.from({ length: 10 }, () => sent++);
        if (
          !(await putRecords(
            put,
            'numbers',
            batch.map((i) => `{"i":${i}}`),
          ))
        )
          break;
        acknowledged.push(...batch);
      }
      await killed;
      expect((await finished).signal).toBe('SIGKILL');
    }
    const { process, finished } = rowtime('run', file);
    await started(process);
    // The last second has to be over before its window is.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    process.kill('SIGTERM');
    expect((await finished).code).toBe(0);
    // Once more to its end: what is in open files after SIGTERM goes on in them.
    const passed = rowsIn(join(folder, 'out'), 'PASSED').map(({ I }) => I as number);
    expect(passed).toEqual([...new Set(passed)].sort((a, b) => a - b));
    expect(landed(folder).slice(0, passed.length)).toEqual(passed.slice(0, landed(folder).length));
    const kept = new Set(passed);
    expect(acknowledged.filter((i) => !kept.has(i))).toEqual([]);
    expect(passed.length - acknowledged.length).toBeLessThanOrEqual(kills * 10);
    const counted = rowsIn(join(folder, 'out'), 'COUNTED').reduce((sum, { N }) => sum + (N as number), 0);
    expect(counted).toBe(passed.length);
    const failed = rowsIn(join(folder, 'out'), 'error_stream').map(({ ERROR_NAME }) => ERROR_NAME);
    expect(new Set(failed)).toEqual(new Set(['DivisionByZero']));
    expect(rowsIn(join(folder, 'out'), 'HALVED').length + failed.length).toBe(passed.length);
  },
  60_000 + kills * 5_000,
);

test('a service says how it is, and refuses a second one of itself', async () => {
  const folder = temporaryFolder();
  const outputs = { PASSED: { to: 'files', folder: join(folder, 'out') } };
  const file = writeApplication(folder, { outputs, metrics: { emf: true, namespace: 'Numbers' } });
  const { process, finished } = rowtime('run', file);
  const { put, monitor } = await started(process);
  expect(await putRecords(put, 'numbers', ['{"i":1}', '{"i":"x"}'])).toBe(true);
  const get = async (path: string) => (await fetch(monitor + path)).text();
  await expect
    .poll(async () => JSON.parse(await get('/statusz')).input, { timeout: 10_000 })
    .toMatchObject({ records: 1, rejected: 1 });
  // What gave no row is kept, although the application has no output for it.
  await expect
    .poll(async () => JSON.parse(await get('/statusz')).outputs, { timeout: 10_000 })
    .toMatchObject([
      { stream: 'PASSED', rows: 1 },
      { stream: 'error_stream', to: 'files', rows: 1 },
    ]);
  expect(await get('/readyz')).toBe('ok\n');
  expect(await get('/metrics')).toContain(
    'rowtime_output_rows_total{stream="PASSED",to="files",application="numbers"} 1',
  );
  const second = await rowtime('run', file).finished;
  expect(second.code).toBe(3);
  expect(second.stderr).toContain(`is in use by process ${process.pid}`);
  process.kill('SIGTERM');
  const { code, stdout } = await finished;
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ msg }) => msg).map(({ msg }) => msg)).toEqual(['started', 'stopping', 'stopped']);
  expect(lines.some((line) => line['_aws']?.CloudWatchMetrics[0].Namespace === 'Numbers')).toBe(true);
});

test('a service whose disk takes no checkpoint for a while counts it, and goes on', async () => {
  const folder = temporaryFolder();
  const file = writeApplication(folder, { state: join(folder, 'state') });
  const { process, finished } = rowtime('run', file);
  const { put, monitor } = await started(process);
  const checkpoints = async () => JSON.parse(await (await fetch(`${monitor}/statusz`)).text()).checkpoints;
  await expect
    .poll(checkpoints, { timeout: 10_000 })
    .toMatchObject({ failed: 0, taken: expect.toSatisfy((n: number) => n > 0) });
  // A file in the place of the folder: every write below it fails, as on a disk that does.
  const place = join(folder, 'state', 'checkpoints');
  renameSync(place, `${place}.away`);
  writeFileSync(place, '');
  expect(await putRecords(put, 'numbers', ['{"i":1}', '{"i":2}'])).toBe(true);
  await expect.poll(async () => (await checkpoints()).failed, { timeout: 10_000 }).toBeGreaterThan(0);
  rmSync(place);
  renameSync(`${place}.away`, place);
  const { taken } = await checkpoints();
  await expect.poll(async () => (await checkpoints()).taken, { timeout: 10_000 }).toBeGreaterThan(taken);
  process.kill('SIGTERM');
  const { code, stdout } = await finished;
  expect(code).toBe(0);
  expect(stdout).toContain('"msg":"a checkpoint could not be taken"');
  // Once more, so that the second is over and its object complete.
  const again = rowtime('run', file);
  await started(again.process);
  await expect.poll(() => rowsIn(join(folder, 'out'), 'PASSED').map(({ I }) => I), { timeout: 10_000 }).toEqual([1, 2]);
  again.process.kill('SIGTERM');
  expect((await again.finished).code).toBe(0);
});

// features: F201
test('reference data are read again at each start, and the stream goes on where it was', async () => {
  const folder = temporaryFolder();
  const table = join(folder, 'names.csv');
  const application = JSON.parse(readFileSync(writeApplication(folder), 'utf8'));
  const column = (Name: string, SqlType: string) => ({ Name, SqlType });
  application.ApplicationCode = `CREATE OR REPLACE STREAM "PASSED" (i INTEGER, name VARCHAR(8));
    CREATE OR REPLACE PUMP "P" AS INSERT INTO "PASSED"
    SELECT STREAM s."i", n."name" FROM "S_001" AS s LEFT JOIN "NAMES" AS n ON s."i" = n."k";`;
  application.ReferenceDataSources = [
    {
      TableName: 'NAMES',
      S3ReferenceDataSource: { BucketARN: 'arn:aws:s3:::tables', FileKey: 'names.csv' },
      ReferenceSchema: {
        RecordFormat: { RecordFormatType: 'CSV' },
        RecordColumns: [column('k', 'INTEGER'), column('name', 'VARCHAR(8)')],
      },
    },
  ];
  application.rowtime.outputs = { PASSED: { to: 'files', folder: join(folder, 'out'), bufferInterval: '300ms' } };
  application.rowtime.tables = { NAMES: 'names.csv' };
  const file = join(folder, 'application.json');
  writeFileSync(file, JSON.stringify(application));
  for (const name of ['old', 'new']) {
    writeFileSync(table, `7,${name}\n`);
    const { process: worker, finished } = rowtime('run', file);
    const { put } = await started(worker);
    expect(await putRecords(put, 'numbers', ['{"i":7}'])).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    worker.kill('SIGTERM');
    expect((await finished).code).toBe(0);
  }
  expect(rowsIn(join(folder, 'out'), 'PASSED').map((row) => row['NAME'])).toEqual(['old', 'new']);
});

test('a service whose monitor finds its port taken says so, and ends', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await rowtime('run', writeApplication(temporaryFolder(), { monitor: { port } })).finished;
  server.close();
  expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringContaining(`port ${port} is in use`) });
});

test('metrics go to CloudWatch when it is asked for, and a refusal stops nobody', async () => {
  const calls: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const body: Buffer[] = [];
    for await (const bytes of request) body.push(bytes);
    calls.push({ headers: request.headers, body: Buffer.concat(body) });
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cloudwatch = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  const file = writeApplication(temporaryFolder(), {
    metrics: { cloudWatch: true, namespace: 'Numbers' },
    endpoints: { cloudwatch },
  });
  const { process: worker, finished } = rowtime('run', file);
  await started(worker);
  worker.kill('SIGTERM');
  expect((await finished).code).toBe(0);
  server.close();
  const [call] = calls;
  expect(String(call?.headers['x-amz-target'] ?? call?.body)).toContain('PutMetricData');
  const sent = call!.headers['content-encoding'] === 'gzip' ? gunzipSync(call!.body) : call!.body;
  expect(sent.toString()).toContain('MillisBehindLatest');
  expect(sent.toString()).toContain('Numbers');
});

test.each([
  [
    { outputs: { NOPE: { to: 'files', folder: 'out' } } },
    3,
    'output NOPE: the program has no such stream; it has S_001, PASSED',
  ],
  [{ inputs: { S: { from: 'directPut', host: '0.0.0.0' } } }, 3, 'httpEndpoint takes records from elsewhere'],
  [{ inputs: { S: { from: 'httpEndpoint' } } }, 3, 'the environment has no ROWTIME_FIREHOSE_ACCESS_KEY'],
  [{ seed: 'x' }, 3, 'rowtime.seed: expected number, received string'],
])('an application that cannot run says why: %o', async (section, code, message) => {
  const file = writeApplication(temporaryFolder(), section);
  const { code: found, stderr } = await rowtime('run', file).finished;
  expect(stderr).toContain(message);
  expect(found).toBe(code);
});

test.each([
  [{}, 0, '', 'no errors'],
  [{ outputs: { NOPE: { to: 'files', folder: 'out' } } }, 3, 'output NOPE: the program has no such stream', '1 error'],
])('rowtime check reads an application and its program: %o', async (section, code, found, count) => {
  const file = writeApplication(temporaryFolder(), section);
  const { code: ended, stdout, stderr } = await rowtime('check', file).finished;
  expect(stdout).toContain(found);
  expect({ ended, stderr }).toEqual({ ended: code, stderr: `${file}: ${count}\n` });
});
