import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { format } from '../src/format/format.ts';
import { tokenize } from '../src/lexer.ts';
import { parse } from '../src/parser.ts';
import { print } from '../src/print.ts';
import { statement } from './arbitrary-ast.ts';
import { testGolden } from './golden.ts';

// format/*.test: programs, and how they are laid out.
testGolden(
  join(import.meta.dirname, 'format'),
  () => true,
  (text) => format(text).trimEnd().replaceAll('\n\n', '\n.\n'),
);

const folder = join(import.meta.dirname, 'programs');
const programs = readdirSync(folder)
  .sort()
  .map((file) => [file, readFileSync(join(folder, file), 'utf8')] as const);

/** The comments of a text, in order. */
function commentsOf(text: string): string[] {
  const tokens = tokenize(text);
  return tokens.flatMap(({ from, kind }, i) => {
    const gap = text.slice(tokens[i - 1]?.to ?? 0, kind === 'end' ? text.length : from);
    return [...gap.matchAll(/(?:--|\/\/)[^\r\n]*|\/\*[\s\S]*?\*\//g)].map(([comment]) => comment.trimEnd());
  });
}

function expectFaithful(text: string): void {
  const formatted = format(text);
  expect(parse(formatted).map(print)).toEqual(parse(text).map(print));
  expect(commentsOf(formatted)).toEqual(commentsOf(text));
  expect(format(formatted)).toBe(formatted);
}

describe('keeps the meaning and the comments of a program, and changes nothing the second time', () => {
  test.each(programs)('%s', (_, text) => expectFaithful(text));
});

test('whatever the statement, and wherever its comments stand', () => {
  const comment = fc.constantFrom('-- a', '// b', '/* c */', '/* d\n   e */', '--', '/**/', "-- it's", '-- "');
  const blank = fc.constantFrom(' ', '\n', '\n\n', '\r\n', '\t ', '\n \n\n');
  const gap = fc
    .array(fc.oneof(blank, comment), { maxLength: 5 })
    .map((parts) => parts.map((part) => (/^(--|\/\/)/.test(part) ? `${part}\n` : part)).join(''));
  const gaps = fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant('') }, gap), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(statement, { minLength: 1, maxLength: 3 }), gaps, (trees, between) => {
      const plain = trees.map(print).join(';\n');
      const tokens = tokenize(plain);
      const text = tokens
        .map(({ from, to }, i) => {
          const blanks = plain.slice(tokens[i - 1]?.to ?? 0, from);
          return `${blanks}${between[i % between.length]}${plain.slice(from, to)}`;
        })
        .join('');
      expectFaithful(text);
    }),
    { numRuns: 300 },
  );
});

test('no line of a program is wider than it must be', () => {
  for (const [, text] of programs) {
    const wide = format(text)
      .split('\n')
      .filter((line) => line.length > 100 && !/'.{60,}'|--|\/\*/.test(line));
    expect(wide).toEqual([]);
  }
});

test('a field of a number stays apart from it', () => {
  expectFaithful('SELECT 4 . r . x, t . r FROM s');
});

test('a list of ten thousand columns, and a thousand operators in a row', () => {
  const columns = Array.from({ length: 10_000 }, (_, i) => `c${i}`);
  expect(format(`CREATE STREAM s (${columns.map((name) => `${name} INT`).join(',')})`).split('\n')).toHaveLength(
    10_003,
  );
  expectFaithful(`SELECT ${columns.slice(0, 900).join(' + ')} FROM s`);
});
