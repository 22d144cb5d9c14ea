import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Row } from '@rowtime/mirror';
import { startTestServer } from '@rowtime/testing';
import { expect, test } from 'vitest';
import { align, type ColumnFlags, parseTolerance } from '../../src/mirror/align.ts';
import { placeOf, type S3Connection, streamsAt } from '../../src/mirror/place.ts';
import { readRows, recordedValue } from '../../src/mirror/read-rows.ts';
import { findRecording, type Recording } from '../../src/mirror/recording.ts';
import { pairsOf } from '../../src/mirror/streams.ts';
import { temporaryFolder } from '../rowtime.ts';

const none: ColumnFlags = {
  key: null,
  time: null,
  windowMillis: null,
  scores: null,
  seeded: false,
  ignored: [],
  tolerances: [],
};

/** Four rows, as two objects hold them, in the order in which they were delivered. */
const objects = [
  ['{"name":"Han Solo","mean":499.50,"total":9007199254740993}', '{"name":"Ann, \\"A\\"","mean":null,"total":1}'],
  ['{"name":"Zoë","mean":1e3,"total":2}', '{"name":"0042","mean":0.1000000000000000055,"total":-3}'],
];
const rows: Row[] = [
  ['Han Solo', 499.5, '9007199254740993'],
  ['Ann, "A"', null, 1],
  ['Zoë', 1000, 2],
  ['0042', '0.1000000000000000055', -3],
];
const csv = [
  ['Han Solo,499.50,9007199254740993', '"Ann, ""A""",,1'],
  ['Zoë,1e3,2', '0042,0.1000000000000000055,-3'],
];
const header = 'name,mean,total';
const lines = (records: readonly string[]) => `${records.join('\n')}\n`;

/** The first object in time has the last name. */
const names = [
  'SCORES-1-2024-01-01-05-59-58-ffffffff-0000-0000-0000-000000000000',
  'SCORES-1-2024-01-01-06-01-00-00000000-0000-0000-0000-000000000000',
];
const hours = ['2024/01/01/05/', '2024/01/01/06/'];

const formats: readonly (readonly [
  name: string,
  contents: readonly (string | Buffer)[],
  names: readonly string[] | null,
])[] = [
  ['lines of JSON', objects.map(lines), null],
  ['JSON without delimiters', objects.map((records) => records.join('')), null],
  ['gzip', objects.map((records) => gzipSync(records.join(''))), null],
  ['CSV with a header in each object', csv.map((records) => lines([header, ...records])), null],
  ['CSV with names given', csv.map(lines), header.split(',')],
];

function write(folder: string, files: Readonly<Record<string, string | Buffer>>): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return folder;
}

async function rowsOf(recording: Recording, columns?: Parameters<typeof readRows>[1]['columns']) {
  const rejected: string[] = [];
  const reader = await readRows(recording, {
    columns: columns ?? align('S', recording, recording, none).recorded,
    onRejected: (message, count) => rejected.push(`${count}: ${message}`),
    now: Date.now,
    follow: false,
  });
  await reader.open();
  const read: Row[] = [];
  for (
    let batch = await reader.next(new AbortController().signal);
    batch;
    batch = await reader.next(new AbortController().signal)
  ) {
    read.push(...batch.rows);
  }
  await reader.close();
  return { read, rejected };
}

test.each(formats)(
  '%s gives the rows in the order of time, every digit kept, from a folder and from S3',
  async (_, contents, given) => {
    const folder = temporaryFolder();
    const keys = names.map((name, i) => hours[i] + name);
    // Copied in another order than delivered.
    write(folder, { [keys[1]!]: contents[1]!, [keys[0]!]: contents[0]! });
    const recording = await findRecording(placeOf(folder, {}), given);
    expect(recording.columns.map(({ name }) => name)).toEqual(['name', 'mean', 'total']);
    const { read, rejected } = await rowsOf(recording);
    expect(read).toEqual(rows);
    expect(rejected).toEqual([]);

    const server = await startTestServer();
    try {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
      server.s3.createBucket('results');
      for (const [i, key] of keys.entries()) server.s3.put('results', `scores/${key}`, Buffer.from(contents[i]!));
      const s3: S3Connection = { region: 'us-east-1', endpoint: server.url, forcePathStyle: true };
      const same = await findRecording(placeOf('s3://results/scores/', s3), given);
      expect((await rowsOf(same)).read).toEqual(rows);
    } finally {
      await server.close();
    }
  },
);

test('objects without a time in their names are read by the hour they lie under, whenever they were copied', async () => {
  const folder = write(temporaryFolder(), {
    '2024/01/01/06/a': lines(objects[1]!),
    '2024/01/01/05/b': lines(objects[0]!),
  });
  utimesSync(join(folder, '2024/01/01/05/b'), new Date(), new Date(Date.now() + 60_000));
  const { read } = await rowsOf(await findRecording(placeOf(folder, {}), null));
  expect(read).toEqual(rows);
});

test('records that are no rows are counted, and the others are read', async () => {
  const folder = write(temporaryFolder(), { '2024/01/01/05/a': lines([...objects[0]!, '{"name": oops}']) });
  const { read, rejected } = await rowsOf(await findRecording(placeOf(folder, {}), null));
  expect(read).toEqual(rows.slice(0, 2));
  expect(rejected).toEqual([expect.stringMatching(/^1: /)]);
});

test.each([
  ['478.0', 478],
  ['1e3', 1000],
  ['-0', 0],
  ['2.052879381690998', 2.052879381690998],
  ['9007199254740993', '9007199254740993'],
  ['123456789012345.6789', '123456789012345.6789'],
  ['0.1000', 0.1],
  ['1e-400', '1e-400'],
  ['1e999', '1e999'],
  ['007', '007'],
  ['', ''],
  ['12 ', '12 '],
  ['true', 'true'],
])('%s is read as %o', (text, value) => {
  expect(recordedValue(text)).toBe(value);
});

const record = (name: string) => `${JSON.stringify({ name })}\n`;

test('a place with a folder for each stream has streams; one that begins with the year is a stream', async () => {
  const folder = write(temporaryFolder(), {
    'A/2024/01/01/05/a': record('a'),
    'B/2024/01/01/05/b': record('b'),
    'error_stream/2024/01/01/05/e': record('e'),
  });
  expect(await streamsAt(placeOf(folder, {}))).toEqual(['A', 'B', 'error_stream']);
  expect(await streamsAt(placeOf(join(folder, 'A'), {}))).toBeNull();

  const server = await startTestServer();
  try {
    server.s3.createBucket('results');
    for (const key of ['x/A/2024/01/01/05/a', 'x/A/2024/01/01/05/b', 'x/B/2024/01/01/05/a', 'y/2024/01/01/05/a'])
      server.s3.put('results', key, Buffer.from(record('a')));
    const s3: S3Connection = { region: 'us-east-1', endpoint: server.url, forcePathStyle: true };
    expect(await streamsAt(placeOf('s3://results/x', s3))).toEqual(['A', 'B']);
    expect(await streamsAt(placeOf('s3://results/x/', s3))).toEqual(['A', 'B']);
    expect(await streamsAt(placeOf('s3://results/y/', s3))).toBeNull();
    expect((await rowsOf(await findRecording(placeOf('s3://results/x', s3).below('B'), null))).read).toEqual([['a']]);
  } finally {
    await server.close();
  }
});

test('streams are paired by name; one alone by the other; what one side alone has is said', async () => {
  const one = write(temporaryFolder(), { '2024/01/01/05/a': record('a') });
  const two = write(temporaryFolder(), { 'A/2024/01/01/05/a': record('a'), 'B/2024/01/01/05/b': record('b') });
  const three = write(temporaryFolder(), { 'B/2024/01/01/05/a': record('a'), 'C/2024/01/01/05/b': record('b') });
  const [single, several, others] = [one, two, three].map((folder) => placeOf(folder, {}));
  const found = async (...args: Parameters<typeof pairsOf>) => {
    const { pairs, notices } = await pairsOf(...args);
    return { pairs: pairs.map(({ stream, recorded, ours }) => [stream, recorded.name, ours.name]), notices };
  };
  expect(await found(single!, several!, 'B')).toEqual({ pairs: [['B', one, join(two, 'B')]], notices: [] });
  expect(await found(several!, others!, null)).toEqual({
    pairs: [['B', join(two, 'B'), join(three, 'B')]],
    notices: [
      'only the recorded side has the stream A: it is not compared',
      'only our side has the stream C: it is not compared',
    ],
  });
  await expect(pairsOf(single!, several!, null)).rejects.toThrow(/--stream says which, of A, B/);
  await expect(pairsOf(several!, single!, 'C')).rejects.toThrow(/has no stream C; it has A, B/);
});

/** A recording of these columns, as discovery would find it. */
function recording(
  columns: Readonly<Record<string, 'varchar' | 'double' | 'timestamp'>>,
  csvHeader?: boolean,
): Recording {
  const isCsv = csvHeader !== undefined;
  return {
    place: placeOf('somewhere', {}),
    columns: Object.entries(columns).map(([name, kind]) => ({
      name,
      type: kind === 'varchar' ? { kind, length: null } : { kind },
      mapping: isCsv ? '' : `$.${name}`,
    })),
    csv: isCsv ? { format: {}, hasHeader: csvHeader } : null,
    isNameless: csvHeader === false,
  };
}

test('columns are matched by name; ROWTIME of one side alone is left out; another one is NULL on the other side', () => {
  const { settings, recorded, ours, notices } = align(
    'S',
    recording({ b: 'double', a: 'varchar', old: 'double' }),
    recording({ ROWTIME: 'timestamp', a: 'varchar', b: 'double', fresh: 'double' }),
    none,
  );
  expect(settings.columns).toEqual(['b', 'a', 'old', 'fresh']);
  expect(settings.time).toBeUndefined();
  expect(recorded.map(({ mapping }) => mapping)).toEqual(['$.b', '$.a', '$.old', '$.fresh']);
  expect(ours.map(({ mapping }) => mapping)).toEqual(['$.b', '$.a', '$.old', '$.fresh']);
  expect(notices).toEqual([
    'only one side has ROWTIME: it is not compared',
    'only the recorded side has the column old: on the other it is NULL (--ignore old leaves it out)',
    'only our side has the column fresh: on the other it is NULL (--ignore fresh leaves it out)',
  ]);
});

test('CSV without a header has the names of the other side, in order, with or without ROWTIME', () => {
  const json = recording({ ROWTIME: 'timestamp', a: 'varchar', b: 'double' });
  const plain = align('S', recording({ COL_0: 'varchar', COL_1: 'double' }, false), json, none);
  expect(plain.settings.columns).toEqual(['a', 'b']);
  expect(plain.recorded.map(({ index }) => index)).toEqual([0, 1]);
  const timed = align('S', recording({ COL_0: 'timestamp', COL_1: 'varchar', COL_2: 'double' }, false), json, none);
  expect(timed.settings).toMatchObject({ columns: ['ROWTIME', 'a', 'b'], time: 'ROWTIME' });
  const ours = align(
    'S',
    recording({ a: 'varchar', b: 'double' }),
    recording({ x: 'timestamp', y: 'varchar', z: 'double' }, false),
    none,
  );
  expect(ours.ours.map(({ index }) => index)).toEqual([1, 2]);
  expect(() => align('S', recording({ COL_0: 'varchar' }, false), json, none)).toThrow(/--columns/);
});

test('the only column with times is the time; of two, none is; ROWTIME comes before all', () => {
  const time = (columns: Parameters<typeof recording>[0]) =>
    align('S', recording(columns), recording(columns), none).settings.time;
  expect(time({ a: 'varchar', minute: 'timestamp' })).toBe('minute');
  expect(time({ from: 'timestamp', to: 'timestamp' })).toBeUndefined();
  expect(time({ from: 'timestamp', ROWTIME: 'timestamp' })).toBe('ROWTIME');
});

test('flags say what a column is and what counts as equal; a column that is not there is a mistake', () => {
  const side = recording({ ROWTIME: 'timestamp', k: 'varchar', x: 'double', y: 'double', ANOMALY_SCORE: 'double' });
  const flags = { ...none, key: ['k'], ignored: ['y'], tolerances: ['1%', 'x=0.5', 'x=4ulp'].map(parseTolerance) };
  expect(align('S', side, side, flags).settings).toMatchObject({
    key: ['k'],
    scores: ['ANOMALY_SCORE'],
    compare: { x: { absolute: 0.5, ulps: 4 }, y: { relative: 0.01, role: 'ignored' } },
  });
  expect(align('S', side, side, { ...flags, seeded: true }).settings.compare).toHaveProperty('ANOMALY_SCORE');
  expect(() => align('S', side, side, { ...flags, ignored: ['z'] })).toThrow(/--ignore z: S has no such column/);
  expect(() => parseTolerance('x=much')).toThrow(/--tolerance x=much/);
});
