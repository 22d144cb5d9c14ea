import { printType } from '@rowtime/core';
import { describe, expect, test } from 'vitest';
import { discoverCsv } from '../src/discover-csv.ts';

/** `name TYPE`, a line for each column. */
function discovered(sample: string): string[] | undefined {
  return discoverCsv(Buffer.from(sample))?.columns.map(({ name, type }) => `${name} ${printType(type)}`);
}

test('the example of the guide gives the columns and delimiters that the guide prints', () => {
  const sample = [
    'year,month,state,producer_type,energy_source,units,consumption',
    '2001,1,AK,TotalElectricPowerIndustry,Coal,ShortTons,47615',
    '2001,1,AK,ElectricGeneratorsElectricUtilities,Coal,ShortTons,16535',
    '2001,1,AK,CombinedHeatandPowerElectricPower,Coal,ShortTons,22890',
    '2001,1,AL,TotalElectricPowerIndustry,Coal,ShortTons,3020601',
    '2001,1,AL,ElectricGeneratorsElectricUtilities,Coal,ShortTons,2987681',
  ].join('\r\n');
  expect(discovered(sample)).toEqual([
    'COL_year INTEGER',
    'COL_month INTEGER',
    'state VARCHAR(4)',
    'producer_type VARCHAR(64)',
    'energy_source VARCHAR(4)',
    'units VARCHAR(16)',
    'consumption INTEGER',
  ]);
  expect(discoverCsv(Buffer.from(sample))).toMatchObject({
    csv: { rowDelimiter: '\r\n', columnDelimiter: ',' },
    hasHeader: true,
  });
});

test("the guide's reference table has the names that its program uses", () => {
  expect(
    discovered('Ticker, Company\nAMZN,Amazon\nASD, SomeCompanyA\nMMB, SomeCompanyB\nWAS,  SomeCompanyC\n'),
  ).toEqual(['Ticker VARCHAR(4)', 'Company VARCHAR(16)']);
});

describe('headers', () => {
  test.each<[string, string, string[]]>([
    ['numbers in the first row', 'Doe,1\nRoe,2', ['COL_0 VARCHAR(4)', 'COL_1 INTEGER']],
    ['an empty name', 'name,\nDoe,2\nRoe,3', ['COL_0 VARCHAR(4)', 'COL_1 INTEGER']],
    ['a name twice', 'id,id\n1,2', ['COL_0 VARCHAR(4)', 'COL_1 VARCHAR(4)']],
    ['a value that comes again', 'Doe,Jane\nDoe,John', ['COL_0 VARCHAR(4)', 'COL_1 VARCHAR(4)']],
    ['one row alone', 'Doe,John', ['COL_0 VARCHAR(4)', 'COL_1 VARCHAR(4)']],
    ['a row of other length', 'report,x\n1,2,3\n4,5,6', ['COL_0 INTEGER', 'COL_1 INTEGER', 'COL_2 INTEGER']],
  ])('%s: none', (_, sample, columns) => {
    expect(discovered(sample)).toEqual(columns);
  });

  test('names are made from what the header says', () => {
    expect(discovered('user,first name,@\n1,2,3\n4,5,6')?.map((column) => column.split(' ')[0])).toEqual([
      'COL_0',
      'COL_1',
      'COL_2',
    ]);
    expect(discovered('user,first name\n1,2\n4,5')?.map((column) => column.split(' ')[0])).toEqual([
      'COL_user',
      'COL_firstname',
    ]);
  });
});

describe('delimiters', () => {
  test.each([
    ['tabs', 'a\t1,5\nb\t2,5\n', '\t', '\n'],
    ['bars', 'a|x, y|1\r\nb|x, z|2\r\n', '|', '\r\n'],
    ['semicolons', 'a;1,5\nb;2,5;\n', ';', '\n'],
    ['commas in quotes are none', '"a,b,c"|1\n"d,e,f"|2', '|', '\n'],
    ['old line ends', 'a,1\rb,2\r', ',', '\r'],
  ])('%s', (_, sample, columnDelimiter, rowDelimiter) => {
    expect(discoverCsv(Buffer.from(sample))?.csv).toEqual({ columnDelimiter, rowDelimiter });
  });
});

test.each<[string, string[], string]>([
  ['integers', ['1', '-2'], 'INTEGER'],
  ['larger ones', ['3000000000'], 'BIGINT'],
  ['a point', ['1.0'], 'DOUBLE'],
  ['blanks around', [' 7 '], 'INTEGER'],
  ['booleans', ['true', 'FALSE'], 'BOOLEAN'],
  ['timestamps', ['2018-06-13T14:11:05.766191', '2018-06-13 14:11:05'], 'TIMESTAMP'],
  ['dates', ['2018-06-13'], 'VARCHAR(16)'],
  ['nothing', ['', ''], 'VARCHAR(64)'],
  ['numbers with gaps', ['1', '', '2'], 'INTEGER'],
  ['a bad one in three', ['1', 'x', '2'], 'INTEGER'],
])('%s', (_, values, type) => {
  expect(discovered(values.map((value) => `-,${value},-\n`).join(''))?.[1]).toBe(`COL_1 ${type}`);
});

test.each(['', 'one column\nonly', '\u0000\u0001', 'a b c'])('%j is no CSV', (sample) => {
  expect(discovered(sample)).toBeUndefined();
});

test('bytes that are no text are no CSV', () => {
  expect(discoverCsv(Buffer.of(0x61, 0x2c, 0xff, 0x0a))).toBe(null);
});
