import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { toRows } from '@rowtime/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileSource } from '../src/file.ts';
import { type FollowPosition, type FollowSource, followSource } from '../src/follow.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'follow-'));
  path = join(folder, 'ratings.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

const columns = [{ name: 'a', type: { kind: 'integer' as const }, mapping: '$.a' }];
const follow = (from: 'start' | 'end' = 'start'): FollowSource =>
  followSource({ path, inputSchema: { columns }, now: () => 1_000, from });
const line = (a: number) => `{"a":${a}}\n`;

async function poll(source: FollowSource): Promise<unknown[]> {
  const { batch, rejected } = await source.poll(AbortSignal.abort());
  expect(rejected).toEqual([]);
  return batch ? toRows(source.schema, batch).map(({ row }) => row['a']) : [];
}

test('what is appended comes, and a record that is half written waits for its other half', async () => {
  writeFileSync(path, line(1) + line(2));
  const source = follow();
  await source.open(null);
  expect(await poll(source)).toEqual([1, 2]);
  expect(await poll(source)).toEqual([]);
  appendFileSync(path, '{"a":');
  expect(await poll(source)).toEqual([]);
  appendFileSync(path, '3}\n');
  expect(await poll(source)).toEqual([3]);
  await source.close();
});

test('it begins at the end, or with a file that is made later at its start', async () => {
  writeFileSync(path, line(1));
  const source = follow('end');
  await source.open(null);
  appendFileSync(path, line(2));
  expect(await poll(source)).toEqual([2]);
  await source.close();
  unlinkSync(path);
  const early = follow('end');
  await early.open(null);
  expect(await poll(early)).toEqual([]);
  writeFileSync(path, line(3));
  expect(await poll(early)).toEqual([3]);
  await early.close();
});

test('when the file is rotated the old one is read to its end, then the new one', async () => {
  writeFileSync(path, line(1));
  const source = follow();
  await source.open(null);
  expect(await poll(source)).toEqual([1]);
  renameSync(path, `${path}.1`);
  appendFileSync(`${path}.1`, `${line(2)}{"a":3}`);
  writeFileSync(path, line(4));
  expect(await poll(source)).toEqual([2, 3, 4]);
  truncateSync(path, 0);
  expect(await poll(source)).toEqual([]);
  appendFileSync(path, line(5));
  expect(await poll(source)).toEqual([5]);
  await source.close();
});

test('a restart goes on in the old file under its new name, and says so when that is gone', async () => {
  writeFileSync(path, line(1) + line(2));
  const source = follow();
  await source.open(null);
  await poll(source);
  const position: FollowPosition = structuredClone(source.position());
  await source.close();
  appendFileSync(path, line(3));
  renameSync(path, `${path}.1`);
  writeFileSync(path, line(4));
  const again = follow();
  await again.open(position);
  expect(await poll(again)).toEqual([3, 4]);
  await again.close();
  unlinkSync(`${path}.1`);
  // Its number may be another file's by now: that one begins otherwise.
  await expect(follow().open(position)).rejects.toThrow(/begun anew.*read up to byte 15 is not beside it/);
});

test('told to end, it ends with what is there, the last line without its end too', async () => {
  writeFileSync(path, line(1));
  const ending = new AbortController();
  const source = followSource({
    path,
    inputSchema: { columns },
    now: () => 1_000,
    from: 'start',
    endOn: ending.signal,
    batchRows: 2,
  });
  await source.open(null);
  expect((await source.poll(AbortSignal.abort())).end).toBe(false);
  appendFileSync(path, `${line(2)}${line(3)}${line(4)}{"a":5}`);
  ending.abort();
  const found: unknown[] = [];
  for (let end = false; !end; ) {
    const poll = await source.poll(new AbortController().signal);
    if (poll.batch) found.push(...toRows(source.schema, poll.batch).map(({ row }) => row['a']));
    end = poll.end;
  }
  expect(found).toEqual([2, 3, 4, 5]);
  await source.close();
});

test('a poll that waits is woken when it is told to end', async () => {
  const ending = new AbortController();
  const options = { path, inputSchema: { columns }, now: () => 1_000, endOn: ending.signal };
  const source = followSource(options);
  await source.open(null);
  const polled = source.poll(new AbortController().signal);
  ending.abort();
  expect(await polled).toMatchObject({ batch: null, end: false });
  expect(await source.poll(new AbortController().signal)).toMatchObject({ batch: null, end: true });
});

test('what cannot be followed is said: gzip, and the position of a source that does not follow', async () => {
  writeFileSync(path, gzipSync(line(1)));
  await expect(follow().open(null)).rejects.toThrow('is gzip: only a plain file can be followed');
  writeFileSync(path, line(1));
  const files = await fileSource({ input: path, columns });
  await files.open(null);
  await expect(follow().open(files.position() as never)).rejects.toThrow('did not follow its input');
  await files.close();
  const source = follow();
  await source.open(null);
  await poll(source);
  const other = await fileSource({ input: path, columns });
  await expect(other.open(source.position() as never)).rejects.toThrow('of a run that followed its input');
  await source.close();
});
