import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { type ServerProcess, startKinesalite, startTestServer, type TestServer } from '@rowtime/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printed } from './put-records.ts';
import { rowtime, temporaryFolder } from './rowtime.ts';

// features: F196 F197 F199 F200 F203

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';
const account = '123456789012';
/** ROWTIME_KILLS: how often the worker is killed; .ci/run kills it more often. */
const kills = Number(process.env['ROWTIME_KILLS'] ?? 5);
const recordsAtFirst = 2_000;
const recordsPerKill = 200;
const recordCount = recordsAtFirst + kills * recordsPerKill;

let aws: TestServer;
let streams: ServerProcess;
let kinesis: KinesisClient;

beforeAll(async () => {
  [aws, streams] = await Promise.all([startTestServer(), startKinesalite()]);
  // The worker finds its credentials where every AWS program finds them.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  kinesis = new KinesisClient({ region, endpoint: streams.url, credentials, requestHandler: new NodeHttpHandler() });
  aws.s3.createBucket('results');
  aws.s3.createBucket('tables');
  aws.s3.put('tables', 'names.csv', Buffer.from('0,zero\n1,one\n2,two\n'));
  const firehose = new FirehoseClient({ region, endpoint: aws.url, credentials });
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'counts',
      ExtendedS3DestinationConfiguration: {
        BucketARN: 'arn:aws:s3:::results',
        RoleARN: `arn:aws:iam::${account}:role/firehose`,
      },
    }),
  );
  firehose.destroy();
  await kinesis.send(new CreateStreamCommand({ StreamName: 'numbers', ShardCount: 2 }));
  for (;;) {
    const { StreamDescriptionSummary } = await kinesis.send(
      new DescribeStreamSummaryCommand({ StreamName: 'numbers' }),
    );
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await put(0, recordsAtFirst);
}, 30_000);
afterAll(async () => {
  kinesis.destroy();
  await Promise.all([aws.close(), streams.close()]);
});

/** How many records are in the stream. */
let sent = 0;

async function put(from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 500) {
    const Records = Array.from({ length: Math.min(500, to - at) }, (_, i) => ({
      Data: Buffer.from(`{"i":${at + i}}`),
      PartitionKey: `key ${(at + i) % 17}`,
    }));
    await kinesis.send(new PutRecordsCommand({ StreamName: 'numbers', Records }));
    sent += Records.length;
  }
}

const code = `
CREATE OR REPLACE STREAM "PASSED" (i INTEGER, name VARCHAR(8), shard VARCHAR(64));
CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED"
  SELECT STREAM s."i", n."name", s.SHARD_ID FROM "S_001" AS s LEFT JOIN "NAMES" AS n ON MOD(s."i", 4) = n."k";
CREATE OR REPLACE STREAM "COUNTED" (n INTEGER);
CREATE OR REPLACE PUMP "COUNTS" AS INSERT INTO "COUNTED" SELECT STREAM "i" FROM "S_001" WHERE MOD("i", 10) = 0;`;

/** The shards of the stream dealt to two input streams. */
const dealt = `
CREATE OR REPLACE STREAM "PASSED" (input INTEGER, i INTEGER, shard VARCHAR(64));
CREATE OR REPLACE PUMP "PASS_1" AS INSERT INTO "PASSED" SELECT STREAM 1, "i", SHARD_ID FROM "S_001";
CREATE OR REPLACE PUMP "PASS_2" AS INSERT INTO "PASSED" SELECT STREAM 2, "i", SHARD_ID FROM "S_002";
CREATE OR REPLACE STREAM "COUNTED" (n INTEGER);
CREATE OR REPLACE PUMP "COUNTS" AS INSERT INTO "COUNTED" SELECT STREAM i FROM "PASSED" WHERE MOD(i, 10) = 0;`;

/** An application whose results go under `prefix`; its state is in `folder`. */
function writeApplication(folder: string, prefix: string, parallelism = 1): string {
  const columns = (...names: [string, string][]) => ({
    RecordFormat: { RecordFormatType: names.length === 1 ? 'JSON' : 'CSV' },
    RecordColumns: names.map(([Name, SqlType]) => ({ Name, SqlType, Mapping: `$.${Name}` })),
  });
  const application = {
    ApplicationName: 'numbers',
    ApplicationCode: parallelism === 1 ? code : dealt,
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisStreamsInput: { ResourceARN: `arn:aws:kinesis:${region}:${account}:stream/numbers` },
        InputSchema: columns(['i', 'INTEGER']),
        InputParallelism: { Count: parallelism },
        InputStartingPositionConfiguration: { InputStartingPosition: 'TRIM_HORIZON' },
      },
    ],
    Outputs: [
      {
        Name: 'COUNTED',
        KinesisFirehoseOutput: { ResourceARN: `arn:aws:firehose:${region}:${account}:deliverystream/counts` },
        DestinationSchema: { RecordFormatType: 'JSON' },
      },
    ],
    ReferenceDataSources: [
      {
        TableName: 'NAMES',
        S3ReferenceDataSource: { BucketARN: 'arn:aws:s3:::tables', FileKey: 'names.csv' },
        ReferenceSchema: columns(['k', 'INTEGER'], ['name', 'VARCHAR(8)']),
      },
    ],
    rowtime: {
      outputs: { PASSED: { to: 's3', bucket: `s3://results/${prefix}/`, bufferSize: 0.01 } },
      endpoints: { kinesis: streams.url, firehose: aws.url, s3: aws.url },
      checkpointInterval: '50ms',
      monitor: { port: 0 },
    },
  };
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'application.json');
  writeFileSync(file, JSON.stringify(application));
  return file;
}

async function started(process: Parameters<typeof printed>[0]): Promise<string> {
  const line = await printed(process, (text) => text.split('\n').find((one) => one.includes('"msg":"started"')));
  return JSON.parse(line).monitor;
}

/** Runs until all records are read; ends with SIGTERM. (kinesalite says of every shard that it is 0 ms behind.) */
async function runToEnd(file: string, isDone = (records: number) => records >= sent): Promise<void> {
  const { process, finished } = rowtime('run', file);
  const monitor = await started(process);
  const records = async () => JSON.parse(await (await fetch(`${monitor}/statusz`)).text());
  await expect
    .poll(
      async () => {
        const { input, checkpoints } = await records();
        return isDone(input.records) && checkpoints.taken > 3;
      },
      { timeout: 20_000 + recordCount, interval: 100 },
    )
    .toBe(true);
  // Records of the last second wait for those of the other shard.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  process.kill('SIGTERM');
  expect((await finished).code).toBe(0);
}

function delivered(): Set<number> {
  return new Set(aws.firehose.ledger('counts').entries.map(({ data }) => JSON.parse(data.toString()).N));
}

function objects(prefix: string): Map<string, string> {
  return new Map(
    aws.s3
      .keys('results')
      .filter((key) => key.startsWith(`${prefix}/`))
      .map((key) => [key.slice(prefix.length), aws.s3.get('results', key).content.toString()]),
  );
}

test(
  'Kinesis to S3 and Firehose: killed again and again, the objects are those of an unbroken run',
  async () => {
    const folder = temporaryFolder();
    const killed = writeApplication(join(folder, 'killed'), 'killed');
    for (let kill = 0; kill < kills; kill++) {
      const { process, finished } = rowtime('run', killed);
      await started(process);
      await put(recordsAtFirst + kill * recordsPerKill, recordsAtFirst + (kill + 1) * recordsPerKill);
      await new Promise((resolve) => setTimeout(resolve, 60 + 70 * (kill % 6)));
      process.kill('SIGKILL');
      expect((await finished).signal).toBe('SIGKILL');
    }
    await runToEnd(killed, () => delivered().size >= recordCount / 10);
    // Firehose gets each at least once.
    expect(delivered()).toEqual(new Set(Array.from({ length: recordCount / 10 }, (_, i) => 10 * i)));

    await runToEnd(writeApplication(join(folder, 'unbroken'), 'unbroken'));
    const unbroken = objects('unbroken');
    expect(objects('killed')).toEqual(unbroken);
    const rows = [...unbroken.values()].flatMap((text) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
    // The last object is still open.
    expect(rows.length).toBeGreaterThan(recordCount * 0.9);
    expect(new Set(rows.map(({ I }) => I)).size).toBe(rows.length);
    expect(rows[7]).toMatchObject({
      NAME: ['zero', 'one', 'two', null][rows[7].I % 4],
      SHARD: expect.stringMatching(/^shardId-/),
    });
  },
  90_000 + kills * 5_000,
);

test('InputParallelism deals the shards of a data stream to the input streams, each whole', async () => {
  await runToEnd(writeApplication(join(temporaryFolder(), 'dealt'), 'dealt', 2));
  const rows = [...objects('dealt').values()].flatMap((text) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
  expect(rows.length).toBeGreaterThan(recordsAtFirst * 0.9);
  expect(new Set(rows.map(({ INPUT, SHARD }) => `${INPUT} ${SHARD}`))).toEqual(
    new Set(['1 shardId-000000000000', '2 shardId-000000000001']),
  );
}, 60_000);
