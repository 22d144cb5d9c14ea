import { MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { toRows } from '@rowtime/core';
import { faultProxy, type ProxiedRequest, startKinesalite } from '@rowtime/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aggregated } from './aggregate.ts';
import { never, rowsOf, sourceOf } from './reading.ts';
import { type KinesisServer, kinesisServer } from './server.ts';

// features: F196 F197 F199

let server: KinesisServer;
beforeAll(async () => {
  server = kinesisServer(await startKinesalite());
});
afterAll(() => server.close());

describe('a Kinesis source begins', () => {
  test('at TRIM_HORIZON with the oldest record, merged by arrival time over the shards', async () => {
    await server.createStream('oldest', 4);
    for (let n = 0; n < 40; n++) await server.put('oldest', [{ data: `{"n": ${n}}`, key: `k${n}` }]);
    const source = await sourceOf(server.url, 'oldest', { batchRows: 7 });
    await source.open(null);
    const found = await rowsOf(source, 40);
    // In one millisecond the order is that of the shards: the numbers went up a call at a time.
    expect(found.map(({ n }) => n).sort((a, b) => Number(a) - Number(b))).toEqual(numbers(0, 40));
    await source.close();
    const again = await sourceOf(server.url, 'oldest', { batchRows: 3, prefetchBytesMax: 1 });
    await again.open(null);
    expect(await rowsOf(again, 40)).toEqual(found);
    await again.close();
  });

  test('at LATEST behind the newest record, and stays there over a restart before any row came', async () => {
    await server.createStream('latest', 1);
    await server.put('latest', [{ data: '{"n": 1}' }]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const source = await sourceOf(server.url, 'latest', { start: 'LATEST' });
    await source.open(null);
    expect(await source.poll(never)).toMatchObject({ batch: null, end: false });
    const position = source.position();
    await source.close();
    await server.put('latest', [{ data: '{"n": 2}' }, { data: '{"n": 3}' }]);
    const again = await sourceOf(server.url, 'latest', { start: 'LATEST' });
    await again.open(position);
    expect(await rowsOf(again, 2)).toEqual([{ n: 2 }, { n: 3 }]);
    await again.close();
  });

  test('at a time with what arrived then or later', async () => {
    await server.createStream('time', 1);
    await server.put('time', [{ data: '{"n": 1}' }]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const at = Date.now();
    await server.put('time', [{ data: '{"n": 2}' }]);
    const source = await sourceOf(server.url, 'time', { start: { at } });
    await source.open(null);
    expect(await rowsOf(source, 1)).toEqual([{ n: 2 }]);
    await source.close();
  });

  test('behind sequence numbers, and with all of the shards that are not named', async () => {
    await server.createStream('after', 2);
    await server.put(
      'after',
      numbers(0, 20).map((n) => ({ data: `{"n": ${n}}`, key: `k${n}` })),
    );
    const [shard] = await server.shards('after');
    const all = await sourceOf(server.url, 'after');
    all.use([true], metadata);
    await all.open(null);
    const rows = await rowsOf(all, 20);
    await all.close();
    const ofShard = rows.filter(({ SHARD_ID }) => SHARD_ID === shard);
    const source = await sourceOf(server.url, 'after', {
      start: { after: { [shard]: String(ofShard[2].SEQUENCE_NUMBER) } },
    });
    source.use([true], metadata);
    await source.open(null);
    expect(await rowsOf(source, 17)).toEqual(rows.filter((row) => !ofShard.slice(0, 3).includes(row)));
    await source.close();
    const wrong = await sourceOf(server.url, 'after', { start: { after: { 'shardId-9': '1' } } });
    await expect(wrong.open(null)).rejects.toThrow('no shard shardId-9');
    await wrong.close();
  });
});

describe('a record', () => {
  test('has its metadata in columns behind those of its rows, when they are asked for', async () => {
    await server.createStream('metadata', 1);
    const [packed] = await aggregated(
      ['a', 'b'].map((partitionKey, n) => ({ partitionKey, data: Buffer.from(`{"n":${n}}`) })),
    );
    await server.put('metadata', [{ data: packed, key: 'outer' }]);
    await server.put('metadata', [{ data: '{"n": 2}{"n": 3}', key: 'c' }]);
    const source = await sourceOf(server.url, 'metadata', { batchRows: 1 });
    source.use([true], metadata);
    expect(source.schema.map(({ name }) => name)).toEqual(['n', ...metadata.map(({ name }) => name)]);
    await source.open(null);
    const rows = await rowsOf(source, 4);
    expect(rows.map(({ n, PARTITION_KEY }) => [n, PARTITION_KEY])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
      [3, 'c'],
    ]);
    expect(rows.map(({ SHARD_ID }) => SHARD_ID)).toEqual(Array(4).fill('shardId-000000000000'));
    expect(rows[0].SEQUENCE_NUMBER).toBe(rows[1].SEQUENCE_NUMBER);
    expect(BigInt(String(rows[2].SEQUENCE_NUMBER))).toBeGreaterThan(BigInt(String(rows[1].SEQUENCE_NUMBER)));
    const age = Date.now() - Number(rows[0].APPROXIMATE_ARRIVAL_TIME);
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(60_000);
    await source.close();
  });

  test('that gives no row is rejected with its reason and sequence number', async () => {
    await server.createStream('bad', 1);
    await server.put('bad', [{ data: '{"n": 1}' }, { data: 'x' }, { data: '{"n": "y"}' }, { data: '{"n": 2}' }]);
    const source = await sourceOf(server.url, 'bad');
    await source.open(null);
    let poll = await source.poll(never);
    while (!poll.batch) poll = await source.poll(never);
    expect(poll.batch.length).toBe(2);
    expect(poll.rejected.map(({ name }) => name)).toEqual(['MalformedRecord', 'CoercionError']);
    expect(poll.rejected[1].message).toMatch(
      /column "n": .*; record at byte 0 of sequence number 49\d+ in shardId-000000000000$/,
    );
    await source.close();
  });
});

describe('resharding', () => {
  test('is followed: splits and merges, parents before their children, also over restarts', async () => {
    await server.createStream('reshard', 2);
    const expected = new Map<string, number[]>();
    let n = 0;
    const put = async (rounds: number) => {
      for (let i = 0; i < rounds; i++, n++) {
        const key = `k${n % 7}`;
        expected.set(key, [...(expected.get(key) ?? []), n]);
        await server.put('reshard', [{ data: `{"n": ${n}}`, key }]);
      }
    };
    await put(30);
    const [first, second] = await server.shards('reshard');
    const middle = String(2n ** 126n);
    await server.client.send(
      new SplitShardCommand({ StreamName: 'reshard', ShardToSplit: first, NewStartingHashKey: middle }),
    );
    await server.active('reshard');
    await put(30);
    const [, , , right] = await server.shards('reshard');
    await server.client.send(
      new MergeShardsCommand({ StreamName: 'reshard', ShardToMerge: right, AdjacentShardToMerge: second }),
    );
    await server.active('reshard');
    await put(30);

    // One poll for each process.
    const found = new Map<string, number[]>();
    let count = 0;
    let position = null;
    while (count < n) {
      const source = await sourceOf(server.url, 'reshard', { batchRows: 10, idleMs: 1 });
      source.use([true], metadata);
      await source.open(position);
      for (const row of await rowsOf(source, 1)) {
        const key = String(row.PARTITION_KEY);
        found.set(key, [...(found.get(key) ?? []), Number(row.n)]);
        count++;
      }
      position = source.position();
      await source.close();
    }
    expect(found).toEqual(expected);
    expect(position?.done).toHaveLength(3);
  });

  test('leaves the shard of each row known by its number, for several input streams', async () => {
    await server.createStream('dealt', 2);
    const put = (from: number, to: number) =>
      server.put(
        'dealt',
        numbers(from, to).map((n) => ({ data: `{"n": ${n}}`, key: `k${n}` })),
      );
    await put(0, 30);
    const [first] = await server.shards('dealt');
    await server.client.send(
      new SplitShardCommand({ StreamName: 'dealt', ShardToSplit: first, NewStartingHashKey: String(2n ** 126n) }),
    );
    await server.active('dealt');
    await put(30, 60);
    const read = async (batchRows: number) => {
      const found: string[] = [];
      for (let position = null; found.length < 60; ) {
        const source = await sourceOf(server.url, 'dealt', { batchRows, idleMs: 1, isPartitioned: true });
        source.use([true], metadata);
        await source.open(position);
        for (let polled = false; !polled; ) {
          const { batch, partition } = await source.poll(never);
          if (!batch) continue;
          polled = true;
          const rows = toRows(source.schema, batch);
          expect(partition).toHaveLength(rows.length);
          found.push(...rows.map(({ row }, i) => `${row.n} ${row.SHARD_ID} ${(partition as Float64Array)[i]}`));
        }
        position = source.position();
        await source.close();
      }
      return found;
    };
    const found = await read(1_000);
    const partitions = new Set(found.map((text) => text.split(' ').slice(1).join(' ')));
    expect([...partitions].sort()).toEqual([0, 1, 2, 3].map((n) => `shardId-00000000000${n} ${n}`));
    expect(await read(7)).toEqual(found);
  });

  test('while a source reads gives every record once', async () => {
    await server.createStream('live', 1);
    const source = await sourceOf(server.url, 'live', { start: 'TRIM_HORIZON' });
    await source.open(null);
    const reading = rowsOf(source, 200);
    for (let n = 0; n < 200; n += 20) {
      await server.put(
        'live',
        numbers(n, n + 20).map((n) => ({ data: `{"n": ${n}}` })),
      );
      if (n !== 60 && n !== 120) continue;
      const shard = (await server.shards('live')).at(-1)!;
      const half = n === 60 ? 2n ** 127n : 2n ** 127n + 2n ** 126n;
      await server.client.send(
        new SplitShardCommand({ StreamName: 'live', ShardToSplit: shard, NewStartingHashKey: String(half) }),
      );
      await server.active('live');
    }
    const rows = await reading;
    expect(rows.map(({ n }) => Number(n)).sort((a, b) => a - b)).toEqual(numbers(0, 200));
    await source.close();
  });
});

describe('reading', () => {
  test('goes on behind an iterator that expired', async () => {
    await server.createStream('expired', 1);
    await server.put(
      'expired',
      numbers(0, 50).map((n) => ({ data: `{"n": ${n}}` })),
    );
    let calls = 0;
    const proxy = await faultProxy(server.url, (request) => {
      if (actionOf(request) !== 'GetRecords' || ++calls % 3 !== 0) return 'pass';
      return { status: 400, body: '{"__type":"ExpiredIteratorException","message":"Iterator expired."}' };
    });
    const source = await sourceOf(proxy.url, 'expired', { prefetchBytesMax: 10 * 270 });
    await source.open(null);
    expect((await rowsOf(source, 50)).map(({ n }) => n)).toEqual(numbers(0, 50));
    expect(calls).toBeGreaterThan(5);
    await source.close();
    await proxy.close();
  });

  test('asks for no more than fits while nobody polls, and says how far behind it is', async () => {
    await server.createStream('bounded', 1);
    await server.put(
      'bounded',
      numbers(0, 40).map((n) => ({ data: `{"n": ${n}, "fill": "${'x'.repeat(1000)}"}` })),
    );
    const limits: number[] = [];
    const proxy = await faultProxy(server.url, (request) => {
      if (actionOf(request) === 'GetRecords') limits.push(JSON.parse(request.body.toString()).Limit);
      return 'pass';
    });
    const source = await sourceOf(proxy.url, 'bounded', { prefetchBytesMax: 8 * 1300, batchRows: 1 });
    await source.open(null);
    expect([...source.millisBehindLatest()]).toEqual([['shardId-000000000000', null]]);
    await rowsOf(source, 1);
    expect([...source.millisBehindLatest()]).toEqual([['shardId-000000000000', 0]]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(limits.length).toBeLessThanOrEqual(2);
    expect((await rowsOf(source, 39)).at(-1)).toEqual({ n: 39 });
    expect(limits.length).toBeGreaterThan(4);
    expect(Math.max(...limits)).toBeLessThanOrEqual(10);
    await source.close();
    await proxy.close();
  });

  test('leaves time between the calls to a shard', async () => {
    await server.createStream('paced', 1);
    await server.put(
      'paced',
      numbers(0, 6).map((n) => ({ data: `{"n": ${n}, "fill": "${'x'.repeat(1000)}"}` })),
    );
    const source = await sourceOf(server.url, 'paced', { prefetchBytesMax: 1, intervalMs: 40 });
    const started = performance.now();
    await source.open(null);
    await rowsOf(source, 6);
    // A record a call. Never too short, however busy the machine is.
    expect(performance.now() - started).toBeGreaterThan(5 * 40 - 10);
    await source.close();
  });

  test('stops when the stream is gone, after what was read of it', async () => {
    await server.createStream('gone', 1);
    await server.put('gone', [{ data: '{"n": 1}' }]);
    let calls = 0;
    const proxy = await faultProxy(server.url, (request) => {
      if (actionOf(request) !== 'GetRecords' || ++calls < 3) return 'pass';
      return { status: 400, body: '{"__type":"ResourceNotFoundException","message":"Stream gone not found."}' };
    });
    const source = await sourceOf(proxy.url, 'gone');
    await source.open(null);
    expect(await rowsOf(source, 1)).toEqual([{ n: 1 }]);
    const failure = await (async () => {
      for (;;) await source.poll(never);
    })().catch((error: unknown) => error);
    expect(String(failure)).toContain(
      'kinesis:GetRecords on stream gone in us-east-1 failed: ResourceNotFoundException',
    );
    await source.close();
    await proxy.close();
  });
});

describe('what somebody must mend is said with the action, the resource and the fix', () => {
  const cases: readonly [string, string, string][] = [
    [
      'AccessDeniedException',
      'not authorized',
      'allow kinesis:ListShards on arn:aws:kinesis:us-east-1:*:stream/errors',
    ],
    ['ResourceNotFoundException', 'Stream errors not found', 'that it is in region us-east-1'],
    ['ExpiredTokenException', 'The security token is expired', 'get new credentials'],
    ['UnrecognizedClientException', 'The security token is invalid', 'check the access key'],
  ];
  test.each(cases)('%s', async (name, message, fix) => {
    const proxy = await faultProxy(server.url, () => ({
      status: 400,
      body: JSON.stringify({ __type: name, message }),
    }));
    const source = await sourceOf(proxy.url, 'errors');
    const failure = await source.open(null).catch((error: unknown) => error);
    expect(String(failure)).toContain(
      `AwsError: kinesis:ListShards on stream errors in us-east-1 failed: ${name}: ${message}. To fix it: `,
    );
    expect(String(failure)).toContain(fix);
    await source.close();
    await proxy.close();
  });

  test('a host that is not there when nothing was ever reached', async () => {
    const source = await sourceOf('http://kinesis.nowhere.invalid', 'errors');
    await expect(source.open(null)).rejects.toThrow('check the region');
    await source.close();
  });

  test('a position in another stream', async () => {
    const source = await sourceOf(server.url, 'errors');
    await expect(source.open({ stream: 'other', time: 0, shards: [], done: [] })).rejects.toThrow('in stream other');
    await source.close();
  });

  test('a shard whose records are older than the retention: a row says so, and its children are read', async () => {
    await server.createStream('trimmed', 1);
    await server.put('trimmed', [{ data: '{"n": 1}' }]);
    const source = await sourceOf(server.url, 'trimmed');
    const shards = [{ shard: 'shardId-gone', from: null, sequence: '123', sub: null, offset: 0 }];
    await source.open({ stream: 'trimmed', time: 5, shards, done: [] });
    const { rejected } = await source.poll(never);
    expect(rejected).toMatchObject([{ name: 'ShardGone', time: 5 }]);
    expect(rejected[0].message).toContain('after sequence number 123');
    await source.close();
  });
});

const metadata = [
  { name: 'APPROXIMATE_ARRIVAL_TIME', type: { kind: 'timestamp' }, nullable: true },
  { name: 'PARTITION_KEY', type: { kind: 'varchar', length: 256 }, nullable: true },
  { name: 'SEQUENCE_NUMBER', type: { kind: 'varchar', length: 256 }, nullable: true },
  { name: 'SHARD_ID', type: { kind: 'varchar', length: 256 }, nullable: true },
] as const;

function actionOf({ headers }: ProxiedRequest): string {
  return String(headers['x-amz-target']).split('.')[1];
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
