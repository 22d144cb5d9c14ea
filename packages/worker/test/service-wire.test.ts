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

// features: F197 F199 F200 F203

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';
const account = '123456789012';
const recordCount = 3_000;

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
  for (let from = 0; from < recordCount; from += 500) {
    const Records = Array.from({ length: 500 }, (_, i) => ({
      Data: Buffer.from(`{"i":${from + i}}`),
      PartitionKey: `key ${(from + i) % 17}`,
    }));
    await kinesis.send(new PutRecordsCommand({ StreamName: 'numbers', Records }));
  }
}, 30_000);
afterAll(async () => {
  kinesis.destroy();
  await Promise.all([aws.close(), streams.close()]);
});

const code = `
CREATE OR REPLACE STREAM "PASSED" (i INTEGER, name VARCHAR(8), shard VARCHAR(64));
CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED"
  SELECT STREAM s."i", n."name", s.SHARD_ID FROM "S_001" AS s LEFT JOIN "NAMES" AS n ON MOD(s."i", 4) = n."k";
CREATE OR REPLACE STREAM "COUNTED" (n INTEGER);
CREATE OR REPLACE PUMP "COUNTS" AS INSERT INTO "COUNTED" SELECT STREAM "i" FROM "S_001" WHERE MOD("i", 10) = 0;`;

/** An application whose results go under `prefix`; its state is in `folder`. */
function writeApplication(folder: string, prefix: string): string {
  const columns = (...names: [string, string][]) => ({
    RecordFormat: { RecordFormatType: names.length === 1 ? 'JSON' : 'CSV' },
    RecordColumns: names.map(([Name, SqlType]) => ({ Name, SqlType, Mapping: `$.${Name}` })),
  });
  const application = {
    ApplicationName: 'numbers',
    ApplicationCode: code,
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisStreamsInput: { ResourceARN: `arn:aws:kinesis:${region}:${account}:stream/numbers` },
        InputSchema: columns(['i', 'INTEGER']),
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

/** Runs until all records are read; ends with SIGTERM. */
async function runToEnd(file: string): Promise<void> {
  const { process, finished } = rowtime('run', file);
  const monitor = await started(process);
  const records = async () => JSON.parse(await (await fetch(`${monitor}/statusz`)).text());
  await expect
    .poll(
      async () => {
        const { input, checkpoints } = await records();
        return input.millisBehindLatest === 0 && checkpoints.taken > 3;
      },
      { timeout: 20_000, interval: 100 },
    )
    .toBe(true);
  // Records of the last second wait for those of the other shard.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  process.kill('SIGTERM');
  expect((await finished).code).toBe(0);
}

function objects(prefix: string): Map<string, string> {
  return new Map(
    aws.s3
      .keys('results')
      .filter((key) => key.startsWith(`${prefix}/`))
      .map((key) => [key.slice(prefix.length), aws.s3.get('results', key).content.toString()]),
  );
}

test('Kinesis to S3 and Firehose: killed again and again, the objects are those of an unbroken run', async () => {
  const folder = temporaryFolder();
  await runToEnd(writeApplication(join(folder, 'unbroken'), 'unbroken'));
  const unbroken = objects('unbroken');
  const rows = [...unbroken.values()].flatMap((text) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
  // The last object is still open.
  expect(rows.length).toBeGreaterThan(recordCount * 0.9);
  expect(rows[7]).toMatchObject({
    NAME: ['zero', 'one', 'two', null][rows[7].I % 4],
    SHARD: expect.stringMatching(/^shardId-/),
  });
  const before = aws.firehose.ledger('counts').count;

  const killed = writeApplication(join(folder, 'killed'), 'killed');
  for (let kills = 0; kills < 5; kills++) {
    const { process, finished } = rowtime('run', killed);
    await started(process);
    await new Promise((resolve) => setTimeout(resolve, 60 + 90 * kills));
    process.kill('SIGKILL');
    expect((await finished).signal).toBe('SIGKILL');
  }
  await runToEnd(killed);
  expect(objects('killed')).toEqual(unbroken);
  // Firehose gets each at least once.
  const counted = aws.firehose.ledger('counts').entries.slice(before);
  const found = new Set(counted.map(({ data }) => JSON.parse(data.toString()).N));
  expect(found).toEqual(new Set(Array.from({ length: recordCount / 10 }, (_, i) => 10 * i)));
}, 90_000);
