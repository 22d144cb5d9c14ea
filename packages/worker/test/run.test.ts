import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { popularCaptains, Ratings, ratingAnomaly, ratingJson } from '@rowtime/examples/captains';
import { parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { filesIn, rowsIn, rowtime, temporaryFolder } from './rowtime.ts';

// features: F191 F210

const start = Date.UTC(2024, 0, 1);

/** Ten ratings a second, from midnight on. */
function ratings(count: number): string[] {
  const source = new Ratings(3);
  return Array.from({ length: count }, (_, i) => ratingJson(source.at(i, start + i * 100)));
}

/** What the first program must give, computed the plain way. */
function expectedScores(records: readonly string[]): unknown[] {
  const minutes = new Map<number, Map<string, number[]>>();
  for (const { favoritecaptain, rating, timestamp } of records.map((record) => JSON.parse(record))) {
    const minute = Math.floor(timestamp / 60);
    const captains = minutes.get(minute) ?? new Map<string, number[]>();
    captains.set(favoritecaptain, [...(captains.get(favoritecaptain) ?? []), rating]);
    minutes.set(minute, captains);
  }
  return [...minutes].flatMap(([minute, captains]) =>
    [...captains]
      .map(([favoritecaptain, values]) => {
        const total = values.reduce((sum, value) => sum + value, 0);
        return { favoritecaptain, AVERAGE_RATING: Math.trunc(total / values.length), TOTAL_RATING: total };
      })
      .sort((a, b) => b.AVERAGE_RATING - a.AVERAGE_RATING)
      .map((row) => ({ ROWTIME: new Date((minute + 1) * 60_000).toISOString(), ...row })),
  );
}

function captainsFolder(): { readonly folder: string; readonly sql: string } {
  const folder = temporaryFolder();
  const sql = join(folder, 'app.sql');
  writeFileSync(sql, popularCaptains);
  return { folder, sql };
}

test.each([
  ['lines of JSON', (records: readonly string[]) => Buffer.from(records.join('\n'))],
  [
    'objects with nothing between them, as Firehose writes',
    (records: readonly string[]) => Buffer.from(records.join('')),
  ],
  ['gzip of lines', (records: readonly string[]) => gzipSync(records.join('\n'))],
  ['gzip of objects with nothing between them', (records: readonly string[]) => gzipSync(records.join(''))],
])('the captains program gives the averages and totals of each minute from %s', async (_, encode) => {
  const { folder, sql } = captainsFolder();
  const records = ratings(3_000);
  const input = join(folder, 'input');
  writeFileSync(input, encode(records));
  const output = join(folder, 'output');
  const result = await rowtime('run', sql, '--input', input, '--output', output, '--rowtime', 'column:timestamp')
    .finished;
  expect(result).toMatchObject({ code: 0, stdout: '' });
  // Captains with the same average stand in the order in which they first came.
  expect(rowsIn(output, 'CAPTAIN_SCORES')).toEqual(expectedScores(records));
  expect(rowsIn(output, 'error_stream')).toEqual([]);
});

test('rows come from standard input and go to standard output as JSON, a line each', async () => {
  const { sql } = captainsFolder();
  const records = ratings(700);
  const command = rowtime('run', sql, '--input', '-', '--json', '--rowtime', 'column:COL_timestamp:s');
  command.process.stdin?.end(records.join(''));
  const { code, stdout } = await command.finished;
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual(expectedScores(records).map((row) => ({ stream: 'CAPTAIN_SCORES', row })));
});

test('records that are no rows go to error_stream with reason and offset, and the others are all there', async () => {
  const { folder, sql } = captainsFolder();
  const good = ratings(200);
  const bad = [
    '{"user": "cut off", "favoritecaptain": "Han',
    '{"user": "x", "favoritecaptain": "Han Solo", "rating": "high", "timestamp": 1704067200}',
    '{"user": "x", "favoritecaptain": "Han Solo", "rating": [12], "timestamp": 1704067200}',
    `${'[{"a":'.repeat(100)}1${'}]'.repeat(100)}`,
    '\u0000\u0001 not JSON',
  ];
  const lines = good.flatMap((record, i) => (i % 40 === 20 ? [bad[Math.floor(i / 40)] ?? '', record] : [record]));
  const input = join(folder, 'input.ndjson');
  const output = join(folder, 'output');
  const text = lines.join('\n');
  writeFileSync(input, text);
  const { code } = await rowtime('run', sql, '--input', input, '--output', output, '--rowtime', 'column:timestamp')
    .finished;
  expect(code).toBe(0);
  expect(rowsIn(output, 'CAPTAIN_SCORES')).toEqual(expectedScores(good));
  const errors = rowsIn(output, 'error_stream');
  expect(errors).toHaveLength(bad.length);
  for (const [i, record] of bad.entries()) {
    expect(Buffer.from(String(errors[i]?.['DATA_ROW']), 'hex').toString()).toBe(record);
    expect(errors[i]?.['MESSAGE']).toContain(String(Buffer.from(text).indexOf(record)));
  }
});

test('a run that is killed again and again leaves the same folder, byte for byte, as one that is not', {
  timeout: 120_000,
}, async () => {
  const { folder, sql } = captainsFolder();
  writeFileSync(sql, `${popularCaptains}\n${ratingAnomaly}`);
  const records = ratings(60_000);
  const input = join(folder, 'input');
  writeFileSync(input, records.map((record, i) => (i % 5_000 === 77 ? `${record}{"rating": "bad"}` : record)).join(''));
  const args = (name: string): string[] => [
    ...['run', sql, '--input', input, '--output', join(folder, name), '--rowtime', 'column:timestamp'],
    ...['--streams', 'all', '--checkpoint', join(folder, `${name}-checkpoints`), '--checkpoint-interval', '1ms'],
    ...['--buffer-size', '0.1'],
  ];
  const unbroken = rowtime(...args('unbroken'));
  expect((await unbroken.finished).code).toBe(0);

  let kills = 0;
  for (let wait = 150; ; wait += 37) {
    const command = rowtime(...args('killed'));
    const timer = setTimeout(() => command.process.kill('SIGKILL'), wait);
    const { signal, code, stderr } = await command.finished;
    clearTimeout(timer);
    if (signal === 'SIGKILL') {
      kills++;
      continue;
    }
    expect({ code, stderr }).toMatchObject({ code: 0 });
    break;
  }
  expect(kills).toBeGreaterThan(2);
  const hashes = (name: string): [string, string][] =>
    [...filesIn(join(folder, name))].map(([path, text]) => [path, createHash('sha256').update(text).digest('hex')]);
  expect(hashes('killed')).toEqual(hashes('unbroken'));
  expect(hashes('unbroken').length).toBeGreaterThan(10);
});

test('two runs do not go on from one checkpoint at once', async () => {
  const { folder, sql } = captainsFolder();
  const checkpoints = join(folder, 'checkpoints');
  const args = ['run', sql, '--input', '-', '--output', join(folder, 'output'), '--checkpoint', checkpoints];
  const first = rowtime(...args);
  await expect.poll(() => existsSync(checkpoints) && readdirSync(checkpoints), { timeout: 10_000 }).toContain('lock-1');
  const second = await rowtime(...args).finished;
  expect(second).toMatchObject({
    code: 3,
    stderr: expect.stringContaining(`is in use by process ${first.process.pid}`),
  });
  first.process.stdin!.end(ratings(100).join(''));
  expect((await first.finished).code).toBe(0);
  expect(readdirSync(checkpoints)).not.toContain('lock-1');
});

test('APPROXIMATE_ARRIVAL_TIME is when the record arrived, whatever ROWTIME is', async () => {
  const { folder, sql } = captainsFolder();
  writeFileSync(
    sql,
    'CREATE STREAM arrivals (arrived TIMESTAMP, shard VARCHAR(8), rating INTEGER); CREATE PUMP p AS INSERT INTO arrivals SELECT STREAM APPROXIMATE_ARRIVAL_TIME, SHARD_ID, "rating" FROM "SOURCE_SQL_STREAM_001";',
  );
  const input = join(folder, 'captains-kfh-1-2024-05-06-07-08-09-0b0e4b1c-0000-4000-8000-000000000000');
  writeFileSync(input, ratings(2).join(''));
  const { code, stdout } = await rowtime('run', sql, '--input', input, '--json', '--rowtime', 'column:timestamp')
    .finished;
  expect(code).toBe(0);
  const [first] = stdout.split('\n').map((line) => line && JSON.parse(line).row);
  expect(first).toMatchObject({ ROWTIME: '2024-01-01T00:00:00.000Z', ARRIVED: '2024-05-06 07:08:09.000', SHARD: null });
});

test('a schema file is used instead of discovery', async () => {
  const { folder, sql } = captainsFolder();
  const input = join(folder, 'input');
  writeFileSync(input, '{"who": "Ahab", "stars": 5}{"who": "Ahab", "stars": 6}');
  const schema = join(folder, 'schema.json');
  const columns = [
    { Name: 'favoritecaptain', SqlType: 'VARCHAR(2)', Mapping: '$.who' },
    { Name: 'rating', SqlType: 'INTEGER', Mapping: '$.stars' },
  ];
  writeFileSync(schema, JSON.stringify({ RecordColumns: columns, RecordFormat: { RecordFormatType: 'JSON' } }));
  const { code, stdout } = await rowtime('run', sql, '--input', input, '--schema', schema, '--json').finished;
  expect(code).toBe(0);
  expect(JSON.parse(stdout).row).toMatchObject({ favoritecaptain: 'Ah', AVERAGE_RATING: 5, TOTAL_RATING: 11 });
});

test.each([
  ['no output', ['--input', 'x'], 2, '--output'],
  ['no input', [], 2, '--input'],
  [
    'an unknown policy',
    ['--input', 'INPUT', '--json', '--rowtime', 'yesterday'],
    2,
    'expected arrival, system, or column:NAME',
  ],
  [
    'a column that is not there',
    ['--input', 'INPUT', '--json', '--rowtime', 'column:time'],
    3,
    'COL_timestamp (field timestamp)',
  ],
  ['a column that is no time', ['--input', 'INPUT', '--json', '--rowtime', 'column:user'], 3, 'must be a TIMESTAMP'],
  ['a file that is not there', ['--input', 'nowhere.json', '--json'], 3, 'nowhere.json'],
  ['an unknown stream', ['--input', 'INPUT', '--json', '--streams', 'SCORES'], 2, 'CAPTAIN_SCORES'],
  ['an unknown input stream', ['--input', 'INPUT', '--json', '--stream', 'IN'], 2, 'SQL_UNKNOWN_STREAM'],
])('%s ends with an exit code and a message that says what to mend', async (_, args, code, message) => {
  const { folder, sql } = captainsFolder();
  const input = join(folder, 'input');
  writeFileSync(input, ratings(3).join(''));
  const result = await rowtime('run', sql, ...args.map((arg) => (arg === 'INPUT' ? input : arg))).finished;
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr).toContain(message);
});

test('--format writes the files as CSV or Parquet, ROWTIME first, with the same rows', async () => {
  const { folder, sql } = captainsFolder();
  const records = ratings(3_000);
  const input = join(folder, 'input');
  writeFileSync(input, records.join('\n'));
  const run = (format: string) => {
    const flags = ['--output', join(folder, format), '--format', format, '--rowtime', 'column:timestamp'];
    return rowtime('run', sql, '--input', input, ...flags).finished;
  };
  for (const format of ['json', 'csv', 'parquet']) expect(await run(format)).toMatchObject({ code: 0 });
  expect(await run('xml')).toMatchObject({ code: 2, stderr: expect.stringContaining('json, csv, parquet') });
  const expected = rowsIn(join(folder, 'json'), 'CAPTAIN_SCORES');
  expect(expected.length).toBeGreaterThan(0);

  const rows = [...filesIn(join(folder, 'csv')).values()].join('').trim().split('\n');
  expect(rows).toEqual(expected.map((row) => Object.values(row).join(',')));

  const files = [...readdirSync(join(folder, 'parquet'), { recursive: true })]
    .map(String)
    .filter((name) => name.endsWith('.parquet'));
  const read = await Promise.all(
    files
      .sort()
      .map((name) => parquetReadObjects({ file: new Uint8Array(readFileSync(join(folder, 'parquet', name))).buffer })),
  );
  const printed = read.flat().map(({ ROWTIME, ...row }) => ({ ROWTIME: (ROWTIME as Date).toISOString(), ...row }));
  expect(printed).toEqual(expected);
});
