import { assert } from '../assert.ts';
import { type Batch, fromRows, slice } from '../batch.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint-codec.ts';
import type { Schema } from '../schema.ts';
import type { Sink } from '../sink.ts';

export interface SinkHarness {
  /** What the sink promises to a reader when its process dies and another goes on from the last checkpoint. */
  readonly delivers: 'exactly once' | 'at most once' | 'at least once';
  /** A new sink over the storage of that name, as a new process makes it. It calls `beforeStep` before each change that
   *  outlives the process (a write to disk, a request) and lets what that throws pass: there the process dies. */
  create(storage: string, schema: Schema, beforeStep: (step: string) => void): Sink;
  /** What a reader finds there: lines, or objects with their names. Of two runs that did the same, the same. */
  delivered(storage: string): Promise<readonly string[]>;
}

export interface SinkCase {
  readonly name: string;
  run(harness: SinkHarness): Promise<void>;
}

/** What every Sink does, each case over storages of its own. Buffers of some hundred bytes and some seconds make a sink
 *  that cuts objects cut them here:
 *
 *      for (const { name, run } of sinkContract) test(name, () => run(harness()));
 */
export const sinkContract: readonly SinkCase[] = [
  {
    name: 'delivers every row once when nothing breaks',
    async run(harness) {
      await live(harness, 'unbroken', {});
      const text = (await harness.delivered('unbroken')).join('\n');
      for (let row = 0; row < rows.length; row++) {
        assert(text.split(rowName(row)).length === 2, `${rowName(row)} is delivered once`);
      }
    },
  },
  {
    name: 'delivers the same however the rows are batched',
    async run(harness) {
      await expectSame(harness, [{ rowsPerBatch: 1 }, { rowsPerBatch: 7 }, { rowsPerBatch: rows.length }]);
    },
  },
  {
    name: 'delivers the same however often checkpoints are taken',
    async run(harness) {
      await expectSame(harness, [
        { batchesPerCheckpoint: 1 },
        { batchesPerCheckpoint: 3 },
        { batchesPerCheckpoint: 1e9 },
      ]);
    },
  },
  {
    name: 'keeps its promise when the process dies at any step',
    async run(harness) {
      await live(harness, 'unbroken', {});
      for (let step = 1, died = true; died; step++) {
        const storage = `dies at step ${step}`;
        const saved = memory();
        died = await dies(() => live(harness, storage, { saved, beforeStep: dieAt(step) }));
        if (died) await live(harness, storage, { saved, rowsPerBatch: 5 });
        await expectPromise(harness, storage);
      }
    },
  },
  {
    name: 'keeps its promise when the process dies again while it recovers',
    async run(harness) {
      await live(harness, 'unbroken', {});
      for (let step = 1, died = true; died; step++) {
        const storage = `dies at step ${step} and again`;
        const saved = memory();
        died = await dies(() => live(harness, storage, { saved, beforeStep: dieAt(step) }));
        for (let again = 1; again <= 4; again++) {
          await dies(() => live(harness, storage, { saved, beforeStep: dieAt(((step + again) % 9) + 1) }));
        }
        await live(harness, storage, { saved });
        await expectPromise(harness, storage);
      }
    },
  },
  {
    name: 'shows nothing before the checkpoint is durable',
    async run(harness) {
      if (harness.delivers === 'at least once') return; // delivers in prepare
      const sink = harness.create('early', schema, () => {});
      await sink.open(null);
      sink.write(rows);
      sink.advance(Number.POSITIVE_INFINITY);
      await sink.prepare();
      assert((await harness.delivered('early')).length === 0, 'nothing is delivered before commit');
      await sink.close();
      assert((await harness.delivered('early')).length === 0, 'close does not commit');
    },
  },
  {
    name: 'commits the same again, here and in the next process, and delivers nothing more',
    async run(harness) {
      const sink = harness.create('again', schema, () => {});
      await sink.open(null);
      sink.write(rows);
      sink.advance(Number.POSITIVE_INFINITY);
      const prepared = copy(await sink.prepare());
      await sink.commit(prepared);
      const delivered = await harness.delivered('again');
      await sink.commit(prepared);
      await sink.close();
      const next = harness.create('again', schema, () => {});
      await next.open(copy(prepared));
      await next.commit(await next.prepare());
      await next.close();
      expectEqual(await harness.delivered('again'), delivered);
    },
  },
  {
    name: 'goes on in the same process when a checkpoint could not be saved',
    async run(harness) {
      await live(harness, 'unbroken', {});
      const sink = harness.create('unsaved', schema, () => {});
      await sink.open(null);
      sink.write(slice(rows, 0, 20));
      await sink.prepare();
      sink.write(slice(rows, 20, 45));
      await sink.prepare();
      sink.write(slice(rows, 45, rows.length));
      sink.advance(Number.POSITIVE_INFINITY);
      await sink.commit(copy(await sink.prepare()));
      await sink.close();
      expectEqual(await harness.delivered('unsaved'), await harness.delivered('unbroken'));
    },
  },
  {
    name: 'does not keep the batch',
    async run(harness) {
      await live(harness, 'unbroken', {});
      const own = copy({ rowtime: rows.rowtime, columns: rows.columns }) as Pick<Batch, 'rowtime' | 'columns'>;
      const sink = harness.create('changed', schema, () => {});
      await sink.open(null);
      sink.write({ length: rows.length, ...own });
      own.rowtime.fill(0);
      for (const column of own.columns) {
        if (column.kind === 'exact') column.units.fill(0n);
        else (column.kind === 'text' ? column.codes : column.values).fill(0);
        column.valid?.fill(0);
      }
      sink.advance(Number.POSITIVE_INFINITY);
      await sink.commit(copy(await sink.prepare()));
      await sink.close();
      expectEqual(await harness.delivered('changed'), await harness.delivered('unbroken'));
    },
  },
  {
    name: 'counts the bytes that wait, from write to the end of the checkpoint',
    async run(harness) {
      const sink = harness.create('counted', schema, () => {});
      await sink.open(null);
      assert(sink.pendingBytes === 0, 'nothing waits at first');
      sink.write(slice(rows, 0, 10));
      const { pendingBytes } = sink;
      assert(pendingBytes > 0, 'what was written waits');
      sink.write(slice(rows, 10, 20));
      assert(sink.pendingBytes > pendingBytes, 'more waits after more was written');
      await sink.commit(copy(await sink.prepare()));
      assert(sink.pendingBytes === 0, 'nothing waits after a checkpoint');
      await sink.close();
    },
  },
  {
    name: 'takes checkpoints with nothing in them',
    async run(harness) {
      const sink = harness.create('empty', schema, () => {});
      await sink.open(null);
      await sink.commit(copy(await sink.prepare()));
      sink.advance(rows.rowtime[0]);
      sink.advance(Number.POSITIVE_INFINITY);
      const prepared = copy(await sink.prepare());
      await sink.commit(prepared);
      await sink.close();
      const next = harness.create('empty', schema, () => {});
      await next.open(prepared);
      await next.close();
      assert((await harness.delivered('empty')).length === 0, 'no rows, nothing delivered');
    },
  },
];

const schema: Schema = [
  { name: 'NAME', type: { kind: 'varchar', length: 32 }, nullable: false },
  { name: 'price', type: { kind: 'double' }, nullable: true },
  { name: 'SEEN', type: { kind: 'timestamp' }, nullable: true },
];

/** 60 rows in bursts, over some minutes, across an hour. */
const rows = fromRows(
  schema,
  Array.from({ length: 60 }, (_, row) => {
    const rowtime = Date.UTC(2024, 0, 1, 0, 57) + Math.floor(row / 4) * 13_500;
    return {
      rowtime,
      row: {
        NAME: `${rowName(row)} é`,
        price: row % 5 === 0 ? null : row / 4,
        SEEN: row % 7 === 0 ? null : rowtime - row,
      },
    };
  }),
);

function rowName(row: number): string {
  return `row${String(row).padStart(3, '0')}`;
}

/** A checkpoint store for one sink: where the source was, and what the sink prepared. */
interface Saved {
  bytes: Uint8Array | null;
}

function memory(): Saved {
  return { bytes: null };
}

interface Life {
  readonly saved?: Saved;
  readonly rowsPerBatch?: number;
  readonly batchesPerCheckpoint?: number;
  readonly beforeStep?: (step: string) => void;
}

/** One process: what the job does (design of the job: poll, write, advance; prepare, save, commit), from the last
 *  checkpoint to the end of the rows. */
async function live(harness: SinkHarness, storage: string, life: Life): Promise<void> {
  const { saved = memory(), rowsPerBatch = 3, batchesPerCheckpoint = 2, beforeStep = () => {} } = life;
  const sink = harness.create(storage, schema, beforeStep);
  const last = saved.bytes && (decodeCheckpoint(saved.bytes) as { at: number; prepared: unknown });
  let at = last ? last.at : 0;
  await sink.open(last ? last.prepared : null);
  for (let batches = 1; ; batches++) {
    const to = Math.min(at + rowsPerBatch, rows.length);
    if (to > at) sink.write(slice(rows, at, to));
    at = to;
    sink.advance(at === rows.length ? Number.POSITIVE_INFINITY : rows.rowtime[at]);
    if (at < rows.length && batches % batchesPerCheckpoint !== 0) continue;
    beforeStep('prepare');
    const prepared = await sink.prepare();
    beforeStep('save');
    saved.bytes = encodeCheckpoint({ at, prepared });
    beforeStep('commit');
    await sink.commit(copy(prepared));
    if (at === rows.length) break;
  }
  beforeStep('close');
  await sink.close();
}

class Death extends Error {}

function dieAt(step: number): () => void {
  let steps = 0;
  return () => {
    if (++steps >= step) throw new Death(`died at step ${step}`);
  };
}

async function dies(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return false;
  } catch (error) {
    if (error instanceof Death) return true;
    throw error;
  }
}

/** As a checkpoint gives it back. */
function copy(value: unknown): unknown {
  return decodeCheckpoint(encodeCheckpoint(value));
}

async function expectSame(harness: SinkHarness, lives: readonly Life[]): Promise<void> {
  await live(harness, 'unbroken', {});
  const expected = await harness.delivered('unbroken');
  for (const [i, life] of lives.entries()) {
    await live(harness, `run ${i}`, life);
    expectEqual(await harness.delivered(`run ${i}`), expected);
  }
}

async function expectPromise(harness: SinkHarness, storage: string): Promise<void> {
  const expected = await harness.delivered('unbroken');
  const found = await harness.delivered(storage);
  switch (harness.delivers) {
    case 'exactly once':
      return expectEqual(found, expected);
    case 'at most once':
      return assert(isSubsequence(found, expected), `${storage}: nothing twice, nothing out of order`);
    case 'at least once':
      return assert(isSubsequence(expected, found), `${storage}: nothing lost`);
  }
}

function expectEqual(found: readonly string[], expected: readonly string[]): void {
  const i = expected.findIndex((text, at) => text !== found[at]);
  assert(i < 0, `delivered is ${expected[i]}, found ${found[i]}`);
  assert(found.length === expected.length, `nothing more is delivered, found ${found[expected.length]}`);
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const text of whole) if (text === part[at]) at++;
  return at === part.length;
}
