import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluate, evaluateRows, fails, type Result } from './evaluate.ts';

// AWS SQL reference: TRIM, SUBSTRING, POSITION, OVERLAY, CHAR_LENGTH, INITCAP, LOWER, UPPER, "String Operators".
test.each<[sql: string, result: Result]>([
  ["TRIM(' Trim front and back ')", 'Trim front and back'],
  ["TRIM(BOTH FROM ' Trim front and back ')", 'Trim front and back'],
  ["TRIM(BOTH ' ' FROM ' Trim front and back ')", 'Trim front and back'],
  ["TRIM(LEADING 'x' FROM 'xxxTrim frontxxx')", 'Trim frontxxx'],
  ["TRIM(TRAILING 'x' FROM 'xxxTrimxBackxxx')", 'xxxTrimxBack'],
  ["TRIM(BOTH 'y' FROM 'xxxNo y to trimxxx')", 'xxxNo y to trimxxx'],
  ["TRIM('x' FROM 'xxx')", ''],
  ["TRIM(BOTH '' FROM 'a')", fails('InvalidArgument')],
  ["TRIM(BOTH 'xy' FROM 'a')", fails('InvalidArgument')],
  ["TRIM(BOTH NULL FROM 'a')", null],
  ['TRIM(CAST(NULL AS VARCHAR(3)))', null],
  ["SUBSTRING('123456789' FROM 3 FOR 4)", '3456'],
  ["SUBSTRING('123456789' FROM 17 FOR 4)", ''],
  ["SUBSTRING('123456789' FROM -1 FOR 4)", '12'],
  ["SUBSTRING('123456789' FROM 6 FOR 0)", ''],
  ["SUBSTRING('123456789' FROM 8 FOR 4)", '89'],
  ["SUBSTRING('123456789', 3, 4)", '3456'],
  ["SUBSTRING('123456789', 7, 4)", '789'],
  ["SUBSTRING('123456789', 3)", '3456789'],
  ["SUBSTRING('123456789', -3)", '123456789'],
  ["SUBSTRING('123456789' FROM -5 FOR 2)", ''],
  ["SUBSTRING('123456789' FROM 3 FOR -1)", fails('InvalidArgument')],
  ["SUBSTRING('123456789' FROM CAST(NULL AS INTEGER))", null],
  ['SUBSTRING(NULL FROM 1 FOR 2)', null],
  ["POSITION('findme' IN '1234findmeXXX')", 5],
  ["POSITION('findme' IN '1234not-hereXXX')", 0],
  ["POSITION('' IN '1234567')", 1],
  ["POSITION('1' IN '')", 0],
  ["POSITION(NULL IN '1')", null],
  ["OVERLAY('12345' PLACING 'foo' FROM 1)", 'foo45'],
  ["OVERLAY('12345' PLACING 'foo' FROM 0)", 'foo345'],
  ["OVERLAY('12345' PLACING 'foo' FROM -2)", 'foo12345'],
  ["OVERLAY('12345' PLACING 'foo' FROM 4)", '123foo'],
  ["OVERLAY('12345' PLACING 'foo' FROM 17)", '12345foo'],
  ["OVERLAY('12345' PLACING 'foo' FROM 2 FOR 0)", '1foo2345'],
  ["OVERLAY('12345' PLACING 'foo' FROM 2 FOR 2)", '1foo45'],
  ["OVERLAY('12345' PLACING 'foo' FROM 2 FOR 9)", '1foo'],
  ["OVERLAY('12345' PLACING 'foo' FROM 2 FOR -1)", fails('InvalidArgument')],
  ["OVERLAY('12345' PLACING NULL FROM 2)", null],
  ["CHAR_LENGTH('one')", 3],
  ["CHARACTER_LENGTH('fred')", 4],
  ["CHAR_LENGTH(CAST('fred' AS CHAR(16)))", 16],
  ["CHAR_LENGTH('')", 0],
  ["INITCAP('Each FIRST lEtTeR is cAPITALIZED')", 'Each First Letter Is Capitalized'],
  ["UPPER('abCDefgh12')", 'ABCDEFGH12'],
  ["LOWER('abCDefgh12')", 'abcdefgh12'],
  ["'SQL'||'stream'||' Incorporated'", 'SQLstream Incorporated'],
  ["'SQL'||NULL", null],
])('%s', (sql, result) => {
  expect(evaluate(sql)).toEqual(result);
});

test('texts that vary by row give the same as the same texts written as constants', () => {
  const quoted = (text: string | null): string =>
    text === null ? 'CAST(NULL AS VARCHAR(9))' : `'${text.replaceAll("'", "''")}'`;
  const number = (n: number | null): string => (n === null ? 'CAST(NULL AS INTEGER)' : `(${n})`);
  const text = fc.option(fc.string({ unit: fc.constantFrom('a', 'b', "'", ' '), maxLength: 5 }));
  const count = fc.option(fc.integer({ min: -3, max: 7 }));
  const schema = [
    { name: 'S', type: { kind: 'varchar', length: 9 }, nullable: true },
    { name: 'R', type: { kind: 'varchar', length: 9 }, nullable: true },
    { name: 'P', type: { kind: 'integer' }, nullable: true },
    { name: 'N', type: { kind: 'integer' }, nullable: true },
  ] as const;
  const forms: ((s: string, r: string, p: string, n: string) => string)[] = [
    (s, _r, p, n) => `SUBSTRING(${s} FROM ${p} FOR ${n})`,
    (s, _r, p) => `SUBSTRING(${s}, ${p})`,
    (s, r) => `POSITION(${r} IN ${s})`,
    (s, r, p, n) => `OVERLAY(${s} PLACING ${r} FROM ${p} FOR ${n})`,
    (s, r) => `TRIM(LEADING ${r} FROM ${s})`,
    (s, r) => `${s} LIKE ${r}`,
    (s, r) => `SUBSTRING(${s} FROM ${r})`,
  ];
  const rows = fc.array(fc.tuple(text, text, count, count), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...forms), rows, (form, values) => {
      const table = values.map(([S, R, P, N]) => ({ S, R, P, N }));
      const one = values.map(([s, r, p, n]) => evaluate(form(quoted(s), quoted(r), number(p), number(n))));
      expect(evaluateRows(form('S', 'R', 'P', 'N'), schema, table)).toEqual(one);
      // One text varies: the results of the distinct texts are spread over the rows.
      const [[, r0, p0, n0]] = values as [(typeof values)[0]];
      const same = values.map(([s]) => evaluate(form(quoted(s), quoted(r0), number(p0), number(n0))));
      expect(evaluateRows(form('S', quoted(r0), number(p0), number(n0)), schema, table)).toEqual(same);
    }),
    { numRuns: 150, seed: 7 },
  );
});
