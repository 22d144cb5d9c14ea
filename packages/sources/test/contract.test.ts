import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sourceContract } from '@rowtime/core/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { fileSource } from '../src/file.ts';

describe('file source', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rowtime-file-source-'));
    writeFileSync(join(folder, 'a.json'), lines(0, 20));
    writeFileSync(join(folder, 'b.json.gz'), gzipSync(`${lines(20, 33)}{"n": tru\n${lines(33, 40)}`));
    writeFileSync(join(folder, 'c.json'), `{"n": "x"}${lines(40, 50).replaceAll('\n', '')}`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  for (const { name, run } of sourceContract) {
    test(name, () =>
      run({
        create: () =>
          fileSource({
            input: join(folder, '*'),
            columns: [{ name: 'N', type: { kind: 'integer' }, mapping: '$.n' }],
            arrival: (path) => path.charCodeAt(folder.length + 1) * 1000,
            batchRows: 3,
          }),
        rows: 50,
        rejected: 2,
      }),
    );
  }

  function lines(from: number, to: number): string {
    return Array.from({ length: to - from }, (_, i) => `{"n": ${from + i}}\n`).join('');
  }
});
