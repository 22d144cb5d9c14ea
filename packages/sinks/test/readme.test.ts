import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';

const here = import.meta.dirname;
let folder = '';
const cwd = process.cwd();
afterEach(async () => {
  process.chdir(cwd);
  await rm(folder, { recursive: true });
});

test('the README snippet prints what it says', async () => {
  const readme = await readFile(join(here, '../README.md'), 'utf8');
  const [, snippet = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  folder = await mkdtemp(join(here, '.readme-'));
  process.chdir(folder);
  await writeFile(join(folder, 'snippet.ts'), snippet);
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import(join(folder, 'snippet.ts'));
  const printed = print.mock.calls.map(([text]) => String(text).trim());
  print.mockRestore();
  const said = [...snippet.matchAll(/^.*\/\/ (AVERAGES\/.*)…$|^\/\/ (\{.*\})$/gm)].map(([, a, b]) => a ?? b ?? '');
  expect(said).toHaveLength(2);
  expect(printed.map((text, i) => text.slice(0, said[i]!.length))).toEqual(said);
});
