import { type Batch, fromRows, type Graph, upgrade } from '@rowtime/core';
import { compile, schemaFrom } from '@rowtime/sql';
import { expect, test } from 'vitest';
import { planDifference } from '../src/plan-difference.ts';
import { linesOf, printedChange } from '../src/state-change.ts';

const before = `
CREATE STREAM passed (k VARCHAR(4), i INTEGER);
CREATE PUMP pass AS INSERT INTO passed SELECT STREAM k, i FROM s_001 WHERE i > 0;
CREATE STREAM counted (k VARCHAR(4), n INTEGER);
CREATE PUMP counts AS INSERT INTO counted SELECT STREAM k, COUNT(*) FROM s_001 GROUP BY k, STEP(s_001.ROWTIME BY INTERVAL '10' MINUTE);
CREATE STREAM summed (n INTEGER);
CREATE PUMP "the sums" AS INSERT INTO summed SELECT STREAM SUM(i) FROM passed GROUP BY FLOOR(passed.ROWTIME TO HOUR);
CREATE STREAM sorted (k VARCHAR(4));
CREATE PUMP sorts AS INSERT INTO sorted SELECT STREAM k FROM s_001 ORDER BY FLOOR(s_001.ROWTIME TO SECOND), k;
CREATE STREAM ranks (m INTEGER);
CREATE PUMP slides AS INSERT INTO ranks SELECT STREAM MAX(i) OVER (PARTITION BY k RANGE INTERVAL '90' SECOND PRECEDING) FROM s_001;`;

const columns = { K: 'VARCHAR(4)', I: 'INTEGER' };
const graphOf = (sql: string, more: { seed?: number; columns?: Record<string, string> } = {}): Graph =>
  compile(sql, { inputs: { S_001: more.columns ?? columns }, now: 0, seed: more.seed ?? 42 }).graph();

/** Three rows in, all windows open. */
function runOf(sql: string): Graph {
  const graph = graphOf(sql);
  const rows: Batch = fromRows(
    schemaFrom(columns),
    ['a', 'b', 'a'].map((K, I) => ({ rowtime: 60_000 + I, row: { K, I } })),
  );
  graph.push('S_001', rows);
  graph.advance(60_002);
  return graph;
}

function told(from: string, current: Graph): string[] {
  const saved = runOf(from);
  const found = upgrade({ nodes: saved.describe(), operators: saved.snapshot() }, current.describe());
  const lines = linesOf(printedChange({ ...found, retired: [], saved: saved.plan, current: current.plan }));
  return found.isSame ? ['the same', ...lines] : lines;
}

const kept = {
  counts: '  pump COUNTS: tumbling window of 10 minutes, 2 keys open',
  sums: '  pump "the sums": tumbling window of 1 hour, open',
  sorts: '  pump SORTS: ORDER BY, 3 rows held back',
  slides: '  pump SLIDES: sliding window of 90 seconds, 3 rows',
};
const all = Object.values(kept);
const except = (lost: string): string[] => all.filter((line) => line !== lost);

test.each<[string, (sql: string) => string, string[]]>([
  ['nothing', (sql) => sql, ['the same', 'keeps:', ...all]],
  [
    'a pump that another one reads',
    (sql) => sql.replace('i > 0', 'i > 1'),
    [
      'changed:',
      '  pump PASS has changed',
      '    - filter >(I, 0:INTEGER)',
      '    + filter >(I, 1:INTEGER)',
      'keeps:',
      ...except(kept.sums),
      'loses:',
      `${kept.sums} (reads PASSED, whose rows have changed)`,
    ],
  ],
  [
    'a pump that nobody reads',
    (sql) => sql.replace("'10' MINUTE", "'5' MINUTE"),
    [
      'changed:',
      '  pump COUNTS has changed',
      '    - tumble 600000 ms by ["key 1"] compute [COUNT(*)]',
      '    + tumble 300000 ms by ["key 1"] compute [COUNT(*)]',
      'keeps:',
      ...except(kept.counts),
      'loses:',
      `${kept.counts} (has changed)`,
    ],
  ],
  [
    'a pump that is gone, and one that is new',
    (sql) => sql.replace('PUMP counts', 'PUMP "my counts"'),
    [
      'changed:',
      '  pump COUNTS is gone',
      '  pump "my counts" is new',
      'keeps:',
      ...except(kept.counts),
      'loses:',
      `${kept.counts} (is gone)`,
    ],
  ],
  [
    'an output, behind the state',
    (sql) => sql.replace('COUNT(*) FROM', '2 * COUNT(*) FROM'),
    [
      'changed:',
      '  pump COUNTS has changed',
      '    - project K = "key 1", N = cast(COUNT as INTEGER)',
      '    + project K = "key 1", N = cast(*(2:INTEGER, COUNT) as INTEGER)',
      'keeps:',
      ...all,
    ],
  ],
  [
    'another pump into a stream that is read',
    (sql) => `${sql} CREATE PUMP more AS INSERT INTO passed SELECT STREAM k, i FROM s_001;`,
    [
      'changed:',
      '  pump MORE is new',
      'keeps:',
      ...except(kept.sums),
      'loses:',
      `${kept.sums} (reads PASSED, whose rows have changed)`,
    ],
  ],
  [
    'a new pump and stream',
    (sql) =>
      `${sql} CREATE STREAM more (i INTEGER); CREATE PUMP more_p AS INSERT INTO more SELECT STREAM i FROM s_001;`,
    ['changed:', '  stream MORE is new', '  pump MORE_P is new', 'keeps:', ...all],
  ],
  [
    'the order of statements, comments and blanks',
    (sql) => sql.trim().split(/;\n?/).reverse().join(' ;\n\n-- a comment\n').replace(/^ ;/, '').concat(';'),
    ['the same', 'keeps:', kept.slides, kept.sorts, kept.counts, kept.sums],
  ],
])('what is kept and what is lost when the change is %s', (_, change, lines) => {
  expect(told(before, graphOf(change(before)))).toEqual(lines);
});

test('rows that wait in a stream for a pump that goes are named', () => {
  const two = `
    CREATE STREAM t (n INTEGER);
    CREATE PUMP fast AS INSERT INTO t SELECT STREAM i FROM s_001;
    CREATE PUMP slow AS INSERT INTO t SELECT STREAM COUNT(*) FROM s_001 GROUP BY FLOOR(s_001.ROWTIME TO MINUTE);`;
  expect(told(two, graphOf(two.replace('STREAM i', 'STREAM i + 1')))).toEqual([
    'changed:',
    '  pump FAST has changed',
    '    - project N = I',
    '    + project N = +(I, 1:INTEGER)',
    '    + project I = I',
    'keeps:',
    '  pump SLOW: tumbling window of 1 minute, open',
    'loses:',
    '  stream T: rows of pump FAST, 1 row held back (has changed)',
  ]);
});

test('the columns of an input, and the seed, are named', () => {
  expect(told(before, graphOf(before, { columns: { ...columns, J: 'DOUBLE' } }))).toEqual([
    'changed:',
    '  input S_001 has changed',
    '    - input S_001 (K VARCHAR(4), I INTEGER)',
    '    + input S_001 (K VARCHAR(4), I INTEGER, J DOUBLE)',
  ]);
  // Nothing here draws random numbers.
  expect(told(before, graphOf(before, { seed: 7 })).slice(0, 5)).toEqual([
    'the same',
    'changed:',
    '  the seed has changed',
    '    - seed 42',
    '    + seed 7',
  ]);
});

test('a line too long for a screen is cut', () => {
  const [, , changed] = planDifference('pump A\n  short', `pump A\n  ${'x'.repeat(1_000)}`);
  expect(changed).toBe(`  + ${'x'.repeat(240)}…`);
});

test('another plan for the same program is told from another program', () => {
  const change = { saved: 'pump P', current: 'pump P', kept: [], retired: [], inputs: [] };
  const window = { owner: 'pump P', what: 'tumbling window of 1 minute', remembers: '2 keys open', why: 'has changed' };
  expect(linesOf(printedChange({ ...change, lost: [window] }))).toEqual([
    'changed:',
    '  nothing in the program: this rowtime plans it otherwise than the one that took the checkpoint',
    'loses:',
    '  pump P: tumbling window of 1 minute, 2 keys open (has changed)',
  ]);
  const output = { owner: 'output', what: 'S to files', remembers: 'an open object of 9 bytes', why: 'is gone' };
  expect(linesOf(printedChange({ ...change, lost: [output], retired: ['T to files'] }))).toEqual([
    'publishes:',
    '  output T to files: what it has left',
    'loses:',
    '  output: S to files, an open object of 9 bytes (is gone)',
  ]);
});
