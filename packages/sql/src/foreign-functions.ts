/** Functions of other systems, and what to write here. Those of which the name is only misspelled are found by `suggest`. */
const instead: Readonly<Record<string, string>> = {
  // Texts.
  ASCII: 'there are no codes of characters here',
  CHARINDEX: 'write POSITION(x IN s)',
  CONCAT: 'write a || b',
  CONCAT_WS: "write a || ',' || b",
  CONTAINS: "write s LIKE '%x%', or POSITION(x IN s) > 0",
  ENDSWITH: "write s LIKE '%x'",
  FORMAT: 'write CAST(x AS VARCHAR(20)), or TIMESTAMP_TO_CHAR(format, t)',
  INSTR: 'write POSITION(x IN s)',
  LCASE: 'write LOWER(s)',
  LEN: 'write CHAR_LENGTH(s)',
  LENGTH: 'write CHAR_LENGTH(s)',
  LOCATE: 'write POSITION(x IN s)',
  LPAD: "for 4 places write SUBSTRING('0000' || s FROM CHAR_LENGTH(s) + 1)",
  LTRIM: "write TRIM(LEADING ' ' FROM s)",
  MID: 'write SUBSTRING(s FROM p FOR n)',
  REGEXP_EXTRACT: "write SUBSTRING(s FROM 'regex'), or REGEX_LOG_PARSE(s, 'regex')",
  REGEXP_LIKE: "write s SIMILAR TO 'pattern', or SUBSTRING(s FROM 'regex') IS NOT NULL",
  REGEXP_REPLACE: "write REGEX_REPLACE(s, 'regex', 'replacement', 1, 0)",
  REPLACE: "write REGEX_REPLACE(s, 'regex', 'replacement', 1, 0); 0 replaces all",
  REVERSE: 'there is no such function',
  RPAD: 'write CAST(s AS CHAR(n))',
  RTRIM: "write TRIM(TRAILING ' ' FROM s)",
  SPLIT: "write VARIABLE_COLUMN_LOG_PARSE(s, 'a VARCHAR(8), b VARCHAR(8)', ',')",
  SPLIT_PART: "write VARIABLE_COLUMN_LOG_PARSE(s, 'a VARCHAR(8), b VARCHAR(8)', ',')",
  STARTSWITH: "write s LIKE 'x%'",
  STRPOS: 'write POSITION(x IN s)',
  SUBSTR: 'write SUBSTRING(s FROM p FOR n)',
  TO_NUMBER: 'write CAST(s AS DECIMAL(10, 2))',
  TRANSLATE: "write REGEX_REPLACE(s, '[abc]', 'x', 1, 0)",
  UCASE: 'write UPPER(s)',
  JSON_EXTRACT: 'the columns of the input are taken out of the JSON by the InputSchema: give it a column and its path',
  JSON_EXTRACT_SCALAR:
    'the columns of the input are taken out of the JSON by the InputSchema: give it a column and its path',
  JSON_VALUE: 'the columns of the input are taken out of the JSON by the InputSchema: give it a column and its path',
  // NULL and choice.
  DECODE: 'write CASE x WHEN a THEN b … END',
  GREATEST: 'write CASE WHEN a > b THEN a ELSE b END',
  IF: 'write CASE WHEN condition THEN a ELSE b END',
  IFNULL: 'write COALESCE(a, b)',
  IIF: 'write CASE WHEN condition THEN a ELSE b END',
  ISNULL: 'write x IS NULL, or COALESCE(a, b)',
  LEAST: 'write CASE WHEN a < b THEN a ELSE b END',
  NVL: 'write COALESCE(a, b)',
  NVL2: 'write CASE WHEN x IS NOT NULL THEN a ELSE b END',
  ZEROIFNULL: 'write COALESCE(x, 0)',
  // Numbers.
  LOG: 'write LN(x), or LOG10(x)',
  LOG2: 'write LN(x) / LN(2)',
  PI: 'write 3.141592653589793',
  POW: 'write POWER(a, b)',
  RAND: 'a program gives the same rows each time, so there are no random numbers',
  RANDOM: 'a program gives the same rows each time, so there are no random numbers',
  ROUND: 'write CAST(x AS DECIMAL(10, 2)) for two digits, or CAST(x AS INTEGER); both round',
  SIGN: 'write CASE WHEN x > 0 THEN 1 WHEN x < 0 THEN -1 ELSE 0 END',
  SQUARE: 'write x * x',
  TRUNC: 'write FLOOR(x), or CEIL(x) for a negative one',
  TRUNCATE: 'write FLOOR(x), or CEIL(x) for a negative one',
  // Times.
  ADD_MONTHS: "write t + INTERVAL '1' MONTH",
  CURDATE: 'write CURRENT_DATE',
  DATEADD: "write t + INTERVAL '1' DAY",
  DATEDIFF: 'write (a - b) DAY, or TSDIFF(start, end) for milliseconds',
  DATEPART: 'write EXTRACT(HOUR FROM t)',
  DATE_ADD: "write t + INTERVAL '1' DAY",
  DATE_DIFF: 'write (a - b) DAY, or TSDIFF(start, end) for milliseconds',
  DATE_FORMAT: "write TIMESTAMP_TO_CHAR('yyyy-MM-dd', t)",
  DATE_PART: 'write EXTRACT(HOUR FROM t)',
  DATE_SUB: "write t - INTERVAL '1' DAY",
  DATE_TRUNC: 'write FLOOR(t TO HOUR)',
  FROM_UNIXTIME: 'write TO_TIMESTAMP(ms); of seconds, TO_TIMESTAMP(s * 1000)',
  GETDATE: 'write CURRENT_TIMESTAMP, or CURRENT_ROW_TIMESTAMP for the time of the row',
  NOW: 'write CURRENT_TIMESTAMP, or CURRENT_ROW_TIMESTAMP for the time of the row',
  STR_TO_DATE: "write CHAR_TO_TIMESTAMP('yyyy-MM-dd', s)",
  SYSDATE: 'write CURRENT_TIMESTAMP, or CURRENT_ROW_TIMESTAMP for the time of the row',
  SYSTIMESTAMP: 'write CURRENT_TIMESTAMP, or CURRENT_ROW_TIMESTAMP for the time of the row',
  TIMESTAMPADD: "write t + INTERVAL '1' DAY",
  TIMESTAMPDIFF: 'write (a - b) SECOND, or TSDIFF(start, end) for milliseconds',
  TO_CHAR: "write TIMESTAMP_TO_CHAR('yyyy-MM-dd', t), or CAST(x AS VARCHAR(20))",
  TO_DATE: "write CHAR_TO_DATE('yyyy-MM-dd', s)",
  // Windows and aggregates.
  APPROX_COUNT_DISTINCT: 'COUNT_DISTINCT_ITEMS_TUMBLING counts distinct values',
  ARRAY_AGG: 'an aggregate gives one value: MIN, MAX, FIRST_VALUE, LAST_VALUE …',
  CUME_DIST: 'GROUP_RANK ranks the rows of one ROWTIME',
  DENSE_RANK: 'GROUP_RANK ranks the rows of one ROWTIME',
  HOP: "write OVER (RANGE INTERVAL '1' MINUTE PRECEDING), or STEP of a shorter interval and a sum over it",
  LEAD: 'a window does not reach forward: write LAG(x), and look back from the later row',
  LISTAGG: 'an aggregate gives one value: MIN, MAX, FIRST_VALUE, LAST_VALUE …',
  MEDIAN: 'there is none; AVG, MIN and MAX come near',
  NTILE: 'GROUP_RANK ranks the rows of one ROWTIME',
  PERCENTILE_CONT: 'there is none; AVG, MIN and MAX come near',
  RANK: 'GROUP_RANK ranks the rows of one ROWTIME',
  ROW_NUMBER: 'write COUNT(*) OVER (PARTITION BY k RANGE …), which counts the rows up to this one',
  SESSION: "write WINDOWED BY STAGGER (PARTITION BY k RANGE INTERVAL '1' MINUTE)",
  STRING_AGG: 'an aggregate gives one value: MIN, MAX, FIRST_VALUE, LAST_VALUE …',
  TUMBLE: "write GROUP BY STEP(s.ROWTIME BY INTERVAL '1' MINUTE)",
  VARIANCE: 'write VAR_SAMP(x), or VAR_POP(x)',
};

/** Functions that other systems call without parentheses: where a column is missing, one of these may be meant. */
const niladic: ReadonlySet<string> = new Set(['CURDATE', 'NOW', 'SYSDATE', 'SYSTIMESTAMP']);

/** What to write for a name that is no column and is a function elsewhere; null if it is none. */
export function insteadOfColumn(name: string): string | null {
  return niladic.has(name) ? insteadOf(name) : null;
}

/** What to write for a function of another system; null if it is not known. */
export function insteadOf(name: string): string | null {
  return Object.hasOwn(instead, name) ? (instead[name] ?? null) : null;
}
