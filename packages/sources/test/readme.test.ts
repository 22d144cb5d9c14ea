import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

test('the example of the README prints what the README says', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const blockOf = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(readme)![1];
  const folder = mkdtempSync(join(tmpdir(), 'readme-'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    const example = blockOf('ts')
      .replace('@rowtime/sources/file', new URL('../src/file.ts', import.meta.url).pathname)
      .replace('@rowtime/core', new URL('../../core/src/index.ts', import.meta.url).pathname)
      .replaceAll("'captains.json'", `'${join(folder, 'captains.json')}'`);
    writeFileSync(join(folder, 'example.ts'), example);
    await import(/* @vite-ignore */ join(folder, 'example.ts'));
    const printed = log.mock.calls.map(([line]) => `${line}\n`).join('');
    expect(printed.replaceAll(`${folder}/`, '')).toBe(blockOf('text'));
  } finally {
    log.mockRestore();
    rmSync(folder, { recursive: true });
  }
});
