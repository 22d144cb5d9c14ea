import { assert } from '../assert.ts';
import { type Batch, type Millis, toRows } from '../batch.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint-codec.ts';
import type { Source } from '../source.ts';

export interface SourceHarness {
  /** A new source over the same input each time, as a new process makes it, that begins with the oldest record. The input
   *  holds at least 20 rows that arrived at several times, and gives rejected records too; a batch holds a few rows. */
  create(): Promise<Source>;
  /** How many rows and rejected records the input gives. */
  readonly rows: number;
  readonly rejected: number;
}

export interface SourceCase {
  readonly name: string;
  run(harness: SourceHarness): Promise<void>;
}

/** What every Source does:
 *
 *      for (const { name, run } of sourceContract) test(name, () => run(harness));
 */
export const sourceContract: readonly SourceCase[] = [
  {
    name: 'gives every row and every rejected record once, and the same each time',
    async run(harness) {
      const all = await readAll(harness);
      assert(all.rows.length === harness.rows, `there are ${harness.rows} rows, found ${all.rows.length}`);
      assert(
        all.rejected.length === harness.rejected,
        `${harness.rejected} are rejected, found ${all.rejected.length}`,
      );
      expectSame(await readAll(harness), all);
    },
  },
  {
    name: 'gives rows in order of arrival, of its schema, in batches that are not empty',
    async run(harness) {
      let last = Number.NEGATIVE_INFINITY;
      let polls = 0;
      await readAll(harness, {
        onPoll(source, batch) {
          if (!batch) return;
          polls++;
          assert(batch.length > 0, 'a batch has rows');
          assert(batch.columns.length === source.schema.length, 'a batch has the columns of the schema');
          for (const time of batch.rowtime) {
            assert(time >= last, `arrival times do not go back: ${time} came after ${last}`);
            last = time;
          }
        },
      });
      assert(polls > 3, 'the harness gives batches of a few rows: there are some positions between them');
    },
  },
  {
    name: 'gives no row that arrived before the time it said it was caught up to',
    async run(harness) {
      let caughtUpTo = Number.NEGATIVE_INFINITY;
      await readAll(harness, {
        onPoll(_, batch, until) {
          if (batch) assert(batch.rowtime[0] >= caughtUpTo, `a row at ${batch.rowtime[0]} came after ${caughtUpTo}`);
          assert(until >= caughtUpTo, 'it does not go back');
          caughtUpTo = until;
        },
      });
    },
  },
  {
    name: 'goes on behind the position of any poll, in a new process',
    async run(harness) {
      const all = await readAll(harness);
      for (const { position, rows, rejected } of all.positions) {
        expectSame(await readAll(harness, { position: copy(position), before: { rows, rejected } }), {
          rows: all.rows.slice(rows),
          rejected: all.rejected.slice(rejected),
        });
      }
    },
  },
  {
    name: 'loses and repeats nothing when the process dies after every poll',
    async run(harness) {
      const all = await readAll(harness);
      const found: Read = { rows: [], rejected: [] };
      for (let position: unknown = null; !isAll(found, harness); ) {
        const source = await harness.create();
        await source.open(position === null ? null : copy(position));
        // The first poll that brings something is taken, and what the next one brings dies with the process.
        const had = found.rows.length + found.rejected.length;
        while (found.rows.length + found.rejected.length === had) await take(source, found);
        position = source.position();
        if (!isAll(found, harness)) await source.poll(never);
        await source.close();
      }
      expectSame(found, all);
    },
  },
  {
    name: 'has a position that later polls do not change',
    async run(harness) {
      const source = await harness.create();
      await source.open(null);
      await take(source, { rows: [], rejected: [] });
      const position = source.position();
      const saved = encodeCheckpoint(position);
      await take(source, { rows: [], rejected: [] });
      await take(source, { rows: [], rejected: [] });
      const later = encodeCheckpoint(position);
      assert(later.length === saved.length && later.every((byte, i) => byte === saved[i]), 'a position is a copy');
      await source.close();
    },
  },
  {
    name: 'goes on behind the position it was opened at when nothing was polled',
    async run(harness) {
      const all = await readAll(harness);
      const { position, rows, rejected } = all.positions[1];
      const source = await harness.create();
      await source.open(copy(position));
      const again = source.position();
      await source.close();
      expectSame(await readAll(harness, { position: copy(again), before: { rows, rejected } }), {
        rows: all.rows.slice(rows),
        rejected: all.rejected.slice(rejected),
      });
    },
  },
  {
    name: 'returns from a poll that is told to stop, and loses nothing by it',
    async run(harness) {
      const source = await harness.create();
      await source.open(null);
      const found: Read = { rows: [], rejected: [] };
      for (let polls = 0; !isAll(found, harness); polls++) {
        const stop = new AbortController();
        const polling = take(source, found, polls % 2 === 0 ? stop.signal : never);
        stop.abort();
        await polling;
      }
      await source.close();
      expectSame(found, await readAll(harness));
    },
  },
  {
    name: 'closes without having been read',
    async run(harness) {
      const source = await harness.create();
      await source.open(null);
      await source.close();
    },
  },
];

interface Read {
  readonly rows: string[];
  readonly rejected: string[];
}

interface ReadAll extends Read {
  /** After each poll that gave something: where the source was, and how much had come. */
  readonly positions: readonly { readonly position: unknown; readonly rows: number; readonly rejected: number }[];
}

interface ReadOptions {
  readonly position?: unknown;
  /** What came before the position. */
  readonly before?: { readonly rows: number; readonly rejected: number };
  readonly onPoll?: (source: Source, batch: Batch | null, caughtUpTo: Millis) => void;
}

const never = new AbortController().signal;

async function readAll(harness: SourceHarness, options: ReadOptions = {}): Promise<ReadAll> {
  const { position = null, before = { rows: 0, rejected: 0 } } = options;
  const source = await harness.create();
  await source.open(position);
  const found: Read = { rows: [], rejected: [] };
  const positions: { position: unknown; rows: number; rejected: number }[] = [];
  while (
    !isAll({ rows: found.rows.length + before.rows, rejected: found.rejected.length + before.rejected }, harness)
  ) {
    const had = found.rows.length + found.rejected.length;
    const isEnd = await take(source, found, never, options.onPoll);
    const counts = { rows: found.rows.length, rejected: found.rejected.length };
    if (counts.rows + counts.rejected > had) positions.push({ position: source.position(), ...counts });
    if (isEnd) break;
  }
  // What came is all.
  if (position === null) await take(source, found, never, options.onPoll);
  await source.close();
  return { ...found, positions };
}

function isAll(
  found: { rows: number | readonly unknown[]; rejected: number | readonly unknown[] },
  harness: SourceHarness,
) {
  const count = (of: number | readonly unknown[]) => (typeof of === 'number' ? of : of.length);
  return count(found.rows) >= harness.rows && count(found.rejected) >= harness.rejected;
}

async function take(source: Source, found: Read, signal = never, onPoll?: ReadOptions['onPoll']): Promise<boolean> {
  const { batch, rejected, caughtUpTo, end } = await source.poll(signal);
  onPoll?.(source, batch, caughtUpTo);
  if (batch) for (const row of toRows(source.schema, batch)) found.rows.push(JSON.stringify(row));
  for (const { time, name, message } of rejected) found.rejected.push(JSON.stringify({ time, name, message }));
  return end;
}

/** As a checkpoint gives it back. */
function copy(position: unknown): unknown {
  return decodeCheckpoint(encodeCheckpoint(position));
}

function expectSame(found: Read, expected: Read): void {
  for (const part of ['rows', 'rejected'] as const) {
    const i = expected[part].findIndex((text, at) => text !== found[part][at]);
    assert(i < 0, `${part} ${i} is ${expected[part][i]}, found ${found[part][i]}`);
    const more = found[part][expected[part].length];
    assert(more === undefined, `nothing more comes, found ${more}`);
  }
}
