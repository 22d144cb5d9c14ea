import { describe, expect, test } from 'vitest';
import { parseInput, parseInputSchema } from '../src/input-schema.ts';
import { printInputSchema } from '../src/print-input-schema.ts';

const column = (more: object = {}) => ({ Name: 'a', SqlType: 'INTEGER', Mapping: '$.a', ...more });
const json = (more: object = {}) => ({
  RecordColumns: [column()],
  RecordFormat: { RecordFormatType: 'JSON' },
  ...more,
});
const csv = (row: string, columns: string) => ({
  RecordColumns: [column()],
  RecordFormat: {
    RecordFormatType: 'CSV',
    MappingParameters: { CSVMappingParameters: { RecordRowDelimiter: row, RecordColumnDelimiter: columns } },
  },
});

describe('a mistake in a schema names the field, and says what to do', () => {
  const many = Array.from({ length: 1001 }, (_, i) => column({ Name: `c${i}` }));
  const jsonParameters = { JSONMappingParameters: { RecordRowPath: '$' } };
  test.each<[string, unknown, string]>([
    ['no object', 5, 'expected InputSchema of the Kinesis Analytics API'],
    ['no columns', json({ RecordColumns: [] }), 'RecordColumns'],
    ['too many columns', json({ RecordColumns: many }), 'RecordColumns: an input has at most 1000 columns'],
    [
      'a name with a blank',
      json({ RecordColumns: [column({ Name: 'a b' })] }),
      'RecordColumns.0.Name: a column name has letters',
    ],
    ['a name twice', json({ RecordColumns: [column(), column()] }), 'RecordColumns has a twice: rename one'],
    ['no type', json({ RecordColumns: [column({ SqlType: 'NUMBER' })] }), 'column a: "NUMBER" is not a SQL type'],
    [
      'NOT NULL',
      json({ RecordColumns: [column({ SqlType: 'INTEGER NOT NULL' })] }),
      'column a: SqlType INTEGER NOT NULL: columns of an input can always be NULL; leave NOT NULL out',
    ],
    ['an interval', json({ RecordColumns: [column({ SqlType: 'INTERVAL DAY' })] }), 'an input has no intervals'],
    ['another encoding', json({ RecordEncoding: 'ISO-8859-1' }), 'RecordEncoding: records must be UTF-8'],
    ['another format', json({ RecordFormat: { RecordFormatType: 'XML' } }), 'RecordFormat.RecordFormatType'],
    ['a delimiter without characters', csv('', ','), 'CSVMappingParameters.RecordRowDelimiter'],
    [
      'parameters of the other format',
      { ...csv('\n', ','), RecordFormat: { RecordFormatType: 'CSV', MappingParameters: jsonParameters } },
      'RecordFormatType is CSV, but MappingParameters are not CSVMappingParameters',
    ],
    [
      'two inputs',
      { Inputs: [{ InputSchema: json() }, { InputSchema: json() }] },
      'an application has one input, this one has 2',
    ],
    [
      'too many streams',
      { InputParallelism: { Count: 65 }, InputSchema: json() },
      'InputParallelism.Count: an application has at most 64',
    ],
    ['a prefix that is no name', { NamePrefix: '1x', InputSchema: json() }, 'NamePrefix: a prefix has 1 to 32 letters'],
  ])('%s', (_, schema, message) => {
    expect(() => parseInput(schema, 'schema.json')).toThrow(message);
    expect(() => parseInput(schema, 'schema.json')).toThrow(/^schema\.json: /);
  });
});

test('1000 columns are not too many', () => {
  const columns = Array.from({ length: 1000 }, (_, i) => column({ Name: `c${i}` }));
  expect(parseInputSchema(json({ RecordColumns: columns }), 'x').columns).toHaveLength(1000);
});

test.each<[string, unknown]>([
  ['InputSchema alone', json()],
  ['an Input', { InputId: '1.1', InputSchema: json() }],
  ['the answer of discover-input-schema', { InputSchema: json(), ParsedInputRecords: [] }],
  ['a request to create an application', { ApplicationName: 'x', Inputs: [{ NamePrefix: 'P', InputSchema: json() }] }],
  ['an answer of version 1', { ApplicationDetail: { InputDescriptions: [{ InputSchema: json() }] } }],
  [
    'an answer of version 2',
    {
      ApplicationDetail: {
        ApplicationConfigurationDescription: {
          SqlApplicationConfigurationDescription: { InputDescriptions: [{ InputSchema: json() }] },
        },
      },
    },
  ],
  ['reference data', { TableName: 'T', ReferenceSchema: json() }],
])('%s has a schema', (_, given) => {
  expect(parseInput(given, 'x').schema).toEqual({
    columns: [{ name: 'a', type: { kind: 'integer' }, mapping: '$.a' }],
    rowPath: '$',
  });
});

test('delimiters are as they are written, or as a backslash and a letter', () => {
  expect(parseInputSchema(csv('\r\n', '\t'), 'x').csv).toEqual({ rowDelimiter: '\r\n', columnDelimiter: '\t' });
  expect(parseInputSchema(csv('\\r\\n', '\\t'), 'x').csv).toEqual({ rowDelimiter: '\r\n', columnDelimiter: '\t' });
  expect(parseInputSchema(csv('||', '::'), 'x').csv).toEqual({ rowDelimiter: '||', columnDelimiter: '::' });
  expect(parseInputSchema(json({ RecordFormat: { RecordFormatType: 'CSV' } }), 'x').csv).toEqual({});
});

test.each([json(), csv('\r\n', '|')])('what is printed of a schema is that schema', (given) => {
  const schema = parseInputSchema(given, 'x');
  expect(parseInputSchema(printInputSchema(schema), 'x')).toEqual(schema);
});
