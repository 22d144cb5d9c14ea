import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { answersOf, defaultName, missingFlags, parseOutputs } from '../src/init/answers.ts';
import { namePrefixOf } from '../src/init/application-file.ts';
import { askForFlags } from '../src/init/questions.ts';
import { rowsIn, rowtime, temporaryFolder } from './rowtime.ts';

const sql = `CREATE OR REPLACE STREAM "BIG" (ticker VARCHAR(4), price DOUBLE);
CREATE OR REPLACE PUMP "P" AS INSERT INTO "BIG" SELECT STREAM "ticker", "price" FROM "TRADES_001" WHERE "price" > 10;
CREATE OR REPLACE STREAM "ALL" (ticker VARCHAR(4));
CREATE OR REPLACE PUMP "Q" AS INSERT INTO "ALL" SELECT STREAM "ticker" FROM "TRADES_001";
`;

function withProgram() {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder, name);
  writeFileSync(path('app.sql'), sql);
  writeFileSync(path('trades.json'), '{"ticker":"AMZN","price":10.5}\n{"ticker":"MSFT","price":7.25}\n');
  return { folder, path, file: path('application.json') };
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

test('what it writes from a few flags passes the check, and runs', async () => {
  const { path, file } = withProgram();
  const outputs = ['BIG', 'ALL'].flatMap((stream) => ['--output', `${stream}=files:${path('out')}`]);
  const flags = ['--sql', path('app.sql'), '--name', 'trades', '--input', 'files', '--path', path('trades.json')];
  const written = await rowtime('init', file, ...flags, ...outputs).finished;
  expect(written).toEqual({
    code: 0,
    signal: null,
    stdout: `${file}: trades, from files; BIG to files, ALL to files\n`,
    stderr: `rowtime run ${file} starts it\n`,
  });
  const checked = await rowtime('check', file).finished;
  expect(checked).toMatchObject({ code: 0, stdout: '' });
  expect(read(file)).toMatchObject({
    ApplicationName: 'trades',
    ApplicationCode: sql,
    Inputs: [
      {
        NamePrefix: 'TRADES',
        InputSchema: { RecordColumns: [{ Name: 'ticker', SqlType: 'VARCHAR(4)' }, { SqlType: 'DOUBLE' }] },
      },
    ],
  });
  const application = read(file);
  application.rowtime.monitor = { port: 0 };
  writeFileSync(file, JSON.stringify(application));
  expect((await rowtime('run', file).finished).code).toBe(0);
  expect(rowsIn(path('out'), 'BIG')).toMatchObject([{ TICKER: 'AMZN', PRICE: 10.5 }]);
  expect(rowsIn(path('out'), 'ALL')).toHaveLength(2);
});

test.each([
  [
    [
      '--input',
      'kinesis',
      '--stream',
      'arn:aws:kinesis:eu-west-1:111122223333:stream/trades',
      '--output',
      'BIG=firehose:arn:aws:firehose:eu-west-1:111122223333:deliverystream/big',
    ],
    {
      Inputs: [{ KinesisStreamsInput: { ResourceARN: 'arn:aws:kinesis:eu-west-1:111122223333:stream/trades' } }],
      rowtime: {
        inputs: { TRADES: { from: 'kinesis', stream: 'arn:aws:kinesis:eu-west-1:111122223333:stream/trades' } },
        outputs: { BIG: { to: 'firehose', stream: 'arn:aws:firehose:eu-west-1:111122223333:deliverystream/big' } },
        region: 'eu-west-1',
      },
    },
    false,
  ],
  [
    ['--input', 'kinesis', '--stream', 'trades', '--region', 'eu-west-1'],
    {
      Inputs: [{ KinesisStreamsInput: { ResourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/trades' } }],
      rowtime: {
        inputs: { TRADES: { from: 'kinesis', stream: 'trades' } },
        outputs: { BIG: { to: 'files', folder: 'results' }, ALL: { to: 'files', folder: 'results' } },
      },
    },
    true,
  ],
  [
    ['--stream', 'captains-kfh', '--bucket', 'bucket', '--output', 'BIG=s3://results/big/'],
    {
      ApplicationName: 'app',
      Inputs: [{ KinesisFirehoseInput: { ResourceARN: expect.stringMatching(/:deliverystream\/captains-kfh$/) } }],
      rowtime: {
        inputs: { TRADES: { from: 'directPut', bucket: 'bucket' } },
        outputs: { BIG: { to: 's3', bucket: 's3://results/big/' } },
      },
    },
    false,
  ],
  [
    ['--input', 's3', '--bucket', 's3://landing/trades/'],
    { rowtime: { inputs: { TRADES: { from: 's3', bucket: 's3://landing/trades/' } } } },
    false,
  ],
])('--yes takes defaults for the rest: %s', async (flags, expected, needsAccount) => {
  const { path, file } = withProgram();
  const given = ['--sql', path('app.sql'), '--sample', path('trades.json'), '--yes', ...flags];
  const { code, stderr } = await rowtime('init', file, ...given).finished;
  expect({ code, account: stderr.includes('account 123456789012 stands for yours') }).toEqual({
    code: 0,
    account: needsAccount,
  });
  expect(read(file)).toMatchObject(expected);
  expect(await rowtime('check', file).finished).toMatchObject({ code: 0, stdout: '' });
});

test('without a terminal it says what is missing, and writes nothing', async () => {
  const { path, file } = withProgram();
  const { code, stderr } = await rowtime('init', file, '--sql', path('app.sql'), '--input', 'kinesis').finished;
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr:
      'rowtime: rowtime init needs --name <name>, --stream <name or ARN>, --schema <file> or --sample <file>, --output <STREAM=place>; --yes takes the defaults of those that have one\n',
  });
  expect(existsSync(file)).toBe(false);
});

test('a file that is there stays as it is without --force', async () => {
  const { path, file } = withProgram();
  writeFileSync(file, 'mine');
  const flags = ['init', file, '--sql', path('app.sql'), '--sample', path('trades.json'), '--yes'];
  const refused = await rowtime(...flags).finished;
  expect(refused).toMatchObject({ code: 3, stderr: `rowtime: ${file} is there already; --force writes over it\n` });
  expect(readFileSync(file, 'utf8')).toBe('mine');
  expect((await rowtime(...flags, '--force').finished).code).toBe(0);
  expect(read(file).ApplicationName).toBe('app');
  writeFileSync(path('application.rowtime.json'), '{}');
  const beside = await rowtime(...flags, '--force').finished;
  expect(beside.stderr).toContain('application.rowtime.json would change what');
});

test.each([
  [['--output', 'NOPE=files:out'], 3, 'output NOPE: the program has no such stream; it has TRADES_001, BIG, ALL'],
  [['--output', 'BIG=elsewhere'], 2, '--output BIG=elsewhere: expected STREAM=files:<folder>'],
  [['--output', 'BIG=files:a', '--output', 'BIG=files:b'], 2, 'BIG has a place already'],
  [['--name', 'a b'], 3, 'ApplicationName: is 1 to 128 letters'],
  [['--input', 's3', '--bucket', 'folder'], 3, 'rowtime.inputs.TRADES.bucket: is s3://bucket/prefix'],
  [['--input', 'kinesis', '--stream', 's', '--bucket', 'b'], 2, '--bucket does not go with --input kinesis'],
  [['--input', 'files', '--path', 'a', '--stream', 's'], 2, '--stream does not go with --input files'],
  [['--path', 'a'], 2, '--path does not go with --input directPut'],
  [['--input', 'sqs'], 2, 'Allowed choices are directPut, kinesis, s3, files'],
  [['--schema', 'a.json'], 2, '--schema and --sample: give one of them'],
])('a mistake is found before anything is written: %s', async (flags, code, message) => {
  const { path, file } = withProgram();
  const given = ['--sql', path('app.sql'), '--sample', path('trades.json'), '--yes', ...flags];
  const refused = await rowtime('init', file, ...given).finished;
  expect(refused.stderr).toContain(message);
  expect({ code: refused.code, written: existsSync(file) }).toEqual({ code, written: false });
});

test('a program with a mistake is shown with its place', async () => {
  const { path, file } = withProgram();
  writeFileSync(path('app.sql'), sql.replace('"price" > 10', '"prise" > 10'));
  const flags = ['--sql', path('app.sql'), '--sample', path('trades.json'), '--yes'];
  const { code, stderr } = await rowtime('init', file, ...flags).finished;
  expect({ code, written: existsSync(file) }).toEqual({ code: 2, written: false });
  expect(stderr).toContain(`${path('app.sql')}:2:`);
  expect(stderr).toContain('did you mean "price"?');
});

/** Answers the questions in turn, and keeps them. */
function answering(...answers: readonly string[]) {
  const asked: string[] = [];
  const left = [...answers];
  const ask = async (question: string, otherwise = ''): Promise<string> => {
    asked.push(otherwise === '' ? question : `${question} [${otherwise}]`);
    return left.shift() || otherwise;
  };
  return { asked, ask };
}

test('asks for what the flags do not say, and only for that', async () => {
  const { asked, ask } = answering('sql/captains.sql', '', 'kin', 'ratings', '', 'a.json b.json', '');
  expect(await askForFlags({ region: 'eu-west-1' }, ask)).toEqual({
    sql: 'sql/captains.sql',
    name: 'captains',
    input: 'kinesis',
    stream: 'ratings',
    sample: ['a.json', 'b.json'],
    region: 'eu-west-1',
  });
  expect(asked).toHaveLength(7);
  expect(asked.slice(1, 4)).toEqual([
    'Name of the application [captains]',
    'How records come (directPut, kinesis, s3, files) [directPut]',
    'The data stream, its name or ARN',
  ]);
  const few = answering('/data/*.json');
  const flags = { sql: 'a.sql', name: 'a', input: 'files', output: ['A=files:out'] } as const;
  expect(await askForFlags(flags, few.ask)).toEqual({ ...flags, path: ['/data/*.json'] });
  expect(few.asked).toEqual(['The files or globs, blanks between']);
  await expect(askForFlags({ ...flags, input: undefined as never }, answering('ftp').ask)).rejects.toThrow(
    'ftp: expected one of directPut, kinesis, s3, files',
  );
});

test('flags that are missing have names; with --yes most have a default', () => {
  expect(missingFlags({}, false)).toEqual([
    '--sql <file>',
    '--name <name>',
    '--input directPut|kinesis|s3|files',
    '--schema <file> or --sample <file>',
    '--output <STREAM=place>',
  ]);
  expect(missingFlags({}, true)).toEqual(['--sql <file>', '--schema <file> or --sample <file>']);
  expect(missingFlags({ sql: 'a', schema: 's', input: 's3' }, true)).toEqual(['--bucket s3://<bucket>/<prefix>']);
  expect(missingFlags({ sql: 'a', input: 'files', path: ['x'] }, true)).toEqual([]);
});

test('names and places', () => {
  expect(defaultName('sql/the captains.sql')).toBe('the-captains');
  expect(namePrefixOf('SELECT STREAM * FROM source_sql_stream_001')).toBe('SOURCE_SQL_STREAM');
  expect(namePrefixOf('SELECT STREAM * FROM "Trades_001"')).toBe('Trades');
  expect(namePrefixOf('SELECT STREAM * FROM t')).toBe('SOURCE_SQL_STREAM');
  expect(parseOutputs(['A=kinesis:k', 'B=lambda:f', 'a b=files:x=y'])).toEqual({
    A: { to: 'kinesis', stream: 'k' },
    B: { to: 'lambda', function: 'f' },
    'a b': { to: 'files', folder: 'x=y' },
  });
  expect(answersOf({ sql: 'a.sql', schema: 's.json' }, true, 'us-west-2')).toMatchObject({
    name: 'a',
    stream: 'a',
    region: 'us-west-2',
    outputs: null,
  });
});
