import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Journal, JournalFull, type JournalOptions, type JournalPosition } from '../src/firehose.ts';

let folder: string;
let time: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  time = 1_000;
});
afterEach(() => rmSync(folder, { recursive: true }));

async function opened(options: Partial<JournalOptions> = {}): Promise<Journal> {
  const journal = new Journal({ folder, now: () => time, ...options });
  await journal.open();
  return journal;
}

const bytes = (text: string) => Buffer.from(text);
const start: JournalPosition = { segment: 0, offset: 0, record: 0 };
const texts = (journal: Journal, from = journal.start) =>
  journal.read(from, Number.POSITIVE_INFINITY).found.map(({ data }) => Buffer.from(data).toString());
const segments = () => readdirSync(folder).sort();

test('what was appended is read in order, with times that never go back, also after a restart', async () => {
  const journal = await opened();
  await journal.append([bytes('a'), bytes('')]);
  time = 500;
  await journal.append([bytes('b')]);
  time = 2_000;
  await Promise.all([journal.append([bytes('c')]), journal.append([bytes('d'), bytes('e')])]);
  await journal.close();
  time = 1_500;
  const again = await opened();
  await again.append([bytes('f')]);
  const { found } = again.read(start, Number.POSITIVE_INFINITY);
  expect(found.map(({ data, time: at }) => [Buffer.from(data).toString(), at])).toEqual([
    ['a', 1_000],
    ['', 1_000],
    ['b', 1_000],
    ['c', 2_000],
    ['d', 2_000],
    ['e', 2_000],
    ['f', 2_000],
  ]);
  expect(again.caughtUpTo()).toBe(2_000);
  await again.close();
});

test('reads go on in the middle of what was appended together', async () => {
  const journal = await opened({ segmentBytes: 100 });
  for (let i = 0; i < 20; i++) await journal.append([bytes(`${i}a`), bytes(`${i}b`), bytes(`${i}c`)]);
  const all = texts(journal);
  const read: string[] = [];
  let position = journal.start;
  for (;;) {
    const { found, next } = journal.read(structuredClone(position), 4);
    if (found.length === 0) break;
    expect(found.length).toBeLessThanOrEqual(2);
    read.push(...found.map(({ data }) => Buffer.from(data).toString()));
    position = next;
  }
  expect(read).toEqual(all);
  expect(all).toHaveLength(60);
  await journal.close();
});

test('a request that comes again is taken once: at the same time, later, after a restart, in a later segment', async () => {
  const journal = await opened({ segmentBytes: 1 });
  await Promise.all([journal.append([bytes('a')], 'r1'), journal.append([bytes('a')], 'r1')]);
  await journal.append([bytes('b')], 'r2');
  await journal.append([bytes('a')], 'r1');
  await journal.append([bytes('c')]);
  await journal.append([bytes('c')]);
  const { next } = journal.read(start, Number.POSITIVE_INFINITY);
  expect(texts(journal)).toEqual(['a', 'b', 'c', 'c']);
  journal.trim(next);
  expect(segments()).toHaveLength(1);
  await journal.close();
  const again = await opened();
  await again.append([bytes('a')], 'r1');
  expect(texts(again, next)).toEqual([]);
  await again.close();
});

test('a request is forgotten after a while', async () => {
  const journal = await opened({ segmentBytes: 1, rememberMs: 1_000 });
  await journal.append([bytes('a')], 'r1');
  time += 2_000;
  await journal.append([bytes('b')], 'r2');
  await journal.append([bytes('a')], 'r1');
  expect(texts(journal)).toEqual(['a', 'b', 'a']);
  await journal.close();
});

test('more than it may hold is refused until something is consumed', async () => {
  const journal = await opened({ segmentBytes: 200, bytesMax: 2_000 });
  let taken = 0;
  await expect(
    (async () => {
      for (;;) {
        await journal.append([Buffer.alloc(100)]);
        taken++;
      }
    })(),
  ).rejects.toThrow(JournalFull);
  expect(taken).toBeGreaterThan(5);
  journal.trim(journal.read(start, Number.POSITIVE_INFINITY).next);
  await journal.append([bytes('z')]);
  expect(texts(journal).at(-1)).toBe('z');
  await journal.close();
});

test('when the disk fails nothing was taken, and what comes after is whole', async () => {
  let failing = false;
  const beforeWrite = () => {
    if (failing) throw new Error('no space left on device');
  };
  const journal = await opened({ beforeWrite, segmentBytes: 100 });
  await journal.append([bytes('a')]);
  failing = true;
  await expect(journal.append([bytes('b')])).rejects.toThrow('no space left');
  await expect(journal.append([Buffer.alloc(200)])).rejects.toThrow('no space left');
  failing = false;
  await journal.append([bytes('c')]);
  expect(texts(journal)).toEqual(['a', 'c']);
  await journal.close();
  const again = await opened();
  expect(texts(again)).toEqual(['a', 'c']);
  await again.close();
});

test('a file that was damaged in the middle is an error that names the place, not a loss', async () => {
  const journal = await opened({ segmentBytes: 50 });
  for (const text of ['first', 'second', 'third', 'fourth']) await journal.append([bytes(text)]);
  await journal.close();
  const file = join(folder, segments()[0]!);
  const content = readFileSync(file);
  content[content.length - 1]! ^= 1;
  writeFileSync(file, content);
  await expect(opened()).rejects.toThrow(/000000000000\.journal is damaged at byte \d+/);
});

test('what was being written when the process died is cut off, wherever it ends; nothing acknowledged is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }), { minLength: 1, maxLength: 8 }),
      fc.nat(1_000),
      fc.boolean(),
      async (appends, cut, flip) => {
        rmSync(folder, { recursive: true });
        const journal = await opened({ segmentBytes: 120 });
        for (const records of appends) await journal.append(records.map(bytes));
        const acknowledged = texts(journal);
        const last = join(folder, segments().at(-1)!);
        const durable = readFileSync(last).length;
        await journal.append([bytes('not acknowledged'), bytes('either')]);
        await journal.close();
        const grown = join(folder, segments().at(-1)!);
        const base = grown === last ? durable : 0;
        const size = readFileSync(grown).length;
        // A whole segment that never got its name counts as nothing written.
        const keep = base + (cut % Math.max(1, size - base));
        truncateSync(grown, keep);
        if (flip) appendFileSync(grown, Buffer.alloc(7, 0xff));
        const torn: number[] = [];
        const again = await opened({ onTorn: (_, lost) => torn.push(lost) });
        expect(texts(again).slice(0, acknowledged.length)).toEqual(acknowledged);
        expect(texts(again)).toHaveLength(acknowledged.length);
        await again.append([bytes('more')]);
        expect(texts(again)).toEqual([...acknowledged, 'more']);
        await again.close();
      },
    ),
    { numRuns: 150 },
  );
});
