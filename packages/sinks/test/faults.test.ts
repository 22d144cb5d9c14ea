// Runs under seeded schedules of what goes wrong: calls refused, calls done whose reply is lost, connections cut, a disk that
// is full, a process that dies before any step of prepare, checkpoint or commit. ROWTIME_FAULT_SCHEDULES: how many for each
// sink; ROWTIME_FAULT_SEED: the first of them, to repeat one that failed.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Batch, decodeCheckpoint, encodeCheckpoint, fromRows, type Sink, slice } from '@rowtime/core';
import {
  type Fault,
  type FaultSchedule,
  randomFaults,
  seededRandom,
  startTestServer,
  type TestServer,
} from '@rowtime/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { fileSink } from '../src/file.ts';
import type { FirehoseSink } from '../src/firehose.ts';
import { atOnce, firehoseTo, makeDeliveryStream, numbers, s3To } from './wire.ts';

const schedules = Number(process.env['ROWTIME_FAULT_SCHEDULES'] ?? 70);
const firstSeed = Number(process.env['ROWTIME_FAULT_SEED'] ?? 1);
const timeout = 60_000 + schedules * 2_000;

let server: TestServer;
let root = '';
beforeAll(async () => {
  server = await startTestServer({ partBytesMin: 1 });
});
afterAll(() => server.close());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowtime-faults-'));
});
afterEach(async () => {
  server.setFaults(null);
  await rm(root, { recursive: true });
});

/** What the two services have in common. */
const passing: readonly Fault[] = [
  { kind: 'error', status: 503, code: 'ServiceUnavailable' },
  { kind: 'error', status: 500, code: 'InternalError' },
  { kind: 'reset', when: 'before' },
  { kind: 'reset', when: 'after' },
  { kind: 'reset', when: 'mid reply' },
  { kind: 'truncate' },
  { kind: 'delay', millis: 1 },
];

/** Each takes a timeout, which is real time: in some schedules only. */
const hanging: readonly Fault[] = [
  { kind: 'hang', done: true },
  { kind: 'hang', done: false },
];

function faultsOf(seed: number): readonly Fault[] {
  return seed % 6 === 0 ? [...passing, ...hanging] : passing;
}

test(`s3: nothing lost, nothing twice, the same bytes, in ${schedules} schedules`, { timeout }, async () => {
  const conflict: Fault = { kind: 'error', status: 409, code: 'ConditionalRequestConflict' };
  const ofWrites: FaultSchedule = ({ operation }) =>
    operation === 'PutObject' || operation === 'CompleteMultipartUpload' ? conflict : null;
  await forEachSeed(async (seed, schedule) => {
    const more = {
      ...(seed % 2 === 0 ? ({ compression: 'gzip', partBytes: 100 } as const) : { partBytes: 300 }),
      ...(seed % 4 === 3 && { format: { type: 'PARQUET' } as const }),
    };
    const stored: string[][] = [];
    for (const run of ['unbroken', 'broken']) {
      const bucket = `s3-${seed}-${run}`;
      server.s3.createBucket(bucket);
      const create = (beforeStep: (step: string) => void): Sink =>
        s3To(server, {
          bucket,
          spool: join(root, bucket),
          schema: numbers,
          ...cut,
          ...more,
          beforeStep,
          pace: atOnce(seed),
          requestTimeoutMs: 150,
        });
      const faults = either(seed, ofWrites, randomFaults({ ...chances(seed), faults: faultsOf(seed) }));
      if (run === 'unbroken') await live(create, schedule.rows, [unbroken], null);
      else await live(create, schedule.rows, [...schedule.lives, unbroken], faults);
      stored.push(
        server.s3.keys(bucket).map((key) => `${key} ${server.s3.get(bucket, key).content.toString('latin1')}`),
      );
      expect(server.s3.uploads(bucket)).toEqual([]);
      for (const key of server.s3.keys(bucket)) server.s3.delete(bucket, key);
    }
    expect(stored[0]?.length).toBeGreaterThan(0);
    expect(stored[1]).toEqual(stored[0]);
  });
  // Or the schedules would not show anything.
  expect(met).toBeGreaterThan(schedules);
});

test(`files: nothing lost, nothing twice, the same bytes, in ${schedules} schedules`, { timeout }, async () => {
  await forEachSeed(async (seed, schedule) => {
    const found: string[][] = [];
    for (const run of ['unbroken', 'broken']) {
      const folder = join(root, `${seed}-${run}`);
      const compression = seed % 2 === 0 ? 'gzip' : 'none';
      const format = seed % 4 === 3 ? ({ type: 'PARQUET', rowtime: true } as const) : undefined;
      const create = (beforeStep: (step: string) => void): Sink =>
        fileSink({ folder, schema: numbers, ...cut, compression, ...(format && { format }), beforeStep });
      await live(create, schedule.rows, run === 'unbroken' ? [unbroken] : [...schedule.lives, unbroken], null);
      found.push(await contents(folder));
    }
    expect(found[0]?.length).toBeGreaterThan(0);
    expect(found[1]).toEqual(found[0]);
  });
});

test(`firehose: nothing lost, and nothing twice that is not accounted for, in ${schedules} schedules`, {
  timeout,
}, async () => {
  let twice = 0;
  await forEachSeed(async (seed, schedule) => {
    const deliveryStream = `faults-${seed}`;
    makeDeliveryStream(server, deliveryStream);
    const sinks: FirehoseSink[] = [];
    const pack = seed % 2 === 0 ? 'lines' : 'row';
    const create = (beforeStep: (step: string) => void): Sink => {
      const options = {
        pack,
        recordBytes: 200,
        callsAtOnce: 1 + (seed % 3),
        beforeStep,
        pace: atOnce(seed),
        requestTimeoutMs: 150,
      } as const;
      const sink = firehoseTo(server, {
        deliveryStream,
        schema: numbers,
        format: { type: 'JSON', delimiter: '\n' },
        ...options,
      });
      sinks.push(sink);
      return sink;
    };
    const partly: Fault[] = [
      { kind: 'fail records', records: [0, 2, 3, 5, 8, 13, 21, 34] },
      { kind: 'fail records', records: [1], code: 'InternalFailure' },
    ];
    const faults = randomFaults({ ...chances(seed), faults: [...faultsOf(seed), ...partly, ...partly] });
    const repeated = await live(create, schedule.rows, [...schedule.lives, unbroken], faults);
    const expected = Array.from({ length: schedule.rows.length }, (_, i) => `${JSON.stringify(rowOf(i))}\n`);
    const { lost, duplicated, foreign } = server.firehose.ledger(deliveryStream).compare(expected);
    expect({ lost, foreign }).toEqual({ lost: 0, foreign: 0 });
    const counted = sinks.reduce((sum, { counters }) => sum + counters.duplicatesPossible, 0);
    expect(duplicated).toBeLessThanOrEqual(counted + repeated);
    twice += duplicated;
  });
  // Or the schedules would not show anything.
  if (schedules >= 20) expect(twice).toBeGreaterThan(0);
});

const cut = { stream: 'OUT', bufferBytes: 400, bufferMs: 40 };

interface Life {
  /** Dies before this step. */
  readonly steps: number;
  /** What it dies of is a full disk. */
  readonly isDiskFull: boolean;
  readonly rowsPerBatch: number;
  readonly batchesPerCheckpoint: number;
}

const unbroken: Life = { steps: Number.POSITIVE_INFINITY, isDiskFull: false, rowsPerBatch: 7, batchesPerCheckpoint: 3 };

async function forEachSeed(
  run: (seed: number, schedule: { rows: Batch; lives: readonly Life[] }) => Promise<void>,
): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + schedules; seed++) {
    const random = seededRandom(seed);
    const upTo = (most: number): number => 1 + Math.floor(random() * most);
    const count = 20 + upTo(80);
    const rows = fromRows(
      numbers,
      Array.from({ length: count }, (_, i) => ({ rowtime: start + i * 5, row: rowOf(i) })),
    );
    const lives = Array.from({ length: upTo(4) - 1 }, () => ({
      steps: upTo(40),
      isDiskFull: random() < 0.2,
      rowsPerBatch: upTo(12),
      batchesPerCheckpoint: upTo(5),
    }));
    try {
      await run(seed, { rows, lives });
    } catch (cause) {
      throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
    }
  }
}

const start = Date.UTC(2024, 0, 1, 0, 59, 59, 900);
const rowOf = (i: number) => ({ N: i, TEXT: i % 4 === 0 ? null : `text ${i}` });

function chances(seed: number) {
  return { seed, share: 0.15, atMost: 6, stormMax: seed % 5 === 0 ? 60 : 4 };
}

/** How many calls something was wrong with. */
let met = 0;

function counted(schedule: FaultSchedule): FaultSchedule {
  return (call) => {
    const fault = schedule(call);
    if (fault) met++;
    return fault;
  };
}

function either(seed: number, one: FaultSchedule, other: FaultSchedule): FaultSchedule {
  const random = seededRandom(seed + 1);
  return counted((call) => (random() < 0.05 ? one(call) : other(call)));
}

class Death extends Error {}

/** One process after the other, each from the last checkpoint. Returns how many rows were given to a sink again. */
async function live(
  create: (beforeStep: (step: string) => void) => Sink,
  rows: Batch,
  lives: readonly Life[],
  faults: FaultSchedule | null,
): Promise<number> {
  let saved: Uint8Array | null = null;
  let repeated = 0;
  for (const { steps, isDiskFull, rowsPerBatch, batchesPerCheckpoint } of lives) {
    server.setFaults(faults);
    let left = steps;
    const beforeStep = (step: string): void => {
      if (left-- > 0) return;
      throw isDiskFull ? Object.assign(new Death(`no space left: ${step}`), { code: 'ENOSPC' }) : new Death(step);
    };
    const last = saved && (decodeCheckpoint(saved) as { at: number; prepared: unknown });
    let at = last?.at ?? 0;
    const from = { at };
    const sink = create(beforeStep);
    try {
      await sink.open(last ? last.prepared : null);
      for (let batches = 1; ; batches++) {
        const to = Math.min(at + rowsPerBatch, rows.length);
        if (to > at) sink.write(slice(rows, at, to));
        at = to;
        sink.advance(at === rows.length ? Number.POSITIVE_INFINITY : rows.rowtime[at]!);
        if (at < rows.length && batches % batchesPerCheckpoint !== 0) continue;
        const prepared: unknown = await sink.prepare();
        beforeStep('save');
        saved = encodeCheckpoint({ at, prepared });
        from.at = at;
        await sink.commit(decodeCheckpoint(encodeCheckpoint(prepared)));
        if (at === rows.length) break;
      }
      await sink.close();
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      repeated += at - from.at;
    }
  }
  return repeated;
}

async function contents(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.sort().map(async (file) => `${file.slice(folder.length)} ${await readFile(file, 'latin1')}`),
  );
}
