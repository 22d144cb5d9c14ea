import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { type Row, toRows } from '@rowtime/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ObjectEntry } from '../src/s3/listing.ts';
import { type ObjectPosition, type ObjectSourceOptions, objectSource } from '../src/s3/source.ts';

// features: F198

interface Stored {
  readonly entry: ObjectEntry;
  readonly bytes: Buffer;
}

/** A bucket in memory that lists a few keys a page, and breaks connections when it is told to. */
class Bucket {
  readonly #objects = new Map<string, Stored>();
  readonly listed: string[] = [];
  breakAfter: number | null = null;
  readonly name = 's3://captains/';

  put(key: string, content: string | Buffer, modified: number): void {
    const bytes = Buffer.from(content);
    this.#objects.set(key, {
      entry: { key, etag: `"${modified}-${bytes.length}"`, size: bytes.length, modified },
      bytes,
    });
  }

  delete(key: string): void {
    this.#objects.delete(key);
  }

  async list(after: string) {
    this.listed.push(after);
    const rest = [...this.#objects.values()]
      .map(({ entry }) => entry)
      .filter(({ key }) => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0)
      .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    return { entries: rest.slice(0, 3), isLast: rest.length <= 3 };
  }

  async read({ key, etag }: ObjectEntry): Promise<Readable | null> {
    const found = this.#objects.get(key);
    if (found?.entry.etag !== etag) return null;
    const { breakAfter } = this;
    if (breakAfter === null) return Readable.from([found.bytes]);
    this.breakAfter = null;
    return Readable.from(
      (async function* () {
        yield found.bytes.subarray(0, breakAfter);
        throw new Error('connection reset');
      })(),
    );
  }

  close(): void {}
}

const hour = 3_600_000;
const never = new AbortController().signal;
const columns = [{ name: 'a', type: { kind: 'integer' as const }, mapping: '$.a' }];

function source(store: Bucket, options: Partial<ObjectSourceOptions> = {}) {
  return objectSource({
    store,
    inputSchema: { columns },
    now: () => 10 * hour,
    since: null,
    follow: false,
    ...options,
  });
}

interface Read {
  readonly a: unknown[];
  readonly times: number[];
  readonly rejected: string[];
  readonly position: ObjectPosition;
}

async function read(
  store: Bucket,
  options: Partial<ObjectSourceOptions> = {},
  from: ObjectPosition | null = null,
  pollsMax = 1_000,
): Promise<Read> {
  const objects = source(store, options);
  await objects.open(from);
  const found = { a: [] as unknown[], times: [] as number[], rejected: [] as string[] };
  for (let polls = 0; polls < pollsMax; polls++) {
    const { batch, rejected, end } = await objects.poll(never);
    const rows: { rowtime: number; row: Row }[] = batch ? toRows(objects.schema, batch) : [];
    found.a.push(...rows.map(({ row }) => row['a']));
    found.times.push(...rows.map(({ rowtime }) => rowtime));
    found.rejected.push(...rejected.map(({ message }) => message));
    if (end) break;
  }
  const position = structuredClone(objects.position());
  await objects.close();
  return { ...found, position };
}

const uuid = '489285a1-686d-5a6f-931a-d0448aaad6f2';
const keyAt = (time: number, id = uuid) => {
  const text = new Date(time).toISOString();
  return `${text.slice(0, 13).replace(/[-T]/g, '/')}/captains-kfh-1-${text.slice(0, 19).replace(/[T:]/g, '-')}-${id}`;
};

describe('objects of a delivery stream', () => {
  test('each say their number where there are several input streams, over restarts too', async () => {
    const bucket = new Bucket();
    for (let n = 0; n < 7; n++) bucket.put(keyAt(n * hour), `{"a":${n}}{"a":${n}}`, n * hour);
    const found: unknown[] = [];
    for (let position: ObjectPosition | null = null, isOver = false; !isOver; ) {
      const objects: ReturnType<typeof source> = source(bucket, { isPartitioned: true, batchRows: 1 });
      await objects.open(position);
      const { batch, partition, end } = await objects.poll(never);
      if (batch) found.push(...toRows(objects.schema, batch).map(({ row }) => [row['a'], partition]));
      isOver = end;
      position = structuredClone(objects.position());
      await objects.close();
    }
    expect(found).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6].map((n) => [n, n]));
    const whole = source(bucket, { isPartitioned: true });
    await whole.open(null);
    const { batch, partition } = await whole.poll(never);
    expect([batch?.length, partition]).toEqual([2, 0]);
    await whole.close();
  });

  test('are read in the order of the times in their names, concatenated, in lines and gzip', async () => {
    const bucket = new Bucket();
    bucket.put(keyAt(2 * hour), '{"a":3}{"a":4}', 9 * hour);
    bucket.put(keyAt(1 * hour + 5_000), '{"a":2}\n', 9 * hour);
    bucket.put(`${keyAt(1 * hour)}.gz`, gzipSync('{"a":1}'), 9 * hour);
    bucket.put('zz/other.json', '{"a":5}', 3 * hour);
    const { a, times } = await read(bucket);
    expect(a).toEqual([1, 2, 3, 4, 5]);
    expect(times).toEqual([hour, hour + 5_000, 2 * hour, 2 * hour, 3 * hour]);
  });

  test('that come late, into an hour that is over, are found; those older than the look-back are listed no more', async () => {
    const bucket = new Bucket();
    for (let i = 0; i < 8; i++) bucket.put(keyAt(i * hour), `{"a":${i}}`, i * hour);
    const first = await read(bucket, { lookBackMs: 2 * hour, now: () => 8 * hour });
    expect(first.a).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(first.position.listing.after).toBe(keyAt(5 * hour));
    expect(first.position.listing.done.map(([key]) => key)).toEqual([keyAt(6 * hour), keyAt(7 * hour)]);
    bucket.put(keyAt(6 * hour, uuid.replace('4', '5')), '{"a":66}', 8 * hour);
    bucket.put(keyAt(8 * hour), '{"a":8}', 8 * hour);
    bucket.listed.length = 0;
    const second = await read(bucket, { lookBackMs: 2 * hour, now: () => 8 * hour + 1 }, first.position);
    expect(second.a).toEqual([66, 8]);
    // Its time has passed: time had gone on to six minutes before the clock.
    expect(second.times).toEqual([8 * hour - 360_000, 8 * hour]);
    expect(bucket.listed[0]).toBe(keyAt(5 * hour));
  });

  test('that are older than the start are not read, nor those with another suffix, nor empty ones', async () => {
    const bucket = new Bucket();
    bucket.put('a.json', '{"a":1}', 1 * hour);
    bucket.put('b.json', '{"a":2}', 3 * hour);
    bucket.put('c.txt', '{"a":3}', 3 * hour);
    bucket.put('d/', '', 3 * hour);
    expect((await read(bucket, { since: 2 * hour, suffix: '.json' })).a).toEqual([2]);
    expect((await read(bucket, { after: 'a.json' })).a).toEqual([2, 3]);
  });

  test('that are gone or replaced before they are read are said to be, and the others are read', async () => {
    const bucket = new Bucket();
    bucket.put(keyAt(hour), '{"a":1}', hour);
    bucket.put(keyAt(2 * hour), '{"a":2}', hour);
    const objects = source(bucket, { batchRows: 1 });
    await objects.open(null);
    expect((await objects.poll(never)).batch?.length).toBe(1);
    bucket.delete(keyAt(2 * hour));
    const { batch, rejected } = await objects.poll(never);
    expect(batch).toBeNull();
    expect(rejected.map(({ name, message }) => [name, message])).toEqual([
      ['ObjectGone', `s3://captains/${keyAt(2 * hour)} was deleted or replaced before it was read`],
    ]);
  });

  test('are read on where a connection broke', async () => {
    const bucket = new Bucket();
    bucket.put('a', Array.from({ length: 1_000 }, (_, i) => `{"a":${i}}`).join(''), hour);
    bucket.breakAfter = 4_321;
    const { a, rejected } = await read(bucket);
    expect(a).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    expect(rejected).toEqual([]);
  });

  test('while none come time goes on behind the clock, and a new one is found', async () => {
    const bucket = new Bucket();
    let now = hour;
    const objects = source(bucket, { follow: true, now: () => now, delayMs: 60_000, listEveryMs: 10_000 });
    await objects.open(null);
    const stopped = AbortSignal.abort();
    expect(await objects.poll(stopped)).toMatchObject({ batch: null, end: false });
    expect((await objects.poll(never)).caughtUpTo).toBe(hour - 60_000);
    now += 5_000;
    bucket.put(keyAt(hour), '{"a":1}', now);
    expect((await objects.poll(never)).batch).toBeNull();
    now += 5_000;
    expect((await objects.poll(never)).batch?.length).toBe(1);
    expect(objects.millisBehindLatest).toBe(0);
  });

  test('from any position the rest comes, once, also when objects arrive in between', async () => {
    const minutes = (from: number, to: number) =>
      fc.integer({ min: from * 60, max: to * 60 - 1 }).map((at) => at * 60_000);
    const rows = fc.integer({ min: 0, max: 30 });
    const object = fc.oneof(
      fc.record({ at: minutes(0, 10), rows, late: fc.constant(false) }),
      // As late as the look-back allows.
      fc.record({ at: minutes(9, 10), rows, late: fc.constant(true) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(object, { selector: ({ at }) => at, maxLength: 8 }),
        fc.nat(12),
        async (objects, cut) => {
          const bucket = new Bucket();
          let next = 0;
          const put = ({ at, rows }: { at: number; rows: number }, modified: number) =>
            bucket.put(keyAt(at), Array.from({ length: rows }, () => `{"a":${next++}}\n`).join(''), modified);
          for (const one of objects) if (!one.late) put(one, one.at);
          const options = { batchRows: 7, lookBackMs: hour };
          const first = await read(bucket, options, null, cut);
          for (const one of objects) if (one.late) put(one, 10 * hour - 1);
          const rest = await read(bucket, options, first.position);
          expect([...first.a, ...rest.a].sort((a, b) => Number(a) - Number(b))).toEqual(
            Array.from({ length: next }, (_, i) => i),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
