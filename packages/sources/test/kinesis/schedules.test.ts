// A job that reads a stream which was resharded, or is while it reads, under seeded schedules of what goes wrong: connections that
// break before, after and in the middle of replies, throttling, expired iterators, a process that dies before any step of source,
// checkpoint and sink. ROWTIME_FAULT_SCHEDULES: how many; ROWTIME_FAULT_SEED: the first of them, to repeat one that failed.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { arrivalClock, Graph, type Poll, run, type Source, stateless, streamId } from '@rowtime/core';
import { memoryStore } from '@rowtime/core/testing';
import { fileSink } from '@rowtime/sinks/file';
import { faultProxy, forSeeds, type ProxyFault, seededRandom, startKinesalite } from '@rowtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sourceOf } from './reading.ts';
import { type KinesisServer, kinesisServer } from './server.ts';

const schedules = Number(process.env['ROWTIME_FAULT_SCHEDULES'] ?? 10);
const first = Number(process.env['ROWTIME_FAULT_SEED'] ?? 1);
/** A schedule of a stream that is written and resharded meanwhile takes a second or more: one in ten is. */
const live = Math.ceil(schedules / 10);

let server: KinesisServer;
let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowtime-schedules-'));
  server = kinesisServer(await startKinesalite());
});
afterAll(async () => {
  await server.close();
  await rm(root, { recursive: true });
});

const met = new Map<string, number>();

test(
  `a stream that was resharded gives the same bytes whatever breaks, in ${schedules} schedules`,
  async () => {
    const rows = 300;
    await writeResharding('input', rows, 4);
    const expected = await unbroken('input', rows, 50);
    expect(expected.length).toBeGreaterThan(3);
    await forSeeds({ first, count: schedules, atOnce: 3 }, async (seed) => {
      expect(await broken(seed, 'input', rows, 50)).toEqual(expected);
    });
    // Or the schedules would not show anything.
    const things = ['death', 'reset', 'lose reply', 'cut reply', '500', '503', 'throttled', 'limit', 'expired'];
    if (schedules >= 10) expect(things.filter((name) => !met.get(name))).toEqual([]);
  },
  60_000 + schedules * 3_000,
);

test(
  `so does one that is written and resharded meanwhile, in ${live} schedules`,
  async () => {
    const rows = 160;
    await forSeeds({ first: first + 1_000_000, count: live, atOnce: 3 }, async (seed) => {
      const stream = `live-${seed}`;
      await server.createStream(stream, 2);
      const [found] = await Promise.all([broken(seed, stream, rows, 1_000), reshard(stream, rows, 15)]);
      expect(found).toEqual(await unbroken(stream, rows, 1_000));
    });
  },
  60_000 + live * 10_000,
);

async function writeResharding(stream: string, rows: number, everyMs: number): Promise<void> {
  await server.createStream(stream, 3);
  await reshard(stream, rows, everyMs);
}

/** Writes rows in ten calls; a shard is split behind the third, and two are merged behind the sixth. */
async function reshard(StreamName: string, rows: number, everyMs: number): Promise<void> {
  for (let call = 0, n = 0; call < 10; call++) {
    const to = Math.floor((rows * (call + 1)) / 10);
    const records = Array.from({ length: to - n }, (_, i) => ({ data: `{"n": ${n + i}}`, key: `key ${(n + i) % 23}` }));
    n = to;
    await server.put(StreamName, records);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    if (call === 3) {
      const [ShardToSplit] = await server.shards(StreamName);
      const NewStartingHashKey = String(2n ** 126n);
      await server.client.send(new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey }));
      await server.active(StreamName);
    } else if (call === 6) {
      // The two halves of the split.
      const [ShardToMerge, AdjacentShardToMerge] = (await server.shards(StreamName)).slice(-2);
      await server.client.send(new MergeShardsCommand({ StreamName, ShardToMerge, AdjacentShardToMerge }));
      await server.active(StreamName);
    }
  }
}

async function unbroken(stream: string, rows: number, settleMs: number): Promise<string[]> {
  const folder = `${stream} unbroken`;
  await life(folder, stream, rows, { url: server.url, settleMs, random: seededRandom(0), beforeStep() {} });
  const found = await contents(folder);
  const text = found.join('');
  for (let n = 0; n < rows; n++) expect(text.split(`"n":${n},`)).toHaveLength(2);
  return found;
}

/** One process after the other, until one gets to the end. */
async function broken(seed: number, stream: string, rows: number, settleMs: number): Promise<string[]> {
  const random = seededRandom(seed);
  const proxy = await faultProxy(server.url, ({ headers }) => faultOf(String(headers['x-amz-target']), random));
  const folder = `${stream} ${seed}`;
  const store = memoryStore();
  const deathsMax = 2 + (seed % 5);
  for (let deaths = 0; ; deaths++) {
    let left = deaths < deathsMax ? Math.floor(random() * 40) : Number.POSITIVE_INFINITY;
    const beforeStep = (): void => {
      if (left-- <= 0) throw new Death();
    };
    try {
      await life(folder, stream, rows, { url: proxy.url, settleMs, random, beforeStep, store });
      break;
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      count('death');
    }
  }
  await proxy.close();
  return contents(folder);
}

class Death extends Error {}

interface Life {
  readonly url: string;
  readonly settleMs: number;
  readonly random: () => number;
  readonly beforeStep: () => void;
  readonly store?: ReturnType<typeof memoryStore>;
}

/** One process: from the last checkpoint to the last row, or to its death. */
async function life(folder: string, stream: string, rows: number, options: Life): Promise<void> {
  const { url, settleMs, random, beforeStep, store = memoryStore() } = options;
  const batchRows = 1 + Math.floor(random() * 40);
  const source = await sourceOf(url, stream, { batchRows, random, settleMs, idleMs: 30 });
  source.use(
    [true],
    ['SEQUENCE_NUMBER', 'SHARD_ID'].map((name) => ({ name, type: { kind: 'varchar', length: 256 }, nullable: true })),
  );
  const { schema } = source;
  const pass = stateless(schema, (batch, out) => out(batch));
  const place = { folder: join(root, folder), stream: 'S', schema };
  await run(
    {
      source: ending(source, rows, beforeStep),
      stream: 'S',
      clock: arrivalClock(),
      graph: new Graph([{ id: streamId('S'), operator: pass, from: [] }], 'plan'),
      sinks: [{ stream: 'S', sink: fileSink({ ...place, bufferBytes: 8_000, bufferMs: 40, beforeStep }) }],
      store,
      checkpointDue: () => random() < 0.3,
    },
    new AbortController().signal,
  );
}

/** A source that ends after so many rows, as a stream never does, and may die at each poll. */
function ending(source: Source, total: number, beforeStep: () => void): Source {
  let polled = 0;
  return {
    schema: source.schema,
    async open(position) {
      const last = position as { inner: unknown; polled: number } | null;
      polled = last?.polled ?? 0;
      await source.open(last?.inner ?? null);
    },
    async poll(signal): Promise<Poll> {
      beforeStep();
      const poll = await source.poll(signal);
      polled += poll.batch?.length ?? 0;
      return { ...poll, end: polled >= total };
    },
    position: () => ({ inner: source.position(), polled }),
    close: () => source.close(),
  };
}

function faultOf(target: string, random: () => number): ProxyFault {
  const chance = random();
  if (chance > 0.4) return 'pass';
  if (chance > 0.35) return count('reset');
  if (chance > 0.3) return count('lose reply');
  if (chance > 0.25) return count('cut reply');
  if (chance > 0.2) return refused('500', 500, 'InternalFailure');
  if (chance > 0.15) {
    count('503');
    return { status: 503, body: '<html>busy</html>' };
  }
  if (chance > 0.1) return refused('throttled', 400, 'ProvisionedThroughputExceededException');
  if (target.endsWith('GetRecords')) return refused('expired', 400, 'ExpiredIteratorException');
  return refused('limit', 400, 'LimitExceededException');
}

function refused(name: string, status: number, type: string): ProxyFault {
  count(name);
  return { status, body: JSON.stringify({ __type: type, message: 'no' }) };
}

function count<T extends string>(name: T): T {
  met.set(name, (met.get(name) ?? 0) + 1);
  return name;
}

async function contents(folder: string): Promise<string[]> {
  const path = join(root, folder);
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = files.map((file) => file.slice(path.length)).sort();
  return Promise.all(names.map(async (name) => `${name}\n${await readFile(join(path, name), 'utf8')}`));
}
