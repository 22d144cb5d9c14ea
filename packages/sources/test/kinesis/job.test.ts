import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arrivalClock, Graph, type Poll, run, type Schema, type Source, stateless, streamId } from '@rowtime/core';
import { memoryStore } from '@rowtime/core/testing';
import { fileSink } from '@rowtime/sinks/file';
import { faultProxy, type ProxyFault, startKinesalite } from '@rowtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seeded, sourceOf } from './reading.ts';
import { type KinesisServer, kinesisServer } from './server.ts';

/** More on demand: ROWTIME_FAULT_SCHEDULES=1000 npx vitest run packages/sources/test/kinesis/job.test.ts */
const schedules = Number(process.env.ROWTIME_FAULT_SCHEDULES ?? 6);
const rows = 400;

let server: KinesisServer;
let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowtime-kinesis-'));
  server = kinesisServer(await startKinesalite());
  await server.createStream('input', 3);
  for (let from = 0; from < rows; from += 25) {
    await server.put(
      'input',
      Array.from({ length: 25 }, (_, i) => ({ data: `{"n": ${from + i}}` })),
    );
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
});
afterAll(async () => {
  await server.close();
  await rm(root, { recursive: true });
});

test.each([
  ['one input stream', ['S']],
  ['several input streams', ['S_001', 'S_002']],
])(
  'what a job leaves in files is the same bytes whatever broke, and whenever it died: %s',
  async (name, streams) => {
    const unbroken = `unbroken ${name}`;
    await live(unbroken, streams, server.url, () => {});
    const expected = await contents(unbroken);
    for (const stream of streams)
      expect(expected.filter((file) => file.includes(`/${stream}/`)).length).toBeGreaterThan(2);
    const text = expected.join('');
    for (let n = 0; n < rows; n++) expect(text.split(`"n":${n},`)).toHaveLength(2);

    for (let seed = 1; seed <= schedules; seed++) {
      const random = seeded(seed);
      const proxy = await faultProxy(server.url, ({ headers }) => faultOf(String(headers['x-amz-target']), random));
      const folder = `${name} ${seed}`;
      const store = memoryStore();
      let deaths = 0;
      for (let died = true; died; ) {
        // Some processes live for a few steps, the last ones long enough to end.
        const step = deaths < 12 ? Math.floor(random() * 30) : Number.POSITIVE_INFINITY;
        let steps = 0;
        died = await live(
          folder,
          streams,
          proxy.url,
          () => {
            if (++steps > step) throw new Death();
          },
          store,
          random,
        ).then(
          () => false,
          (error: unknown) => {
            if (!(error instanceof Death)) throw error;
            deaths++;
            return true;
          },
        );
      }
      await proxy.close();
      expect(await contents(folder), `seed ${seed}`).toEqual(expected);
      expect(deaths, `seed ${seed}`).toBeGreaterThan(0);
    }
  },
  1_000_000,
);

class Death extends Error {}

/** One process: from the last checkpoint to the last row, or to its death. */
async function live(
  folder: string,
  streams: readonly string[],
  url: string,
  beforeStep: () => void,
  store = memoryStore(),
  random = seeded(0),
) {
  const isPartitioned = streams.length > 1;
  const source = await sourceOf(url, 'input', { batchRows: 1 + Math.floor(random() * 40), random, isPartitioned });
  source.use(
    [true],
    [
      { name: 'SEQUENCE_NUMBER', type: { kind: 'varchar', length: 256 }, nullable: true },
      { name: 'SHARD_ID', type: { kind: 'varchar', length: 256 }, nullable: true },
    ],
  );
  const { schema } = source;
  await run(
    {
      source: ending(source, rows, beforeStep),
      stream: streams,
      clock: arrivalClock(),
      graph: passThrough(schema, streams),
      sinks: streams.map((stream) => ({
        stream,
        sink: fileSink({ folder: join(root, folder), stream, schema, bufferBytes: 4_000, bufferMs: 20, beforeStep }),
      })),
      store,
      checkpointDue: () => random() < 0.3,
    },
    new AbortController().signal,
  );
}

function passThrough(schema: Schema, streams: readonly string[]): Graph {
  const operator = stateless(schema, (batch, out) => out(batch));
  return new Graph(
    streams.map((stream) => ({ id: streamId(stream), operator, from: [] })),
    'plan',
  );
}

interface Counted {
  readonly inner: unknown;
  readonly rows: number;
}

/** A source that ends after so many rows, as a stream never does, and may die at each poll. */
function ending(source: Source, total: number, beforeStep: () => void): Source {
  let count = 0;
  return {
    schema: source.schema,
    async open(position) {
      const counted = position as Counted | null;
      count = counted?.rows ?? 0;
      await source.open(counted?.inner ?? null);
    },
    async poll(signal): Promise<Poll> {
      beforeStep();
      const poll = await source.poll(signal);
      count += poll.batch?.length ?? 0;
      return { ...poll, end: count >= total };
    },
    position: (): Counted => ({ inner: source.position(), rows: count }),
    close: () => source.close(),
  };
}

function faultOf(target: string, random: () => number): ProxyFault {
  const chance = random();
  if (chance > 0.4) return 'pass';
  if (chance > 0.35) return 'reset';
  if (chance > 0.3) return 'lose reply';
  if (chance > 0.25) return 'cut reply';
  if (chance > 0.2) return { status: 500, body: '{"__type":"InternalFailure"}' };
  if (chance > 0.15) return { status: 503, body: '<html>busy</html>' };
  if (chance > 0.1)
    return { status: 400, body: '{"__type":"ProvisionedThroughputExceededException","message":"slow"}' };
  if (!target.endsWith('GetRecords'))
    return { status: 400, body: '{"__type":"LimitExceededException","message":"slow"}' };
  return { status: 400, body: '{"__type":"ExpiredIteratorException","message":"old"}' };
}

async function contents(folder: string): Promise<string[]> {
  const path = join(root, folder);
  const names = (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('/.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(names.map(async (name) => `${name.slice(path.length)}\n${await readFile(name, 'utf8')}`));
}
