import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  CreateDeliveryStreamCommand,
  DeleteDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  ListDeliveryStreamsCommand,
  PutRecordBatchCommand,
  PutRecordCommand,
} from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DeliveryStreams,
  type DeliveryStreamsOptions,
  firehoseEndpoint,
  type Listening,
  listen,
} from '../src/firehose.ts';

let folder: string;
let streams: DeliveryStreams;
let server: Listening;
let client: FirehoseClient;
const errors: unknown[] = [];
const now = () => Date.UTC(2024, 0, 1);
const config = {
  name: 'captains-kfh',
  created: now(),
  bucket: 'captains',
  roleArn: '',
  prefix: '',
  errorPrefix: null,
  bufferBytes: 5 << 20,
  bufferMs: 300_000,
  compression: 'UNCOMPRESSED' as const,
  timeZone: 'UTC',
};

async function start(options: Partial<DeliveryStreamsOptions> = {}): Promise<void> {
  streams = new DeliveryStreams({ folder, now, ...options });
  await streams.open(config);
  server = await listen(
    firehoseEndpoint({ streams, now, accessKey: 'secret', onError: (error) => errors.push(error) }),
  );
  client = new FirehoseClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'firehose-'));
  errors.length = 0;
  await start();
});
afterEach(async () => {
  client.destroy();
  await server.close();
  await streams.close();
  rmSync(folder, { recursive: true });
});

const records = (name = 'captains-kfh'): string[] => {
  const { journal } = streams.get(name)!;
  return journal.read(journal.start, Number.POSITIVE_INFINITY).found.map(({ data }) => Buffer.from(data).toString());
};
const data = (text: string) => ({ Data: Buffer.from(text) });

test('a producer that never rests does not keep the server open: its connection ends with the answer it waits for', async () => {
  const post = () =>
    fetch(server.url, {
      method: 'POST',
      headers: {
        'x-amz-target': 'Firehose_20150804.PutRecord',
        authorization: 'AWS4-HMAC-SHA256 Credential=a',
        'content-type': 'application/x-amz-json-1.1',
      },
      body: JSON.stringify({ DeliveryStreamName: 'captains-kfh', Record: { Data: 'AA==' } }),
    }).then((response) => response.json());
  let answered = 0;
  let isDone = false;
  const producers = Array.from({ length: 4 }, async () => {
    while (!isDone) {
      await post();
      answered++;
    }
  });
  const allEnded = Promise.allSettled(producers);
  await expect.poll(() => answered, { timeout: 10_000 }).toBeGreaterThan(20);
  await server.close();
  // What was answered is there; the next requests find nobody.
  const ended = await allEnded;
  isDone = true;
  expect(ended.map(({ status }) => status)).toEqual(ended.map(() => 'rejected'));
  expect(records().length).toBe(answered);
  await start();
});

describe('Direct PUT, through the SDK', () => {
  test('a record and a batch are in the journal when the call returns, in order', async () => {
    const one = await client.send(
      new PutRecordCommand({ DeliveryStreamName: 'captains-kfh', Record: data('{"a":1}') }),
    );
    expect(one.RecordId).toMatch(/^[0-9a-f]{64}$/);
    const Records = Array.from({ length: 500 }, (_, i) => data(`{"b":${i}}`));
    const batch = await client.send(new PutRecordBatchCommand({ DeliveryStreamName: 'captains-kfh', Records }));
    expect(batch.FailedPutCount).toBe(0);
    expect(new Set(batch.RequestResponses?.map(({ RecordId }) => RecordId)).size).toBe(500);
    expect(records()).toEqual(['{"a":1}', ...Records.map(({ Data }) => Data.toString())]);
  });

  test('streams are created, described, listed, deleted, and still there after a restart', async () => {
    const create = (DeliveryStreamName: string) =>
      client.send(
        new CreateDeliveryStreamCommand({
          DeliveryStreamName,
          ExtendedS3DestinationConfiguration: {
            BucketARN: 'arn:aws:s3:::other',
            RoleARN: 'arn:aws:iam::123456789012:role/firehose',
            Prefix: 'raw/',
            BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
          },
        }),
      );
    expect((await create('b')).DeliveryStreamARN).toBe('arn:aws:firehose:us-east-1:000000000000:deliverystream/b');
    await expect(create('b')).rejects.toMatchObject({ name: 'ResourceInUseException' });
    const described = await client.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'b' }));
    expect(described.DeliveryStreamDescription).toMatchObject({
      DeliveryStreamStatus: 'ACTIVE',
      CreateTimestamp: new Date(now()),
      Destinations: [
        {
          S3DestinationDescription: {
            BucketARN: 'arn:aws:s3:::other',
            Prefix: 'raw/',
            BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
          },
        },
      ],
    });
    const list = (Limit?: number) => client.send(new ListDeliveryStreamsCommand({ Limit }));
    expect(await list()).toMatchObject({ DeliveryStreamNames: ['b', 'captains-kfh'], HasMoreDeliveryStreams: false });
    expect(await list(1)).toMatchObject({ DeliveryStreamNames: ['b'], HasMoreDeliveryStreams: true });
    await client.send(new PutRecordCommand({ DeliveryStreamName: 'b', Record: data('kept') }));
    await server.close();
    await streams.close();
    await start();
    const kept = streams.kept('b');
    expect(kept).toMatchObject({ prefix: 'raw/', bufferBytes: 1 << 20 });
    await streams.open(kept!);
    expect(records('b')).toEqual(['kept']);
    await client.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: 'b' }));
    expect(streams.kept('b')).toBeNull();
    expect(await list()).toMatchObject({ DeliveryStreamNames: ['captains-kfh'] });
  });

  const put = (Record: { Data: Uint8Array }, DeliveryStreamName = 'captains-kfh') =>
    client.send(new PutRecordCommand({ DeliveryStreamName, Record }));
  const batch = (Records: { Data: Uint8Array }[]) =>
    client.send(new PutRecordBatchCommand({ DeliveryStreamName: 'captains-kfh', Records }));

  test.each([
    ['an unknown stream', () => put(data('x'), 'nope'), 'ResourceNotFoundException', /no delivery stream nope here/],
    ['a record over 1,000 KiB', () => put({ Data: Buffer.alloc(1_024_001) }), 'InvalidArgumentException', /1024000/],
    [
      'a batch of 501',
      () => batch(Array.from({ length: 501 }, () => data('x'))),
      'InvalidArgumentException',
      /1 to 500 records/,
    ],
    ['an empty batch', () => batch([]), 'InvalidArgumentException', /1 to 500 records/],
    [
      'a batch over 4 MiB',
      () => batch(Array.from({ length: 5 }, () => ({ Data: Buffer.alloc(1_000_000) }))),
      'InvalidArgumentException',
      /more than 4194304 bytes/,
    ],
    ['a bad name', () => put(data('x'), 'a b'), 'InvalidArgumentException', /is not 1 to 64/],
  ])('%s is refused as the service does, and nothing is taken', async (_, send, name, message) => {
    await expect(send()).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
    expect(records()).toEqual([]);
  });

  test('a full disk and a full journal are answered with 503, which SDKs repeat', async () => {
    await server.close();
    await streams.close();
    let failing = false;
    await start({
      bytesMax: 3_000,
      beforeWrite: () => {
        if (failing) throw new Error('ENOSPC');
      },
    });
    failing = true;
    await expect(put(data('x'))).rejects.toMatchObject({ name: 'ServiceUnavailableException' });
    failing = false;
    await put(data('y'));
    await expect(put({ Data: Buffer.alloc(4_000) })).rejects.toMatchObject({ name: 'ServiceUnavailableException' });
    expect(records()).toEqual(['y']);
    expect(errors).toHaveLength(2);
  });

  const post = (headers: Record<string, string>, body: string) => fetch(server.url, { method: 'POST', headers, body });
  const signed = { authorization: 'AWS4-HMAC-SHA256 Credential=a' };
  test.each([
    [{ ...signed }, '{}', 400, 'UnknownOperationException'],
    [{ ...signed, 'x-amz-target': 'Firehose_20150804.toString' }, '{}', 400, 'UnknownOperationException'],
    [{ 'x-amz-target': 'Firehose_20150804.PutRecord' }, '{}', 403, 'MissingAuthenticationTokenException'],
    [{ ...signed, 'x-amz-target': 'Firehose_20150804.PutRecord' }, '{', 400, 'SerializationException'],
    [{ ...signed, 'x-amz-target': 'Firehose_20150804.PutRecord' }, '[]', 400, 'SerializationException'],
    [
      { ...signed, 'x-amz-target': 'Firehose_20150804.PutRecord' },
      ' '.repeat(9 << 20),
      413,
      'InvalidArgumentException',
    ],
    [
      { ...signed, 'x-amz-target': 'Firehose_20150804.PutRecord' },
      '{"DeliveryStreamName":"captains-kfh","Record":{"Data":"%%%%"}}',
      400,
      'SerializationException',
    ],
  ])('what no SDK sends: %o', async (headers, body, status, type) => {
    const response = await post(headers as Record<string, string>, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ __type: type });
  });
});

describe('the HTTP endpoint destination', () => {
  const sendTo = (
    path: string,
    requestId: string,
    texts: string[],
    headers: Record<string, string> = {},
    gzip = false,
  ) => {
    const list = texts.map((text) => ({ data: Buffer.from(text).toString('base64') }));
    const body = JSON.stringify({ requestId, timestamp: now(), records: list });
    return fetch(server.url + path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-amz-firehose-protocol-version': '1.0',
        'x-amz-firehose-request-id': requestId,
        'x-amz-firehose-access-key': 'secret',
        'x-amz-firehose-source-arn': 'arn:aws:firehose:us-east-1:123456789012:deliverystream/captains-kfh',
        ...(gzip && { 'content-encoding': 'gzip' }),
        ...headers,
      },
      body: gzip ? gzipSync(body) : body,
    });
  };
  const path = '/firehose/captains-kfh';

  test('records are taken, gzip or not, and a request that is sent again is not taken again', async () => {
    const first = await sendTo(path, 'r-1', ['{"a":1}', '{"a":2}']);
    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toBe('application/json');
    expect(Number(first.headers.get('content-length'))).toBeGreaterThan(0);
    expect(await first.json()).toEqual({ requestId: 'r-1', timestamp: now() });
    expect((await sendTo(path, 'r-2', ['{"a":3}'], {}, true)).status).toBe(200);
    expect((await sendTo(path, 'r-1', ['{"a":1}', '{"a":2}'])).status).toBe(200);
    expect(records()).toEqual(['{"a":1}', '{"a":2}', '{"a":3}']);
  });

  test.each([
    ['another access key', path, { 'x-amz-firehose-access-key': 'secret2' }, 401],
    ['an unknown stream', '/firehose/nope', {}, 404],
    ['an id that is not that of the body', path, { 'x-amz-firehose-request-id': 'other' }, 400],
    ['a body that is not gzip', path, { 'content-encoding': 'gzip' }, 400],
  ])('%s is refused in the form that Firehose reads', async (_, to, headers, status) => {
    const response = await sendTo(to, 'r-1', ['x'], headers as Record<string, string>);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      requestId: expect.any(String),
      timestamp: now(),
      errorMessage: expect.any(String),
    });
    expect(records()).toEqual([]);
  });
});
