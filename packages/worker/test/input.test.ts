import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { inputStreams } from '../src/input-streams.ts';
import { rowtime, temporaryFolder } from './rowtime.ts';

/** Files of a folder of the test's own, and their paths. */
function files(contents: Record<string, string | Uint8Array | object>): (name: string) => string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(contents)) {
    const isText = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(join(folder, name), isText ? content : JSON.stringify(content));
  }
  return (name) => join(folder, name);
}

/** The rows that a finished `run --json` printed, ROWTIME left out. */
function rowsOf(stdout: string): { stream: string; row: Record<string, unknown> }[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { stream, row } = JSON.parse(line) as { stream: string; row: Record<string, unknown> };
      const { ROWTIME: _, ...rest } = row;
      return { stream, row: rest };
    });
}

const passThrough = `CREATE STREAM out_stream ("last" VARCHAR(16), "id" INTEGER);
CREATE PUMP p AS INSERT INTO out_stream SELECT STREAM "LastName", "CustomerId" FROM "SOURCE_SQL_STREAM_001";`;

const customers = {
  RecordColumns: [
    { Name: 'LastName', SqlType: 'VARCHAR(16)' },
    { Name: 'FirstName', SqlType: 'VARCHAR(16)' },
    { Name: 'CustomerId', SqlType: 'INTEGER' },
  ],
  RecordFormat: {
    RecordFormatType: 'CSV',
    MappingParameters: { CSVMappingParameters: { RecordRowDelimiter: '\n', RecordColumnDelimiter: '|' } },
  },
  RecordEncoding: 'UTF-8',
};

test.each([
  ['plain', (text: string) => Buffer.from(text)],
  ['gzip', (text: string) => gzipSync(text)],
])('CSV records with a schema, rejects in error_stream: %s', async (_, encode) => {
  const path = files({
    'app.sql': passThrough,
    'schema.json': customers,
    'a.csv': encode('Doe|John|67321\nRoe|"J|"|x\nPoe'),
  });
  const args = ['run', path('app.sql'), '--input', path('*.csv'), '--schema', path('schema.json'), '--json'];
  const { code, stdout } = await rowtime(...args).finished;
  expect(code).toBe(0);
  const rows = rowsOf(stdout);
  expect(rows.filter(({ stream }) => stream === 'OUT_STREAM').map(({ row }) => row)).toEqual([
    { last: 'Doe', id: 67321 },
    { last: 'Poe', id: null },
  ]);
  const errors = rows.filter(({ stream }) => stream === 'error_stream').map(({ row }) => row);
  expect(errors).toMatchObject([{ ERROR_NAME: 'CoercionError' }]);
  expect(Buffer.from(String(errors[0]?.['DATA_ROW']), 'hex').toString()).toBe('Roe|"J|"|x');
});

test('CSV on standard input is discovered, and a checkpoint keeps what was found', async () => {
  const path = files({ 'app.sql': passThrough });
  const args = ['run', path('app.sql'), '--input', '-', '--json', '--checkpoint', path('checkpoints')];
  const hints: boolean[] = [];
  const run = async (text: string) => {
    const command = rowtime(...args);
    command.process.stdin?.end(text);
    const { stdout, stderr } = await command.finished;
    hints.push(stderr.includes('The first row looks like the names of the columns'));
    return rowsOf(stdout).map(({ row }) => row);
  };
  const first = 'LastName\tCustomerId\nDoe\t1\n';
  expect(await run(first)).toMatchObject([{ last: 'Doe', id: 1 }, { ERROR_NAME: 'CoercionError' }]);
  // Discovered anew, the second column would be VARCHAR, and the program would not compile.
  const then = await run(`${first}Roe\t2\n${'Poe\tx\n'.repeat(9)}`);
  expect(then.filter((row) => 'id' in row)).toEqual([{ last: 'Roe', id: 2 }]);
  expect(then).toHaveLength(10);
  expect(hints).toEqual([true, false]);
});

test('two input streams take the files in turn', async () => {
  const program = (n: number) =>
    `CREATE PUMP p${n} AS INSERT INTO out_stream SELECT STREAM ${n}, COUNT(*), MAX("id") FROM "IN_00${n}"
     GROUP BY STEP("IN_00${n}".ROWTIME BY INTERVAL '1' YEAR);`;
  const path = files({
    'app.sql': `CREATE STREAM out_stream (n INTEGER, c INTEGER, m INTEGER); ${program(1)} ${program(2)}`,
    'a.json': '{"id": 1}{"id": 2}',
    'b.json': '{"id": 30}',
    'c.json': '{"id": 3}{"id": "x"}',
    'd.json': '{"id": 40}',
    'app.json': {
      ApplicationDetail: {
        InputDescriptions: [
          {
            NamePrefix: 'IN',
            InputParallelism: { Count: 2 },
            InputSchema: {
              RecordColumns: [{ Name: 'id', SqlType: 'INTEGER', Mapping: '$.id' }],
              RecordFormat: { RecordFormatType: 'JSON' },
            },
          },
        ],
      },
    },
  });
  const expected = [
    { N: 1, C: 3, M: 3 },
    { N: 2, C: 2, M: 40 },
  ];
  const run = async (...args: string[]) => {
    const { stdout } = await rowtime('run', path('app.sql'), '--input', path('[abcd].json'), '--json', ...args)
      .finished;
    return rowsOf(stdout).flatMap(({ stream, row }) => (stream === 'OUT_STREAM' ? [row] : []));
  };
  expect(await run('--schema', path('app.json'))).toEqual(expected);
  expect(await run('--stream', 'IN_001', '--parallelism', '2')).toEqual(expected);
});

test.each([
  [null, null, null, ['SOURCE_SQL_STREAM_001']],
  ['IN', 1, null, ['IN']],
  [null, 3, null, ['SOURCE_SQL_STREAM_001', 'SOURCE_SQL_STREAM_002', 'SOURCE_SQL_STREAM_003']],
  ['IN', 2, null, ['IN_001', 'IN_002']],
  [null, null, { namePrefix: 'IN', parallelism: null }, ['IN_001']],
  [null, null, { namePrefix: 'IN', parallelism: 2 }, ['IN_001', 'IN_002']],
  ['X_001', null, { namePrefix: 'IN', parallelism: 2 }, ['X_001', 'X_002']],
])('--stream %s --parallelism %s and a schema with %o: %j', (stream, parallelism, input, names) => {
  const given = input && { ...input, schema: { columns: [] }, referenceSchemas: new Map() };
  expect(inputStreams({ stream, parallelism }, given)).toEqual(names);
});

const join_ = `CREATE STREAM out_stream ("id" INTEGER, "Company" VARCHAR(20));
CREATE PUMP p AS INSERT INTO out_stream
SELECT STREAM "id", "c"."Company" FROM "SOURCE_SQL_STREAM_001" LEFT JOIN "CompanyName" AS "c"
ON "SOURCE_SQL_STREAM_001"."ticker" = "c"."Ticker";`;

test('a reference table is loaded before the first row: CSV with a header, or with a schema', async () => {
  const columns = (type: string) => ({
    RecordColumns: [
      { Name: 'Ticker', SqlType: 'VARCHAR(4)', Mapping: '$.t' },
      { Name: 'Company', SqlType: 'VARCHAR(8)', Mapping: '$.c' },
    ],
    RecordFormat: { RecordFormatType: type },
  });
  const path = files({
    'app.sql': join_,
    'in.json': '{"id": 1, "ticker": "ASD"}{"id": 2, "ticker": "XYZ"}',
    'names.csv': 'Ticker, Company\nAMZN,Amazon\nASD, SomeCompanyA\n',
    'names.json': '{"t": "ASD", "c": "SomeCompanyA"}\n',
    'schema.json': columns('JSON'),
    'reference.json': { TableName: 'CompanyName', ReferenceSchema: columns('CSV') },
    'app.json': {
      ApplicationDetail: {
        InputDescriptions: [
          {
            NamePrefix: 'SOURCE_SQL_STREAM',
            InputSchema: {
              RecordColumns: [
                { Name: 'id', SqlType: 'INTEGER' },
                { Name: 'ticker', SqlType: 'VARCHAR(4)' },
              ],
              RecordFormat: { RecordFormatType: 'JSON' },
            },
          },
        ],
        ReferenceDataSourceDescriptions: [{ TableName: 'CompanyName', ReferenceSchema: columns('CSV') }],
      },
    },
  });
  const run = async (...args: string[]) => {
    const { code, stdout } = await rowtime('run', path('app.sql'), '--input', path('in.json'), '--json', ...args)
      .finished;
    expect(code).toBe(0);
    return rowsOf(stdout).map(({ row }) => row['Company']);
  };
  expect(await run('--table', `CompanyName=${path('names.csv')}`)).toEqual(['SomeCompanyA', null]);
  const schema = ['--table-schema', `CompanyName=${path('schema.json')}`];
  expect(await run('--table', `CompanyName=${path('names.json')}`, ...schema)).toEqual(['SomeComp', null]);
  const application = ['--schema', path('app.json')];
  expect(await run('--table', `CompanyName=${path('names.csv')}`, ...application)).toEqual(['SomeComp', null]);
  const reference = ['--table-schema', `CompanyName=${path('reference.json')}`];
  expect(await run('--table', `CompanyName=${path('names.csv')}`, ...reference)).toEqual(['SomeComp', null]);
});

test.each<[string, string[], number, string]>([
  [
    'a bad row of a table',
    ['--table', 'CompanyName=DIR/bad.csv', '--table-schema', 'CompanyName=DIR/schema.json'],
    3,
    'bad.csv line 2: column "Id": "x" is not a number',
  ],
  ['a table that is not there', ['--table', 'CompanyName=DIR/nowhere.csv'], 3, 'nowhere.csv'],
  ['a table without a file', ['--table', 'CompanyName'], 2, '--table CompanyName: expected NAME=<file>'],
  ['a table twice', ['--table', 'T=DIR/bad.csv', '--table', 'T=DIR/bad.csv'], 2, '--table T is there twice'],
  ['a schema without its table', ['--table-schema', 'T=DIR/schema.json'], 2, 'there is no --table T=<file>'],
  ['too many streams', ['--parallelism', '65'], 2, 'at most 64 input streams'],
  ['half a stream', ['--parallelism', '1.5'], 2, 'a whole number above 0'],
])('%s ends with an exit code and a message that says what to mend', async (_, args, code, message) => {
  const path = files({
    'app.sql': join_,
    'in.json': '{"id": 1, "ticker": "ASD"}',
    'bad.csv': '1\nx\n',
    'schema.json': {
      RecordColumns: [{ Name: 'Id', SqlType: 'INTEGER' }],
      RecordFormat: { RecordFormatType: 'CSV' },
    },
  });
  const given = args.map((arg) => arg.replace('DIR', path('').replace(/\/$/, '')));
  const result = await rowtime('run', path('app.sql'), '--input', path('in.json'), '--json', ...given).finished;
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr).toContain(message);
});

test('discover prints the InputSchema of JSON and CSV, from files and standard input, and run takes it', async () => {
  const path = files({
    'captains.json':
      '{"user": "Victoria Higgins", "favoritecaptain": "David Bowman", "rating": 503, "timestamp": 1632319489.7957823}',
    'data.csv': 'year,state\r\n2001,AK\r\n2002,AL',
  });
  const captains = await rowtime('discover', path('captains.json')).finished;
  expect(captains).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(captains.stdout)).toEqual({
    RecordFormat: { RecordFormatType: 'JSON', MappingParameters: { JSONMappingParameters: { RecordRowPath: '$' } } },
    RecordEncoding: 'UTF-8',
    RecordColumns: [
      { Name: 'COL_user', SqlType: 'VARCHAR(16)', Mapping: '$.user' },
      { Name: 'favoritecaptain', SqlType: 'VARCHAR(16)', Mapping: '$.favoritecaptain' },
      { Name: 'rating', SqlType: 'INTEGER', Mapping: '$.rating' },
      { Name: 'COL_timestamp', SqlType: 'DOUBLE', Mapping: '$.timestamp' },
    ],
  });
  const command = rowtime('discover', '-', '--json');
  command.process.stdin?.end('year,state\r\n2001,AK\r\n2002,AL');
  const csv = await command.finished;
  expect(csv.stderr).toContain('The first row looks like the names of the columns');
  expect(JSON.parse(csv.stdout)).toEqual({
    RecordFormat: {
      RecordFormatType: 'CSV',
      MappingParameters: { CSVMappingParameters: { RecordRowDelimiter: '\r\n', RecordColumnDelimiter: ',' } },
    },
    RecordEncoding: 'UTF-8',
    RecordColumns: [
      { Name: 'COL_year', SqlType: 'INTEGER' },
      { Name: 'state', SqlType: 'VARCHAR(4)' },
    ],
  });
  const sql =
    'CREATE STREAM o (y INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM "COL_year" FROM "SOURCE_SQL_STREAM_001";';
  writeFileSync(path('app.sql'), sql);
  writeFileSync(path('schema.json'), csv.stdout);
  const args = ['run', path('app.sql'), '--input', path('data.csv'), '--schema', path('schema.json'), '--json'];
  const { stdout } = await rowtime(...args).finished;
  expect(rowsOf(stdout).flatMap(({ stream, row }) => (stream === 'O' ? [row['Y']] : []))).toEqual([2001, 2002]);
  const nothing = rowtime('discover', '-');
  nothing.process.stdin?.end('words\n');
  expect(await nothing.finished).toMatchObject({ code: 3, stdout: '' });
});
