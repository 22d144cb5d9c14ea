import { fromRows, type Schema, type SqlType, type Value } from '@rowtime/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CsvOptions, createCsvEncoder } from '../src/encode/csv.ts';

// features: F207

function encode(types: readonly SqlType[], values: readonly (readonly Value[])[], options?: CsvOptions): string {
  const schema: Schema = types.map((type, i) => ({ name: `c${i}`, type, nullable: true }));
  const rows = values.map((row) => ({
    rowtime: Date.UTC(2024, 0, 1),
    row: Object.fromEntries(row.map((v, i) => [`c${i}`, v])),
  }));
  return Buffer.from(createCsvEncoder(schema, options).encode(fromRows(schema, rows)).bytes).toString();
}

const varchar: SqlType = { kind: 'varchar', length: null };

test('a row is a line, its columns in order', () => {
  const types: SqlType[] = [
    varchar,
    { kind: 'double' },
    { kind: 'timestamp' },
    { kind: 'boolean' },
    { kind: 'varbinary', length: 9 },
  ];
  const time = Date.UTC(2024, 0, 2, 3, 4, 5, 6);
  expect(
    encode(types, [
      ['AMZN', 33.1, time, true, '00FF'],
      [null, null, null, null, null],
    ]),
  ).toBe('AMZN,33.1,2024-01-02 03:04:05.006,true,AP8=\n,,,,\n');
});

test('an empty text is told from NULL', () => {
  expect(
    encode(
      [varchar, { kind: 'varbinary', length: 9 }],
      [
        ['', ''],
        [null, null],
      ],
    ),
  ).toBe('"",""\n,\n');
});

test('numbers that no double holds have all their digits', () => {
  const types: SqlType[] = [{ kind: 'bigint' }, { kind: 'decimal', precision: 19, scale: 4 }];
  expect(
    encode(types, [
      ['9223372036854775807', '123456789012345.6789'],
      ['-9007199254740993', '-0.5'],
      [null, null],
      [7, 2],
    ]),
  ).toBe('9223372036854775807,123456789012345.6789\n-9007199254740993,-0.5000\n,\n7,2.0000\n');
  // The next batch may be one of doubles.
  const encoder = createCsvEncoder([{ name: 'n', type: { kind: 'bigint' }, nullable: true }]);
  const line = (n: Value) =>
    Buffer.from(
      encoder.encode(fromRows([{ name: 'n', type: { kind: 'bigint' }, nullable: true }], [{ rowtime: 0, row: { n } }]))
        .bytes,
    ).toString();
  expect([line('9223372036854775807'), line(7), line('9223372036854775806')]).toEqual([
    '9223372036854775807\n',
    '7\n',
    '9223372036854775806\n',
  ]);
});

test('ROWTIME comes first where asked for', () => {
  expect(encode([varchar], [['a']], { rowtime: 'iso' })).toBe('2024-01-01T00:00:00.000Z,a\n');
});

test('separator and end of row are as asked for', () => {
  expect(encode([varchar, varchar], [['a,b', 'c|d']], { separator: '|', delimiter: '\r\n' })).toBe('a,b|"c|d"\r\n');
  expect(() => encode([varchar], [], { separator: '"' })).toThrow('one character');
  expect(() => encode([varchar], [], { separator: '||' })).toThrow('one character');
});

test('any text comes back from a reader of RFC 4180', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '漢') });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (rows) => {
      expect(parse(encode([varchar, varchar], rows))).toEqual(rows.map((row) => [...row]));
    }),
  );
});

/** Fields up to a comma or the end of a line; quoted ones with doubled quotes. */
function parse(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    rows.at(-1)!.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end === '\n') rows.push([]);
  }
  return rows.slice(0, -1);
}
