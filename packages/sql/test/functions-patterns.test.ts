import { describe, expect, test } from 'vitest';
import { SqlError } from '../src/errors.ts';
import { bind, evaluate, evaluateRows, fails, type Result } from './evaluate.ts';

// AWS SQL reference, "String Operators". The tables there have lost their | and some backslashes.
describe('LIKE', () => {
  test.each<[sql: string, result: Result]>([
    ["'a' LIKE 'a'", true],
    ["'a' LIKE 'A'", false],
    ["'a' LIKE 'b'", false],
    ["'ab' LIKE 'a_'", true],
    ["'ab' LIKE 'a%'", true],
    [String.raw`'ab' LIKE 'a\_' ESCAPE '\'`, false],
    [String.raw`'ab' LIKE 'a\%' ESCAPE '\'`, false],
    [String.raw`'a_' LIKE 'a\_' ESCAPE '\'`, true],
    [String.raw`'a%' LIKE 'a\%' ESCAPE '\'`, true],
    ["'a' LIKE 'a_'", false],
    ["'a' LIKE 'a%'", true],
    ["'abcd' LIKE 'a_'", false],
    ["'abcd' LIKE 'a%'", true],
    ["'' LIKE ''", true],
    ["'' LIKE '%'", true],
    ["'1a' LIKE '_a'", true],
    ["'123aXYZ' LIKE '%a%'", true],
    ["'123aXYZ' LIKE '_%_a%_'", true],
    ["'aba' LIKE 'aba%aba'", false],
    ["'abaaba' LIKE 'aba%aba'", true],
    ["'a.c' LIKE 'a.c'", true],
    ["'abc' LIKE 'a.c'", false],
    ["'a(b' LIKE '_(_'", true],
    ["'a' || u&'\\000A' || 'b' LIKE 'a_b'", true],
    ["'a' NOT LIKE 'b'", true],
    ["NULL LIKE 'b'", null],
    ["'a' LIKE NULL", null],
    ["'a' NOT LIKE NULL", null],
    ["'a' LIKE 'a' ESCAPE NULL", null],
  ])('%s', (sql, result) => {
    expect(evaluate(sql)).toEqual(result);
  });
});

describe('SIMILAR TO', () => {
  test.each<[sql: string, result: Result]>([
    ["'a' SIMILAR TO 'a'", true],
    ["'a' SIMILAR TO 'A'", false],
    ["'ab' SIMILAR TO 'a_'", true],
    ["'ab' SIMILAR TO 'a%'", true],
    ["'a' SIMILAR TO 'a_'", false],
    ["'abcd' SIMILAR TO 'a_'", false],
    ["'' SIMILAR TO ''", true],
    ["'123aXYZ' SIMILAR TO '_%_a%_'", true],
    ["'xy' SIMILAR TO '(xy)'", true],
    ["'abd' SIMILAR TO '[ab][bcde]d'", true],
    ["'bdd' SIMILAR TO '[ab][bcde]d'", true],
    ["'abd' SIMILAR TO '[ab]d'", false],
    ["'cd' SIMILAR TO '[a-e]d'", true],
    ["'cd' SIMILAR TO '[a-e^c]d'", false],
    ["'bd' SIMILAR TO '[a-e^c]d'", true],
    ["'cd' SIMILAR TO '[^a-e]d'", false],
    ["'yd' SIMILAR TO '[^a-e]d'", true],
    ["'amy' SIMILAR TO 'amy|fred'", true],
    ["'fred' SIMILAR TO 'amy|fred'", true],
    ["'mike' SIMILAR TO 'amy|fred'", false],
    ["'acd' SIMILAR TO 'ab*c+d'", true],
    ["'accccd' SIMILAR TO 'ab*c+d'", true],
    ["'abd' SIMILAR TO 'ab*c+d'", false],
    ["'aabc' SIMILAR TO 'ab*c+d'", false],
    ["'abb' SIMILAR TO 'a(b{3})'", false],
    ["'abbb' SIMILAR TO 'a(b{3})'", true],
    ["'abbbbb' SIMILAR TO 'a(b{3})'", false],
    ["'abbbbb' SIMILAR TO 'ab{3,6}'", true],
    ["'abbbbbbbb' SIMILAR TO 'ab{3,6}'", false],
    ["'' SIMILAR TO 'ab?'", false],
    ["'' SIMILAR TO '(ab)?'", true],
    ["'a' SIMILAR TO 'ab?'", true],
    ["'a' SIMILAR TO '(ab)?'", false],
    ["'a' SIMILAR TO 'a(b?)'", true],
    ["'ab' SIMILAR TO 'a(b?)'", true],
    ["'abb' SIMILAR TO 'ab?'", false],
    [String.raw`'ab' SIMILAR TO 'a\_' ESCAPE '\'`, false],
    [String.raw`'a_' SIMILAR TO 'a\_' ESCAPE '\'`, true],
    [String.raw`'a%' SIMILAR TO 'a\%' ESCAPE '\'`, true],
    ["'a(b{3})' SIMILAR TO 'a(b{3})'", false],
    [String.raw`'a(b{3})' SIMILAR TO 'a\(b\{3\}\)' ESCAPE '\'`, true],
    [String.raw`'13aq!' SIMILAR TO '13aq\!|24br\!%' ESCAPE '\'`, true],
    [String.raw`'24br!xyz' SIMILAR TO '13aq\!|24br\!%' ESCAPE '\'`, true],
    ["'a.c' SIMILAR TO 'a.c'", true],
    ["'abc' SIMILAR TO 'a.c'", false],
    ["'a$^' SIMILAR TO 'a$^'", true],
    ["'7 x' SIMILAR TO '[[:digit:]][[:WHITESPACE:]][[:alpha:]]'", true],
    ["'a' NOT SIMILAR TO 'b|c'", true],
    ["NULL SIMILAR TO 'b'", null],
    ["'a' SIMILAR TO NULL", null],
  ])('%s', (sql, result) => {
    expect(evaluate(sql)).toEqual(result);
  });
});

// AWS SQL reference, "SUBSTRING" and "REGEX_REPLACE".
describe('regular expressions', () => {
  test.each<[sql: string, result: Result]>([
    ["SUBSTRING('TECHNOLOGY' FROM 'L[A-Z]*')", 'LOGY'],
    ["SUBSTRING('TECHNOLOGY' FROM 'FOO')", null],
    ["SUBSTRING('TECHNOLOGY' FROM 'O[A-Z]')", 'OL'],
    ["SUBSTRING('TECHNOLOGY', 'O[A-Z]')", 'OL'],
    ["SUBSTRING(NULL FROM 'O[A-Z]')", null],
    [`SUBSTRING('123456789' SIMILAR '23#"456#"78' ESCAPE '#')`, '456'],
    [`SUBSTRING('TECHNOLOGY' SIMILAR 'TECH%"NOLO%"GY' ESCAPE '%')`, 'NOLO'],
    [`SUBSTRING('abc123def' SIMILAR '%#"[0-9]+#"%' ESCAPE '#')`, '123'],
    [`SUBSTRING('abc' SIMILAR '%#"[0-9]+#"%' ESCAPE '#')`, null],
    ["REGEX_REPLACE('http://www.amazon.com', 'http://', 'https://', 1, 0)", 'https://www.amazon.com'],
    ["REGEX_REPLACE('TECHNOLOGY', 'TECHNOLOGY', 'INFORMATION TECHNOLOGY', 1, 0)", 'INFORMATION TECHNOLOGY'],
    ["REGEX_REPLACE('RETAIL E', 'E', 'o', 1, 0)", 'RoTAIL o'],
    ["REGEX_REPLACE('a1b22c333', '\\d+', '#', 1, 0)", 'a#b#c#'],
    ["REGEX_REPLACE('a1b22c333', '\\d+', '#', 1, 2)", 'a1b#c333'],
    ["REGEX_REPLACE('a1b22c333', '\\d+', '#', 3, 1)", 'a1b#c333'],
    ["REGEX_REPLACE('a1b22c333', '\\d+', '#', 1, 4)", 'a1b22c333'],
    ["REGEX_REPLACE('John Smith', '(\\w+) (\\w+)', '$2, $1', 1, 0)", 'Smith, John'],
    ["REGEX_REPLACE('ab', '(a)(?<last>b)', '$' || '{last}$12\\$', 1, 0)", 'ba2$'],
    ["REGEX_REPLACE('abc', 'x*', '-', 1, 0)", '-a-b-c-'],
    ["REGEX_REPLACE('abc', 'b', '$1', 1, 0)", fails('InvalidPattern')],
    ["REGEX_REPLACE('abc', 'b', 'x', 0, 0)", fails('InvalidArgument')],
    ["REGEX_REPLACE('abc', 'b', 'x', 1, -1)", fails('InvalidArgument')],
    ["REGEX_REPLACE('abc', 'b', 'x', 4, 0)", 'abc'],
    ["REGEX_REPLACE('abc', NULL, 'x', 1, 0)", null],
    ["REGEX_REPLACE('a.b', '\\Q.\\E|\\p{Punct}', '\\u0041', 1, 0)", 'au0041b'],
    ["REGEX_REPLACE('aéb', '\\u00e9', 'e', 1, 0)", 'aeb'],
    ["REGEX_REPLACE('x-y', '[\\p{Alpha}]', '.', 1, 0)", '.-.'],
  ])('%s', (sql, result) => {
    expect(evaluate(sql)).toEqual(result);
  });
});

test.each([
  [String.raw`'a' LIKE 'a\' ESCAPE '\'`, 'ends with its escape character'],
  ["'a' LIKE 'a' ESCAPE 'xy'", 'ESCAPE takes one character'],
  ["'a' SIMILAR TO '[^(a-e)]d'", '( needs an escape in a list of characters'],
  ["'a' SIMILAR TO '[a'", 'a list of characters is not closed'],
  ["'a' SIMILAR TO '(a'", 'missing closing'],
  ["'a' SIMILAR TO '*'", 'missing argument to repetition'],
  ["SUBSTRING('a' FROM '(')", 'missing closing'],
  [`SUBSTRING('a' SIMILAR 'a#"b' ESCAPE '#')`, 'marked by #" on both sides'],
  ["REGEX_REPLACE('a', '(a)\\1', '', 1, 0)", 'a reference to a group would take more than linear time'],
  ["REGEX_REPLACE('a', 'a++', '', 1, 0)", 'possessive repetition would take more than linear time'],
  ["REGEX_REPLACE('a', '[a-z&&[^b]]', '', 1, 0)", 'an intersection of character classes'],
])('a constant that is no pattern is an error of the program: %s', (sql, message) => {
  const error = failureOf(() => bind(sql));
  expect(error.code).toBe('SQL_ARGUMENTS');
  expect(error.message).toContain(message);
  expect(sql.slice(error.span.from, error.span.to)).toMatch(/^'/);
});

test('a pattern in a column that is none fails its row', () => {
  const schema = [{ name: 'P', type: { kind: 'varchar', length: 9 }, nullable: true }] as const;
  const rows = [{ P: '(' }, { P: 'a' }, { P: null }, { P: '[a-c]' }];
  expect(evaluateRows("'a' SIMILAR TO P", schema, rows)).toEqual([fails('InvalidPattern'), true, null, true]);
  expect(evaluateRows("REGEX_REPLACE('a', P, 'x', 1, 0)", schema, rows)).toEqual([
    fails('InvalidPattern'),
    'x',
    null,
    'x',
  ]);
});

test('patterns that would backtrack for ever do not', () => {
  const schema = [{ name: 'S', type: { kind: 'varchar', length: 65535 }, nullable: true }] as const;
  const rows = [{ S: 'a'.repeat(65535) }];
  expect(evaluateRows("S SIMILAR TO '(a*)*b'", schema, rows)).toEqual([false]);
  expect(evaluateRows("S LIKE '%a%a%a%a%a%a%b'", schema, rows)).toEqual([false]);
  expect(evaluateRows("S LIKE '%a_a%a_a%b'", schema, rows)).toEqual([false]);
  expect(evaluateRows("SUBSTRING(S FROM '(a+)+$b')", schema, rows)).toEqual([null]);
  expect(evaluateRows("REGEX_REPLACE(S, '(a|aa)+b', 'x', 1, 0)", schema, rows)).toEqual([rows[0]?.S]);
});

function failureOf(f: () => unknown): SqlError {
  try {
    f();
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error('there was no error');
}
