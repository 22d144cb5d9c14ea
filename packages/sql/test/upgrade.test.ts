import {
  type Batch,
  decodeCheckpoint,
  encodeCheckpoint,
  errorStream,
  errorStreamSchema,
  fromRows,
  type Graph,
  type Row,
  type SavedNode,
  toRows,
  type Upgrade,
  upgrade,
} from '@rowtime/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, schemaFrom } from '../src/application.ts';

// A program of pumps that are changed, added and taken out while it runs: what stayed goes on as if nothing had happened,
// what is new begins at that moment.

const inputs = { S: { K: 'VARCHAR(4)', N: 'INTEGER', X: 'DOUBLE' } };
const tables = {
  PLACES: { schema: schemaFrom({ K: 'VARCHAR(4)', T: 'INTEGER' }), rows: ['a', 'b'].map((K, T) => ({ K, T })) },
};

/** Streams and pumps of one purpose. `?` stands for what a new version of it changes. */
interface Part {
  readonly outputs: readonly string[];
  readonly statements: readonly string[];
}

const part = (name: string, columns: string, query: string): Part => ({
  outputs: [name],
  statements: [
    `CREATE STREAM ${name} (${columns});`,
    `CREATE PUMP ${name}_P AS INSERT INTO ${name} SELECT STREAM ${query};`,
  ],
});
const minute = 'FLOOR(s.ROWTIME TO MINUTE)';
const cursor = 'CURSOR(SELECT STREAM s.x + ? AS x, s.n FROM s)';

const parts: readonly Part[] = [
  part('TUMBLE', 'k VARCHAR(4), c INTEGER, m DOUBLE', `k, COUNT(*), AVG(x) FROM s WHERE n <> ? GROUP BY k, ${minute}`),
  part(
    'FIRSTS',
    'v INTEGER, w INTEGER',
    `FIRST_VALUE(n), LAST_VALUE(n) FROM s WHERE n <> ? GROUP BY STEP(s.ROWTIME BY INTERVAL '10' SECOND)`,
  ),
  part(
    'STAGGER',
    'k VARCHAR(4), c INTEGER',
    `k, COUNT(*) FROM s WHERE n <> ? WINDOWED BY STAGGER (PARTITION BY k RANGE INTERVAL '30' SECOND)`,
  ),
  part(
    'RANGES',
    'k VARCHAR(4), m DOUBLE',
    `k, SUM(x + ?) OVER (PARTITION BY k RANGE INTERVAL '20' SECOND PRECEDING) FROM s`,
  ),
  part(
    'ROWSOVER',
    'm INTEGER, a INTEGER',
    'MAX(n + ?) OVER w, COUNT(*) OVER w FROM s WINDOW w AS (PARTITION BY k ROWS 3 PRECEDING)',
  ),
  part('RUNNING', 'm INTEGER', 'SUM(n + ?) OVER (PARTITION BY k ROWS UNBOUNDED PRECEDING) FROM s'),
  part('SORTED', 'k VARCHAR(4), x DOUBLE', `k, x FROM s WHERE n <> ? ORDER BY ${minute}, x DESC`),
  part('SEEN', 't TIMESTAMP, k VARCHAR(4)', `DISTINCT ${minute}, k FROM s WHERE n <> ?`),
  part(
    'JOINED',
    'a INTEGER, b INTEGER',
    `l.n, r.n + ? FROM s OVER (RANGE INTERVAL '5' SECOND PRECEDING) AS l JOIN (SELECT STREAM k, n + ? AS n FROM s) OVER (RANGE INTERVAL '3' SECOND PRECEDING) AS r ON l.k = r.k`,
  ),
  part(
    'LOOKED',
    'k VARCHAR(4), c INTEGER',
    `s.k, COUNT(*) FROM s JOIN places ON s.k = places.k WHERE s.n <> ? GROUP BY s.k, ${minute}`,
  ),
  part('ASKED', 'c INTEGER', `COUNT(*) FROM s WHERE k IN (SELECT k FROM places WHERE t <> ?) GROUP BY ${minute}`),
  part('UNITED', 'n INTEGER', 'n FROM (SELECT STREAM n FROM s WHERE n <> ? UNION ALL SELECT STREAM n FROM s)'),
  part('FOREST', 'x DOUBLE, score DOUBLE', `x, ANOMALY_SCORE FROM TABLE(RANDOM_CUT_FOREST(${cursor}, 10, 20))`),
  part('HOT', 'x DOUBLE, spots VARCHAR(999)', `x, HOTSPOTS_RESULT FROM TABLE(HOTSPOTS(${cursor}, 100, 1, 2))`),
  part(
    'TOP',
    'n VARCHAR(1024), c BIGINT',
    `* FROM TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM n FROM s WHERE n <> ?), 'N', 2, 30))`,
  ),
  part('STARTED', 't TIMESTAMP, c INTEGER', `CURRENT_TIMESTAMP, COUNT(*) FROM s WHERE n <> ? GROUP BY ${minute}`),
  part('FAILS', 'q INTEGER', '100 / (n - ?) FROM s'),
  {
    outputs: ['MIDDLE', 'BEHIND'],
    statements: [
      'CREATE STREAM middle (k VARCHAR(4), n INTEGER);',
      'CREATE STREAM behind (k VARCHAR(4), c INTEGER, n INTEGER);',
      'CREATE PUMP middle_p AS INSERT INTO middle SELECT STREAM k, n FROM s WHERE n <> ?;',
      'CREATE PUMP behind_p AS INSERT INTO behind SELECT STREAM k, COUNT(*), SUM(n) FROM middle GROUP BY k, FLOOR(middle.ROWTIME TO MINUTE);',
    ],
  },
  {
    // Two windows of one stream: what the shorter one emits waits for the longer one.
    outputs: ['GATHERED', 'COUNTED'],
    statements: [
      'CREATE STREAM gathered (n INTEGER);',
      'CREATE STREAM counted (c INTEGER);',
      "CREATE PUMP short_p AS INSERT INTO gathered SELECT STREAM SUM(n) FROM s WHERE n <> ? GROUP BY STEP(s.ROWTIME BY INTERVAL '10' SECOND);",
      "CREATE PUMP long_p AS INSERT INTO gathered SELECT STREAM MAX(n) FROM s WHERE n <> ? GROUP BY STEP(s.ROWTIME BY INTERVAL '25' SECOND);",
      'CREATE PUMP counted_p AS INSERT INTO counted SELECT STREAM COUNT(*) FROM gathered GROUP BY FLOOR(gathered.ROWTIME TO MINUTE);',
    ],
  },
  {
    outputs: ['ONCE'],
    statements: ['CREATE STREAM once (n INTEGER);', 'CREATE PUMP once_p AS INSERT INTO once VALUES (?), (2);'],
  },
];

/** What becomes of a part: which version of it there is before and after. */
type Fate = readonly [number | null, number | null];

const fates: fc.Arbitrary<Fate> = fc.constantFrom<Fate>([1, 1], [1, 1], [2, 2], [1, 2], [1, null], [null, 1]);
const layouts = ['$', '\n  $  -- a comment\n', '/* a block */ $'];

/** A program of the parts that have a version, in some order and layout. The pumps of a part stay in order, unless they may be
 *  `mixed`: of rows with one ROWTIME in one stream, those of the first pump come first. */
function program(versions: readonly (number | null)[], seed: number, mixed = false): string {
  const statements = parts.flatMap(({ statements: texts }, p) => {
    const version = versions[p] ?? null;
    if (version === null) return [];
    const place = (i: number): number => ((p * 7_919 + (mixed ? i * 104_729 : 0) + seed * 31) % 101) + 1;
    return texts.map((text, i) => {
      return { text: text.replaceAll('?', String(version)), place: text.startsWith('CREATE STREAM') ? 0 : place(i) };
    });
  });
  return statements
    .sort((a, b) => a.place - b.place)
    .map(({ text }, i) => (layouts[(i + seed) % layouts.length] ?? '$').replace('$', () => text))
    .join('\n');
}

function record(graph: Graph, streams: readonly string[], into: Record<string, string[]>): Graph {
  for (const stream of streams) {
    const schema = graph.schema(stream)!;
    into[stream] ??= [];
    graph.listen(stream, (batch) => into[stream]?.push(...toRows(schema, batch).map((row) => JSON.stringify(row))));
  }
  graph.listen(errorStream, (batch) => {
    for (const { rowtime, row } of toRows(errorStreamSchema, batch)) {
      const key = `errors of ${row['PUMP_NAME']}`;
      into[key] = [...(into[key] ?? []), JSON.stringify([rowtime, row['MESSAGE'], row['DATA_ROW']])];
    }
  });
  return graph;
}

function feed(graph: Graph, batches: readonly Batch[], isEnd: boolean): void {
  for (const batch of batches) {
    graph.push('S', batch);
    graph.advance(batch.rowtime.at(-1)!);
  }
  if (isEnd) graph.advance(Number.POSITIVE_INFINITY);
}

const compiled = (sql: string, now: number, seed = 42) => compile(sql, { inputs, tables, now, seed });
const outputsOf = (versions: readonly (number | null)[]): string[] =>
  parts.flatMap(({ outputs }, p) => (versions[p] == null ? [] : outputs));

/** What another program makes of the state of a graph. */
function upgraded(before: Graph, after: Graph): Upgrade {
  const saved = decodeCheckpoint(encodeCheckpoint({ nodes: before.describe(), operators: before.snapshot() }));
  const found = upgrade(saved as { nodes: SavedNode[]; operators: Record<string, unknown> }, after.describe());
  after.adopt(found.operators);
  return found;
}

const rows: fc.Arbitrary<Batch[]> = fc
  .array(
    fc.record({
      gap: fc.constantFrom(0, 100, 2_000, 9_000, 40_000),
      K: fc.constantFrom('a', 'b', 'c', null),
      N: fc.integer({ min: 0, max: 5 }),
      X: fc.integer({ min: 0, max: 40 }).map((x) => x / 4),
      isLast: fc.boolean(),
    }),
    { minLength: 2, maxLength: 40 },
  )
  .map((made) => {
    const batches: { rowtime: number; row: Row }[][] = [[]];
    let rowtime = 1_000_000;
    for (const { gap, isLast, ...row } of made) {
      rowtime += gap;
      batches.at(-1)!.push({ rowtime, row });
      if (isLast) batches.push([]);
    }
    return batches.filter(({ length }) => length > 0).map((batch) => fromRows(schemaFrom(inputs.S), batch));
  });

const runs = Number(process.env['ROWTIME_UPGRADES'] ?? 30);

test('whatever is changed, added and taken out, the rest goes on as if nothing had happened', {
  timeout: 600_000,
}, () => {
  fc.assert(
    fc.property(
      rows,
      fc.array(fates, { minLength: parts.length, maxLength: parts.length }),
      fc.integer({ min: 0, max: 1_000 }),
      fc.nat(1_000),
      (batches, chosen, place, seed) => {
        const [before, after] = [chosen.map(([version]) => version), chosen.map(([, version]) => version)];
        const at = Math.round((place / 1_000) * batches.length);
        const [unbroken, got, anew, ended]: Record<string, string[]>[] = [{}, {}, {}, {}];
        const old = compiled(program(before, seed), 5_000);
        feed(record(old.graph(), outputsOf(before), unbroken!), batches, true);

        const first = record(old.graph(), outputsOf(before), got!);
        feed(first, batches.slice(0, at), false);
        const until = structuredClone(got!);
        const current = compiled(program(after, seed + 1), 9_000);
        const second = record(current.graph(), outputsOf(after), got!);
        const { lost, kept } = upgraded(first, second);
        feed(second, batches.slice(at), true);
        // CURRENT_TIMESTAMP is that of the first start in all of them.
        feed(record(compiled(program(after, seed), 5_000).graph(), outputsOf(after), anew!), batches.slice(at), true);

        feed(record(old.graph(), outputsOf(before), ended!), batches.slice(0, at), true);

        chosen.forEach(([was, is], p) => {
          const { outputs, statements } = parts[p]!;
          const pumps = statements.flatMap((text) => /CREATE PUMP (\w+)/.exec(text)?.[1]?.toUpperCase() ?? []);
          const names = [...outputs, ...pumps.map((pump) => `errors of ${pump}`)];
          const owners = [...outputs.map((name) => `stream ${name}`), ...pumps.map((name) => `pump ${name}`)];
          if (was !== null && was === is) {
            for (const name of names) expect(got![name] ?? [], name).toEqual(unbroken![name] ?? []);
            expect(lost.filter(({ owner }) => owners.includes(owner))).toEqual([]);
          } else {
            for (const name of outputs) {
              const since = (got![name] ?? []).slice((until[name] ?? []).length);
              expect(since, name).toEqual(is === null ? [] : anew![name]);
            }
            expect(kept.filter(({ owner }) => owners.includes(owner))).toEqual([]);
            // What was reported stays reported.
            const errors = 'errors of FAILS_P';
            if (outputs.includes('FAILS'))
              expect(got![errors] ?? []).toEqual([...(ended![errors] ?? []), ...(anew![errors] ?? [])]);
          }
        });
      },
    ),
    { numRuns: runs },
  );
});

test('layout, comments and the order of statements are no change', () => {
  const versions = parts.map(() => 1);
  const all = Array.from({ length: 10 }, (_, seed) => compiled(program(versions, seed, true), 0).graph());
  const [first] = all;
  const batches = fromRows(
    schemaFrom(inputs.S),
    Array.from({ length: 50 }, (_, i) => ({ rowtime: i * 700, row: { K: 'abc'[i % 3]!, N: i % 5, X: i / 7 } })),
  );
  feed(first!, [batches], false);
  for (const graph of all.slice(1))
    expect(upgraded(first!, graph)).toMatchObject({ isSame: true, lost: [], inputs: [] });
});

describe('a state is that of another operator', () => {
  const query = 'k, SUM(n) AS total FROM s GROUP BY k, FLOOR(s.ROWTIME TO MINUTE)';
  const sql = (text: string): string =>
    `CREATE STREAM t (k VARCHAR(4), c INTEGER); CREATE PUMP p AS INSERT INTO t SELECT STREAM ${text};`;
  const open = (): Graph => {
    const graph = compiled(sql(query), 0).graph();
    feed(graph, [fromRows(schemaFrom(inputs.S), [{ rowtime: 0, row: { K: 'a', N: 1 } }])], false);
    return graph;
  };
  const kept = 'pump P: tumbling window of 1 minute, 1 key open';
  const words = ({ kept: found, lost }: Upgrade): string[] => [
    ...found.map(({ owner, what, remembers }) => `${owner}: ${what}, ${remembers}`),
    ...lost.map(({ owner, what, remembers, why }) => `${owner}: ${what}, ${remembers}, ${why}`),
  ];

  test.each([
    ['the name of the pump is another', query, (text: string) => text.replace('PUMP p', 'PUMP q'), `${kept}, is gone`],
    ['a condition comes before it', query.replace('FROM s', 'FROM s WHERE n > 1'), null, `${kept}, has changed`],
    ['a number is of another type', query.replace('SUM(n)', 'SUM(n + 1.0)'), null, `${kept}, has changed`],
    ['the window is longer', query.replace('MINUTE', 'HOUR'), null, `${kept}, has changed`],
    ['an aggregate is another', query.replace('SUM', 'MAX'), null, `${kept}, has changed`],
    ['a key is gone', query.replace('BY k, ', 'BY ').replace('k,', "'k',"), null, `${kept}, has changed`],
    ['only what comes behind it is another', query.replace('SUM(n)', 'SUM(n) + 1'), null, kept],
    ['it has a condition behind it', `${query} HAVING SUM(n) > 3`, null, kept],
    ['the stream it writes has another name', query, (text: string) => text.replaceAll(/\bt\b/g, 'u'), kept],
    ['columns of that stream have other names', query, (text: string) => text.replace('c INTEGER', 'd BIGINT'), kept],
  ])('if %s', (_, text, change, expected) => {
    const changed = change ? change(sql(text)) : sql(text);
    expect(words(upgraded(open(), compiled(changed, 0).graph()))).toEqual([expected]);
  });

  test('if a table or subquery that it asks is another, whatever the planner calls them', () => {
    const asking = (n: number, before = ''): string =>
      `${before} CREATE STREAM t (c INTEGER); CREATE PUMP p AS INSERT INTO t SELECT STREAM COUNT(*) FROM s
       WHERE k IN (SELECT k FROM places WHERE t > ${n}) GROUP BY FLOOR(s.ROWTIME TO MINUTE);`;
    const other = `CREATE STREAM u (k VARCHAR(4)); CREATE PUMP a AS INSERT INTO u SELECT STREAM k FROM s
      WHERE EXISTS (SELECT 1 FROM places WHERE places.k = s.k);`;
    const started = (): Graph => {
      const graph = compiled(asking(-1), 0).graph();
      feed(graph, [fromRows(schemaFrom(inputs.S), [{ rowtime: 0, row: { K: 'a', N: 1 } }])], false);
      return graph;
    };
    const window = 'pump P: tumbling window of 1 minute, open';
    expect(words(upgraded(started(), compiled(asking(-1, other), 0).graph()))).toEqual([window]);
    expect(words(upgraded(started(), compiled(asking(-2), 0).graph()))).toEqual([`${window}, has changed`]);
  });

  test('if it draws random numbers from another seed', () => {
    const versions = parts.map(({ outputs: [name] }) => (name === 'FOREST' || name === 'HOT' ? 1 : null));
    const before = compiled(program(versions, 0), 0).graph();
    feed(before, [fromRows(schemaFrom(inputs.S), [{ rowtime: 0, row: { K: 'a', N: 1, X: 2 } }])], false);
    expect(words(upgraded(before, compiled(program(versions, 0), 0, 43).graph()))).toEqual([
      'pump HOT_P: HOTSPOTS, 1 row',
      'pump FOREST_P: RANDOM_CUT_FOREST, 1 point learnt, has changed',
    ]);
  });
});
