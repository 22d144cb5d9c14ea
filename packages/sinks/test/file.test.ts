import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromRows, type Schema } from '@rowtime/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileSink } from '../src/file.ts';
import { objectKey } from '../src/layout.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowtime-file-'));
});
afterEach(() => rm(root, { recursive: true }));

const schema: Schema = [{ name: 'N', type: { kind: 'integer' }, nullable: false }];
const minute = Date.UTC(2024, 0, 1, 0, 1);

async function written(stream: string, options: { rowtime?: 'iso' | false } = {}): Promise<string> {
  const sink = fileSink({ folder: root, stream, schema, ...options });
  await sink.open(null);
  const rows = [1, 2].map((N) => ({ rowtime: minute, row: { N } }));
  sink.write(fromRows(schema, rows));
  sink.advance(Number.POSITIVE_INFINITY);
  await sink.commit(await sink.prepare());
  await sink.close();
  const [folder = ''] = await readdir(root);
  return readFile(join(root, folder, objectKey(stream, 0, minute)), 'utf8');
}

test('writes a line a row, ROWTIME first, into the folder of the stream', async () => {
  expect(await written('OUT')).toBe(
    '{"ROWTIME":"2024-01-01T00:01:00.000Z","N":1}\n{"ROWTIME":"2024-01-01T00:01:00.000Z","N":2}\n',
  );
  expect(await readdir(root)).toEqual(['OUT']);
});

test('leaves ROWTIME out where asked to', async () => {
  expect(await written('OUT', { rowtime: false })).toBe('{"N":1}\n{"N":2}\n');
});

test.each(['../../x', '/etc', '..', '', 'a\0b', 'x'.repeat(300), '.rowtime-parts'])(
  'stays in its folder as %j',
  async (stream) => {
    await written(stream);
    const [folder = '', ...more] = await readdir(root);
    expect(more).toEqual([]);
    expect(await readdir(join(root, folder))).toEqual(['2024']);
  },
);
