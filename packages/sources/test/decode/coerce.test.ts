import type { SqlType } from '@rowtime/core';
import { describe, expect, test } from 'vitest';
import { decodeAll } from './decode-all.ts';

// features: F190 F192

const failed = Symbol('rejected');

function convert(type: SqlType, json: string, templates: boolean): unknown {
  // The same value twice: the second time a template reads it.
  const record = `{"v": ${json}}\n`;
  const options = { columns: [{ name: 'V', type, mapping: '$.v' }], templates };
  const { rows, rejected } = decodeAll(options, record + record);
  expect(rows.length + rejected.length).toBe(2);
  if (rows.length === 0) {
    expect(rejected[1].name).toBe('CoercionError');
    expect(rejected[1].message).toContain('column "V"');
    return failed;
  }
  expect(rows[1]).toEqual(rows[0]);
  return rows[0].V;
}

const integer: SqlType = { kind: 'integer' };
const bigint: SqlType = { kind: 'bigint' };
const double: SqlType = { kind: 'double' };
const boolean: SqlType = { kind: 'boolean' };
const timestamp: SqlType = { kind: 'timestamp' };
const varchar = (length: number | null): SqlType => ({ kind: 'varchar', length });
const decimal = (precision: number, scale: number): SqlType => ({ kind: 'decimal', precision, scale });

const time = Date.UTC(1992, 1, 14, 18, 35, 44);

const cases: [string, SqlType, string, unknown][] = [
  // AWS developer guide, "Mapping JSON Data Types to SQL Data Types", cell by cell.
  ['null to a number', integer, 'null', null],
  ['null to a boolean', boolean, 'null', null],
  ['null to a text', varchar(4), 'null', null],
  ['null to a timestamp', timestamp, 'null', null],
  ['null to binary', { kind: 'binary', length: 2 }, 'null', null],
  ['true to a number', integer, 'true', 1],
  ['false to a number', double, 'false', 0],
  ['true to a boolean', boolean, 'true', true],
  ['true to a text', varchar(8), 'true', 'true'],
  ['false to a text, cut', varchar(3), 'false', 'fal'],
  ['true to a timestamp', timestamp, 'true', failed],
  ['true to binary', { kind: 'varbinary', length: 2 }, 'true', '01'],
  ['false to binary', { kind: 'varbinary', length: 2 }, 'false', '00'],
  ['true to BINARY(n): the lowest bit of n bytes', { kind: 'binary', length: 3 }, 'true', '000001'],
  ['short hex to BINARY(n): filled with zeros', { kind: 'binary', length: 3 }, `"X'0aff'"`, '0AFF00'],
  ['long hex to BINARY(n): cut', { kind: 'binary', length: 1 }, `"X'0aff'"`, '0A'],
  ['a number to a number', integer, '42', 42],
  ['a fraction to an integer', integer, '123.4', failed],
  ['a number out of range', { kind: 'tinyint' }, '300', failed],
  ['0 to a boolean', boolean, '0', false],
  ['-0.0e5 to a boolean', boolean, '-0.0e5', false],
  ['0.001 to a boolean', boolean, '0.001', true],
  ['a number to a text', varchar(8), '1.50', '1.50'],
  ['a number to a text, cut', varchar(2), '12345', '12'],
  ['a number to a date', { kind: 'date' }, '5', failed],
  ['a number to binary', { kind: 'binary', length: 2 }, '5', failed],
  ['a string to an integer', integer, '"42"', 42],
  ['a string with blanks to a number', double, '" -1.5e3 "', -1500],
  ['a word to an integer', integer, '"abc"', failed],
  ['an empty string to a number', double, '""', failed],
  ['hex to a number', integer, '"0x10"', failed],
  ['Infinity to a number', double, '"Infinity"', failed],
  ['"TRUE" to a boolean', boolean, '"TRUE"', true],
  ['"yes" to a boolean', boolean, '"yes"', false],
  ['a string to a text', varchar(8), '"Han Solo"', 'Han Solo'],
  ['a string to a text, cut', varchar(3), '"Han Solo"', 'Han'],
  ['an escaped string to a text', varchar(8), '"a\\u0062\\n\\"c"', 'ab\n"c'],
  ['a text cut before half a character', varchar(2), '"a😀"', 'a'],
  ['a text without length', varchar(null), '"Han Solo"', 'Han Solo'],
  ['CHAR is padded', { kind: 'char', length: 6 }, '"Han"', 'Han   '],
  ['CHAR is cut', { kind: 'char', length: 2 }, '"Han"', 'Ha'],
  ['hex text to binary', { kind: 'binary', length: 2 }, '"0aFf"', '0AFF'],
  ['a hex literal to binary', { kind: 'varbinary', length: 4 }, `"X'0aff'"`, '0AFF'],
  ['other text to binary', { kind: 'binary', length: 2 }, '"0af"', failed],
  ['an array to a number', integer, '[1]', failed],
  ['an object to a boolean', boolean, '{}', failed],
  ['an array to a text', varchar(32), '[1, {"a" : null}]', '[1, {"a" : null}]'],
  ['an object to a text, cut', varchar(5), '{"a": 1}', '{"a":'],
  ['an array to a timestamp', timestamp, '[]', failed],
  ['an array to binary', { kind: 'binary', length: 2 }, '[]', failed],

  ['1.0 has no fraction', integer, '1.0', 1],
  ['1e2 has none', integer, '1e2', 100],
  ['150e-1 has none', integer, '150e-1', 15],
  ['a fraction beyond a double', integer, '4.0000000000000000000001', failed],
  ['-0 is 0', integer, '-0', 0],
  ['smallest TINYINT', { kind: 'tinyint' }, '-128', -128],
  ['below it', { kind: 'tinyint' }, '-129', failed],
  ['largest SMALLINT', { kind: 'smallint' }, '32767', 32_767],
  ['above it', { kind: 'smallint' }, '32768', failed],
  ['smallest INTEGER', integer, '-2147483648', -2_147_483_648],
  ['below it', integer, '-2147483649', failed],
  ['largest exact BIGINT', bigint, '9007199254740991', 9_007_199_254_740_991],
  ['smallest exact BIGINT', bigint, '-9007199254740991', -9_007_199_254_740_991],
  ['beyond it', bigint, '9007199254740993', '9007199254740993'],
  ['beyond it, as a string', bigint, '"-9007199254740993"', '-9007199254740993'],
  ['beyond it, with an exponent', bigint, '9007199254740993e1', '90071992547409930'],
  ['largest BIGINT', bigint, '9223372036854775807', '9223372036854775807'],
  ['above it', bigint, '9223372036854775808', failed],
  ['smallest BIGINT', bigint, '-9223372036854775808', '-9223372036854775808'],
  ['below it', bigint, '-9223372036854775809', failed],
  ['far beyond it', bigint, '1e999999', failed],
  ['a fraction beyond 2^53', bigint, '9007199254740991.5', failed],
  ['REAL', { kind: 'real' }, '0.1', Math.fround(0.1)],
  ['REAL out of range', { kind: 'real' }, '1e39', failed],
  ['DOUBLE with seventeen digits', double, '1632319489.7957823', 1632319489.7957823],
  ['DOUBLE with an exponent', double, '-1.25E-3', -0.00125],
  ['DOUBLE out of range', double, '1e309', failed],
  ['DOUBLE keeps -0', double, '-0.0', -0],
  ['DECIMAL', decimal(6, 2), '33.99', 33.99],
  ['DECIMAL from a string', decimal(6, 2), '"22.50"', 22.5],
  ['DECIMAL is rounded half up', decimal(6, 2), '1.005', 1.01],
  ['and away from zero', decimal(6, 2), '-1.005', -1.01],
  ['and not up below half', decimal(6, 2), '1.00499999999999999999', 1],
  ['DECIMAL rounded to nothing', decimal(6, 2), '-0.004', 0],
  ['DECIMAL with a carry', decimal(6, 2), '9.999', 10],
  ['DECIMAL with a carry too many', decimal(4, 2), '99.995', failed],
  ['DECIMAL with too many digits', decimal(4, 2), '100', failed],
  ['DECIMAL of 18 digits', decimal(18, 0), '999999999999999999', '999999999999999999'],
  ['DECIMAL of 19 digits', decimal(19, 5), '-12345678901234.56789', '-12345678901234.56789'],
  ['DECIMAL of 64 bits', decimal(19, 0), '9223372036854775807', '9223372036854775807'],
  ['DECIMAL beyond 64 bits', decimal(19, 0), '9223372036854775808', failed],
  ['DECIMAL of many places', decimal(19, 18), '0.1', 0.1],
  ['DECIMAL of 18 digits is rounded', decimal(18, 2), '1234567890123456.785', '1234567890123456.79'],
  ['DECIMAL with an exponent', decimal(18, 2), '12e-1', 1.2],
  ['DECIMAL far too large', decimal(18, 0), '1e999999', failed],
  ['DECIMAL has no -0', decimal(4, 2), '-0.00', 0],

  ['TIMESTAMP', timestamp, '"1992-02-14 18:35:44.0"', time],
  ['a day is its midnight', timestamp, '"1992-02-14"', Date.UTC(1992, 1, 14)],
  ['ISO with T and microseconds', timestamp, '"2018-06-13T14:11:05.766191"', Date.UTC(2018, 5, 13, 14, 11, 5, 766)],
  ['nanoseconds and Z', timestamp, '"1992-02-14T18:35:44.123999999Z"', time + 123],
  ['half a second', timestamp, '"1992-02-14 18:35:44.5"', time + 500],
  ['before 1970', timestamp, '"1969-12-31 23:59:59.999"', -1],
  ['a leap day', timestamp, '"2000-02-29 00:00:00"', Date.UTC(2000, 1, 29)],
  ['no leap day', timestamp, '"1900-02-29 00:00:00"', failed],
  ['no such month', timestamp, '"1992-13-14 18:35:44"', failed],
  ['no such hour', timestamp, '"1992-02-14 24:00:00"', failed],
  ['no seconds', timestamp, '"1992-02-14 18:35"', failed],
  ['an empty fraction', timestamp, '"1992-02-14 18:35:44."', failed],
  ['another zone', timestamp, '"1992-02-14T18:35:44+02:00"', failed],
  ['a word', timestamp, '"yesterday"', failed],
  ['DATE', { kind: 'date' }, '"1992-02-14"', Date.UTC(1992, 1, 14)],
  ['DATE of a timestamp', { kind: 'date' }, '"1992-02-14 18:35:44.0"', Date.UTC(1992, 1, 14)],
  ['TIME', { kind: 'time' }, '"18:35:44.25"', time - Date.UTC(1992, 1, 14) + 250],
  ['TIME of a timestamp', { kind: 'time' }, '"1992-02-14 18:35:44.0"', time - Date.UTC(1992, 1, 14)],
];

describe.each([true, false])('with templates: %s', (templates) => {
  test.each(cases)('%s', (_, type, json, expected) => {
    expect(convert(type, json, templates)).toBe(expected);
  });
});

test('a BIGINT beyond 64 bits says why it is refused', () => {
  const columns = [{ name: 'ID', type: bigint, mapping: '$.id' }];
  const { rejected } = decodeAll({ columns }, '{"id": 9223372036854775808}');
  expect(rejected[0].message).toBe(
    'column "ID": 9223372036854775808 is out of range: it does not fit BIGINT; record at byte 0',
  );
});
