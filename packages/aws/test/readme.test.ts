import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

test('the README snippet prints what it says', async () => {
  const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
  const [, snippet = '', printed = ''] = /```ts\n(.*?)```.*?```text\n(.*?)```/s.exec(readme) ?? [];
  const file = join(import.meta.dirname, '.snippet.ts');
  await writeFile(file, snippet);
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import(file).finally(() => rm(file));
  const lines = print.mock.calls.map(([text]) => String(text));
  print.mockRestore();
  expect(lines).toEqual(printed.trim().split('\n'));
});
