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

  test('finds a cycle, and what planning refuses', () => {
    const sql = `CREATE STREAM t (a INT);\n${pump('p', 't', 'SELECT STREAM a FROM t')}`;
    expect(errorsOf(sql).map((error) => error.slice(0, 11))).toEqual(['2 SQL_CYCLE']);
  });

  test('refuses more than the 100 KB that the service took', () => {
    const sql = `SELECT ${'x'.repeat(100 * 1024)}`;
    expect(check(sql, { inputs }).errors.map(({ code }) => code)).toContain('SQL_TOO_COMPLEX');
  });
});
