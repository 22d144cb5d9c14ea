/** What the reference page needs beside the function tables: how each function is written, and examples. */
export interface Entry {
  /** Its name in the table of functions. */
  readonly name: string;
  /** How it is written, with an example of each argument: `POSITION({x='b'} IN {s='abc'})`. */
  readonly form: string;
  /** Further spellings of the same. */
  readonly also?: readonly string[];
  /** Expressions that fail, for the names of the errors. */
  readonly fails?: readonly string[];
}

export interface Family {
  readonly title: string;
  readonly entries: readonly Entry[];
}

export const families: readonly Family[] = [
  {
    title: 'Numbers',
    entries: [
      {
        name: '+',
        form: '{a=1} + {b=2.5}',
        also: ["TIMESTAMP '2024-01-31 00:00:00' + INTERVAL '1' MONTH"],
        fails: ['2147483647 + 1'],
      },
      { name: '-', form: '{a=1} - {b=2.5}', also: ["TIMESTAMP '2024-01-01 00:00:00' - INTERVAL '1' SECOND"] },
      { name: '*', form: '{a=2} * {b=2.5}', also: ["INTERVAL '1' MINUTE * 3"] },
      { name: '/', form: '{a=7} / {b=2}', also: ['-7 / 2', '7 / 2.0'], fails: ['1 / 0'] },
      { name: 'NEGATE', form: '-{a=(1 + 1)}' },
      { name: 'ABS', form: 'ABS({x=-2.5})', also: ["ABS(INTERVAL '-1' DAY)"] },
      { name: 'CEIL', form: 'CEIL({x=2.1})', also: ['CEILING(-2.1)'] },
      { name: 'FLOOR', form: 'FLOOR({x=2.9})', also: ['FLOOR(-2.1)'] },
      {
        name: 'MOD',
        form: 'MOD({a=7}, {b=4})',
        also: ['MOD(-7, 4)', 'MOD(-9007199254740993, 9007199254740994)'],
        fails: ['MOD(7, 0)'],
      },
      { name: 'EXP', form: 'EXP({x=1})', fails: ['EXP(1000)'] },
      { name: 'LN', form: 'LN({x=1})', fails: ['LN(0)'] },
      { name: 'LOG10', form: 'LOG10({x=1000})', fails: ['LOG10(-1)'] },
      { name: 'POWER', form: 'POWER({base=2}, {exponent=10})', fails: ['POWER(-1, 0.5)'] },
      { name: 'SQRT', form: 'SQRT({x=2})', fails: ['SQRT(-1)'] },
    ],
  },
  {
    title: 'Comparison and logic',
    entries: [
      { name: '=', form: '{a=1} = {b=1.0}', also: ["'a' = 'A'"] },
      { name: '<>', form: '{a=1} <> {b=2}', also: ['1 != 1'] },
      { name: '<', form: "{a='a'} < {b='b'}" },
      { name: '<=', form: '{a=1} <= {b=1}', also: ['2 BETWEEN 1 AND 2'] },
      { name: '>', form: "{a=TIMESTAMP '2024-01-02 00:00:00'} > {b=TIMESTAMP '2024-01-01 00:00:00'}" },
      { name: '>=', form: '{a=1} >= {b=2}' },
      { name: 'AND', form: '{p=TRUE} AND {q=FALSE}', also: ['TRUE AND UNKNOWN', 'FALSE AND UNKNOWN'] },
      { name: 'OR', form: '{p=TRUE} OR {q=FALSE}', also: ['FALSE OR UNKNOWN', '3 IN (1, 2)'] },
      { name: 'NOT', form: 'NOT {p=TRUE}', also: ['NOT UNKNOWN'] },
      {
        name: 'IS_NULL',
        form: "{x=''} IS NULL",
        also: ['NULL IS NOT NULL', 'NULL IS DISTINCT FROM 1', '(1 > NULL) IS UNKNOWN'],
      },
      { name: 'IS_TRUE', form: '{p=TRUE} IS TRUE', also: ['(1 > NULL) IS NOT TRUE'] },
      { name: 'IS_FALSE', form: '{p=TRUE} IS FALSE' },
      {
        name: 'CASE',
        form: "CASE WHEN {p=TRUE} THEN {x='yes'} ELSE {y='no'} END",
        also: ["CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", 'NULLIF(1, 1)'],
      },
      { name: 'COALESCE', form: 'COALESCE({x=1}, {y=2})', also: ["COALESCE(NULL, 'a', 'b')"] },
      { name: 'LIKE', form: "{s='AMZN'} LIKE {pattern='A%'}", also: ["'50%' LIKE '__!%' ESCAPE '!'"] },
      { name: 'SIMILAR TO', form: "{s='abab'} SIMILAR TO {pattern='(ab)+'}" },
    ],
  },
  {
    title: 'Texts',
    entries: [
      { name: '||', form: "{a='row'} || {b='time'}" },
      { name: 'UPPER', form: "UPPER({s='Straße'})" },
      { name: 'LOWER', form: "LOWER({s='AMZN'})" },
      { name: 'INITCAP', form: "INITCAP({s='jean luc'})" },
      { name: 'CHAR_LENGTH', form: "CHAR_LENGTH({s='abc'})", also: ["CHARACTER_LENGTH(CAST('a' AS CHAR(4)))"] },
      {
        name: 'SUBSTRING',
        form: "SUBSTRING({s='123456'} FROM {p=2} FOR {n=3})",
        also: ["SUBSTRING('123456', 5)", "SUBSTRING('123456' FROM 0 FOR 3)"],
        fails: ["SUBSTRING('a' FROM 1 FOR -1)"],
      },
      { name: 'SUBSTRING FROM REGEX', form: "SUBSTRING({s='order 42'} FROM {regex='[0-9]+'})" },
      {
        name: 'SUBSTRING SIMILAR',
        form: "SUBSTRING({s='123456789'} SIMILAR {pattern='23#\"456#\"78'} ESCAPE {e='#'})",
      },
      { name: 'POSITION', form: "POSITION({x='b'} IN {s='abc'})" },
      {
        name: 'OVERLAY',
        form: "OVERLAY({s='12345'} PLACING {r='ab'} FROM {p=2} FOR {n=3})",
        also: ["OVERLAY('12345' PLACING 'ab' FROM 2)"],
      },
      {
        name: 'TRIM BOTH',
        form: "TRIM(BOTH {c='x'} FROM {s='xxaxx'})",
        also: ["TRIM('  a ')"],
        fails: ["TRIM('ab' FROM 'aba')"],
      },
      { name: 'TRIM LEADING', form: "TRIM(LEADING {c='x'} FROM {s='xxaxx'})" },
      { name: 'TRIM TRAILING', form: "TRIM(TRAILING {c='x'} FROM {s='xxaxx'})" },
      {
        name: 'REGEX_REPLACE',
        form: "REGEX_REPLACE({s='a1b2'}, {regex='[0-9]'}, {replacement='#'}, {start=1}, {occurrence=0})",
        also: ["REGEX_REPLACE('John Smith', '(\\w+) (\\w+)', '$2 $1', 1, 1)"],
        fails: ["REGEX_REPLACE('a', 'a', 'b', 0, 0)"],
      },
    ],
  },
  {
    title: 'Dates and times',
    entries: [
      { name: 'FLOOR_TO', form: "FLOOR({t=TIMESTAMP '2024-01-31 13:48:23.5'} TO MINUTE)" },
      { name: 'CEIL_TO', form: "CEIL({t=TIMESTAMP '2024-01-31 13:48:23.5'} TO DAY)" },
      {
        name: 'STEP',
        form: "STEP({t=TIMESTAMP '2024-01-31 13:48:23.5'} BY INTERVAL '15' MINUTE)",
        also: ['STEP(17 BY 5)'],
      },
      { name: 'MONOTONIC', form: 'MONOTONIC({x=1})' },
      {
        name: 'EXTRACT',
        form: "EXTRACT(SECOND FROM {t=TIMESTAMP '2024-01-31 13:48:23.5'})",
        also: ["EXTRACT(YEAR FROM DATE '2024-01-31')"],
      },
      { name: 'UNIX_TIMESTAMP', form: "UNIX_TIMESTAMP({t=TIMESTAMP '2024-01-01 00:00:00'})" },
      { name: 'TO_TIMESTAMP', form: 'TO_TIMESTAMP({ms=1704067200000})', fails: ['TO_TIMESTAMP(9007199254740991)'] },
      {
        name: 'CHAR_TO_TIMESTAMP',
        form: "CHAR_TO_TIMESTAMP({format='dd/MMM/yyyy HH:mm:ss'}, {s='24/May/2004 22:01:02'})",
        fails: ["CHAR_TO_TIMESTAMP('yyyy-MM-dd', 'today')"],
      },
      {
        name: 'CHAR_TO_DATE',
        form: "CHAR_TO_DATE({format='yyyy-MM-dd'}, {s='2004-02-29'})",
        fails: ["CHAR_TO_DATE('yyyy-MM-dd', '2003-02-29')"],
      },
      {
        name: 'CHAR_TO_TIME',
        form: "CHAR_TO_TIME({format='HH:mm:ss'}, {s='13:48:23'})",
        fails: ["CHAR_TO_TIME('HH:mm', '25:00')"],
      },
      {
        name: 'TIMESTAMP_TO_CHAR',
        form: "TIMESTAMP_TO_CHAR({format='yyyy-MM-dd HH:mm'}, {t=TIMESTAMP '2024-01-31 13:48:23'})",
      },
      { name: 'DATE_TO_CHAR', form: "DATE_TO_CHAR({format='d MMM yyyy'}, {d=DATE '2024-01-31'})" },
      { name: 'TIME_TO_CHAR', form: "TIME_TO_CHAR({format='h:mm a'}, {t=TIME '13:48:23'})" },
      {
        name: 'DATETIME_DIFFERENCE',
        form: "({a=TIMESTAMP '2024-01-02 00:00:00'} - {b=TIMESTAMP '2024-01-01 12:00:00'}) HOUR TO MINUTE",
      },
      {
        name: 'TSDIFF',
        form: "TSDIFF({start=TIMESTAMP '2024-01-01 00:00:00'}, {end=TIMESTAMP '2024-01-01 00:00:01'})",
      },
      { name: 'CURRENT_ROW_TIMESTAMP', form: 'CURRENT_ROW_TIMESTAMP' },
      { name: 'CURRENT_TIMESTAMP', form: 'CURRENT_TIMESTAMP' },
      { name: 'LOCALTIMESTAMP', form: 'LOCALTIMESTAMP' },
      { name: 'CURRENT_TIME', form: 'CURRENT_TIME' },
      { name: 'LOCALTIME', form: 'LOCALTIME' },
      { name: 'CURRENT_DATE', form: 'CURRENT_DATE' },
    ],
  },
];

/** Log parsers, and how many fields of the example to show. */
export const parsers: readonly { readonly name: string; readonly form: string; readonly fields: readonly string[] }[] =
  [
    {
      name: 'REGEX_LOG_PARSE',
      form: "REGEX_LOG_PARSE('user=jean id=7', 'user=(\\w+) id=(\\d+)')",
      fields: ['COLUMN1', 'COLUMN2'],
    },
    { name: 'FAST_REGEX_LOG_PARSE', form: "FAST_REGEX_LOG_PARSE('a=b', '(.*)=(.*)')", fields: ['COLUMN1', 'COLUMN2'] },
    {
      name: 'FAST_REGEX_LOG_PARSER',
      form: "FAST_REGEX_LOG_PARSER('a=b', '(.*)=(.*)')",
      fields: ['COLUMN1', 'COLUMN2'],
    },
    {
      name: 'FIXED_COLUMN_LOG_PARSE',
      form: "FIXED_COLUMN_LOG_PARSE('abc 7', 'k VARCHAR(8) START 0 FOR 3, n INTEGER START 4')",
      fields: ['K', 'N'],
    },
    {
      name: 'VARIABLE_COLUMN_LOG_PARSE',
      form: "VARIABLE_COLUMN_LOG_PARSE('abc,7', 'k VARCHAR(8), n INTEGER', ',')",
      fields: ['K', 'N'],
    },
    {
      name: 'SYS_LOG_PARSE',
      form: "SYS_LOG_PARSE('Jan  2 10:11:12 myhost kernel: up')",
      fields: ['COLUMN1', 'COLUMN2'],
    },
    {
      name: 'W3C_LOG_PARSE',
      form: "W3C_LOG_PARSE('1.2.3.4 - - [24/May/2004:22:01:02 -0700] \"GET / HTTP/1.1\" 200 5', 'COMMON')",
      fields: ['COLUMN1', 'COLUMN4', 'COLUMN5', 'COLUMN6', 'COLUMN7'],
    },
  ];

/** Aggregates of the rows n = 1, 2, NULL, 4, of which one second lies between two. */
export const aggregateForms: Readonly<Record<string, string>> = {
  COUNT: 'COUNT(n)',
  SUM: 'SUM(n)',
  AVG: 'AVG(n)',
  MIN: 'MIN(n)',
  MAX: 'MAX(n)',
  STDDEV_POP: 'STDDEV_POP(n)',
  STDDEV_SAMP: 'STDDEV_SAMP(n)',
  STDDEV: 'STDDEV(n)',
  VAR_POP: 'VAR_POP(n)',
  VAR_SAMP: 'VAR_SAMP(n)',
  FIRST_VALUE: 'FIRST_VALUE(n)',
  LAST_VALUE: 'LAST_VALUE(n)',
  NTH_VALUE: 'NTH_VALUE(n, 2)',
  LAG: 'LAG(n)',
  EXP_AVG: "EXP_AVG(n, INTERVAL '1' SECOND)",
  ANY: 'ANY(n > 1)',
  EVERY: 'EVERY(n > 1)',
};

/** Table functions of the rows k = a, b, a, b and n = 1, 2, 3, 4, in two seconds. */
export const tableForms: Readonly<Record<string, string>> = {
  RANDOM_CUT_FOREST: 'RANDOM_CUT_FOREST(CURSOR(SELECT STREAM n FROM s), 10, 10)',
  RANDOM_CUT_FOREST_WITH_EXPLANATION:
    'RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR(SELECT STREAM n FROM s), 10, 10, 1000, 1, FALSE)',
  HOTSPOTS: 'HOTSPOTS(CURSOR(SELECT STREAM n FROM s), 100, 1, 3)',
  TOP_K_ITEMS_TUMBLING: "TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM k FROM s), 'K', 1, 60)",
  COUNT_DISTINCT_ITEMS_TUMBLING: "COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(SELECT STREAM k FROM s), 'K', 60)",
  GROUP_RANK: "GROUP_RANK(CURSOR(SELECT STREAM k, n FROM s), 'N', 'PLACE', 'desc', 'asc', 0, 0)",
};
