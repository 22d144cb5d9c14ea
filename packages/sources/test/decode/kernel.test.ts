import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { InputColumn } from '../../src/decode/json.ts';
import { decodeAll } from './decode-all.ts';

test('the committed kernel was built from the committed sources', () => {
  const assembly = new URL('../../assembly/', import.meta.url);
  const hash = createHash('sha256');
  for (const name of readdirSync(assembly).sort()) {
    hash.update(`assembly/${name}\n${readFileSync(new URL(name, assembly), 'utf8')}\n`);
  }
  const generated = readFileSync(new URL('../../src/decode/wasm/kernel.generated.ts', import.meta.url), 'utf8');
  const [, built] = /sha256 ([0-9a-f]{64})/.exec(generated) ?? [];
  expect(built, 'run: pnpm --filter @rowtime/sources build-kernel').toBe(hash.digest('hex'));
});

test('tables that grow and move while they are read lose nothing', () => {
  const columns: InputColumn[] = [
    { name: 'cut', type: { kind: 'varchar', length: 9 }, mapping: '$.cut' },
    { name: 's', type: { kind: 'varchar', length: null }, mapping: '$.s' },
    { name: 'n', type: { kind: 'double' }, mapping: '$.n' },
  ];
  // Distinct texts of 0 to 700 bytes, some with escapes and some not ASCII, and some that are cut alike.
  const records = Array.from({ length: 9000 }, (_, i) => {
    const s = `${i % 7 === 0 ? 'é' : 'x'}${i % 5000}`.repeat((i * 31) % 120);
    const cut = `text ${i % 50} ${i % 11 === 0 ? '"' : ''}${i}`;
    return `${JSON.stringify({ cut, s: i % 13 === 0 ? null : s, n: i / 8 })}${i % 3 === 0 ? '\n' : ''}`;
  });
  const input = records.join('');
  const exact = decodeAll({ columns, engine: 'none' }, input);
  expect(exact.rows).toHaveLength(9000);
  for (const engine of ['wasm', 'javascript', 'auto'] as const) {
    expect(decodeAll({ columns, engine }, input, [100_000, 1_000_000])).toEqual(exact);
    expect(decodeAll({ columns, engine }, input, [7, 100_001], 20_000)).toEqual(exact);
  }
});
