import { errorStream, fromRows, type Row, toRows } from '@rowtime/core';
import { describe, expect, test } from 'vitest';
import { compile, parseType, schemaFrom } from '../src/application.ts';
import { SqlError } from '../src/errors.ts';

const inputs = { S: { k: 'VARCHAR(4)', n: 'INTEGER', unused: 'DOUBLE' } };
/** What every input stream has besides. */
const metadata = {
  APPROXIMATE_ARRIVAL_TIME: 'TIMESTAMP',
  PARTITION_KEY: 'VARCHAR(256)',
  SEQUENCE_NUMBER: 'VARCHAR(128)',
  SHARD_ID: 'VARCHAR(64)',
};
const program = `
  CREATE STREAM t (k VARCHAR(4), total INTEGER NOT NULL);
  CREATE PUMP p AS INSERT INTO t SELECT STREAM "k", SUM("n") FROM s GROUP BY "k", FLOOR(s.ROWTIME TO MINUTE);`;

describe('an application', () => {
  test('has its streams, input streams first, and its pumps', () => {
    const { streams, pumps } = compile(program, { inputs });
    expect(streams).toEqual([
      { name: 'S', input: true, schema: schemaFrom(inputs.S), metadata: schemaFrom(metadata), rows: null },
      {
        name: 'T',
        input: false,
        schema: [
          { name: 'K', type: { kind: 'varchar', length: 4 }, nullable: true },
          { name: 'TOTAL', type: { kind: 'integer' }, nullable: false },
        ],
        metadata: [],
        rows: null,
      },
    ]);
    expect(pumps.map(({ name, into }) => [name, into])).toEqual([['P', 'T']]);
  });

  test('says which columns of an input any pump reads, those declared and then its metadata', () => {
    const unused = [false, false, false, false];
    expect(compile(program, { inputs }).used('S')).toEqual([true, true, false, ...unused]);
    const all = `${program} CREATE STREAM u (a VARCHAR(4), b INTEGER, c DOUBLE);
      CREATE PUMP q AS INSERT INTO u SELECT STREAM * FROM s;`;
    expect(compile(all, { inputs }).used('S')).toEqual([true, true, true, ...unused]);
    const none = 'CREATE STREAM u (n INTEGER); CREATE PUMP q AS INSERT INTO u SELECT STREAM 1 FROM s;';
    expect(compile(none, { inputs }).used('S')).toEqual([false, false, false, ...unused]);
    const shard = 'CREATE STREAM u (k VARCHAR(64)); CREATE PUMP q AS INSERT INTO u SELECT STREAM shard_id FROM s;';
    expect(compile(shard, { inputs }).used('S')).toEqual([false, false, false, false, false, false, true]);
  });

  test('takes CURRENT_TIMESTAMP from its start, and keeps it over a restart', () => {
    const sql =
      'CREATE STREAM t (a TIMESTAMP, b TIMESTAMP); CREATE PUMP p AS INSERT INTO t SELECT STREAM CURRENT_TIMESTAMP, CURRENT_ROW_TIMESTAMP FROM s;';
    const first = compile(sql, { inputs, now: 1_000 });
    const later = compile(sql, { inputs, now: 9_000 });
    const snapshot = structuredClone(first.graph().snapshot());
    const [fresh, restored, replay] = [first.graph(), later.graph(), compile(sql, { inputs }).graph()];
    restored.restore(snapshot);
    expect(restored.plan).toBe(fresh.plan);
    const times = [fresh, restored, later.graph(), replay].map((graph) => {
      const rows: Row[] = [];
      graph.listen('T', (batch) => rows.push(...toRows(graph.schema('T')!, batch).map(({ row }) => row)));
      graph.push('S', fromRows(schemaFrom(inputs.S), [{ rowtime: 5_000, row: {} }]));
      return Object.values(rows[0]!);
    });
    expect(times).toEqual([
      [1_000, 5_000],
      [1_000, 5_000],
      [9_000, 5_000],
      [5_000, 5_000],
    ]);
  });

  test('makes graphs that know nothing of each other', () => {
    const application = compile(program, { inputs });
    const results = [application.graph(), application.graph()].map((graph, i) => {
      const rows: Row[] = [];
      graph.listen('T', (batch) => rows.push(...toRows(graph.schema('T')!, batch).map(({ row }) => row)));
      graph.push('S', fromRows(schemaFrom(inputs.S), [{ rowtime: 5, row: { k: 'a', n: i + 1 } }]));
      graph.advance(60_000);
      return rows;
    });
    expect(results).toEqual([[{ K: 'a', TOTAL: 1 }], [{ K: 'a', TOTAL: 2 }]]);
  });

  test('has another plan when anything that changes results is another', () => {
    const plan = (sql: string, seed?: number) =>
      compile(sql, { inputs, ...(seed === undefined ? {} : { seed }) }).graph().plan;
    const plans = [
      plan(program),
      plan(program, 43),
      plan(program.replace('MINUTE', 'HOUR')),
      plan(program.replace('SUM', 'MAX')),
      plan(program.replace('"k", FLOOR', 'FLOOR').replace('"k",', "'k',")),
      plan(program.replace('NOT NULL', '')),
      plan(program.replace('PUMP p', 'PUMP q')),
      plan(program.replace('FROM s', 'FROM s WHERE "n" > 1')),
      plan(program.replace('FROM s', 'FROM s WHERE "n" > 1.0')),
    ];
    expect(new Set(plans).size).toBe(plans.length);
    expect(plan(program.replace('\n', '\n-- a comment\n'))).toBe(plans[0]);
  });

  test('has no state that a restored graph lacks, error rows too', () => {
    const sql = `${program} CREATE STREAM u (n INTEGER); CREATE PUMP q AS INSERT INTO u SELECT STREAM 1 / "n" FROM s;`;
    const application = compile(sql, { inputs });
    const before = application.graph();
    before.push('S', fromRows(schemaFrom(inputs.S), [{ rowtime: 5, row: { k: 'a', n: 0 } }]));
    const after = application.graph();
    after.restore(structuredClone(before.snapshot()));
    const found: unknown[] = [];
    after.listen('T', (batch) => found.push(batch.length));
    after.listen(errorStream, (batch) => found.push(batch.length));
    after.advance(60_000);
    expect(found).toEqual([1, 1]);
  });
});

describe('schemas from text', () => {
  test('take every type of the dialect', () => {
    const types = ['TINYINT', 'SMALLINT', 'INTEGER', 'INT', 'BIGINT', 'DECIMAL', 'DECIMAL(5)', 'NUMERIC(5,2)', 'REAL',
      'DOUBLE', 'DOUBLE PRECISION', 'FLOAT', 'BOOLEAN', 'CHAR(3)', 'VARCHAR', 'VARCHAR(3)', 'varchar(3)', 'BINARY(2)',
      'VARBINARY(2)', 'DATE', 'TIME', 'TIMESTAMP']; // biome-ignore format: a list
    const kinds = types.map((type) => parseType(type).kind);
    expect(kinds).toEqual(['tinyint', 'smallint', 'integer', 'integer', 'bigint', 'decimal', 'decimal', 'decimal', 'real',
      'double', 'double', 'double', 'boolean', 'char', 'varchar', 'varchar', 'varchar', 'binary', 'varbinary', 'date',
      'time', 'timestamp']); // biome-ignore format: a list
    expect(parseType('NUMERIC(5,2)')).toEqual({ kind: 'decimal', precision: 5, scale: 2 });
    expect(parseType('DECIMAL')).toEqual({ kind: 'decimal', precision: 18, scale: 0 });
  });

  test.each(['STRING', '', 'INTEGER)', 'INTEGER) AS x', 'VARCHAR(3', 'INTEGER NOT NULL', '1'])('refuse %j', (text) => {
    expect(() => parseType(text)).toThrow(SqlError);
    expect(() => parseType(text)).toThrow(`${JSON.stringify(text)} is not a SQL type`);
  });

  test('keep the names of columns as they are', () => {
    expect(schemaFrom({ rating: 'INTEGER', __proto__x: 'DOUBLE' }).map(({ name }) => name)).toEqual([
      'rating',
      '__proto__x',
    ]);
  });
});

describe('a program of any size', () => {
  test('takes a list of ten thousand values', () => {
    const list = Array.from({ length: 10_000 }, (_, i) => i * 2).join(', ');
    const sql = `CREATE STREAM t (n INTEGER); CREATE PUMP p AS INSERT INTO t SELECT STREAM "n" FROM s WHERE "n" IN (${list});`;
    const graph = compile(sql, { inputs }).graph();
    const found: unknown[] = [];
    graph.listen('T', (batch) => found.push(...toRows(graph.schema('T')!, batch).map(({ row }) => row['N'])));
    graph.push(
      'S',
      fromRows(
        schemaFrom(inputs.S),
        [0, 1, 9_998, 19_998, 20_000].map((n) => ({ rowtime: 0, row: { n } })),
      ),
    );
    expect(found).toEqual([0, 9_998, 19_998]);
  });

  test.each([
    ['conditions', (n: number) => `SELECT STREAM "n" FROM s WHERE ${Array(n).fill('"n" = 1').join(' OR ')}`],
    ['terms', (n: number) => `SELECT STREAM ${Array(n).fill('"n"').join(' + ')} FROM s`],
    ['branches', (n: number) => `SELECT STREAM CASE ${Array(n).fill('WHEN "n" = 1 THEN 1').join(' ')} END FROM s`],
    ['NOTs', (n: number) => `SELECT STREAM "n" FROM s WHERE ${'NOT '.repeat(n)} "n" = 1`],
    ['parentheses', (n: number) => `SELECT STREAM ${'('.repeat(n)}"n"${')'.repeat(n)} FROM s`],
    ['subqueries', (n: number) => `${'SELECT STREAM * FROM ('.repeat(n)}SELECT STREAM "n" FROM s${')'.repeat(n)}`],
    ['sides', (n: number) => Array(n).fill('SELECT STREAM "n" FROM s').join(' UNION ALL ')],
  ])('compiles or refuses any number of %s, and never crashes', (_, query) => {
    for (const n of [10, 100, 1_000, 10_000]) {
      try {
        const sql = `CREATE STREAM t (n INTEGER); CREATE PUMP p AS INSERT INTO t ${query(n)};`;
        const graph = compile(sql, { inputs }).graph();
        graph.push('S', fromRows(schemaFrom(inputs.S), [{ rowtime: 0, row: { n: 1 } }]));
      } catch (error) {
        expect(error).toBeInstanceOf(SqlError);
        expect((error as SqlError).code).toBe('SQL_TOO_COMPLEX');
        expect(n).toBeGreaterThan(10);
      }
    }
  });
});
