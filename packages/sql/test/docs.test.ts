import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { coreErrorCodes } from '@rowtime/core';
import { describe, expect, test } from 'vitest';
import { sqlErrorCodes } from '../src/errors.ts';

// The pages of docs/ that are held true by the code, and the other way round.
const root = resolve(import.meta.dirname, '../../..');
const page = (name: string) => readFileSync(join(root, 'docs', name), 'utf8');

/** The first cells of the table under a heading. */
function codesUnder(text: string, heading: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  return [...(section ?? '').matchAll(/^\| `(\w+)` \| .+\S \| .+\S \|$/gm)].map(([, code]) => code!);
}

describe('docs/ERRORS.md', () => {
  const text = page('ERRORS.md');

  test('has each code of a SqlError once, in the order of the table, with cause and remedy', () => {
    expect(codesUnder(text, 'Errors in the SQL')).toEqual(Object.keys(sqlErrorCodes));
  });

  test('has each code that core throws, once', () => {
    expect(codesUnder(text, 'Bounds and checkpoints')).toEqual(Object.keys(coreErrorCodes));
  });

  test('has each ERROR_NAME that a row of error_stream can have, once', () => {
    const sources = ['core', 'sql', 'sources', 'sinks'].flatMap((name) =>
      sourcesUnder(join(root, 'packages', name, 'src')),
    );
    const patterns = [
      /failures\.number\(\s*'(\w+)'/g, // of a kernel
      /new Fail\(\s*'(\w+)'/g, // of a function of one value
      /\{\s*name: '(\w+)',\s*message/g, // of an operator or clock
      /#(?:reject|push)\('([A-Z]\w+)'/g, // of a decoder
    ];
    const named = sources.flatMap((source) => patterns.flatMap((pattern) => [...source.matchAll(pattern)]));
    const names = [...new Set(named.map(([, name]) => name!))];
    expect(names).toContain('LateRow');
    expect(codesUnder(text, 'Rows of error_stream').sort()).toEqual(names.sort());
  });
});

describe('docs/SEMANTICS.md', () => {
  const text = page('SEMANTICS.md');
  const slt = readdirSync(join(import.meta.dirname, 'slt'), { recursive: true, encoding: 'utf8' });
  const files = slt.filter((name) => name.endsWith('.slt')).map((name) => name.replaceAll('\\', '/'));
  const named = [...text.matchAll(/`([\w-]+\/[\w-]+\.slt)`/g)].map(([, name]) => name!);

  test('names only tests that are there', () => {
    expect(named.filter((name) => !files.includes(name))).toEqual([]);
    const tests = [...text.matchAll(/`(packages\/[\w./-]+\.test\.ts)`/g)].map(([, name]) => name!);
    expect(tests.filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });

  test('says for each decision what was decided, from which source, and what holds it', () => {
    const rows = [...text.matchAll(/^\| (?!What |---).*\|$/gm)].map(([row]) => row.split(/(?<!\\)\|/).slice(1, -1));
    expect(rows.length).toBeGreaterThan(25);
    expect(rows.filter((cells) => cells.length !== 4 || cells.some((cell) => cell.trim() === ''))).toEqual([]);
    expect(rows.filter(([, , , held]) => !/\.slt`|\.test\.ts`/.test(held!))).toEqual([]);
  });
});

function sourcesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}
