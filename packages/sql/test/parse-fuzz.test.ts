import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frame, SqlError } from '../src/errors.ts';
import { tokenize } from '../src/lexer.ts';
import { parse, parseAll } from '../src/parser.ts';
import { print } from '../src/print.ts';

// Broken programs give statements or SqlErrors, never another exception, and the errors can be printed.

const here = import.meta.dirname;
const folder = join(here, 'programs');
const programs = [
  ...readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8')),
  ...readFileSync(join(here, 'roundtrip.sql'), 'utf8')
    .split('\n')
    .filter((line) => line.length > 120),
];

const snippets = [
  ...[
    '(',
    ')',
    ',',
    ';',
    '.',
    "'",
    '"',
    '*',
    '-',
    '--',
    '/*',
    '*/',
    '=',
    '||',
    '1',
    '1e',
    "''",
    '""',
    '\n',
    '\u0000',
    '–',
    '“',
  ],
  ...[
    'SELECT',
    'FROM',
    'STREAM',
    'WHERE',
    'NOT',
    'AND',
    'CASE',
    'END',
    'OVER',
    'INTERVAL',
    'SECOND',
    'TO',
    'IN',
    'AS',
    'UNION',
  ],
  ...[
    'CREATE',
    'PUMP',
    'INSERT',
    'TABLE(',
    'CURSOR(',
    'PRECEDES',
    'CONTAINS',
    'IGNORE NULLS',
    'WITHIN',
    "u&'\\",
    'UESCAPE',
  ],
];

type Mutation = (text: string, at: number, other: number, snippet: string) => string;
const mutations: readonly Mutation[] = [
  (text, at) => text.slice(0, at) + text.slice(at + 1),
  (text, at, other) => text.slice(0, at) + text.slice(at + (other % 40)),
  (text, at, _, snippet) => text.slice(0, at) + snippet + text.slice(at),
  (text, at, _, snippet) => `${text.slice(0, at)} ${snippet} ${text.slice(at)}`,
  (text, at) => text.slice(0, at),
  (text, at) => text.slice(at),
  (text, at, other) => text.slice(0, at) + text.slice(other, other + 30) + text.slice(at),
  swapTokens,
];

function swapTokens(text: string, at: number, other: number): string {
  const tokens = tokenize(text).filter((token) => token.kind !== 'end');
  if (tokens.length < 2) return text;
  const [a, b] = [tokens[at % tokens.length]!, tokens[other % tokens.length]!].sort((x, y) => x.from - y.from);
  if (a === undefined || b === undefined || a === b) return text;
  const source = (token: { from: number; to: number }): string => text.slice(token.from, token.to);
  return text.slice(0, a.from) + source(b) + text.slice(a.to, b.from) + source(a) + text.slice(b.to);
}

function expectSound(text: string): void {
  const { statements, errors } = parseAll(text);
  for (const error of errors) {
    expect(error).toBeInstanceOf(SqlError);
    expect(error.span.from).toBeGreaterThanOrEqual(0);
    expect(error.span.to).toBeLessThanOrEqual(text.length);
    expect(error.span.to).toBeGreaterThanOrEqual(error.span.from);
    expect(frame(text, error)).toContain('^');
  }
  // What was understood can be printed and understood again.
  for (const statement of statements) {
    const printed = print(statement);
    expect(parse(printed).map(print)).toEqual([printed]);
  }
}

test('mutated programs', () => {
  const mutation = fc.record({
    mutate: fc.constantFrom(...mutations),
    at: fc.nat(),
    other: fc.nat(),
    snippet: fc.constantFrom(...snippets),
  });
  fc.assert(
    fc.property(fc.constantFrom(...programs), fc.array(mutation, { minLength: 1, maxLength: 4 }), (program, steps) => {
      let text = program;
      for (const { mutate, at, other, snippet } of steps) {
        const length = Math.max(1, text.length);
        text = mutate(text, at % length, other % length, snippet);
      }
      expectSound(text);
    }),
    { numRuns: 6000 },
  );
});

test('each program cut off anywhere', () => {
  for (const program of programs.slice(0, 12)) {
    for (let to = 0; to < program.length; to++) expectSound(program.slice(0, to));
  }
});

test('each program without one of its tokens', () => {
  for (const program of programs) {
    for (const token of tokenize(program)) expectSound(program.slice(0, token.from) + program.slice(token.to));
  }
});

test('words in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...snippets, 'a', '"b"', "'c'", '2'), { maxLength: 30 }), (words) => {
      expectSound(words.join(' '));
    }),
    { numRuns: 5000 },
  );
});

test('any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), expectSound), { numRuns: 3000 });
});
