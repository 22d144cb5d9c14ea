import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { errorStreamSchema, fromRows, type Row, RowErrors, type Schema, toRows } from '@rowtime/core';
import { sinkContract } from '@rowtime/core/testing';
import {
  faultProxy,
  type ProxiedRequest,
  type ProxyFault,
  type ServerProcess,
  seededRandom,
  startKinesalite,
} from '@rowtime/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KinesisSinkOptions, kinesisSink } from '../src/kinesis.ts';
import { unpaced } from './pace.ts';
import { type PutEntry, startPutRecordsServer } from './put-records-server.ts';

// features: F204 F209

/** More on demand: ROWTIME_FAULT_SCHEDULES=1000 npx vitest run packages/sinks/test/kinesis.test.ts */
const schedules = Number(process.env.ROWTIME_FAULT_SCHEDULES ?? 12);

const connection = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

let server: ServerProcess;
let client: KinesisClient;
beforeAll(async () => {
  server = await startKinesalite();
  client = new KinesisClient({ ...connection, endpoint: server.url, requestHandler: new NodeHttpHandler() });
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
    await createStream('by-key', 4);
    const sink = sinkTo(server.url, { dataStream: 'by-key', schema, partitionKey: 'K' });
    await sink.open(null);
    for (let from = 0; from < 900; from += 90)
      sink.write(batch(from, from + 90, (n) => (n % 10 === 9 ? null : `k${n % 10}`)));
    await sink.commit(await sink.prepare());
    await sink.close();
    const records = await recordsOf('by-key');
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
    await createStream('limits', 1);
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
    await createStream('large', 1);
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
    expect((await recordsOf('large')).map(({ n }) => n)).toEqual([0, 2, 3, 5]);
    const rows = toRows(errorStreamSchema, errors.take()!).map(({ row }) => row);
    expect(rows.map(({ ERROR_NAME }) => ERROR_NAME)).toEqual(['OutputKeyTooLong', 'OutputRecordTooLarge']);
    expect(rows[0]!.MESSAGE).toBe(
      'a row of OUT has a partition key of 257 characters; Kinesis takes at most 256 (stream large)',
    );
    expect(sink.counters).toMatchObject({ recordsIn: 6, recordsAcked: 4, recordsDead: 2, inFlight: 0 });
  });
});

test('whatever breaks, nothing is lost, and what comes twice was counted or sent by a process that died', async () => {
  for (let seed = 1; seed <= schedules; seed++) {
    const dataStream = `faults-${seed}`;
    await createStream(dataStream, 2);
    const random = seededRandom(seed);
    const proxy = await faultProxy(server.url, (request) => (recordsIn(request) ? faultOf(random) : 'pass'));
    let [saved, at, kills, sentByDead, counted]: [unknown, number, number, number, number] = [null, 0, 0, 0, 0];
    while (at < 400) {
      const dies = kills < 4 && random() < 0.5;
      let steps = Math.floor(random() * 6);
      let sent = 0;
      const sink = sinkTo(proxy.url, {
        dataStream,
        schema,
        partitionKey: 'K',
        pace: unpaced(seed),
        beforeStep: (step) => {
          if (dies && steps-- === 0) throw new Death();
          sent += Number(/\d+/.exec(step)![0]);
        },
      });
      await sink.open(saved);
      let acknowledged = 0;
      let isDead = false;
      try {
        for (let epoch = 0; epoch < 3 && at < 400; epoch++) {
          const to = Math.min(at + 20 + Math.floor(random() * 60), 400);
          sink.write(batch(at, to, (n) => `k${n % 7}`));
          const prepared = await sink.prepare();
          [saved, at, acknowledged] = [prepared, to, sent];
        }
      } catch (error) {
        if (!(error instanceof Death)) throw error;
        isDead = true;
        kills++;
      }
      await sink.close();
      if (isDead) sentByDead += sent - acknowledged;
      counted += sink.counters.duplicatesPossible;
    }
    await proxy.close();
    const found = (await recordsOf(dataStream)).map(({ n }) => n);
    expect(new Set(found).size, `seed ${seed}`).toBe(400);
    expect(found.length - 400, `seed ${seed}`).toBeLessThanOrEqual(counted + sentByDead);
  }
}, 1_000_000);

class Death extends Error {}

test('told to stop while the stream is down, it leaves the rest to the next process', async () => {
  await createStream('stop', 1);
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
  const records = (await recordsOf('stop')).sort((a, b) => a.n - b.n);
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

const schema: Schema = [
  { name: 'N', type: { kind: 'integer' }, nullable: false },
  { name: 'K', type: { kind: 'varchar', length: null }, nullable: true },
];

function batch(from: number, to: number, keyOf: (n: number) => string | null) {
  const rows = Array.from({ length: to - from }, (_, i): { rowtime: number; row: Row } => ({
    rowtime: from + i,
    row: { N: from + i, K: keyOf(from + i) },
  }));
  return fromRows(schema, rows);
}

function sinkTo(url: string, options: Pick<KinesisSinkOptions, 'dataStream' | 'schema'> & Partial<KinesisSinkOptions>) {
  return kinesisSink({ ...connection, endpoint: url, stream: 'OUT', pace: unpaced(), ...options });
}

async function createStream(name: string, shards: number): Promise<void> {
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
  for (;;) {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }));
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return;
  }
}

interface Found {
  readonly shard: string;
  readonly key: string;
  readonly data: string;
  readonly n: number;
}

/** All records, shard by shard, in order. */
async function recordsOf(stream: string): Promise<Found[]> {
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }));
  const found: Found[] = [];
  for (const { ShardId } of Shards) {
    const start = { StreamName: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    let { ShardIterator } = await client.send(new GetShardIteratorCommand(start));
    for (let more = true; more; ) {
      const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator }));
      for (const { PartitionKey, Data } of Records) {
        const data = Buffer.from(Data!).toString('utf8');
        found.push({ shard: ShardId!, key: PartitionKey!, data, n: (JSON.parse(data) as { N: number }).N });
      }
      ShardIterator = NextShardIterator;
      more = Records.length > 0;
    }
  }
  return found;
}

function numberIn({ data }: PutEntry): number {
  return (JSON.parse(data) as { N: number }).N;
}

interface PutRequest {
  readonly StreamName: string;
  readonly Records: readonly { readonly Data: string }[];
}

function recordsIn({ headers, body }: ProxiedRequest): PutRequest['Records'] | null {
  return String(headers['x-amz-target']).endsWith('.PutRecords')
    ? (JSON.parse(body.toString()) as PutRequest).Records
    : null;
}

function faultOf(random: () => number): ProxyFault {
  const chance = random();
  if (chance > 0.5) return 'pass';
  if (chance > 0.4) return 'reset';
  if (chance > 0.3) return 'lose reply';
  if (chance > 0.2) return 'cut reply';
  if (chance > 0.1) return { status: 500, body: '{"__type":"InternalFailure"}' };
  return { status: 400, body: '{"__type":"ProvisionedThroughputExceededException","message":"slow"}' };
}
