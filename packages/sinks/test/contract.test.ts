import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sinkContract } from '@rowtime/core/testing';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { fileSink } from '../src/file.ts';
import { stdoutSink } from '../src/stdout.ts';

describe('file sink', () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rowtime-file-sink-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  for (const { name, run } of sinkContract) {
    test(name, () =>
      run({
        delivers: 'exactly once',
        create: (storage, schema, beforeStep) =>
          fileSink({
            folder: join(root, storage),
            stream: 'OUT',
            schema,
            bufferBytes: 500,
            bufferMs: 30_000,
            beforeStep,
          }),
        delivered: (storage) => objects(join(root, storage)),
      }),
    );
  }

  async function objects(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const visible = files.map((file) => file.slice(folder.length + 1)).filter((name) => !name.startsWith('.'));
    return Promise.all(visible.sort().map(async (name) => `${name}\n${await readFile(join(folder, name), 'utf8')}`));
  }
});

describe('stdout sink', () => {
  for (const { name, run } of sinkContract) {
    test(name, () => {
      const printed = new Map<string, string>();
      return run({
        delivers: 'at most once',
        create: (storage, schema, beforeStep) =>
          stdoutSink({
            stream: 'OUT',
            schema,
            async write(text) {
              beforeStep('print');
              printed.set(storage, (printed.get(storage) ?? '') + text);
            },
          }),
        delivered: async (storage) => (printed.get(storage) ?? '').split('\n').slice(0, -1),
      });
    });
  }
});
