import { printType } from '@rowtime/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJsonDecoder } from '../src/decode/json.ts';
import { discoverSchema, sampleBytesMax } from '../src/discover.ts';

// features: F194

/** `name TYPE mapping`, a line for each column. */
function discovered(samples: string | readonly unknown[], rowPath?: string): string[] {
  const input = typeof samples === 'string' ? Buffer.from(samples) : samples;
  return discoverSchema(input, rowPath).map(({ name, type, mapping }) => `${name} ${printType(type)} ${mapping}`);
}

test("the captains' records give the columns that the service's console showed", () => {
  const records = [
    '{"user": "Victoria Higgins", "favoritecaptain": "David Bowman", "rating": 503, "timestamp": 1632319489.7957823}',
    '{"user": "Mr. Alexander Washington", "favoritecaptain": "Jean-Luc Picard", "rating": 9, "timestamp": 1632319490.0}',
  ];
  const expected = [
    'COL_user VARCHAR(32) $.user',
    'favoritecaptain VARCHAR(16) $.favoritecaptain',
    'rating INTEGER $.rating',
    'COL_timestamp DOUBLE $.timestamp',
  ];
  expect(discovered(records.join(''))).toEqual(expected);
  expect(discovered(records.join('\n'))).toEqual(expected);
  expect(discovered(records.map((record) => JSON.parse(record)))).toEqual(expected);
});

test('records in lines give the columns that they give without line ends', () => {
  const number = fc.stringMatching(/^-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?$/);
  const value = fc.oneof(
    number,
    fc.json({ maxDepth: 1 }),
    fc.string().map((s) => JSON.stringify(s)),
    number,
  );
  const record = fc
    .tuple(fc.constantFrom('a', 'b', 'é', 'x y'), value, value)
    .map(([key, v, w]) => `{"${key}": ${v}, "w": ${w}}`);
  const line = fc.oneof(
    { arbitrary: record, weight: 20 },
    fc.constantFrom('', ' ', '{"a": 1', 'x', '{"a": 1}{"a": 2.5}', '[1]'),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      // A nested object is looked at closely, and changes nothing: it has a column of its own.
      const closely = [...lines, '{"nested": {}}'].join('\n');
      const expected = discovered(closely).filter((column) => !column.startsWith('nested '));
      expect(discovered(lines.join('\n'))).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});

describe('types', () => {
  test.each<[string, string[], string]>([
    ['small integers', ['1', '-2'], 'INTEGER'],
    ['the largest INTEGER', ['2147483647', '-2147483648'], 'INTEGER'],
    ['larger ones', ['2147483648'], 'BIGINT'],
    ['up to 64 bits', ['9223372036854775807', '-9223372036854775808'], 'BIGINT'],
    ['beyond 64 bits', ['1e19', '100000000000000000000'], 'DOUBLE'],
    ['fractions', ['1', '2.5'], 'DOUBLE'],
    ['whole numbers with a point', ['512.0'], 'DOUBLE'],
    ['integers with a few bad values', ['1', '2', '"high"', '3'], 'INTEGER'],
    ['timestamps with a bad value', ['"2024-01-01 00:00:00"', '"2024-01-01 00:00:01"', '"soon"'], 'TIMESTAMP'],
    ['numbers and texts in equal parts', ['1', '"one"'], 'VARCHAR(4)'],
    ['booleans', ['true', 'false', 'null'], 'BOOLEAN'],
    ['short texts', ['""'], 'VARCHAR(4)'],
    ['four characters', ['"abcd"'], 'VARCHAR(4)'],
    ['five', ['"abcde"', '"x"'], 'VARCHAR(8)'],
    ['seventeen', ['"abcdefghijklmnopq"'], 'VARCHAR(32)'],
    ['very long ones', [`"${'x'.repeat(40_000)}"`], 'VARCHAR(65535)'],
    ['timestamps', ['"1992-02-14 18:35:44.0"', '"2018-06-13T14:11:05.766191Z"'], 'TIMESTAMP'],
    ['a timestamp and a text', ['"1992-02-14 18:35:44.0"', '"never"'], 'VARCHAR(32)'],
    ['a date', ['"1992-02-14"'], 'VARCHAR(16)'],
    ['texts and numbers', ['"x"', '1632319489.7957823'], 'VARCHAR(32)'],
    ['booleans and numbers', ['true', '1'], 'VARCHAR(4)'],
    ['nothing but NULL', ['null'], 'VARCHAR(64)'],
    ['arrays', ['[1, 2, 3]'], 'VARCHAR(16)'],
    ['an object and a text', ['{"a": 1}', '"x"'], 'VARCHAR(16)'],
    ['digits inside texts', ['"1.0"'], 'VARCHAR(4)'],
  ])('%s', (_, values, type) => {
    expect(discovered(values.map((value) => `{"v": ${value}}`).join('\n'))).toEqual([`v ${type} $.v`]);
  });
});

describe('names', () => {
  test.each([
    ['rating', 'rating', '$.rating'],
    ['Total_1', 'Total_1', '$.Total_1'],
    ['status', 'status', '$.status'],
    ['user', 'COL_user', '$.user'],
    ['Timestamp', 'COL_Timestamp', '$.Timestamp'],
    ['first-name', 'COL_firstname', "$['first-name']"],
    ['a b.c', 'COL_abc', "$['a b.c']"],
    ["it's \\", 'COL_its', "$['it\\'s \\\\']"],
    ['1st', 'COL_1st', '$.1st'],
    // The table of the guide.
    ['USER', 'COL_USER', '$.USER'],
    ['USER@DOMAIN', 'COL_USERDOMAIN', "$['USER@DOMAIN']"],
    ['@@', 'COL_0', "$['@@']"],
    ['', 'COL_0', "$['']"],
    ['größe', 'COL_gre', "$['größe']"],
    ['日付', 'COL_0', "$['日付']"],
    ['x'.repeat(101), 'COL_0', `$.${'x'.repeat(101)}`],
    ['__proto__', '__proto__', '$.__proto__'],
  ])('%s', (key, name, mapping) => {
    const sample = `{${JSON.stringify(key)}: 1}`;
    expect(discovered(sample)).toEqual([`${name} INTEGER ${mapping}`]);
    // The mapping finds the value again.
    const decoder = createJsonDecoder({ columns: discoverSchema(Buffer.from(sample)) });
    decoder.begin();
    decoder.push(Buffer.from(sample));
    decoder.decode(0, 10);
    expect(decoder.take().batch?.columns[0]).toMatchObject({ values: Float64Array.of(1), valid: null });
  });

  test('are not given twice', () => {
    expect(discovered('{"a b": 1, "a-b": 2, "COL_1": 3}').map((column) => column.split(' ')[0])).toEqual([
      'COL_ab',
      'COL_1',
      'COL_2',
    ]);
  });
});

test('objects are flattened one level deep, what lies deeper is text', () => {
  expect(
    discovered('{"id": 1, "address": {"city": "Anytown", "geo": {"lat": 1}, "tags": ["x"]}, "empty": {}}'),
  ).toEqual([
    'id INTEGER $.id',
    'address_city VARCHAR(8) $.address.city',
    'address_geo VARCHAR(32) $.address.geo',
    'address_tags VARCHAR(16) $.address.tags',
    'empty VARCHAR(4) $.empty',
  ]);
});

test('columns come in the order in which they first appear', () => {
  expect(discovered([{ b: 1 }, { a: 1, b: 2 }, { c: 1 }]).map((column) => column[0])).toEqual(['b', 'a', 'c']);
});

test('what is no object is passed over', () => {
  expect(discovered([1, null, 'x', [], { a: 1 }])).toEqual(['a INTEGER $.a']);
  expect(discovered('garbage\n{"a": 1}\n{"a": ')).toEqual(['a INTEGER $.a']);
  expect(discovered('')).toEqual([]);
});

test('the rows of a row path are what is sampled', () => {
  expect(discovered('{"rows": [{"a": 1}, {"a": 2.5}], "b": 1}', '$.rows[0:]')).toEqual(['a DOUBLE $.a']);
});

test('only the first bytes are looked at', () => {
  const record = '{"a": 1}\n';
  const sample = record.repeat(sampleBytesMax / record.length + 1);
  expect(discovered(`${sample}{"b": 1}`)).toEqual(['a INTEGER $.a']);
});
