import { describe, expect, test } from 'vitest';
import { check } from '../src/application.ts';
import { placeOf } from '../src/source-text.ts';

const inputs = { SOURCE_SQL_STREAM_001: { TICKER: 'VARCHAR(4)', PRICE: 'DOUBLE' } };
const pump = (name: string, into: string, query: string): string =>
  `CREATE PUMP ${name} AS INSERT INTO ${into} ${query};\n`;

/** Line, code and text of each error. */
function errorsOf(sql: string, unknown?: string[]): string[] {
  return check(sql, unknown ? { inputs: {} } : { inputs }, unknown).errors.map(
    ({ code, span }) => `${placeOf(sql, span.from).line} ${code} ${sql.slice(span.from, span.to)}`,
  );
}

describe('check', () => {
  test('finds nothing wrong with a program that compiles', () => {
    const sql = `CREATE STREAM t (a VARCHAR(4));\n${pump('p', 't', 'SELECT STREAM ticker FROM SOURCE_SQL_STREAM_001')}`;
    expect(check(sql, { inputs })).toEqual({ errors: [], unchecked: [] });
  });

  test('reports the error of each statement, in the order of the text', () => {
    const sql = [
      'CREATE STREAM t (a VARCHAR(4));',
      'CREATE PUMP p AS INSERT INTO t SELECT STREAM tickr FROM SOURCE_SQL_STREAM_001;',
      'CREATE PUMP q AS INSERT INTO t SELECT STREAM ticker, FROM SOURCE_SQL_STREAM_001;',
      'CREATE PUMP r AS INSERT INTO t SELECT STREAM price FROM SOURCE_SQL_STREAM_001;',
      'CREATE PUMP s AS INSERT INTO u SELECT STREAM ticker FROM SOURCE_SQL_STREAM_001;',
    ].join('\n');
    expect(errorsOf(sql)).toEqual([
      '2 SQL_UNKNOWN_COLUMN tickr',
      '3 SQL_SYNTAX FROM',
      '4 SQL_TYPE price',
      '5 SQL_UNKNOWN_STREAM u',
    ]);
  });

  test('says nothing about pumps of a stream that could not be created', () => {
    const uses =
      pump('p', 't', 'SELECT STREAM ticker FROM SOURCE_SQL_STREAM_001') + pump('q', 'u', 'SELECT STREAM a FROM t');
    for (const broken of [
      'CREATE STREAM t (a VARCHAR(4) b INT);',
      'CREATE OR REPLACE STREAM "x"."T" (a STRING);',
      'CREATE STREAM t (a INT, a INT);',
    ]) {
      const sql = `${broken}\nCREATE STREAM u (a VARCHAR(4));\n${uses}`;
      expect(errorsOf(sql)).toHaveLength(1);
      expect(check(sql, { inputs }).unchecked).toEqual([]);
    }
    expect(errorsOf(`CREATE STREAM;\n${pump('p', 't', 'SELECT STREAM 1 FROM SOURCE_SQL_STREAM_001')}`)).toHaveLength(2);
  });

  test('without the columns of the input, checks the pumps that do not read it', () => {
    const sql =
      'CREATE STREAM t (a VARCHAR(4)); CREATE STREAM u (a VARCHAR(4));\n' +
      pump('p', 't', 'SELECT STREAM anything FROM SOURCE_SQL_STREAM_001') +
      pump('q', 'u', 'SELECT STREAM anything FROM t');
    expect(errorsOf(sql, ['SOURCE_SQL_STREAM_001'])).toEqual(['3 SQL_UNKNOWN_COLUMN anything']);
    const { unchecked } = check(sql, { inputs: {} }, ['SOURCE_SQL_STREAM_001']);
    expect(unchecked).toEqual([{ pump: 'P', stream: 'SOURCE_SQL_STREAM_001' }]);
  });

  test('takes a program as the script it is: what is left at its end is bound', () => {
    const sql = [
      'CREATE STREAM t (a VARCHAR(4));',
      'CREATE PUMP p AS INSERT INTO t SELECT STREAM a FROM v WHERE is_it(a);',
      'CREATE PUMP gone AS INSERT INTO t SELECT STREAM nothing FROM v;',
      'CREATE VIEW v (a) AS SELECT STREAM ticker FROM SOURCE_SQL_STREAM_001;',
      'CREATE FUNCTION is_it(x VARCHAR(4)) RETURNS BOOLEAN CONTAINS SQL RETURN x IN (SELECT c FROM (VALUES (1)) AS w(c));',
      'CREATE VIEW unused AS SELECT STREAM tickr FROM SOURCE_SQL_STREAM_001;',
      'DROP PUMP gone;',
      'DROP PUMP gone;',
      'ALTER PUMP p STOP;',
      "CREATE PUMP q AS INSERT INTO t SELECT CAST('x' AS INTEGER) FROM (VALUES (1)) AS w(c);",
    ].join('\n');
    expect(errorsOf(sql)).toEqual([
      '5 SQL_NOT_SUPPORTED SELECT c FROM (VALUES (1)) AS w(c)',
      '6 SQL_UNKNOWN_COLUMN tickr',
      '8 SQL_UNKNOWN_PUMP gone',
      "10 SQL_TYPE CAST('x' AS INTEGER)",
    ]);
  });

  test('says nothing about what follows from a view, function or pump that has an error', () => {
    // What is dropped again is not bound, but it is parsed.
    for (const [errorsLeft, broken] of [
      [0, 'CREATE VIEW v (a) AS SELECT STREAM tickr FROM SOURCE_SQL_STREAM_001;'],
      [1, 'CREATE VIEW v (a) AS SELECT STREAM ticker, FROM SOURCE_SQL_STREAM_001;'],
      [0, 'CREATE VIEW v (a) AS SELECT STREAM b FROM w; CREATE VIEW w (b) AS SELECT STREAM b FROM v;'],
    ] as const) {
      const uses = pump('p', 't', 'SELECT STREAM a FROM v') + pump('q', 't', 'SELECT STREAM x.a FROM v AS x');
      const dropped = `${broken}\n${uses}DROP VIEW v CASCADE;`;
      expect(errorsOf(`CREATE STREAM t (a VARCHAR(4));\n${dropped}`)).toHaveLength(errorsLeft);
      expect(errorsOf(`CREATE STREAM t (a VARCHAR(4));\n${broken}\n${uses}`)).toHaveLength(1);
    }
    for (const broken of [
      'CREATE FUNCTION f(x DOUBLE) RETURNS DOUBLE CONTAINS SQL RETURN y;',
      'CREATE OR REPLACE FUNCTION f(x DOUBLE) RETURNS DOUBLE CONTAINS SQL RETURN ;',
    ]) {
      const uses = pump('p', 't', 'SELECT STREAM f(price) FROM SOURCE_SQL_STREAM_001');
      expect(
        errorsOf(`CREATE STREAM t (a DOUBLE);\n${broken}\n${uses}${uses.replace('PUMP p', 'PUMP q')}`),
      ).toHaveLength(1);
    }
    const lost = 'CREATE STREAM t (a DOUBLE); CREATE PUMP p AS INSERT INTO t SELECT price, FROM SOURCE_SQL_STREAM_001;';
    expect(errorsOf(`${lost} ALTER PUMP p START; DROP PUMP p;`)).toHaveLength(1);
    expect(errorsOf('ALTER PUMP p START; DROP FUNCTION f;')).toHaveLength(2);
  });

  test('runs the queries of tables, for their rows that cannot be computed', () => {
    const sql = `CREATE STREAM t (a INT);\n${pump('p', 't', 'SELECT 1 / c FROM (VALUES (0)) AS w(c)')}`;
    expect(errorsOf(sql)).toEqual(['2 SQL_TABLE_ROW SELECT 1 / c FROM (VALUES (0)) AS w(c)']);
  });

  test('a view of a stream whose columns are not known is not checked, nor are the pumps that read it', () => {
    const sql =
      'CREATE VIEW v AS SELECT STREAM anything AS a FROM SOURCE_SQL_STREAM_001; CREATE STREAM t (a VARCHAR(4));\n' +
      pump('p', 't', 'SELECT STREAM a FROM v');
    expect(errorsOf(sql, ['SOURCE_SQL_STREAM_001'])).toEqual([]);
    expect(check(sql, { inputs: {} }, ['SOURCE_SQL_STREAM_001']).unchecked).toEqual([
      { pump: 'P', stream: 'SOURCE_SQL_STREAM_001' },
    ]);
  });

  test('finds a cycle, and what planning refuses', () => {
    const sql = `CREATE STREAM t (a INT);\n${pump('p', 't', 'SELECT STREAM a FROM t')}`;
    expect(errorsOf(sql).map((error) => error.slice(0, 11))).toEqual(['2 SQL_CYCLE']);
  });

  test('refuses more than the 100 KB that the service took', () => {
    const sql = `SELECT ${'x'.repeat(100 * 1024)}`;
    expect(check(sql, { inputs }).errors.map(({ code }) => code)).toContain('SQL_TOO_COMPLEX');
  });
});
