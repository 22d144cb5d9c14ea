import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';

const here = import.meta.dirname;
let folder = '';
afterEach(() => rm(folder, { recursive: true }));

test('the README snippet prints what it says', async () => {
  const readme = await readFile(join(here, '../README.md'), 'utf8');
  const [, snippet = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  folder = await mkdtemp(join(here, '.readme-'));
  await writeFile(join(folder, 'snippet.ts'), snippet);
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import(join(folder, 'snippet.ts'));
  const printed = print.mock.calls.map(([value]) => (typeof value === 'string' ? value : inspect(value)));
  print.mockRestore();
  const said = [...snippet.matchAll(/^console\.log.*; \/\/ (.*?)…?$/gm)].map(([, text = '']) => text);
  expect(said).toHaveLength(4);
  expect(printed.map((text, i) => text.slice(0, said[i]!.length))).toEqual(said);
});
