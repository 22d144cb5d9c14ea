import { afterAll, expect, test } from 'vitest';
import { check, compile } from '../src/application.ts';
import { SqlError } from '../src/errors.ts';
import { format } from '../src/format/format.ts';
import { corpus } from './fuzz/corpus.ts';
import { generate } from './fuzz/generate.ts';
import { judge, type Verdict } from './fuzz/judge.ts';
import { mutate } from './fuzz/mutate.ts';
import { Random } from './fuzz/random.ts';

// Generated programs and mutations of those of the tests, parsed, compiled and run: nothing but a SqlError may come of them.
// scripts/fuzz.mjs runs as many as one likes; a failure names the seed of its program.
const count = Number(process.env['FUZZ_PROGRAMS'] ?? 3_000);
const first = Number(process.env['FUZZ_SEED'] ?? 1);
const slowMillis = Number(process.env['FUZZ_SLOW_MS'] ?? Number.POSITIVE_INFINITY);

const programs = corpus();
const outcomes = new Map<Verdict['outcome'], number>();
let slowest = { seed: 0, millis: 0 };

test(
  `${count} programs from seed ${first}`,
  () => {
    const findings: string[] = [];
    for (let seed = first; seed < first + count && findings.length < 20; seed++) {
      const random = new Random(seed);
      const whole = random.chance(0.5) ? generate(random) : random.of(programs);
      const program = random.chance(0.45) ? mutate(whole, programs, random) : whole;
      const started = performance.now();
      try {
        const { outcome } = judge(program, random);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      } catch (error) {
        findings.push(`seed ${seed}: ${error instanceof Error ? error.stack : error}\n${program.sql}\n`);
      }
      const millis = performance.now() - started;
      if (millis > slowest.millis) slowest = { seed, millis };
      if (millis > slowMillis) findings.push(`seed ${seed} took ${Math.round(millis)} ms:\n${program.sql}\n`);
    }
    expect(findings.join('\n')).toBe('');
    // The generator is of no use if hardly any of its programs gets as far as running.
    if (count >= 1_000) expect(outcomes.get('ran') ?? 0).toBeGreaterThan(count / 20);
  },
  24 * 3_600_000,
);

afterAll(() => {
  if (process.env['FUZZ_PROGRAMS'] === undefined) return;
  const counts = [...outcomes].map(([outcome, n]) => `${n} ${outcome}`).join(', ');
  console.log(`${counts}; the slowest, seed ${slowest.seed}, took ${Math.round(slowest.millis)} ms`);
});

/** What `compile` says, and what `check` says first. */
function refusal(sql: string): string {
  const inputs = { S: { A: 'INTEGER' } };
  const errors = check(sql, { inputs }).errors.map(({ code }) => code);
  try {
    compile(sql, { inputs });
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    expect(errors).toContain(error.code);
    return error.code;
  }
  expect(errors).toEqual([]);
  return 'fine';
}

const stream = 'CREATE STREAM t (x INTEGER);\n';
const pump = (expr: string): string => `${stream}CREATE PUMP p AS INSERT INTO t SELECT STREAM ${expr} FROM s;`;
const repeated = (part: string, times: number): string => part.repeat(times);

test.each([
  ['parentheses', pump(`${repeated('(', 20_000)}a${repeated(')', 20_000)}`), 'SQL_TOO_COMPLEX'],
  ['signs', pump(`${repeated('- ', 20_000)}a`), 'SQL_TOO_COMPLEX'],
  ['NOTs', pump(`${repeated('NOT ', 20_000)}a`), 'SQL_TOO_COMPLEX'],
  ['functions', pump(`${repeated('ABS(', 20_000)}a${repeated(')', 20_000)}`), 'SQL_TOO_COMPLEX'],
  ['CASEs', pump(`${repeated('CASE WHEN TRUE THEN ', 4_000)}a${repeated(' END', 4_000)}`), 'SQL_TOO_COMPLEX'],
  [
    'subqueries',
    `${stream}CREATE PUMP p AS INSERT INTO t SELECT STREAM a FROM ${repeated('(SELECT STREAM a FROM ', 4_000)}s${repeated(')', 4_000)};`,
    'SQL_TOO_COMPLEX',
  ],
  ['a sum of 20,000', pump(repeated('a + ', 20_000) + 1), 'SQL_TOO_COMPLEX'],
  ['a sum of 900', pump(repeated('a + ', 900) + 1), 'fine'],
  ['concatenations', pump(`CHAR_LENGTH('a'${repeated(" || 'b'", 900)})`), 'fine'],
  ['an IN list of 10,000', pump(`CASE WHEN a IN (1${repeated(',2', 10_000)}) THEN 1 END`), 'fine'],
  ['open parentheses', repeated('(', 50_000), 'SQL_TOO_COMPLEX'],
  ['closing parentheses', repeated(')', 50_000), 'SQL_SYNTAX'],
  [
    'UNION ALL of 900',
    `${stream}CREATE PUMP p AS INSERT INTO t SELECT STREAM a FROM s${repeated(' UNION ALL SELECT STREAM a FROM s', 900)};`,
    'fine',
  ],
  ['more than 100 KB', `${stream}-- ${repeated('x', 100 * 1024)}`, 'SQL_TOO_COMPLEX'],
  ['100 KB of comments', `${stream}-- ${repeated('x', 100 * 1024 - 40)}`, 'fine'],
])('%s: an error or none, but no stack overflow', (_, sql, outcome) => {
  expect(refusal(sql)).toBe(outcome);
  if (outcome === 'fine') expect(format(format(sql))).toBe(format(sql));
});

test('ten thousand columns', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`);
  const wide = `CREATE STREAM t (${names.map((name) => `${name} INT`).join(',')});`;
  expect(refusal(wide)).toMatch(/fine|SQL_TOO_COMPLEX/);
  const insert = `CREATE STREAM t (${names.slice(0, 4_000).map((name) => `${name} INT`)});
    CREATE PUMP p AS INSERT INTO t SELECT STREAM ${names.slice(0, 4_000).map(() => 'a')} FROM s;`;
  expect(refusal(insert)).toBe('fine');
});
