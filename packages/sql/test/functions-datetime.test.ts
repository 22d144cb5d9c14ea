import { compile, currentTimeFunctions, type Expr, Failures, fromRows, valueAt } from '@rowtime/core';
import { describe, expect, test } from 'vitest';
import { functionsAt } from '../src/functions/index.ts';
import { at, bind, evaluate, evaluateRows, fails, type Result } from './evaluate.ts';

const ts = (text: string): string => `TIMESTAMP '${text}'`;

// AWS SQL reference, "Char To Timestamp(Sys)", its examples, and the edges of SimpleDateFormat (the rest is in
// core's date-format.test.ts).
describe('CHAR_TO_TIMESTAMP', () => {
  test.each<[pattern: string, text: string, result: string | null]>([
    ['yyyy-MM-dd', '2009-09-16 03:15:24', '2009-09-16 00:00:00'],
    ['yyyy-hh-mm', '2009-09-16 03:15:24', '2009-01-01 09:16:00'],
    ['MM/dd/yy hh:mm:ss', '09/16/11 03:15:24', '2011-09-16 03:15:24'],
    ['MM/dd/yy hh:mm:ss', '2009/09/16 03:15:24', null],
    ['yyyy', '09-16 03:15', '0009-01-01 00:00:00'],
    ['yyyy', '16 03:15', '0016-01-01 00:00:00'],
    ['yyyy', '2009-09-16 03:15:24', '2009-01-01 00:00:00'],
    ['yyyy hh', '2009-09-16 03:15:24', null],
    ['yyyy-hh', '2009-09-16 03:15:24', '2009-01-01 09:00:00'],
    ['yyyy hh', '2009 09 16 03:15:24', '2009-01-01 09:00:00'],
    ['yyyy/hh', '2009/09/16 03:15:24', '2009-01-01 09:00:00'],
    ['yyyy-mm', '2009-09-16 03:15:24', '2009-01-01 00:09:00'],
    ['yyyy-MM-dd hh:mm:ss', '2009-09-16 12:11:10', '2009-09-16 00:11:10'],
    ['yyyy-MM-dd HH:mm:ss', '2009-02-30 12:11:10', null],
    ['yyyy-MM-dd hh:mm:ss', 'Wednesday, 16 September 2009 03:15:24', null],
    ['dd/MMM/yyyy:HH:mm:ss Z', '24/May/2004:22:01:02 -0700', '2004-05-25 05:01:02'],
    ['yyyy-MM-dd HH:mm:ss', '', null],
  ])("('%s', '%s')", (pattern, text, result) => {
    const expected = result === null ? fails('DatetimeFormatError') : at(result);
    expect(evaluate(`CHAR_TO_TIMESTAMP('${pattern}', '${text}')`)).toEqual(expected);
  });
});

test.each<[sql: string, result: Result]>([
  ["CHAR_TO_TIMESTAMP('yyyy', NULL)", null],
  ["CHAR_TO_TIMESTAMP(NULL, '2009')", null],
  ["CHAR_TO_DATE('yyyy-MM-dd HH:mm:ss', '2009-09-16 03:15:24')", at('2009-09-16')],
  ["CHAR_TO_TIME('yyyy-MM-dd HH:mm:ss', '2009-09-16 03:15:24')", 11_724_000],
  ["CHAR_TO_DATE('yyyy-MM-dd', 'x')", fails('DatetimeFormatError')],
  [`TIMESTAMP_TO_CHAR('yyyy-MM-dd hh:mm:ss', ${ts('2018-05-09 15:02:09')})`, '2018-05-09 03:02:09'],
  [`TIMESTAMP_TO_CHAR('EEEE d MMMM, HH:mm:ss.SSS', ${ts('2018-05-09 15:02:09.07')})`, 'Wednesday 9 May, 15:02:09.070'],
  ["TIMESTAMP_TO_CHAR('yyyy', NULL)", 'null'],
  ["TIMESTAMP_TO_CHAR('yyyy', CAST(NULL AS TIMESTAMP))", 'null'],
  ["DATE_TO_CHAR('dd.MM.yy', DATE '2018-05-09')", '09.05.18'],
  ["DATE_TO_CHAR('dd.MM.yy', CAST(NULL AS DATE))", null],
  ["TIME_TO_CHAR('h:mm a', TIME '15:02:09')", '3:02 PM'],
  ['TO_TIMESTAMP(1204067200123)', 1204067200123],
  [`UNIX_TIMESTAMP(${ts('2024-01-01 00:00:00')})`, 1704067200000],
  [`TSDIFF(${ts('2024-01-01 00:00:00')}, ${ts('2024-01-01 00:00:01.5')})`, 1500],
  ['TSDIFF(1000, 400)', -600],
  [`TSDIFF(${ts('2024-01-01 00:00:00')}, NULL)`, null],
  [`MONOTONIC(${ts('2024-01-01 00:00:00')})`, at('2024-01-01')],
  ["EXTRACT(DAY FROM INTERVAL '2 3:4:5.678' DAY TO SECOND)", 2],
  ["EXTRACT(SECOND FROM INTERVAL '2 3:4:5.678' DAY TO SECOND)", 5.678],
  ["EXTRACT(MINUTE FROM TIME '4:29:26')", 29],
  ["EXTRACT(YEAR FROM DATE '2016-09-23')", 2016],
  ["EXTRACT(MONTH FROM INTERVAL '1-6' YEAR TO MONTH)", 6],
  // AWS SQL reference, "Date, Timestamp, and Interval Operators".
  ["DATE '2004-09-30' + INTERVAL '5' HOUR", at('2004-09-30')],
  ["TIME '23:00:00' + INTERVAL '2' HOUR", 3_600_000],
  ["INTERVAL '1' DAY + INTERVAL '3:4' HOUR TO MINUTE = INTERVAL '1 3:4' DAY TO MINUTE", true],
  [`${ts('2004-03-31 10:00:00')} - INTERVAL '1' MONTH`, at('2004-02-29 10:00:00')],
  ["ABS(INTERVAL '-3' DAY)", 3 * 86_400_000],
  // The idiom of tumbling windows.
  [`FLOOR((${ts('1970-01-01 00:02:03.4')} - TIMESTAMP '1970-01-01 00:00:00') SECOND / 10 TO SECOND)`, 12_000],
  ["CEIL(INTERVAL '1:2:3' HOUR TO SECOND TO HOUR)", 7_200_000],
  ["FLOOR(INTERVAL '-1:30' HOUR TO MINUTE TO HOUR)", -7_200_000],
  ["STEP(INTERVAL '1:2:3' HOUR TO SECOND BY INTERVAL '5' MINUTE)", 3_600_000],
])('%s', (sql, result) => {
  expect(evaluate(sql)).toEqual(result);
});

// AWS SQL reference, "Date, Timestamp, and Interval Operators": the printed forms.
test.each<[sql: string, printed: string]>([
  ["(TIME '12:03:34' - TIME '11:57:23') MINUTE TO SECOND", '+6:11'],
  ["(TIME '12:03:23' - TIME '11:57:23') MINUTE", '+6'],
  ["(TIME '12:03:34' - TIME '11:57:23') MINUTE", '+6'],
  ["(TIME '12:03:34' - TIME '11:57:23') SECOND", '+371'],
  ["(TIMESTAMP '2004-05-01 12:03:34' - TIMESTAMP '2004-04-29 11:57:23') DAY TO SECOND", '+2 00:06:11'],
  ["(TIMESTAMP '2004-05-01 12:03:34' - TIMESTAMP '2004-04-29 11:57:23') DAY TO HOUR", '+2 00'],
  ["(TIMESTAMP '2004-04-29 11:57:23' - TIMESTAMP '2004-05-01 12:03:34') DAY TO MINUTE", '-2 00:06'],
  ["(DATE '2004-12-02' - DATE '2003-12-01') DAY", '+367'],
  ["(DATE '2004-12-02' - DATE '2003-12-01') MONTH", '+12'],
  ["(DATE '2003-12-01' - DATE '2004-12-02') YEAR TO MONTH", '-1-00'],
  ["(TIME '12:03:34.25' - TIME '12:03:34') SECOND", '+0.250'],
  ["INTERVAL '5' DAY * 3", '+15'],
  ["3 * INTERVAL '1:30' HOUR TO MINUTE", '+4:30'],
  ["INTERVAL '1' DAY / 2", '+0'],
])('CAST(%s AS VARCHAR) is %s', (sql, printed) => {
  expect(evaluate(`CAST(${sql} AS VARCHAR(20))`)).toBe(printed);
});

test.each<[sql: string, result: Result]>([
  // AWS SQL reference, "Temporal Predicates": what TSDIFF is short for.
  ["CAST((TIMESTAMP '2004-05-01 12:03:34.5' - TIMESTAMP '2004-05-01 12:03:32') SECOND(10, 3) * 1000 AS BIGINT)", 2500],
  ["CAST(INTERVAL '5' DAY AS BIGINT)", 5],
  ["CAST(INTERVAL '1.25' SECOND AS DECIMAL(2,1))", 1.3],
  ["CAST(INTERVAL '1:30' HOUR TO MINUTE AS BIGINT)", 90],
  ["CAST('2 3:4:5.678' AS INTERVAL DAY TO SECOND)", 183_845_678],
  ["CAST('-6:11' AS INTERVAL MINUTE TO SECOND)", -371_000],
  ["CAST('x' AS INTERVAL DAY)", fails('CastError')],
  ["CAST(INTERVAL '2 3:4' DAY TO MINUTE AS INTERVAL DAY)", 172_800_000],
  ["CAST(INTERVAL '2' DAY AS INTERVAL DAY TO SECOND) = INTERVAL '2' DAY", true],
  ["CAST(INTERVAL '12345' SECOND AS VARCHAR(3))", fails('CastError')],
])('%s', (sql, result) => {
  expect(evaluate(sql)).toEqual(result);
});

test.each([
  ["(TIME '12:03:34' - TIMESTAMP '2004-05-01 12:03:34') MINUTE", 'there is no DATETIME_DIFFERENCE'],
  ["TIMESTAMP '2004-05-01 12:03:34' - TIMESTAMP '2004-05-01 12:03:34'", 'there is no TIMESTAMP - TIMESTAMP'],
  ["CAST(INTERVAL '2' DAY AS INTERVAL MONTH)", 'cannot be cast'],
  ["CHAR_TO_TIMESTAMP('yyyy-MM-ddTHH', '2004')", 'there is no pattern letter T'],
  ["TIMESTAMP_TO_CHAR('''', LOCALTIMESTAMP)", 'the quote at character 1 is not closed'],
])('%s is an error of the program', (sql, message) => {
  expect(() => bind(sql)).toThrow(message);
});

// Periods of minutes of one hour: [from, to).
const period = (from: number, to: number): string =>
  `(TIMESTAMP '2024-01-01 00:${String(from).padStart(2, '0')}:00', TIMESTAMP '2024-01-01 00:${String(to).padStart(2, '0')}:00')`;

const instant = (minute: number): string => `TIMESTAMP '2024-01-01 00:${String(minute).padStart(2, '0')}:00'`;

test.each<[predicate: string, x: [number, number], y: [number, number], result: boolean]>([
  ['OVERLAPS', [10, 20], [15, 25], true],
  ['OVERLAPS', [10, 20], [20, 25], false],
  ['OVERLAPS', [10, 20], [12, 15], true],
  ['STRICTLY OVERLAPS', [10, 20], [15, 25], true],
  ['STRICTLY OVERLAPS', [10, 20], [12, 15], false],
  ['CONTAINS', [10, 20], [10, 20], true],
  ['CONTAINS', [10, 20], [12, 21], false],
  ['STRICTLY CONTAINS', [10, 20], [10, 15], false],
  ['STRICTLY CONTAINS', [10, 20], [11, 15], true],
  ['EQUALS', [10, 20], [10, 20], true],
  ['EQUALS', [10, 20], [10, 21], false],
  ['PRECEDES', [10, 20], [20, 30], true],
  ['PRECEDES', [10, 20], [19, 30], false],
  ['STRICTLY PRECEDES', [10, 20], [20, 30], false],
  ['STRICTLY PRECEDES', [10, 20], [21, 30], true],
  ['IMMEDIATELY PRECEDES', [10, 20], [20, 30], true],
  ['IMMEDIATELY PRECEDES', [10, 20], [21, 30], false],
  ['SUCCEEDS', [20, 30], [10, 20], true],
  ['STRICTLY SUCCEEDS', [20, 30], [10, 20], false],
  ['IMMEDIATELY SUCCEEDS', [20, 30], [10, 20], true],
  ['LEADS', [10, 20], [15, 25], true],
  ['LEADS', [10, 20], [10, 25], true],
  ['STRICTLY LEADS', [10, 20], [10, 25], false],
  ['IMMEDIATELY LEADS', [10, 20], [10, 25], true],
  ['LAGS', [15, 25], [10, 20], true],
  ['STRICTLY LAGS', [10, 25], [10, 20], false],
  ['IMMEDIATELY LAGS', [10, 25], [10, 20], true],
])('%s', (predicate, x, y, result) => {
  expect(evaluate(`${period(...x)} ${predicate} PERIOD ${period(...y)}`)).toBe(result);
});

test('a period contains its start and not its end, and predicates chain', () => {
  expect(evaluate(`PERIOD ${period(10, 20)} CONTAINS ${instant(10)}`)).toBe(true);
  expect(evaluate(`PERIOD ${period(10, 20)} CONTAINS ${instant(20)}`)).toBe(false);
  expect(evaluate(`${period(10, 20)} STRICTLY CONTAINS ${instant(10)}`)).toBe(false);
  expect(evaluate(`${period(1, 2)} PRECEDES ${period(3, 4)} PRECEDES PERIOD ${period(5, 6)}`)).toBe(true);
  expect(evaluate(`${period(1, 2)} PRECEDES ${period(3, 6)} PRECEDES PERIOD ${period(5, 6)}`)).toBe(false);
  expect(evaluate(`(${instant(1)}, CAST(NULL AS TIMESTAMP)) PRECEDES ${period(3, 6)}`)).toBe(null);
});

describe('the current time', () => {
  const names = [
    'CURRENT_ROW_TIMESTAMP',
    'CURRENT_TIMESTAMP',
    'LOCALTIMESTAMP',
    'CURRENT_TIME',
    'LOCALTIME',
    'CURRENT_DATE',
  ];

  test('is the ROWTIME of the row where no clock is handed in', () => {
    expect(evaluateRows('CURRENT_ROW_TIMESTAMP', [], [{}, {}])).toEqual([0, 1_000]);
    expect(evaluateRows('CURRENT_TIMESTAMP', [], [{}, {}])).toEqual([0, 1_000]);
    expect(evaluateRows('CURRENT_DATE', [], [{}, {}])).toEqual([0, 0]);
  });

  test('is the ROWTIME for CURRENT_ROW_TIMESTAMP, and the start of the query for the others', () => {
    const lookup = functionsAt(() => at('2024-01-01 10:00:00'));
    const kernels = names.map((name) => {
      const expr: Expr = bind(name);
      return compile(expr, new Failures(), lookup);
    });
    const batch = fromRows([], [{ rowtime: at('2024-01-02 11:00:00'), row: {} }]);
    expect(kernels.map((kernel) => valueAt(kernel(batch), 0))).toEqual([
      at('2024-01-02 11:00:00'),
      at('2024-01-01 10:00:00'),
      at('2024-01-01 10:00:00'),
      36_000_000,
      36_000_000,
      at('2024-01-01'),
    ]);
    expect(currentTimeFunctions(null).map(({ name }) => name)).toEqual(names);
  });
});
