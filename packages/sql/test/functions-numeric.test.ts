import { expect, test } from 'vitest';
import { bind, evaluate, fails, type Result } from './evaluate.ts';

// AWS SQL reference: ABS, CEIL, FLOOR, EXP, LN, LOG10, MOD, POWER, STEP, COALESCE, NULLIF, CASE.
test.each<[sql: string, result: Result]>([
  ['ABS(-1.0)', 1],
  ['ABS(-3 * 3)', 9],
  ['ABS(NULL)', null],
  ['CEIL(5.2)', 6],
  ['CEILING(-3.3)', -3],
  ['FLOOR(5.2)', 5],
  ['FLOOR(-3.3)', -4],
  ['FLOOR(5)', 5],
  ['EXP(1)', Math.E],
  ['EXP(1000)', fails('NumericOverflow')],
  ['LN(10)', Math.log(10)],
  ['LN(0)', fails('InvalidArgument')],
  ['LN(-1)', fails('InvalidArgument')],
  ['LOG10(100)', 2],
  ['LOG10(0)', fails('InvalidArgument')],
  ['MOD(5, 3)', 2],
  ['MOD(-4, 3)', -1],
  ['MOD(4, -3)', 1],
  ['MOD(4, 0)', fails('DivisionByZero')],
  ['MOD(NULL, 3)', null],
  ['POWER(3, 2)', 9],
  ['POWER(4, -2)', 0.0625],
  ['POWER(0, -1)', fails('InvalidArgument')],
  ['POWER(-8, 0.5)', fails('InvalidArgument')],
  ['POWER(-2, 3)', -8],
  ['SQRT(2.25)', 1.5],
  ['SQRT(-1)', fails('InvalidArgument')],
  ['STEP(23 BY 5)', 20],
  ['STEP(30 BY 10)', 30],
  ['5 / 2', 2],
  ['-5 / 2', -2],
  ['5.0 / 2', 2.5],
  ['1 / 0', fails('DivisionByZero')],
  ['1.5e0 / 0', fails('DivisionByZero')],
  ['COALESCE(NULL, 3, 4)', 3],
  ['COALESCE(NULL, NULL)', null],
  ["COALESCE(NULL, 'a')", 'a'],
  ['COALESCE(1, 1 / 0)', 1],
  ['NULLIF(4, 4)', null],
  ['NULLIF(4, 5)', 4],
  ['NULLIF(NULL, 5)', null],
  ['NULLIF(4, NULL)', 4],
  ["CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", 'two'],
  ["CASE 3 WHEN 1 THEN 'one' END", null],
])('%s', (sql, result) => {
  const actual = evaluate(sql);
  if (typeof result === 'number') expect(actual).toBeCloseTo(result, 12);
  else expect(actual).toEqual(result);
});

test.each([
  ['MOD(5.5, 2)', 'SQL_ARGUMENTS'],
  ["ABS('a')", 'SQL_ARGUMENTS'],
  ["COALESCE(1, 'a')", 'SQL_ARGUMENTS'],
  ['NULLIF(1)', 'SQL_ARGUMENTS'],
  ["EXTRACT(DAY FROM TIME '01:00:00')", 'SQL_ARGUMENTS'],
  ["FLOOR(TIME '01:00:00')", 'SQL_ARGUMENTS'],
  ['FLOOR_TO(1)', 'SQL_UNKNOWN_FUNCTION'],
  ['RECORD_FIELD(1)', 'SQL_UNKNOWN_FUNCTION'],
])('%s is %s', (sql, code) => {
  expect(() => bind(sql)).toThrow(expect.objectContaining({ code }));
});
