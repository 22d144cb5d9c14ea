import {
  CreateDeliveryStreamCommand,
  PutRecordBatchCommand,
  PutRecordCommand,
  UpdateDestinationCommand,
} from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ledger, startTestServer, type TestServer, type TestServerOptions } from '../src/index.ts';
import { clients, refusal } from './clients.ts';

let server: TestServer;
let made: ReturnType<typeof clients>;
async function start(options: TestServerOptions = {}): Promise<void> {
  server = await startTestServer(options);
  made = clients(server.url);
  server.s3.createBucket('landing');
}
beforeEach(() => start());
afterEach(async () => {
  made.close();
  await server.close();
});

async function create(more: object = {}, bucket = 'landing'): Promise<void> {
  const destination = { BucketARN: `arn:aws:s3:::${bucket}`, RoleARN: 'arn:aws:iam::000000000000:role/x', ...more };
  await made.firehose.send(
    new CreateDeliveryStreamCommand({ DeliveryStreamName: 's', ExtendedS3DestinationConfiguration: destination }),
  );
}

async function put(...texts: string[]) {
  const Records = texts.map((text) => ({ Data: Buffer.from(text) }));
  return made.firehose.send(new PutRecordBatchCommand({ DeliveryStreamName: 's', Records }));
}

const contents = (): string[] =>
  server.s3.keys('landing').map((key) => server.s3.get('landing', key).content.toString());

describe('a buffer is delivered', () => {
  test('when its oldest record is as old as the hint says, under the hour of that record', async () => {
    await create({ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 } });
    server.advance(3_599_000);
    await put('a');
    server.advance(59_999);
    await put('b');
    expect(contents()).toEqual([]);
    server.advance(1);
    expect(contents()).toEqual(['ab']);
    expect(server.s3.keys('landing')[0]).toMatch(/^2024\/01\/01\/00\/s-1-2024-01-01-00-59-59-/);
  });

  test('when it is as large as the hint says', async () => {
    await create({ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 900 } });
    await put('x'.repeat(600_000));
    expect(contents()).toEqual([]);
    await put('y'.repeat(600_000), 'z');
    expect(contents().map(({ length }) => length)).toEqual([1_200_000]);
  });

  test('with the version of its configuration in the name', async () => {
    await create({ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 } });
    const DestinationId = 'destinationId-000000000001';
    const update = { DeliveryStreamName: 's', CurrentDeliveryStreamVersionId: '1', DestinationId };
    await made.firehose.send(
      new UpdateDestinationCommand({ ...update, ExtendedS3DestinationUpdate: { Prefix: 'new/' } }),
    );
    await put('a');
    expect(server.s3.keys('landing')[0]).toMatch(/^new\/2024\/01\/01\/00\/s-2-/);
  });

  test('once S3 takes it, and after a day no more', async () => {
    await create({ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 } }, 'not-yet');
    await put('a');
    server.s3.createBucket('not-yet');
    server.advance(1);
    expect(server.s3.keys('not-yet')).toHaveLength(1);
    for (const key of server.s3.keys('not-yet')) server.s3.delete('not-yet', key);
    server.s3.deleteBucket('not-yet');
    await put('b');
    server.advance(24 * 3_600_000);
    server.s3.createBucket('not-yet');
    server.advance(1);
    expect(server.s3.keys('not-yet')).toEqual([]);
    expect(server.firehose.dropped('s')).toBe(1);
  });
});

test('expressions in a prefix want an error prefix with the type', async () => {
  const Prefix = '!{timestamp:yyyy}/';
  expect((await refusal(create({ Prefix }))).name).toBe('InvalidArgumentException');
  expect((await refusal(create({ Prefix, ErrorOutputPrefix: 'bad/' }))).name).toBe('InvalidArgumentException');
  await create({ Prefix, ErrorOutputPrefix: 'bad/!{firehose:error-output-type}/' });
});

test('over a quota records are refused one by one, calls as a whole, until time has passed', async () => {
  made.close();
  await server.close();
  await start({ quotas: { requestsPerSecond: 3, recordsPerSecond: 4, bytesPerSecond: 1_000 } });
  await create();
  const { FailedPutCount, RequestResponses = [] } = await put('1', '2', '3', '4', '5', '6');
  expect(FailedPutCount).toBe(2);
  expect(RequestResponses.map(({ ErrorCode }) => ErrorCode)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    'ServiceUnavailableException',
    'ServiceUnavailableException',
  ]);
  const one = new PutRecordCommand({ DeliveryStreamName: 's', Record: { Data: Buffer.from('7') } });
  expect(await refusal(made.firehose.send(one))).toEqual({ name: 'ServiceUnavailableException', status: 503 });
  server.advance(1_000);
  expect((await put('5', '6')).FailedPutCount).toBe(0);
  expect(server.firehose.ledger('s').entries.map(({ data }) => data.toString())).toEqual([
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
  ]);
});

test('a request that is not signed is refused', async () => {
  const headers = {
    'x-amz-target': 'Firehose_20150804.ListDeliveryStreams',
    'content-type': 'application/x-amz-json-1.1',
  };
  const reply = await fetch(server.url, { method: 'POST', headers, body: '{}' });
  expect(reply.status).toBe(403);
  expect(await reply.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
  expect((await fetch(`${server.url}/landing/key`)).status).toBe(403);
});

test('the ledger tells lost from duplicated from foreign', () => {
  const ledger = new Ledger(true);
  for (const text of ['a\nb\n', 'b\n', 'x']) ledger.add({ id: '1', data: Buffer.from(text) });
  expect(ledger.lines()).toEqual(['a\n', 'b\n', 'b\n', 'x']);
  expect(ledger.compare(['a\n', 'b\n', 'c\n', 'c\n'])).toEqual({ lost: 2, duplicated: 1, foreign: 1 });
});
