import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

const here = import.meta.dirname;

test('the snippet of the README prints what the README says, in under 15 lines', async () => {
  const readme = await readFile(join(here, '../README.md'), 'utf8');
  const [, snippet = '', said = ''] = /```ts\n(.*?)```.*?```\n(.*?)```/s.exec(readme) ?? [];
  const folder = await mkdtemp(join(here, '.readme-'));
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await writeFile(join(folder, 'snippet.ts'), snippet);
    await import(join(folder, 'snippet.ts'));
    const printed = print.mock.calls.map((values) => `${values.join(' ')}\n`).join('');
    expect(said).not.toBe('');
    expect(printed).toBe(said);
    expect(snippet.trim().split('\n').length).toBeLessThan(15);
  } finally {
    print.mockRestore();
    await rm(folder, { recursive: true });
  }
});
