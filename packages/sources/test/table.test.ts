import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { printType } from '@rowtime/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { InputSchema } from '../src/decoder.ts';
import { readTable } from '../src/table.ts';

// features: F200

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tables-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(contents: string | Uint8Array): string {
  const path = join(folder, 'table');
  writeFileSync(path, contents);
  return path;
}

const schema: InputSchema = {
  columns: [
    { name: 'Ticker', type: { kind: 'varchar', length: 4 }, mapping: '$.t' },
    { name: 'Shares', type: { kind: 'integer' }, mapping: '$.n' },
  ],
};

// The reference data of the developer guide.
const guide = 'Ticker, Company\nAMZN,Amazon\nASD, SomeCompanyA\nWAS,  SomeCompanyC\n';

test.each([
  ['plain', (text: string) => text],
  ['gzip', (text: string) => gzipSync(text)],
])('of a CSV file without a schema the header names the columns and is no row: %s', async (_, encode) => {
  const { schema, rows } = await readTable(file(encode(guide)));
  expect(schema.map(({ name, type }) => `${name} ${printType(type)}`)).toEqual([
    'Ticker VARCHAR(4)',
    'Company VARCHAR(16)',
  ]);
  expect(rows).toEqual([
    { Ticker: 'AMZN', Company: 'Amazon' },
    { Ticker: 'ASD', Company: 'SomeCompanyA' },
    { Ticker: 'WAS', Company: 'SomeCompanyC' },
  ]);
});

test('with a schema every line of a CSV file is a row', async () => {
  const names = { columns: ['a', 'b'].map((name) => ({ ...schema.columns[0], name })), csv: {} };
  expect((await readTable(file('a,b\nc,d'), names)).rows).toEqual([
    { a: 'a', b: 'b' },
    { a: 'c', b: 'd' },
  ]);
});

test('JSON rows come from lines, and from the rows of a document', async () => {
  const rows = [
    { Ticker: 'AMZN', Shares: 1 },
    { Ticker: 'ASD', Shares: null },
  ];
  expect((await readTable(file('{"t": "AMZN", "n": 1}\n{"t": "ASD"}'), schema)).rows).toEqual(rows);
  const document = { ...schema, rowPath: '$.rows[0:]' };
  expect((await readTable(file('{"rows": [{"t": "AMZN", "n": 1}, {"t": "ASD"}]}'), document)).rows).toEqual(rows);
  expect((await readTable(file('{"x": 1}\n{"x": 2.5}'))).rows).toEqual([{ x: 1 }, { x: 2.5 }]);
});

test.each<[string, string, InputSchema | undefined, string]>([
  [
    'a value that does not fit',
    'A,1\n\nB,"x\n"\n',
    { ...schema, csv: {} },
    'table line 3: column "Shares": "x\n" is not a number',
  ],
  [
    'a header that is no row',
    'Ticker,Shares\nA,1\n',
    { ...schema, csv: {} },
    'table line 1: column "Shares": "Shares" is not',
  ],
  [
    'a quote that is not closed',
    'A,1\nB,"2\n',
    { ...schema, csv: {} },
    'table line 2: malformed CSV: a quote is not closed',
  ],
  [
    'malformed JSON',
    '{"t": "A"}\n\n  {"t": }\n{"t": "B"}',
    schema,
    'table line 3: malformed JSON: unexpected "}" at byte 20',
  ],
  [
    'a JSON value that does not fit',
    '{"t": "A"}{"n": 1.5}',
    schema,
    'table line 1: column "Shares": 1.5 has a fraction',
  ],
  ['an empty file', '\n', undefined, 'is empty: name its columns in a schema file'],
  ['a file of nothing known', 'words\n', undefined, 'cannot discover a schema'],
])('%s ends the reading with file and line', async (_, contents, schema, message) => {
  await expect(readTable(file(contents), schema)).rejects.toThrow(message);
});

test('a record far behind in the file has its line', async () => {
  const lines = Array.from({ length: 200_000 }, (_, i) => `A,${i}`);
  lines[150_000] = 'A,x';
  await expect(readTable(file(lines.join('\n')), { ...schema, csv: {} })).rejects.toThrow('line 150001: column');
});

test('ids of 18 digits and long decimals keep every digit', async () => {
  const path = file('id;balance\n123456789012345678;12345678901234567.89\n123456789012345679;-0.01\n7;\n');
  const { schema, rows } = await readTable(path);
  expect(schema.map(({ name, type }) => `${name} ${printType(type)}`)).toEqual(['id BIGINT', 'balance DOUBLE']);
  expect(rows.map(({ id }) => id)).toEqual(['123456789012345678', '123456789012345679', 7]);
  const decimal: InputSchema = {
    columns: [
      { name: 'id', type: { kind: 'bigint' }, mapping: '' },
      { name: 'balance', type: { kind: 'decimal', precision: 19, scale: 2 }, mapping: '' },
    ],
    csv: { columnDelimiter: ';' },
  };
  const written = await readTable(
    file('123456789012345678;12345678901234567.89\n123456789012345679;-0.01\n7;\n'),
    decimal,
  );
  expect(written.rows).toEqual([
    { id: '123456789012345678', balance: '12345678901234567.89' },
    { id: '123456789012345679', balance: -0.01 },
    { id: 7, balance: null },
  ]);
});
