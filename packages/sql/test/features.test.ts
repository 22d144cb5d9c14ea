import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

// docs/FEATURES.md: what the documentation of the service has, and the tests that hold it here. A test file says which
// features it holds in a line `# features: F001 F002` (.slt) or `// features: …` (.test.ts). REWRITE=1 writes the page.
const root = join(import.meta.dirname, '../../..');
const page = join(root, 'docs/FEATURES.md');

interface Feature {
  readonly id: string;
  readonly category: string;
  readonly name: string;
  readonly documented: string;
}

const features = readFileSync(join(import.meta.dirname, 'features.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line): Feature => {
    const [id = '', category = '', name = '', documented = ''] = line.split('\t');
    return { id, category, name, documented };
  });

/** The files that hold each feature, .slt files first. */
const held = new Map<string, string[]>(features.map(({ id }) => [id, []]));
const unknown: string[] = [];
for (const file of testFiles()) {
  const text = readFileSync(join(root, file), 'utf8');
  const tags = [...text.matchAll(/^(?:#|\/\/) features:(.*)$/gm)].flatMap(([, ids]) => ids!.trim().split(/\s+/));
  for (const id of new Set(tags)) {
    if (held.has(id)) held.get(id)?.push(file);
    else unknown.push(`${file}: ${id}`);
  }
}
const missing = features.filter(({ id }) => held.get(id)?.length === 0);

describe('docs/FEATURES.md', () => {
  test('says which test holds which feature', () => {
    if (process.env['REWRITE'] === '1') writeFileSync(page, printPage());
    expect(readFileSync(page, 'utf8')).toBe(printPage());
  });

  test('has the features of the documentation, each once', () => {
    expect(features.map(({ id }) => id)).toEqual(features.map((_, i) => `F${String(i + 1).padStart(3, '0')}`));
    expect(unknown).toEqual([]);
  });

  test('each feature is held by an .slt file', () => {
    expect(features.filter(({ id }) => !held.get(id)?.some((file) => file.endsWith('.slt')))).toEqual([]);
  });
});

function testFiles(): string[] {
  const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'test'));
  const files = packages.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => relative(root, join(folder, file))),
  );
  const slt = files.filter((file) => file.endsWith('.slt')).sort();
  return [...slt, ...files.filter((file) => file.endsWith('.test.ts')).sort()].map((file) =>
    file.replaceAll('\\', '/'),
  );
}

function printPage(): string {
  const done = features.length - missing.length;
  const categories = [...new Set(features.map(({ category }) => category))];
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const link = (file: string): string => `[${file.replace(/^packages\/sql\/test\/slt\//, '')}](../${file})`;
  const sections = categories.map((category) => {
    const rows = features
      .filter((feature) => feature.category === category)
      .map(({ id, name, documented }) => {
        const tests = held.get(id)?.map(link).join(', ') || 'not yet';
        return `| ${id} | ${cell(name)} | ${cell(documented)} | ${tests} |`;
      });
    return [
      `## ${category[0]?.toUpperCase()}${category.slice(1)}`,
      '',
      '| Id | Feature | Documented in | Held by |',
      '|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [
    '# Features',
    '',
    `What the documentation of Kinesis Data Analytics for SQL has, and the tests that hold it in rowtime: ${done} of ${features.length}.`,
    'A name without a folder of a package is a file under `packages/sql/test/slt`, those of whole applications are under `packages/worker/test/slt`; "documented in" names pages of the developer guide and',
    'the SQL Reference. This page is made by `node scripts/docs.mjs` from the tags in the tests; a test holds it to them.',
    '',
    ...sections,
  ].join('\n');
}
