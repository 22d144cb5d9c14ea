import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** A case of a golden file: a comment, a text, ----, and what is printed for it. */
interface GoldenCase {
  readonly title: string;
  readonly text: string;
  readonly printed: string;
}

/** A test for each case of the golden files of a folder. REWRITE=1 writes what was found; read the diff. */
export function testGolden(folder: string, wanted: (file: string) => boolean, print: (text: string) => string): void {
  const files = readdirSync(folder).filter((file) => file.endsWith('.test') && wanted(file));
  expect(files.length, `golden files in ${folder}`).toBeGreaterThan(0);
  for (const file of files.sort()) {
    const path = join(folder, file);
    describe(file, () => {
      const cases = readCases(path);
      for (const { title, text, printed } of cases) {
        test(title, () => {
          if (process.env['REWRITE'] === '1') expect(print(text)).not.toBe('');
          else expect(print(text)).toBe(printed);
        });
      }
      if (process.env['REWRITE'] === '1') {
        const out = cases.map(({ title, text }) => `# ${title}\n${text}\n----\n${print(text)}\n`);
        writeFileSync(path, out.join('\n'));
      }
    });
  }
}

function readCases(path: string): GoldenCase[] {
  const cases: GoldenCase[] = [];
  const lines = readFileSync(path, 'utf8').split('\n');
  for (let i = 0; i < lines.length; ) {
    if (lines[i] === '') {
      i++;
      continue;
    }
    const divider = lines.indexOf('----', i);
    const title = lines[i]!.startsWith('# ') ? lines[i]!.slice(2) : '';
    if (divider < 0 || title === '') throw new Error(`${path}:${i + 1}: a case is a # comment, a text and ----`);
    const blank = lines.indexOf('', divider);
    const end = blank < 0 ? lines.length : blank;
    const text = lines.slice(i + 1, divider).join('\n');
    cases.push({ title, text, printed: lines.slice(divider + 1, end).join('\n') });
    i = end;
  }
  return cases;
}
