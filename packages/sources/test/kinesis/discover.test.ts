import { startKinesalite } from '@rowtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { discoverStream } from '../../src/kinesis/source.ts';
import { aggregated } from './aggregate.ts';
import { credentials, type KinesisServer, kinesisServer } from './server.ts';

let server: KinesisServer;
beforeAll(async () => {
  server = kinesisServer(await startKinesalite());
});
afterAll(() => server.close());

const discovered = (stream: string, signal = new AbortController().signal) =>
  discoverStream({
    stream,
    client: { region: 'us-east-1', endpoint: server.url, credentials },
    now: Date.now,
    random: Math.random,
    signal,
  });

test('records of all shards are looked at, those that a producer packed into one as well', async () => {
  await server.createStream('packed', 3);
  const packed = ['{"b": 1.5}', '{"c": "2024-01-01 00:00:00"}'];
  const records = await aggregated(packed.map((text) => ({ partitionKey: 'two', data: Buffer.from(text) })));
  await server.put('packed', [{ data: '{"a": 1}', key: 'one' }, ...records.map((data) => ({ data, key: 'two' }))]);
  const { columns } = await discovered('packed');
  const kinds = Object.fromEntries(columns.map(({ mapping, type }) => [mapping, type.kind]));
  expect(kinds).toEqual({ '$.a': 'integer', '$.b': 'double', '$.c': 'timestamp' });
});

test('CSV is known as such, from its first records', async () => {
  await server.createStream('csv', 1);
  await server.put(
    'csv',
    Array.from({ length: 3_000 }, (_, i) => ({ data: `ticker${i % 7},${i},${'x'.repeat(40)}\n` })),
  );
  const { csv, columns, hasHeader } = await discovered('csv');
  expect({ csv, hasHeader, kinds: columns.map(({ type }) => type.kind) }).toMatchObject({
    csv: {},
    hasHeader: false,
    kinds: ['varchar', 'integer', 'varchar'],
  });
});

test('an empty stream has no columns; one that is not there is said; a stop rejects', async () => {
  await server.createStream('empty', 2);
  expect((await discovered('empty')).columns).toEqual([]);
  await expect(discovered('nowhere')).rejects.toThrow(/nowhere/);
  await expect(discovered('empty', AbortSignal.abort())).rejects.toThrow();
});
