import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeCheckpoint, encodeCheckpoint } from '@rowtime/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { objectKey } from '../src/layout.ts';
import { type ObjectOptions, ObjectWriter } from '../src/objects.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowtime-objects-'));
});
afterEach(() => rm(root, { recursive: true }));

const start = Date.UTC(2024, 0, 1, 0, 59, 0);

/** Names and contents, hidden parts left out; folders too, so that an empty one would show. */
async function tree(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: Record<string, string> = {};
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (!name.startsWith('.rowtime-parts')) found[name] = entry.isFile() ? await readFile(path, 'latin1') : 'folder';
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function contents(folder: string): Promise<string[]> {
  return Object.values(await tree(folder)).filter((text) => text !== 'folder');
}

async function opened(
  options: Omit<ObjectOptions, 'folder' | 'stream'> & { stream?: string } = {},
): Promise<ObjectWriter> {
  const writer = new ObjectWriter({ folder: root, stream: 's', ...options });
  await writer.open(null);
  return writer;
}

async function checkpoint(writer: ObjectWriter): Promise<void> {
  await writer.commit(await writer.prepare());
}

const bytes = (text: string) => Buffer.from(text);

describe('an object closes', () => {
  //   size 10:  [aaaa bbbb cccc] [dddd …
  test('after the record with which it reaches bufferBytes', async () => {
    const writer = await opened({ bufferBytes: 10 });
    for (const text of ['aaaa', 'bbbb', 'cccc', 'dddd']) writer.append(bytes(text), start);
    await checkpoint(writer);
    expect(await contents(root)).toEqual(['aaaabbbbcccc']);
  });

  test('before the record that is bufferMs younger than its first, into the hour of its first', async () => {
    const writer = await opened({ bufferMs: 60_000 });
    writer.append(bytes('a'), start);
    writer.append(bytes('b'), start + 59_999);
    writer.append(bytes('c'), start + 60_000);
    await checkpoint(writer);
    expect(await tree(root)).toMatchObject({ [objectKey('s', 0, start)]: 'ab' });
    writer.advance(start + 119_999);
    await checkpoint(writer);
    expect(await contents(root)).toEqual(['ab']);
    writer.advance(start + 120_000);
    await checkpoint(writer);
    expect(await tree(root)).toMatchObject({ [objectKey('s', 1, start + 60_000)]: 'c' });
  });

  test('with the end of the input', async () => {
    const writer = await opened();
    writer.append(bytes('a'), start);
    writer.advance(Number.POSITIVE_INFINITY);
    await checkpoint(writer);
    await writer.close();
    expect(await contents(root)).toEqual(['a']);
    expect(await readdir(root)).toEqual(['2024']);
  });
});

test('a record larger than the buffer is an object of its own', async () => {
  const writer = await opened({ bufferBytes: 100 });
  const large = 'x'.repeat(300_000);
  for (const text of ['a', large, 'b']) writer.append(bytes(text), start);
  writer.advance(Number.POSITIVE_INFINITY);
  await checkpoint(writer);
  expect((await contents(root)).sort()).toEqual([`a${large}`, 'b']);
});

test('what is appended while a prepare is under way belongs to the next', async () => {
  const writer = await opened({ bufferBytes: 4 });
  writer.append(bytes('aa'), start);
  const first = writer.prepare();
  writer.append(bytes('bb'), start);
  writer.append(bytes('x'.repeat(200_000)), start);
  await writer.commit(await first);
  expect(await contents(root)).toEqual([]);
  await checkpoint(writer);
  expect((await contents(root)).sort()).toEqual(['aabb', 'x'.repeat(200_000)]);
  expect(writer.pendingBytes).toBe(0);
});

test('a prepare that failed can be tried again', async () => {
  let fails = true;
  const beforeStep = (step: string) => {
    if (fails && step.startsWith('sync .rowtime-parts') && step.endsWith('1')) throw new Error('ENOSPC');
  };
  const writer = await opened({ bufferBytes: 2, beforeStep });
  for (const text of ['aa', 'bb', 'c']) writer.append(bytes(text), start);
  await expect(writer.prepare()).rejects.toThrow('ENOSPC');
  expect(writer.pendingBytes).toBe(5);
  fails = false;
  writer.append(bytes('c'), start);
  await checkpoint(writer);
  expect((await contents(root)).sort()).toEqual(['aa', 'bb', 'cc']);
});

test('two streams share a folder, even if their names differ only in case', async () => {
  const writers = [await opened({ stream: 'Trades' }), await opened({ stream: 'TRADES' })];
  for (const [i, writer] of writers.entries()) writer.append(bytes(`${i}`), start);
  for (const writer of writers) await writer.prepare();
  for (const writer of writers) writer.advance(Number.POSITIVE_INFINITY);
  for (const writer of writers) await checkpoint(writer);
  for (const writer of writers) await writer.close();
  expect(await tree(root)).toMatchObject({
    [objectKey('Trades', 0, start)]: '0',
    [objectKey('TRADES', 0, start)]: '1',
  });
  expect(await readdir(root)).toEqual(['2024']);
});

describe('refuses', () => {
  test('to publish over other content', async () => {
    const writer = await opened();
    writer.append(bytes('mine'), start);
    writer.advance(Number.POSITIVE_INFINITY);
    const key = join(root, objectKey('s', 0, start));
    await mkdir(join(key, '..'), { recursive: true });
    await writeFile(key, 'other');
    await expect(checkpoint(writer)).rejects.toThrow(/exists with other content: found 5 bytes .* expected 4 bytes/);
    expect(await readFile(key, 'utf8')).toBe('other');
  });

  test('a link in the place of an object', async () => {
    const writer = await opened();
    writer.append(bytes('mine'), start);
    writer.advance(Number.POSITIVE_INFINITY);
    const key = join(root, objectKey('s', 0, start));
    await mkdir(join(key, '..'), { recursive: true });
    await symlink('/dev/null', key);
    await expect(checkpoint(writer)).rejects.toThrow('is not a plain file');
  });

  test.each(['.rowtime-parts', '2024'])('a folder %s that leads out', async (name) => {
    const outside = await mkdtemp(join(tmpdir(), 'rowtime-outside-'));
    await symlink(outside, join(root, name));
    const writer = await opened();
    writer.append(bytes('mine'), start);
    writer.advance(Number.POSITIVE_INFINITY);
    await expect(checkpoint(writer)).rejects.toThrow(`leads out of ${root}`);
    expect(await readdir(outside)).toEqual([]);
    await rm(outside, { recursive: true });
  });

  test('a prefix that leads out', async () => {
    const writer = await opened({ prefix: '../elsewhere/' });
    writer.append(bytes('mine'), start);
    writer.advance(Number.POSITIVE_INFINITY);
    await expect(checkpoint(writer)).rejects.toThrow('leads out');
  });

  test('a part that is damaged, shorter than the checkpoint says, or gone', async () => {
    const writer = await opened();
    writer.append(bytes('hello'), start);
    const prepared = await writer.prepare();
    const [folder = ''] = await readdir(join(root, '.rowtime-parts'));
    const part = join(root, '.rowtime-parts', folder, '000000000000');
    for (const text of ['jello', 'hell', null]) {
      if (text === null) await rm(part);
      else await writeFile(part, text);
      await expect(new ObjectWriter({ folder: root, stream: 's' }).open(prepared)).rejects.toThrow(
        text === null ? 'is missing' : 'holds other bytes',
      );
    }
  });

  test.each([
    ['of another stream', { stream: 't', next: 0, open: null, sealed: [] }],
    ['that is something else', { rows: 1 }],
    [
      'with a size that is none',
      { stream: 's', next: 1, open: null, sealed: [{ sequence: 0, first: 0, size: -1, crc32: 0 }] },
    ],
  ])('a checkpoint %s', async (_, prepared) => {
    await expect(new ObjectWriter({ folder: root, stream: 's' }).open(prepared)).rejects.toThrow('the checkpoint');
  });
});

test('without a checkpoint, what a dead process left half-written goes', async () => {
  const dead = await opened({ bufferBytes: 3 });
  for (const text of ['old', 'old', 'ol']) dead.append(bytes(text), start);
  await dead.prepare();
  const writer = await opened();
  writer.append(bytes('new'), start);
  writer.advance(Number.POSITIVE_INFINITY);
  await checkpoint(writer);
  await writer.close();
  expect(await contents(root)).toEqual(['new']);
  expect(await readdir(root)).toEqual(['2024']);
});

test('what a dead process did after its checkpoint goes, even where other records come this time', async () => {
  const dead = await opened({ bufferBytes: 6 });
  dead.append(bytes('ok'), start);
  const prepared = await dead.prepare();
  dead.append(bytes('old'), start);
  await dead.prepare();
  for (const text of ['older', 'gone']) dead.append(bytes(text), start);
  await dead.prepare();
  const writer = new ObjectWriter({ folder: root, stream: 's', bufferBytes: 6 });
  await writer.open(prepared);
  writer.append(bytes('.'), start);
  writer.advance(Number.POSITIVE_INFINITY);
  await checkpoint(writer);
  await writer.close();
  expect(await contents(root)).toEqual(['ok.']);
  expect(await readdir(root)).toEqual(['2024']);
});

// The law: whatever the batches, the checkpoints and the deaths, the folder is that of an unbroken run.
describe('a run that dies and goes on', () => {
  const record = fc.record({
    size: fc.nat(40),
    wait: fc.oneof(fc.constant(0), fc.nat(80), fc.integer({ min: 0, max: 4000 })),
  });
  const life = fc.record({
    /** Dies at this step of the disk, if it comes so far. */
    steps: fc.nat(60),
    batches: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
    checkpoints: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
    /** The last checkpoint is damaged: goes on from the one before. */
    isDamaged: fc.boolean(),
  });

  test('leaves the names and bytes of an unbroken one', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 60 }),
        fc.array(life, { maxLength: 8 }),
        async (records, lives) => {
          const unbroken = join(root, `${runs}-unbroken`);
          const broken = join(root, `${runs++}-broken`);
          const last = { steps: Number.POSITIVE_INFINITY, batches: [1], checkpoints: [false], isDamaged: false };
          await run(unbroken, records, [last]);
          await run(broken, records, [...lives, last]);
          expect(await tree(broken)).toEqual(await tree(unbroken));
          expect(await readdir(broken)).not.toContain('.rowtime-parts');
        },
      ),
      { numRuns: 300 },
    );
  }, 300_000);

  type Life = { steps: number; batches: number[]; checkpoints: boolean[]; isDamaged: boolean };

  async function run(folder: string, records: { size: number; wait: number }[], lives: Life[]): Promise<void> {
    let time = start;
    const times = records.map(({ wait }) => {
      time += wait;
      return time;
    });
    const all = records.map(({ size }, i) => Buffer.alloc(size, 97 + (i % 26)));
    const saved: Uint8Array[] = [];
    for (const { steps, batches, checkpoints, isDamaged } of lives) {
      if (isDamaged && saved.length > 1) saved.pop();
      let left = steps;
      const beforeStep = () => {
        if (left-- <= 0) throw new Death();
      };
      const last = saved.length === 0 ? null : (decodeCheckpoint(saved.at(-1)!) as { at: number; prepared: unknown });
      const writer = new ObjectWriter({ folder, stream: 's', bufferBytes: 64, bufferMs: 100, beforeStep });
      try {
        await writer.open(last ? last.prepared : null);
        let at = last ? last.at : 0;
        for (let i = 0; ; i++) {
          const to = Math.min(at + batches[i % batches.length]!, all.length);
          let end = 0;
          const ends = all.slice(at, to).map(({ length }) => {
            end += length;
            return end;
          });
          writer.appendMany(Buffer.concat(all.slice(at, to)), ends, times.slice(at, to), to - at);
          at = to;
          if (i % 3 !== 1) writer.advance(at === all.length ? Number.POSITIVE_INFINITY : times[at]!);
          if (at === all.length) writer.advance(Number.POSITIVE_INFINITY);
          if (at < all.length && !checkpoints[i % checkpoints.length]) continue;
          const prepared = await writer.prepare();
          saved.push(encodeCheckpoint({ at, prepared }));
          await writer.commit(prepared);
          if (at === all.length) break;
        }
        await writer.close();
      } catch (error) {
        if (!(error instanceof Death)) throw error;
      }
    }
  }

  class Death extends Error {}
});

describe('a copy of what is prepared', () => {
  const texts = ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee', '', 'ffff'];
  const copy = (value: unknown) => decodeCheckpoint(encodeCheckpoint(value));

  test('goes on where nothing of the first machine is: sealed objects are published, the open one grows', async () => {
    const [first, second, unbroken] = ['first', 'second', 'unbroken'].map((name) => join(root, name)) as [
      string,
      string,
      string,
    ];
    const options = { stream: 's', bufferBytes: 10 };
    for (let cut = 0; cut <= texts.length; cut++) {
      const one = new ObjectWriter({ folder: unbroken, ...options });
      await one.open(null);
      for (const text of texts) one.append(bytes(text), start);
      await checkpoint(one);

      const lost = new ObjectWriter({ folder: first, ...options });
      await lost.open(null);
      for (const [i, text] of texts.slice(0, cut).entries()) {
        lost.append(bytes(text), start);
        // An earlier checkpoint, so that the open object grows over several.
        if (i === 1) await lost.prepare();
      }
      const prepared = copy(await lost.prepare());
      const copied = copy(await lost.local.copy());
      await rm(first, { recursive: true });

      const next = new ObjectWriter({ folder: second, ...options });
      await next.local.paste(copied);
      await next.open(prepared);
      for (const text of texts.slice(cut)) next.append(bytes(text), start);
      await checkpoint(next);
      expect(await tree(second)).toEqual(await tree(unbroken));
      for (const folder of [second, unbroken]) await rm(folder, { recursive: true });
    }
  });

  test('that is damaged is not published', async () => {
    const lost = await opened({ bufferBytes: 4 });
    lost.append(bytes('aaaa'), start);
    const prepared = await lost.prepare();
    const copied = (await lost.local.copy()) as { stream: string; parts: { sequence: number; bytes: Uint8Array }[] };
    copied.parts[0]!.bytes[2]! ^= 1;
    const next = new ObjectWriter({ folder: join(root, 'next'), stream: 's', bufferBytes: 4 });
    await next.local.paste(copied);
    await expect(next.open(prepared)).rejects.toThrow('holds other bytes');
  });

  test('of another stream is refused', async () => {
    const copied = await (await opened({ stream: 'other' })).local.copy();
    const next = new ObjectWriter({ folder: root, stream: 's' });
    await expect(next.local.paste(copied)).rejects.toThrow('the copy is of the stream other, not s');
  });
});
