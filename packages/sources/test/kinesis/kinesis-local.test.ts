import { SplitShardCommand, UpdateShardCountCommand } from '@aws-sdk/client-kinesis';
import { startKinesisLocal } from '@rowtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { never, rowsOf, sourceOf } from './reading.ts';
import { type KinesisServer, kinesisServer } from './server.ts';

let server: KinesisServer;
beforeAll(async () => {
  server = kinesisServer(await startKinesisLocal());
}, 60_000);
afterAll(() => server.close());

test('enhanced fan-out gives the same rows as GetRecords, also over a restart', async () => {
  await server.createStream('fan-out', 2);
  await server.put('fan-out', records(0, 50));
  const expected = await readAll({});
  const found = await readAll({ fanOut: 'rowtime' });
  expect(found).toEqual(expected);

  async function readAll(options: { fanOut?: string }) {
    const first = await sourceOf(server.url, 'fan-out', { ...options, batchRows: 20 });
    await first.open(null);
    const rows = await rowsOf(first, 20);
    const position = first.position();
    await first.close();
    const second = await sourceOf(server.url, 'fan-out', options);
    await second.open(position);
    rows.push(...(await rowsOf(second, 30)));
    await second.close();
    return rows;
  }
});

test('a source follows a stream that is resharded while it reads', async () => {
  await server.createStream('reshard', 2);
  const source = await sourceOf(server.url, 'reshard', { start: 'LATEST', batchRows: 20 });
  await source.open(null);
  await source.poll(never);
  const reading = rowsOf(source, 120);
  await server.put('reshard', records(0, 30));
  const [first] = await server.shards('reshard');
  await server.client.send(
    new SplitShardCommand({ StreamName: 'reshard', ShardToSplit: first, NewStartingHashKey: String(2n ** 126n) }),
  );
  await server.active('reshard');
  await server.put('reshard', records(30, 60));
  await server.client.send(
    new UpdateShardCountCommand({ StreamName: 'reshard', TargetShardCount: 2, ScalingType: 'UNIFORM_SCALING' }),
  );
  await server.active('reshard');
  await server.put('reshard', records(60, 120));
  const rows = await reading;
  expect(rows.map(({ n }) => Number(n)).sort((a, b) => a - b)).toEqual(records(0, 120).map((_, n) => n));
  expect(source.position().done.length).toBeGreaterThan(0);
  await source.close();
});

test('a shard that nothing was written to is opened again at the time the source began', async () => {
  await server.createStream('quiet', 2);
  const first = await sourceOf(server.url, 'quiet', { start: 'LATEST' });
  await first.open(null);
  await first.poll(never);
  const position = first.position();
  await first.close();
  const second = await sourceOf(server.url, 'quiet', { start: 'LATEST' });
  await second.open(position);
  await server.put('quiet', records(0, 10));
  expect(await rowsOf(second, 10)).toHaveLength(10);
  await second.close();
});

function records(from: number, to: number) {
  return Array.from({ length: to - from }, (_, i) => ({ data: `{"n": ${from + i}}` }));
}
