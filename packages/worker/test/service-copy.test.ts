import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { type ServerProcess, seededRandom, startKinesalite, startTestServer, type TestServer } from '@rowtime/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printed, putRecords } from './put-records.ts';
import { rowtime, temporaryFolder } from './rowtime.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';
/** ROWTIME_KILLS: how often a machine is lost; .ci/run loses more. */
const losses = Math.ceil(Number(process.env['ROWTIME_KILLS'] ?? 5) / 5) + 1;
const recordsPerMachine = 400;

let aws: TestServer;
let streams: ServerProcess;
let kinesis: KinesisClient;

beforeAll(async () => {
  [aws, streams] = await Promise.all([startTestServer(), startKinesalite()]);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  kinesis = new KinesisClient({ region, endpoint: streams.url, credentials, requestHandler: new NodeHttpHandler() });
  aws.s3.createBucket('results');
  aws.s3.createBucket('copies');
}, 30_000);
afterAll(async () => {
  kinesis.destroy();
  await Promise.all([aws.close(), streams.close()]);
});

async function createStream(StreamName: string): Promise<void> {
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  for (;;) {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function put(StreamName: string, from: number, to: number): Promise<void> {
  const Records = Array.from({ length: to - from }, (_, i) => ({
    Data: Buffer.from(`{"i":${from + i}}`),
    PartitionKey: 'all',
  }));
  await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
}

const code = `
CREATE OR REPLACE STREAM "PASSED" (i INTEGER);
CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED" SELECT STREAM "i" FROM "S_001";
CREATE OR REPLACE STREAM "COUNTED" (n INTEGER, total INTEGER);
CREATE OR REPLACE PUMP "COUNTS" AS INSERT INTO "COUNTED" SELECT STREAM COUNT(*), SUM("i") FROM "S_001"
  GROUP BY FLOOR("S_001".ROWTIME TO SECOND);
CREATE OR REPLACE STREAM "HALVED" (h INTEGER);
CREATE OR REPLACE PUMP "HALVES" AS INSERT INTO "HALVED" SELECT STREAM 10 / MOD("i", 100) FROM "S_001";`;

/** The application `name` on a machine of its own: results under its name, state in `folder`. */
function machine(folder: string, name: string, section: object): string {
  const application = {
    ApplicationName: name,
    ApplicationCode: code,
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisStreamsInput: { ResourceARN: `arn:aws:kinesis:${region}:123456789012:stream/numbers` },
        InputStartingPositionConfiguration: { InputStartingPosition: 'TRIM_HORIZON' },
        InputSchema: {
          RecordFormat: { RecordFormatType: 'JSON' },
          RecordColumns: [{ Name: 'i', SqlType: 'INTEGER', Mapping: '$.i' }],
        },
      },
    ],
    rowtime: {
      outputs: Object.fromEntries(
        ['PASSED', 'COUNTED'].map((stream) => [
          stream,
          { to: 's3', bucket: `s3://results/${name}/${stream}/`, bufferSize: 0.001 },
        ]),
      ),
      endpoints: { kinesis: streams.url, s3: aws.url },
      state: join(folder, 'state'),
      checkpointInterval: '50ms',
      monitor: { port: 0 },
      ...section,
    },
  };
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'application.json');
  writeFileSync(file, JSON.stringify(application));
  return file;
}

const patient = { timeout: 10_000, interval: 50 };

const copyOf = (name: string, lease = '3s') => ({ checkpointCopy: { bucket: `s3://copies/${name}`, lease } });

type Running = ReturnType<typeof rowtime>;

async function said({ process }: Running, message: string): Promise<Record<string, string>> {
  const line = await printed(process, (text) => text.split('\n').find((one) => one.includes(`"msg":"${message}`)));
  return JSON.parse(line);
}

async function status(monitor: string) {
  return JSON.parse(await (await fetch(`${monitor}/statusz`)).text());
}

async function stopped({ process, finished }: Running): Promise<string> {
  process.kill('SIGTERM');
  const { code, stdout, stderr } = await finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

function objects(name: string): Map<string, string> {
  const found = aws.s3.keys('results').filter((key) => key.startsWith(`${name}/`));
  return new Map(found.map((key) => [key.slice(name.length), aws.s3.get('results', key).content.toString()]));
}

const copies = (name: string) => aws.s3.keys('copies').filter((key) => key.startsWith(`${name}/checkpoint-`));

/** Until it takes checkpoints, and all is done that is to be done. (kinesalite says of every shard that it is 0 ms behind.) */
async function readAll(monitor: string, isDone = (records: number) => records >= 0): Promise<void> {
  const taken = async () => {
    const { input, checkpoints } = await status(monitor);
    return isDone(input.records) ? checkpoints.taken : 0;
  };
  await expect.poll(taken, { timeout: 30_000, interval: 50 }).toBeGreaterThan(2);
  await new Promise((resolve) => setTimeout(resolve, 300));
}

test(
  'machine after machine is lost with its disk: the objects in S3 are those of one that never was',
  async () => {
    const folder = temporaryFolder();
    await createStream('numbers');
    const random = seededRandom(3);
    // The way to the copies and the lease breaks now and then.
    aws.setFaults(({ resource }) => {
      if (!resource.startsWith('copies/') || random() > 0.15) return null;
      return random() < 0.5 ? { kind: 'reset', when: 'after' } : { kind: 'error', status: 503, code: 'SlowDown' };
    });
    for (let loss = 0; loss < losses; loss++) {
      const place = join(folder, `machine ${loss}`);
      const worker = rowtime('run', machine(place, 'lost', copyOf('lost')));
      await said(worker, 'started');
      await put('numbers', loss * recordsPerMachine, (loss + 1) * recordsPerMachine);
      await expect.poll(() => copies('lost').length, { timeout: 10_000 }).toBeGreaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, 150 + 170 * (loss % 4)));
      worker.process.kill('SIGKILL');
      await worker.finished;
      rmSync(place, { recursive: true });
    }
    const unbroken = rowtime('run', machine(join(folder, 'unbroken'), 'unbroken', {}));
    await readAll((await said(unbroken, 'started'))['monitor']!, (records) => records === losses * recordsPerMachine);
    await stopped(unbroken);
    const expected = objects('unbroken');

    const last = rowtime('run', machine(join(folder, 'last'), 'lost', copyOf('lost')));
    const from = said(last, 'goes on from a copy');
    const { monitor } = await said(last, 'started');
    expect((await from)['copy']).toMatch(/^checkpoint-\d{12}-\d{12}$/);
    await readAll(monitor!, () => objects('lost').size >= expected.size);
    await stopped(last);
    aws.setFaults(null);
    // Machines that died before they removed old ones left some; the last one did it for them.
    expect(copies('lost').length).toBeLessThanOrEqual(4);
    expect(objects('lost')).toEqual(expected);
    const passed = [...expected].filter(([key]) => key.startsWith('/PASSED/'));
    const rows = passed.flatMap(([, text]) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).I),
    );
    // Names of one second are not in the order of rows.
    expect(rows.sort((a, b) => a - b)).toEqual(Array.from(rows, (_, i) => i));
    // The last object is still open.
    expect(rows.length).toBeGreaterThan(recordsPerMachine * losses - 100);
  },
  60_000 + losses * 10_000,
);

test('a second worker on another machine waits, and takes over when the first has stopped', async () => {
  const folder = temporaryFolder();
  const first = rowtime('run', machine(join(folder, 'a'), 'two', copyOf('two', '20s')));
  await said(first, 'started');
  const impatient = rowtime('run', machine(join(folder, 'b'), 'two', copyOf('two', '20s')));
  await said(impatient, 'another worker runs this application');
  expect(await stopped(impatient)).toContain('stopped while another worker ran this application');
  const second = rowtime('run', machine(join(folder, 'b'), 'two', copyOf('two', '20s')));
  await said(second, 'another worker runs this application');
  await stopped(first);
  const started = said(second, 'started');
  expect(await said(second, 'goes on from a copy')).toMatchObject({
    copy: expect.stringContaining('checkpoint-000000000001-'),
  });
  await started;
  // Back on its machine, the first finds that it was overtaken: what it has is put aside.
  expect(await stopped(second)).not.toContain('put aside');
  const third = rowtime('run', machine(join(folder, 'a'), 'two', copyOf('two', '20s')));
  await said(third, 'started');
  expect(await stopped(third)).toContain('it is put aside');
  expect(readdirSync(join(folder, 'a', 'state')).filter((name) => name.startsWith('superseded'))).toEqual([
    'superseded-1',
  ]);
  expect(existsSync(join(folder, 'a', 'state', 'superseded-1', 'checkpoints'))).toBe(true);
  // The second start of a machine in a row waits for nobody and puts nothing aside.
  const fourth = rowtime('run', machine(join(folder, 'a'), 'two', copyOf('two', '20s')));
  await said(fourth, 'started');
  fourth.process.kill('SIGKILL');
  await fourth.finished;
  const fifth = rowtime('run', machine(join(folder, 'a'), 'two', copyOf('two', '20s')));
  await said(fifth, 'started');
  expect(await stopped(fifth)).not.toMatch(/put aside|goes on from a copy|another worker/);
});

test('a worker that was held up while another took over publishes nothing more, and says so', async () => {
  const folder = temporaryFolder();
  const first = rowtime('run', machine(join(folder, 'a'), 'held', copyOf('held')));
  const { monitor } = await said(first, 'started');
  await readAll(monitor!);
  first.process.kill('SIGSTOP');
  const second = rowtime('run', machine(join(folder, 'b'), 'held', copyOf('held')));
  await said(second, 'started');
  const before = aws.calls.length;
  first.process.kill('SIGCONT');
  const { code, stdout } = await first.finished;
  expect(code).toBe(6);
  expect(stdout).toContain('the lease is lost: nothing more is published');
  await stopped(second);
  const written = aws.calls.slice(before).filter(({ operation, resource }) => {
    return operation === 'PutObject' && resource.startsWith('copies/held/checkpoint-000000000001');
  });
  expect(written).toEqual([]);
});

test('records by Direct PUT: what a copy covers goes on, and the journal of the new machine begins', async () => {
  const folder = temporaryFolder();
  const section = {
    ...copyOf('direct'),
    inputs: { S: { from: 'directPut', port: 0 } },
    outputs: { PASSED: { to: 's3', bucket: 's3://results/direct/', bufferInterval: '200ms' } },
  };
  const passes = async (worker: Running, from: number) => {
    const { from: place, monitor } = await said(worker, 'started');
    const records = Array.from({ length: 5 }, (_, i) => `{"i":${from + i}}`);
    expect(await putRecords(place!.split(' ')[0]!, 'input', records)).toBe(true);
    await expect.poll(async () => (await status(monitor!)).input.records, patient).toBe(5);
    return monitor!;
  };
  for (const [i, name] of ['a', 'b'].entries()) {
    const worker = rowtime('run', machine(join(folder, name), 'direct', section));
    const monitor = await passes(worker, i * 5);
    const taken = async () => (await status(monitor)).checkpoints.taken;
    const before = await taken();
    await expect.poll(taken, patient).toBeGreaterThan(before + 1);
    worker.process.kill('SIGKILL');
    await worker.finished;
    rmSync(join(folder, name), { recursive: true });
  }
  // The open object went from machine to machine.
  const last = rowtime(
    'run',
    machine(join(folder, 'd'), 'direct', {
      ...section,
      outputs: { PASSED: { ...section.outputs.PASSED, bufferInterval: '1ms' } },
    }),
  );
  await passes(last, 10);
  await stopped(last);
  const rows = [...objects('direct').values()]
    .flatMap((text) => text.trim().split('\n'))
    .map((line) => JSON.parse(line).I);
  expect(rows.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, i) => i));
});
