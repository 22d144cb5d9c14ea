import { describe, expect, test } from 'vitest';
import type { Expr, Query, Select, Statement } from '../src/ast.ts';
import { SqlError } from '../src/errors.ts';
import { parse, parseAll, parseExpr } from '../src/parser.ts';
import { print } from '../src/print.ts';

/** The forms of the reference, beside those of roundtrip.sql: other spellings, and the examples of its pages. */
const statements: readonly (readonly [feature: string, text: string])[] = [
  ['lower case', "create or replace stream s (a int not null) description 'x'"],
  [
    'type synonyms',
    'CREATE STREAM s (a INT, b DEC(5), c NUMERIC(5,2), d DOUBLE PRECISION, e FLOAT, f FLOAT(24), g CHARACTER(3))',
  ],
  ['varying types', 'CREATE STREAM s (a CHARACTER VARYING(10), b CHAR VARYING(10), c BINARY VARYING(10))'],
  ['VARCHAR without length', 'CREATE STREAM s (a VARCHAR)'],
  [
    'metadata columns in a stream',
    'CREATE STREAM s (APPROXIMATE_ARRIVAL_TIME TIMESTAMP, "SHARD_ID" VARCHAR(64), sequence_number VARCHAR(128))',
  ],
  ['DESCRIPTION before STOPPED', "CREATE PUMP p DESCRIPTION 'x' STOPPED AS INSERT INTO o SELECT STREAM * FROM s"],
  ['query of a pump in parentheses', 'CREATE PUMP p AS INSERT INTO o (SELECT STREAM * FROM s)'],
  ['column list, then a query in parentheses', 'INSERT INTO o (a) (SELECT STREAM a FROM s)'],
  ['SELECT on one line, STREAM on the next', 'SELECT\n   STREAM a,b FROM s'],
  ['SELECT ALL', 'SELECT STREAM ALL a FROM s'],
  ['aliases without AS', 'SELECT STREAM a x, b "y", COUNT(*) cnt FROM s t'],
  ['subquery without alias', 'SELECT STREAM a FROM (SELECT STREAM a FROM s) WHERE a >= 1'],
  ['alias and columns without AS', 'SELECT STREAM r FROM (SELECT STREAM f(x) FROM s) t(r)'],
  ['a subquery in more parentheses', 'SELECT * FROM ((SELECT a FROM s)) AS t'],
  ['a set operation in FROM', 'SELECT * FROM ((SELECT a FROM s) UNION ALL (SELECT a FROM t)) AS u'],
  ['a join in parentheses', 'SELECT * FROM ((SELECT a FROM s) AS t JOIN u ON t.a = u.a)'],
  ['OVER after the alias', "SELECT STREAM * FROM a AS x OVER (RANGE INTERVAL '1' MINUTE PRECEDING) JOIN b ON TRUE"],
  [
    'OVER a name in a join',
    'SELECT STREAM * FROM a OVER w AS x JOIN b AS y ON x.i = y.i WINDOW w AS (ROWS 10 PRECEDING)',
  ],
  [
    'outer joins spelled out',
    'SELECT * FROM a LEFT OUTER JOIN b ON a.x = b.x RIGHT OUTER JOIN c ON TRUE FULL OUTER JOIN d ON TRUE',
  ],
  ['INNER JOIN', 'SELECT STREAM * FROM s AS a INNER JOIN t AS b ON a.id = b.id'],
  ['ORDER BY before PARTITION BY', 'SELECT SUM(x) OVER (ORDER BY s.ROWTIME PARTITION BY a ROWS 2 PRECEDING) FROM s'],
  ['WITHIN after the direction', "SELECT STREAM ts AS ROWTIME FROM s ORDER BY s.ts ASC WITHIN INTERVAL '10' SECOND"],
  ['ordinals', 'SELECT STREAM a, b FROM s ORDER BY 1, 2 DESC'],
  ['UNION DISTINCT', 'SELECT a FROM s UNION DISTINCT SELECT b FROM t'],
  ['VALUES of single values', 'VALUES 1, 2, 3'],
  ['VALUES of ROWs', 'VALUES ROW(1, 2), (3, 4)'],
  ['TABLE with a blank', 'SELECT STREAM * FROM TABLE (HOTSPOTS(CURSOR(SELECT STREAM x FROM s), 100, 0.3, 12))'],
  [
    'GROUP_RANK',
    "SELECT STREAM * FROM TABLE(GROUP_RANK(CURSOR(SELECT STREAM * FROM s), 'a', 'r', 'desc', 'asc', 10, 5))",
  ],
  [
    'COUNT_DISTINCT',
    "SELECT STREAM * FROM TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(SELECT STREAM * FROM s), 'a', 60))",
  ],
  [
    'RANDOM_CUT_FOREST_WITH_EXPLANATION',
    'SELECT * FROM TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR(SELECT STREAM a FROM s), 100, 256, 100000, 1, true))',
  ],
  ['a comment in each style', '-- a ; b\nSELECT /* ; */ a // ;\nFROM s -- the end'],
  ['no semicolon at the end', 'SELECT a FROM s'],
  ['semicolons alone', ';;SELECT a FROM s;;'],
  ['no-break spaces and a byte order mark', '\uFEFFSELECT\u00A0a FROM s'],
  ['carriage returns', 'SELECT a -- x\r\nFROM s\r\n;'],
  ['not reserved after all', 'SELECT type, status, name, change, first, last, count_x, sector, data, key FROM s'],
  [
    'words that mean something elsewhere',
    'SELECT description, pump, started, stopped, windowed, stagger, nulls, asc, desc, preceding, period FROM s',
  ],
  ['a table called first', 'SELECT NTH_VALUE(x, 2) FROM first'],
  ['an alias called contains', 'SELECT a contains, b equals FROM s'],
  ['SELECT STREAM of a quoted ROWTIME', 'SELECT STREAM "orderid", "ROWTIME" FROM "SOURCE_SQL_STREAM_001"'],
  ['rowtime in lower case', 'SELECT STREAM SOURCE_SQL_STREAM_001.rowtime FROM source_sql_stream_001'],
  [
    'LANGUAGE SQL',
    'CREATE FUNCTION get_fraction(dividend DOUBLE, divisor DOUBLE) RETURNS DOUBLE LANGUAGE SQL CONTAINS SQL RETURN dividend / divisor',
  ],
  ['ALTER PUMP of several', 'ALTER PUMP a, b START'],
];

test.each(statements)('%s', (_, text) => {
  const first = parse(text);
  expect(first).toHaveLength(1);
  // What print makes of it is the same statement.
  const printed = first.map(print);
  expect(parse(printed[0]!).map(print)).toEqual(printed);
});

/** Text and what print makes of it: where precedence and special forms show. */
const expressions: readonly (readonly [text: string, printed: string])[] = [
  ['a or b and c', 'A OR B AND C'],
  ['(a or b) and c', '(A OR B) AND C'],
  ['not a = b', 'NOT A = B'],
  ['(not a) = b', '(NOT A) = B'],
  ['not a is null', 'NOT A IS NULL'],
  ['a = b is null', 'A = B IS NULL'],
  ['a = not b', 'A = (NOT B)'],
  ['((a + b)) * c', '(A + B) * C'],
  ['a - b - c', 'A - B - C'],
  ['a - (b - c)', 'A - (B - C)'],
  ['-a * b', '-A * B'],
  ['-(a * b)', '-(A * B)'],
  ['- -1', '- -1'],
  ['a || b || c', 'A || B || C'],
  ["a || b like 'x%'", "A || B LIKE 'x%'"],
  ['a + b between c and d and e', 'A + B BETWEEN C AND D AND E'],
  ['a != 1', 'A <> 1'],
  ['a in (1,2)', 'A IN (1, 2)'],
  ['(a, b) in ((1, 2))', 'ROW(A, B) IN (ROW(1, 2))'],
  ['a in ((select b from t))', 'A IN (SELECT B FROM T)'],
  ['((select a from t) + 1)', '(SELECT A FROM T) + 1'],
  ['(start_time, end_time) overlaps (a, b)', 'PERIOD(START_TIME, END_TIME) OVERLAPS PERIOD(A, B)'],
  ['period (a, b) contains t', 'PERIOD(A, B) CONTAINS T'],
  [
    '(a, b) precedes (c, d) precedes (e, f)',
    'PERIOD(A, B) PRECEDES PERIOD(C, D) AND PERIOD(C, D) PRECEDES PERIOD(E, F)',
  ],
  ['a immediately leads b', 'A IMMEDIATELY LEADS B'],
  ['(a - b) second', '(A - B) SECOND'],
  ['(a - b) day(3) to second(2)', '(A - B) DAY(3) TO SECOND(2)'],
  ['((a - b)) minute', '(A - B) MINUTE'],
  [
    "floor((s.rowtime - timestamp '1970-01-01 00:00:00') second / 10 to second)",
    "FLOOR((S.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') SECOND / 10 TO SECOND)",
  ],
  ["interval + '1' day", "INTERVAL '1' DAY"],
  ['substring(a, 2, 3)', 'SUBSTRING(A FROM 2 FOR 3)'],
  ["substring(a similar 'x' escape '!')", "SUBSTRING(A SIMILAR 'x' ESCAPE '!')"],
  [
    'substring("referrer", 12, (position(\'.com\' in "referrer") - 4))',
    'SUBSTRING("referrer" FROM 12 FOR POSITION(\'.com\' IN "referrer") - 4)',
  ],
  ['trim(both from a)', 'TRIM(A)'],
  ["trim(both 'x' from a)", "TRIM('x' FROM A)"],
  ['step(a, b)', 'STEP(A BY B)'],
  ['current_timestamp()', 'CURRENT_TIMESTAMP'],
  ['count( * )', 'COUNT(*)'],
  ["u&'\\0041\\+01F600\\\\'", "'A😀\\'"],
  ["U&'!0041!!' UESCAPE '!'", "'A!'"],
  ["x'0aff'", "X'0AFF'"],
  ['regex_log_parse(a, b).column1', 'REGEX_LOG_PARSE(A, B).COLUMN1'],
  ['t.r.COLUMN1', 'T.R.COLUMN1'],
  ['(t).r', '(T).R'],
  ['cast(a as int)', 'CAST(A AS INTEGER)'],
  ['case a when 1 then 2 end', 'CASE A WHEN 1 THEN 2 END'],
  ['"f"(1)', '"f"(1)'],
  ['expr$0', 'EXPR$0'],
];

test.each(expressions)('%s', (text, printed) => {
  expect(print(parseExpr(text))).toBe(printed);
});

function query(text: string): Query {
  const [statement] = parse(text);
  if (statement?.kind !== 'queryStatement') throw new Error('not a query');
  return statement.query;
}

function select(text: string): Select {
  const found = query(text);
  if (found.kind !== 'select') throw new Error('not a SELECT');
  return found;
}

describe('the tree', () => {
  test('folds unquoted names to upper case and keeps quoted ones', () => {
    const { items } = select('SELECT Price, "Price", "PRICE" FROM s');
    const paths = items.map((item) => item.kind === 'selectExpr' && item.expr.kind === 'column' && item.expr.path[0]);
    expect(paths).toMatchObject([
      { name: 'PRICE', quoted: false },
      { name: 'Price', quoted: true },
      { name: 'PRICE', quoted: true },
    ]);
  });

  test('keeps number literals as text, by kind', () => {
    expect(parseExpr('0042')).toMatchObject({ kind: 'number', form: 'integer', text: '0042' });
    expect(parseExpr('1.50')).toMatchObject({ kind: 'number', form: 'decimal', text: '1.50' });
    expect(parseExpr('1e2')).toMatchObject({ kind: 'number', form: 'approximate', text: '1e2' });
    expect(parseExpr('-1')).toMatchObject({ kind: 'unary', op: '-', operand: { text: '1' } });
  });

  test('spans leave out parentheses and take in what they enclose elsewhere', () => {
    const text = '( a + b ) * c';
    const product = parseExpr(text);
    const source = (expr: Expr): string => text.slice(expr.span.from, expr.span.to);
    if (product.kind !== 'binary') throw new Error('not a product');
    expect(source(product)).toBe(text);
    expect(source(product.left)).toBe('a + b');
    expect(text.slice(product.opSpan.from, product.opSpan.to)).toBe('*');
  });

  test('a comma in FROM is a cross join that binds more loosely than JOIN', () => {
    expect(select('SELECT * FROM a, b JOIN c ON TRUE').from).toMatchObject({
      kind: 'join',
      type: 'cross',
      condition: null,
      left: { kind: 'relation' },
      right: { kind: 'join', type: 'inner', condition: { kind: 'on' } },
    });
  });

  test('INTERSECT binds tighter than UNION, and ORDER BY is of the whole', () => {
    expect(query('SELECT a FROM s UNION ALL SELECT b FROM t INTERSECT SELECT c FROM u ORDER BY 1')).toMatchObject({
      kind: 'setOperation',
      op: 'union',
      all: true,
      left: { kind: 'select', orderBy: [] },
      right: { kind: 'setOperation', op: 'intersect' },
      orderBy: [{ kind: 'orderItem', descending: false, nulls: null }],
    });
  });

  test('special forms are calls with plain arguments', () => {
    expect(parseExpr("STEP(s.ROWTIME BY INTERVAL '60' SECOND)")).toMatchObject({
      kind: 'call',
      name: { name: 'STEP' },
      args: [{ kind: 'column' }, { kind: 'interval', text: '60', negative: false, qualifier: { start: 'SECOND' } }],
    });
    expect(parseExpr('CEILING(a TO HOUR)')).toMatchObject({
      name: { name: 'CEILING' },
      args: [{ kind: 'column' }, { kind: 'unit', unit: 'HOUR' }],
    });
    expect(parseExpr('EXTRACT(SECOND FROM a)')).toMatchObject({
      args: [{ kind: 'unit', unit: 'SECOND' }, { kind: 'column' }],
    });
    expect(parseExpr('LAG(price, 1, 0) IGNORE NULLS OVER w')).toMatchObject({
      kind: 'call',
      nulls: 'ignore',
      over: { kind: 'windowName', name: { name: 'W' } },
    });
    expect(parseExpr('NTH_VALUE(a, 2) FROM LAST RESPECT NULLS OVER (ROWS 2 PRECEDING)')).toMatchObject({
      nthFrom: 'last',
      nulls: 'respect',
      over: { kind: 'windowSpec', frame: { unit: 'rows', end: null, start: { kind: 'preceding' } } },
    });
    expect(parseExpr('COUNT(*)')).toMatchObject({ star: true, args: [], quantifier: null });
  });

  test('FLOOR takes its unit although an interval could go on with TO', () => {
    expect(parseExpr('FLOOR((a - b) SECOND TO SECOND)')).toMatchObject({
      name: { name: 'FLOOR' },
      args: [
        { kind: 'datetimeDifference', qualifier: { start: 'SECOND', end: null } },
        { kind: 'unit', unit: 'SECOND' },
      ],
    });
    expect(parseExpr('FLOOR((a - b) DAY TO SECOND TO HOUR)')).toMatchObject({
      args: [
        { kind: 'datetimeDifference', qualifier: { start: 'DAY', end: 'SECOND' } },
        { kind: 'unit', unit: 'HOUR' },
      ],
    });
  });

  test('a stagger window stands in place of GROUP BY', () => {
    expect(
      select("SELECT STREAM a FROM s WINDOWED BY STAGGER (PARTITION BY a, b RANGE INTERVAL '1' MINUTE)"),
    ).toMatchObject({
      groupBy: [],
      stagger: { kind: 'stagger', partitionBy: [{ kind: 'column' }, { kind: 'column' }], range: { kind: 'interval' } },
    });
  });

  test('table functions hold their cursors as arguments', () => {
    expect(select('SELECT * FROM TABLE(f(CURSOR(SELECT STREAM a FROM s), 1)) AS t').from).toMatchObject({
      kind: 'tableFunction',
      call: {
        name: { name: 'F' },
        args: [{ kind: 'cursor', query: { kind: 'select', stream: true } }, { kind: 'number' }],
      },
      alias: { name: 'T' },
    });
  });
});

describe('limits', () => {
  const nested = (depth: number): string => `${'('.repeat(depth)}1${')'.repeat(depth)}`;
  const thrown = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof SqlError) return error.code;
      throw error;
    }
    return 'nothing';
  };

  test('parentheses nest 150 deep, and 100 000 are an error, not a crash', () => {
    expect(parseExpr(nested(150))).toMatchObject({ kind: 'number' });
    for (const opening of [
      '(',
      'f(',
      '-',
      'NOT ',
      'CASE WHEN ',
      '(SELECT ',
      '1 IN (',
      'CAST(',
      'a.b(',
      'EXISTS (SELECT * FROM (',
    ]) {
      expect(
        thrown(() => parseExpr(opening.repeat(100_000))),
        opening,
      ).toMatch(/^SQL_/);
    }
    expect(thrown(() => parseExpr(nested(100_000)))).toBe('SQL_TOO_COMPLEX');
    expect(thrown(() => parse(`SELECT * FROM ${'('.repeat(100_000)}`))).toMatch(/^SQL_/);
    expect(thrown(() => parse('(SELECT * FROM '.repeat(100_000)))).toBe('SQL_TOO_COMPLEX');
  });

  test('chains of 900 operators, joins or queries parse, and can be walked; longer ones are an error', () => {
    const chain = (item: string, by: string, n: number): string => Array(n).fill(item).join(by);
    expect(print(parseExpr(chain('a', ' + ', 900)))).toHaveLength(900 * 4 - 3);
    for (const statement of [
      `SELECT * FROM ${chain('a', ' CROSS JOIN ', 900)}`,
      chain('SELECT * FROM s', ' UNION ALL ', 900),
      `SELECT * FROM s WHERE ${chain("t = 'x'", ' OR ', 900)}`,
    ]) {
      expect(parse(parse(statement).map(print).join(';'))).toHaveLength(1);
    }
    expect(thrown(() => parseExpr(chain('a', ' + ', 50_000)))).toBe('SQL_TOO_COMPLEX');
    expect(thrown(() => parse(chain('SELECT * FROM s', ' UNION ALL ', 20_000)))).toBe('SQL_TOO_COMPLEX');
    expect(thrown(() => parse(`SELECT * FROM ${chain('a', ', ', 50_000)}`))).toBe('SQL_TOO_COMPLEX');
  });

  test('lists may be long', () => {
    const values = Array.from({ length: 30_000 }, (_, i) => `'${i}'`).join(', ');
    expect(parseExpr(`a IN (${values})`)).toMatchObject({ kind: 'inList' });
    expect(select(`SELECT ${values} FROM s`).items).toHaveLength(30_000);
  });

  test('chains of temporal predicates do not double with each level', () => {
    let text = 'a';
    for (let i = 0; i < 60; i++) text = `(x PRECEDES ${text} PRECEDES y)`;
    expect(thrown(() => parseExpr(text))).toBe('SQL_TOO_COMPLEX');
  });

  // What it checks is its time limit: if time grew with the square of the length, one text alone would take ten minutes.
  test('time grows with the length of the text alone', { timeout: 120_000 }, () => {
    const texts = [
      "SELECT STREAM a, b + 1 AS c FROM s WHERE t = 'x';\n",
      '"',
      "'",
      "''",
      '/*',
      '--',
      '.',
      'a.',
      ')',
      '(\n',
      'u&',
      '–-',
      '1e',
      "'a'UESCAPE",
      'CREATE ',
      'a PRECEDES ',
      'INTERVAL ',
      '((SELECT ',
    ];
    for (const text of texts) {
      parseAll(text.repeat(Math.ceil(800_000 / text.length)));
    }
  });
});

test('statements come in order, each with its span', () => {
  const text = 'CREATE STREAM a (x INT);\n\nSELECT * FROM a ;';
  const found: Statement[] = parse(text);
  expect(found.map(({ span }) => text.slice(span.from, span.to))).toEqual([
    'CREATE STREAM a (x INT)',
    'SELECT * FROM a',
  ]);
});

test('a text without statements has none', () => {
  for (const text of ['', '  \n', ';', '-- only a comment', '/* only a comment */']) expect(parse(text)).toEqual([]);
});
