import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { errorStreamSchema, RowErrors, toRows } from '@rowtime/core';
import { sinkContract } from '@rowtime/core/testing';
import { faultProxy, type ServerProcess, seededRandom, startKinesalite } from '@rowtime/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batch, clientOf, createStream, recordsIn, recordsOf, schema, sinkTo } from './kinesis-wire.ts';
import { type PutEntry, startPutRecordsServer } from './put-records-server.ts';

// features: F204 F209

let server: ServerProcess;
let client: KinesisClient;
beforeAll(async () => {
  server = await startKinesalite();
  client = clientOf(server);
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

describe('kinesis sink', () => {
  for (const { name, run } of sinkContract) {
    test(name, async () => {
      const streams = await startPutRecordsServer();
      await run({
        delivers: 'at least once',
        create: (storage, schema, beforeStep) =>
          sinkTo(streams.url, { dataStream: storage, schema, partitionKey: 'NAME', callsAtOnce: 2, beforeStep }),
        delivered: async (storage) =>
          streams
            .taken(storage)
            .map(({ data }) => data)
            .sort(),
      });
      await streams.close();
    });
  }
});

describe('rows of a key', () => {
  test('are in one shard, in order; rows without one are spread, the same each time', async () => {
    await createStream(client, 'by-key', 4);
    const sink = sinkTo(server.url, { dataStream: 'by-key', schema, partitionKey: 'K' });
    await sink.open(null);
    for (let from = 0; from < 900; from += 90)
      sink.write(batch(from, from + 90, (n) => (n % 10 === 9 ? null : `k${n % 10}`)));
    await sink.commit(await sink.prepare());
    await sink.close();
    const records = await recordsOf(client, 'by-key');
    expect(records).toHaveLength(900);
    for (let k = 0; k < 9; k++) {
      const ofKey = records.filter(({ key }) => key === `k${k}`);
      expect(new Set(ofKey.map(({ shard }) => shard)).size).toBe(1);
      expect(ofKey.map(({ n }) => n)).toEqual(Array.from({ length: 90 }, (_, i) => i * 10 + k));
    }
    const keyless = records.filter(({ n }) => n % 10 === 9);
    expect(new Set(keyless.map(({ shard }) => shard)).size).toBe(4);
    expect(keyless.every(({ n, key }) => key === String(n))).toBe(true);
  });

  test('stay in order when entries are refused, if order is strict', async () => {
    const random = seededRandom(7);
    const streams = await startPutRecordsServer(() => random() < 0.3);
    const sink = sinkTo(streams.url, { dataStream: 'strict', schema, partitionKey: 'K', strictOrder: true });
    await sink.open(null);
    sink.write(batch(0, 300, (n) => `k${n % 30}`));
    await sink.prepare();
    expect(sink.counters).toMatchObject({ recordsIn: 300, recordsAcked: 300, inFlight: 0, duplicatesPossible: 0 });
    expect(sink.counters.recordsRetried).toBeGreaterThan(30);
    await sink.close();
    await streams.close();
    const taken = streams.taken('strict');
    expect(taken).toHaveLength(300);
    for (let k = 0; k < 30; k++) {
      const ofKey = taken.filter(({ key }) => key === `k${k}`).map(numberIn);
      expect(ofKey).toEqual(Array.from({ length: 10 }, (_, i) => i * 30 + k));
    }
  });
});

describe('of a call', () => {
  test('that failed in part, only the failed rows are sent again', async () => {
    const streams = await startPutRecordsServer((place) => place % 3 === 2);
    const sink = sinkTo(streams.url, { dataStream: 'partial', schema, callsAtOnce: 1 });
    await sink.open(null);
    sink.write(batch(0, 100, () => null));
    await sink.prepare();
    await sink.close();
    await streams.close();
    // A third of each call is refused.
    expect(streams.sizes).toEqual([100, 33, 11, 3, 1]);
    const numbers = streams.taken('partial').map(numberIn);
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  test('the limits hold: 500 records, and the bytes of a request', async () => {
    await createStream(client, 'limits', 1);
    const sizes: number[] = [];
    const proxy = await faultProxy(server.url, (request) => {
      const records = recordsIn(request);
      if (records) sizes.push(records.length);
      return 'pass';
    });
    const sink = sinkTo(proxy.url, { dataStream: 'limits', schema, callsAtOnce: 1 });
    await sink.open(null);
    sink.write(batch(0, 1200, () => null));
    await sink.prepare();
    expect(sizes).toEqual([500, 500, 200]);
    sizes.length = 0;
    sink.write(batch(0, 8, () => 'x'.repeat(1_000_000)));
    await sink.prepare();
    expect(sizes).toEqual([5, 3]);
    await sink.close();
    await proxy.close();
  });

  test('a row or key that is too large goes to error_stream, and the others go on', async () => {
    await createStream(client, 'large', 1);
    const sink = sinkTo(server.url, { dataStream: 'large', schema, partitionKey: 'K' });
    await sink.open(null);
    const errors = new RowErrors(null);
    const keys = ['a', 'x'.repeat(257), 'é'.repeat(256), 'b'];
    sink.write(
      batch(0, 4, (n) => keys[n]!),
      errors,
    );
    sink.write(
      batch(4, 6, (n) => (n === 4 ? 'x'.repeat(1 << 20) : 'c')),
      errors,
    );
    await sink.prepare();
    await sink.close();
    expect((await recordsOf(client, 'large')).map(({ n }) => n)).toEqual([0, 2, 3, 5]);
    const rows = toRows(errorStreamSchema, errors.take()!).map(({ row }) => row);
    expect(rows.map(({ ERROR_NAME }) => ERROR_NAME)).toEqual(['OutputKeyTooLong', 'OutputRecordTooLarge']);
    expect(rows[0]!.MESSAGE).toBe(
      'a row of OUT has a partition key of 257 characters; Kinesis takes at most 256 (stream large)',
    );
    expect(sink.counters).toMatchObject({ recordsIn: 6, recordsAcked: 4, recordsDead: 2, inFlight: 0 });
  });
});

test('told to stop while the stream is down, it leaves the rest to the next process', async () => {
  await createStream(client, 'stop', 1);
  const stop = new AbortController();
  const proxy = await faultProxy(server.url, () => ({ status: 503, body: '' }));
  const sink = sinkTo(proxy.url, { dataStream: 'stop', schema, stop: stop.signal, onRetry: () => stop.abort() });
  await sink.open(null);
  sink.write(batch(0, 30, () => null));
  expect(sink.pendingBytes).toBeGreaterThan(0);
  const prepared = await sink.prepare();
  await sink.close();
  await proxy.close();
  const next = sinkTo(server.url, { dataStream: 'stop', schema });
  await next.open(prepared);
  next.write(batch(30, 40, () => null));
  await next.prepare();
  await next.close();
  const records = (await recordsOf(client, 'stop')).sort((a, b) => a.n - b.n);
  expect(records.map(({ n, key }) => [n, key])).toEqual(Array.from({ length: 40 }, (_, n) => [n, String(n)]));
  await expect(sinkTo(server.url, { dataStream: 'other', schema }).open(prepared)).rejects.toThrow('of a sink to stop');
});

test.each([
  ['AccessDeniedException', 'allow kinesis:PutRecords on arn:aws:kinesis:us-east-1:*:stream/denied in the IAM policy'],
  ['ResourceNotFoundException', 'create it, or check the name'],
  ['ExpiredTokenException', 'get new credentials'],
])('%s: says the action, the stream and the fix', async (name, fix) => {
  const proxy = await faultProxy(server.url, () => ({
    status: 400,
    body: JSON.stringify({ __type: name, message: 'no' }),
  }));
  const sink = sinkTo(proxy.url, { dataStream: 'denied', schema });
  await sink.open(null);
  sink.write(batch(0, 1, () => null));
  const error = await sink.prepare().catch((error: unknown) => error);
  expect(String(error)).toContain(`kinesis:PutRecords on stream denied in us-east-1 failed: ${name}: no`);
  expect(String(error)).toContain(fix);
  expect(() => sink.write(batch(1, 2, () => null))).toThrow('kinesis:PutRecords');
  await sink.close();
  await proxy.close();
});

test('a column for the key that is not there is refused at once', () => {
  expect(() => sinkTo('http://127.0.0.1:1', { dataStream: 's', schema, partitionKey: 'NOPE' })).toThrow(
    'no column NOPE',
  );
});

function numberIn({ data }: PutEntry): number {
  return (JSON.parse(data) as { N: number }).N;
}
