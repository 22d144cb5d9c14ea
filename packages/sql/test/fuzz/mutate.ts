import { type Token, tokenize } from '../../src/lexer.ts';
import type { Program } from './corpus.ts';
import type { Random } from './random.ts';

/** The program with one to three things wrong; some of them go unnoticed. */
export function mutate(program: Program, others: readonly Program[], random: Random): Program {
  let { sql } = program;
  for (let i = 1 + random.below(3); i > 0; i--) sql = random.of(mutations)(sql, random, random.of(others).sql);
  return { ...program, sql };
}

type Mutation = (sql: string, random: Random, other: string) => string;

const noise = [
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
  '\u0000',
  '–',
  '\ud83d',
  '1e',
  'é',
  '\n',
];

const mutations: readonly Mutation[] = [
  // Tokens: deleted, doubled, swapped, replaced by another of this program or of another one.
  (sql, random) => withTokens(sql, (parts) => parts.splice(random.below(parts.length), 1 + random.below(3))),
  (sql, random) =>
    withTokens(sql, (parts) => {
      const at = random.below(parts.length);
      parts.splice(at, 0, parts[at] ?? '');
    }),
  (sql, random) =>
    withTokens(sql, (parts) => {
      const [a, b] = [random.below(parts.length), random.below(parts.length)];
      [parts[a], parts[b]] = [parts[b] ?? '', parts[a] ?? ''];
    }),
  (sql, random) =>
    withTokens(sql, (parts) => {
      parts[random.below(parts.length)] = random.of(parts);
    }),
  (sql, random, other) =>
    withTokens(sql, (parts) => {
      parts[random.below(parts.length)] = random.of(partsOf(other));
    }),
  // Characters.
  (sql, random) => {
    const at = random.below(sql.length + 1);
    return sql.slice(0, at) + random.of(noise) + sql.slice(at + random.below(3));
  },
  // A piece of another program.
  (sql, random, other) =>
    withTokens(sql, (parts) => {
      const pieces = partsOf(other);
      const from = random.below(pieces.length);
      parts.splice(random.below(parts.length), random.below(6), ...pieces.slice(from, from + 1 + random.below(12)));
    }),
  (sql, random, other) => {
    const statements = sql.split(';');
    statements.splice(random.below(statements.length), 0, random.of(other.split(';')));
    return statements.join(';');
  },
];

/** The tokens as they are written. */
function partsOf(sql: string): string[] {
  const tokens: readonly Token[] = tokenize(sql);
  return tokens.slice(0, -1).map(({ from, to }) => sql.slice(from, to));
}

function withTokens(sql: string, change: (parts: string[]) => unknown): string {
  const parts = partsOf(sql);
  if (parts.length === 0) return sql;
  change(parts);
  return parts.join(' ');
}
