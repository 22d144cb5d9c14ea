import type { Row, Schema, Value } from '@rowtime/core';
import { fromRows } from '@rowtime/core';
import { describe, expect, test } from 'vitest';
import { bindRecord, plainContext } from '../src/bind-expr.ts';
import { Catalog } from '../src/catalog.ts';
import { SqlError } from '../src/errors.ts';
import { parseExpr } from '../src/parser.ts';
import { Scope } from '../src/scope.ts';
import { bind, evaluateBatch, evaluateRows, fails, type Result } from './evaluate.ts';

const schema: Schema = [{ name: 'S', type: { kind: 'varchar', length: 1024 }, nullable: true }];

/** The records of some texts: the values of all fields, by row. */
function records(call: string, ...texts: (string | null)[]): Result[][] {
  const record = bindRecord(
    parseExpr(call),
    plainContext(new Scope([{ name: 'T', schema, offset: 0 }], new Catalog({}, {})), 'a test'),
  );
  if (!record) throw new Error(`${call} gives no record`);
  const batch = fromRows(
    schema,
    texts.map((S): { rowtime: number; row: Row } => ({ rowtime: 0, row: { S } })),
  );
  const columns = record.fields.map((_, i) => evaluateBatch(record.field(i), batch));
  return texts.map((_, row) => columns.map((column) => column[row] as Value));
}

function fieldsOf(call: string): Schema {
  return (
    bindRecord(
      parseExpr(call),
      plainContext(new Scope([{ name: 'T', schema, offset: 0 }], new Catalog({}, {})), 'a test'),
    )?.fields ?? []
  );
}

describe('REGEX_LOG_PARSE', () => {
  test('the documented example, and NULLs where the pattern does not match the whole text', () => {
    expect(
      records("REGEX_LOG_PARSE(S, '.*([E].).*([R].*)')", 'HEALTHCARE', 'ENERGY', 'TECHNOLOGY', null, 'ENERGY'),
    ).toEqual([
      ['EA', 'RE'],
      ['EN', 'RGY'],
      [null, null],
      [null, null],
      ['EN', 'RGY'],
    ]);
    expect(records("REGEX_LOG_PARSE(S, '(a)')", 'ab')).toEqual([[null]]);
  });

  test('a group that took no part is NULL, and fields are VARCHAR(1024)', () => {
    expect(records("REGEX_LOG_PARSE(S, '(a)|(b)')", 'b')).toEqual([[null, 'b']]);
    expect(fieldsOf("REGEX_LOG_PARSE(S, '(a)|(b)')")).toEqual([
      { name: 'COLUMN1', type: { kind: 'varchar', length: 1024 }, nullable: true },
      { name: 'COLUMN2', type: { kind: 'varchar', length: 1024 }, nullable: true },
    ]);
    expect(records("REGEX_LOG_PARSE(S, '(.*)')", 'x'.repeat(1030))).toEqual([['x'.repeat(1024)]]);
  });

  test('columns can have names and types; a text that is not of the type fails the row', () => {
    const call = String.raw`REGEX_LOG_PARSE(S, '(\w+)=(.*)', 'name VARCHAR(4), "n" INTEGER')`;
    expect(fieldsOf(call).map(({ name }) => name)).toEqual(['NAME', 'n']);
    expect(records(call, 'count=7', 'a=b')).toEqual([
      ['coun', 7],
      ['a', fails('CastError')],
    ]);
  });
});

// AWS SQL reference, "FAST_REGEX_LOG_PARSER": First example (its output there contradicts its pattern), A, B, C.
describe('FAST_REGEX_LOG_PARSE', () => {
  test.each<[pattern: string, text: string, fields: (string | null)[]]>([
    ['(.*)_(._.*)_.*', 'Mary_had_a_little_lamb', ['Mary_had', 'a_little']],
    ['(.*)_+(._.*)', 'Mary_had_a_little_lamb', [null, null]],
    ['(.*)_+(.*)', 'Mary____had_a_little_lamb', ['Mary', 'had_a_little_lamb']],
    ['(.*)_+(<Alpha>.*)', 'Mary____had_a_little_lamb', ['Mary', 'had_a_little_lamb']],
    ['(<Digit>{3})-(<1-12>|x)', '123-7', ['123', '7']],
    ['("GET"|POST) (@)', 'GET /a b', ['GET', '/a b']],
    ['a(b?)c', 'ac', ['']],
    ['([^ ]+) \\[(.*)\\]', '10.0.0.1 [24/May]', ['10.0.0.1', '24/May']],
    ['(.*),(.*)', 'a,b,c', ['a', 'b,c']],
    ['(.*),(.*);', 'a,b;c', [null, null]],
  ])("'%s' on '%s'", (pattern, text, fields) => {
    expect(records(`FAST_REGEX_LOG_PARSE(S, '${pattern}')`, text)).toEqual([fields]);
    expect(records(`FAST_REGEX_LOG_PARSER(S, '${pattern}')`, text)).toEqual([fields]);
  });
});

describe('VARIABLE_COLUMN_LOG_PARSE', () => {
  test.each<[call: string, text: string, fields: Result[]]>([
    ["VARIABLE_COLUMN_LOG_PARSE(S, 3, ',')", 'x,y,z', ['x', 'y', 'z']],
    ["VARIABLE_COLUMN_LOG_PARSE(S, 3, ',')", 'x,y', ['x', 'y', null]],
    ["VARIABLE_COLUMN_LOG_PARSE(S, 2, ',')", 'x,y,z', ['x', 'y']],
    ["VARIABLE_COLUMN_LOG_PARSE(S, 2, ' - ')", 'a - b', ['a', 'b']],
    ["VARIABLE_COLUMN_LOG_PARSE(S, 2, u&'\\0009')", 'a\tb', ['a', 'b']],
    [String.raw`VARIABLE_COLUMN_LOG_PARSE(S, 2, ',', '\')`, String.raw`a\,b,c`, ['a,b', 'c']],
    [String.raw`VARIABLE_COLUMN_LOG_PARSE(S, 2, ',', '\', '"')`, 'a,"b,c"', ['a', 'b,c']],
    [String.raw`VARIABLE_COLUMN_LOG_PARSE(S, 2, ' ', '\', '[]')`, '[24/May -0700] x', ['24/May -0700', 'x']],
    [
      "VARIABLE_COLUMN_LOG_PARSE(S, 'a TYPE VARCHAR(2), n TYPE INTEGER NOT NULL, d TYPE DECIMAL(4,2)', ',')",
      'xyz,7,1.239',
      ['xy', 7, 1.24],
    ],
    [
      "VARIABLE_COLUMN_LOG_PARSE(S, '\"t\" TYPE TIMESTAMP ''dd/MMM/yyyy:HH:mm:ss'', b TYPE BOOLEAN', ',')",
      '24/May/2004:22:01:02,true',
      [1085436062000, true],
    ],
    ["VARIABLE_COLUMN_LOG_PARSE(S, 'n TYPE INTEGER', ',')", 'x', [fails('CastError')]],
  ])('%s of %s', (call, text, fields) => {
    expect(records(call, text)).toEqual([fields]);
  });
});

test('FIXED_COLUMN_LOG_PARSE counts from 0', () => {
  const call = `FIXED_COLUMN_LOG_PARSE(S, 'a TYPE VARCHAR(4) START 0 FOR 4, n TYPE INTEGER START 4 FOR 3, t TYPE TIMESTAMP ''yyyy-MM-dd'' START 8 FOR 10, r TYPE VARCHAR(8) NOT NULL START 19')`;
  expect(records(call, 'ab   12 2024-01-02 rest of it', 'ab', null)).toEqual([
    ['ab  ', 12, 1704153600000, 'rest of '],
    ['ab', null, null, null],
    [null, null, null, null],
  ]);
});

test('SYS_LOG_PARSE: the time of a syslog line, in 1970, and the rest', () => {
  expect(
    records('SYS_LOG_PARSE(S)', "<34>Oct 11 22:14:15 mymachine su: 'su root' failed", 'Oct  1 22:14:15 x', 'no'),
  ).toEqual([
    [Date.UTC(1970, 9, 11, 22, 14, 15), "mymachine su: 'su root' failed"],
    [Date.UTC(1970, 9, 1, 22, 14, 15), 'x'],
    [null, null],
  ]);
});

// AWS SQL reference, "W3C_LOG_PARSE".
describe('W3C_LOG_PARSE', () => {
  const line = '192.168.254.30 - John [24/May/2004:22:01:02 -0700] "GET /icons/apache_pb.gif HTTP/1.1" 304 0';
  const common = [
    '192.168.254.30',
    '-',
    'John',
    '[24/May/2004:22:01:02 -0700]',
    'GET /icons/apache_pb.gif HTTP/1.1',
    '304',
    '0',
  ];

  test.each<[format: string, text: string, fields: (string | null)[]]>([
    ['COMMON', line, common],
    ['%h %l %u %t \\"%r\\" %>s %b', line, common],
    ['COMMON WITH VHOST', `example.com ${line}`, ['example.com', ...common]],
    [
      'NCSA EXTENDED',
      `${line} "http://a/b c" "Mozilla/5.0 (X; \\"Y\\")"`,
      [...common, 'http://a/b c', 'Mozilla/5.0 (X; \\"Y\\")'],
    ],
    ['REFERER', 'http://a/ ---> /b/c.html', ['http://a/', '/b/c.html']],
    ['AGENT', 'Mozilla/5.0 (X11; Linux)', ['Mozilla/5.0 (X11; Linux)']],
    ['%!200,304{Referer}i|%400,501[User-agent]i %%', '-|Mozilla %', ['-', 'Mozilla']],
    ['COMMON', 'something else', Array(7).fill(null)],
  ])('%s', (format, text, fields) => {
    expect(records(`W3C_LOG_PARSE(S, '${format}')`, text)).toEqual([fields]);
  });
});

test('a field of a call can be taken at once', () => {
  expect(evaluateRows("W3C_LOG_PARSE(S, '%h %b').COLUMN2", schema, [{ S: 'host 17' }])).toEqual(['17']);
});

test('the fields of one record take one parse of each distinct text', () => {
  const call = "REGEX_LOG_PARSE(S, '(.)(.)')";
  const batch = fromRows(schema, [{ rowtime: 0, row: { S: 'ab' } }]);
  const [column] = batch.columns;
  if (column?.kind !== 'text') throw new Error('S is a text');
  let read = 0;
  const dict = new Proxy(column.dict, {
    get(texts, key) {
      if (key === '0') read++;
      return Reflect.get(texts, key);
    },
  });
  const watched = { ...batch, columns: [{ ...column, dict }] };
  expect(evaluateBatch(bind(`${call}.COLUMN1`, schema), watched)).toEqual(['a']);
  const once = read;
  expect(evaluateBatch(bind(`${call}.COLUMN2`, schema), watched)).toEqual(['b']);
  expect(read).toBe(once);
});

test.each([
  ["REGEX_LOG_PARSE(S, '(')", 'is no regular expression', "'('"],
  ['REGEX_LOG_PARSE(S, S)', 'the pattern of REGEX_LOG_PARSE is a constant text', 'S'],
  [
    "REGEX_LOG_PARSE(S, '(a)', 'x INTEGER, y INTEGER')",
    'the pattern has 1 groups, and 2 columns are named',
    "'x INTEGER, y INTEGER'",
  ],
  ["FAST_REGEX_LOG_PARSE(S, '(a')", ') is missing', "'(a'"],
  ["VARIABLE_COLUMN_LOG_PARSE(S, 0, ',')", 'the number of columns is 1 to 1000', '0'],
  ["VARIABLE_COLUMN_LOG_PARSE(S, 'a TYPE NOTHING', ',')", 'there is no type NOTHING', "'a TYPE NOTHING'"],
  ["FIXED_COLUMN_LOG_PARSE(S, 'a TYPE INTEGER')", 'column A has no START', "'a TYPE INTEGER'"],
  [
    "FIXED_COLUMN_LOG_PARSE(S, 'a TYPE DATE ''q'' START 0')",
    'there is no pattern letter q',
    "'a TYPE DATE ''q'' START 0'",
  ],
  ["W3C_LOG_PARSE(S, 'nothing')", 'has no format specifier', "'nothing'"],
])('%s is an error of the program', (sql, message, place) => {
  let error: unknown;
  try {
    fieldsOf(sql);
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof SqlError)) throw new Error(`${sql} gave ${String(error)}`);
  expect(error.message).toContain(message);
  expect(sql.slice(error.span.from, error.span.to)).toBe(place);
});

test('a record is no value, and says what to write', () => {
  expect(() => bind("W3C_LOG_PARSE(S, 'COMMON')", schema)).toThrow('gives a record, which is no value');
  expect(() => bind("W3C_LOG_PARSE(S, 'AGENT').COLUMN2", schema)).toThrow('the record has no field COLUMN2');
  expect(() => bind('(S).x', schema)).toThrow();
});
