import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Row, toRows } from '@rowtime/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { discoverObjects, FolderObjects, objectSource } from '../src/objects.ts';

// features: F198

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'objects-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(key: string, content: string | Buffer): void {
  mkdirSync(dirname(join(folder, key)), { recursive: true });
  writeFileSync(join(folder, key), content);
}

async function keys(after = ''): Promise<string[]> {
  return (await new FolderObjects(folder).list(after)).entries.map(({ key }) => key);
}

test('files are listed in the order of S3, by the bytes of their keys; what is hidden is none of them', async () => {
  for (const key of ['b/2', 'a.b', 'a/1', 'a/é', 'a/z', '.state/x', 'a/_SUCCESS', '😀', '\uffee']) put(key, '{}');
  expect(await keys()).toEqual(['a.b', 'a/1', 'a/z', 'a/é', 'b/2', '\uffee', '😀']);
  expect(await keys('a/z')).toEqual(['a/é', 'b/2', '\uffee', '😀']);
  expect(() => new FolderObjects(join(folder, 'nothing'))).toThrow(/there is no folder .*nothing/);
});

test('a file that was written again since it was listed is another object', async () => {
  put('a', 'one');
  const store = new FolderObjects(folder);
  const { entries } = await store.list('');
  const bytes = async () => (await store.read(entries[0]!))?.toArray();
  expect(Buffer.concat((await bytes())!).toString()).toBe('one');
  appendFileSync(join(folder, 'a'), ' two');
  expect(await bytes()).toBeUndefined();
  rmSync(join(folder, 'a'));
  expect(await bytes()).toBeUndefined();
});

test('its records are read hour by hour, gzip too, and those of objects that come later', async () => {
  put('2024/01/01/10/b', gzipSync('{"i":3}{"i":4}'));
  put('2024/01/01/09/a', '{"i":1}\n{"i":2}\n');
  const store = new FolderObjects(folder);
  const { columns } = await discoverObjects(store);
  expect(columns.map(({ name, type }) => [name, type.kind])).toEqual([['i', 'integer']]);
  const source = objectSource({ store, inputSchema: { columns }, now: Date.now, since: null, listEveryMs: 10 });
  await source.open(null);
  const rows: Row[] = [];
  const read = async (count: number): Promise<void> => {
    while (rows.length < count) {
      const { batch } = await source.poll(new AbortController().signal);
      if (batch) rows.push(...toRows(source.schema, batch).map(({ row }) => row));
    }
  };
  await read(4);
  put('2024/01/01/11/c', '{"i":5}');
  await read(5);
  expect(rows.map(({ i }) => i)).toEqual([1, 2, 3, 4, 5]);
  await source.close();
});

test('of a folder without records nothing is discovered', async () => {
  put('a', '');
  expect(await discoverObjects(new FolderObjects(folder))).toEqual({ columns: [], hasHeader: false });
});
