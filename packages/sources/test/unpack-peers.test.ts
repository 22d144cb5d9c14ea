// Archives and blocks as others pack them: Python's zipfile, and cramjam, which is the Snappy of Rust.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unpackBlock } from '../src/unpack/snappy.ts';
import { inPieces, unpackAll } from './unpack/packing.ts';

// `pnpm test:peers` sets it: a Python that has cramjam.
const python = process.env['ROWTIME_PYTHON'];

describe.skipIf(python === undefined)('packed by others', () => {
  let folder = '';
  let text = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rowtime-packed-'));
    await promisify(execFile)(python!, [join(import.meta.dirname, 'unpack/pack.py'), folder]);
    text = await readFile(join(folder, 'plain'), 'latin1');
    expect(text.length).toBeGreaterThan(1_000_000);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    'seekable.zip',
    'streamed.zip',
    'zip64.zip',
    'stored.zip',
    'framed.snappy',
    'hadoop.snappy',
    'java.snappy',
  ])('%s', async (name) => {
    const bytes = await readFile(join(folder, name));
    for (const size of [997, 65_536, bytes.length]) {
      expect((await unpackAll(name, inPieces(bytes, size))).toString('latin1') === text, `pieces of ${size}`).toBe(
        true,
      );
    }
  });

  test('one block of all', async () => {
    const block = await readFile(join(folder, 'block'));
    expect(Buffer.from(unpackBlock(block)).toString('latin1') === text).toBe(true);
  });
});
