import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { popularCaptains, Ratings, ratingAnomaly, ratingJson } from '@rowtime/examples/captains';
import { startTestServer } from '@rowtime/testing';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { filesIn, rowtime, rowtimeIn, temporaryFolder } from '../rowtime.ts';
import { parseMarkup } from './parse-markup.ts';

const start = Date.UTC(2024, 0, 1);
const minutes = 12;
const perMinute = 200;

/** What the producers sent, as a delivery stream landed it: an object a minute. */
const input = new Map<string, string>();
/** What the old application delivered of each stream, as its delivery streams landed it: without ROWTIME. */
const delivered: Record<'scores' | 'anomalies', Map<string, string>> = { scores: new Map(), anomalies: new Map() };

const stamp = (time: number) => new Date(time).toISOString().slice(0, 19).replace(/[T:]/g, '-');
const key = (stream: string, time: number, uuid = '00000000-0000-0000-0000-000000000000') =>
  `${new Date(time).toISOString().slice(0, 13).replace(/[-T]/g, '/')}/${stream}-1-${stamp(time)}-${uuid}`;

function write(files: ReadonlyMap<string, string | Buffer>, folder = temporaryFolder()): string {
  for (const [name, content] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

function program(text: string, folder = temporaryFolder()): string {
  return join(write(new Map([['app.sql', text]]), folder), 'app.sql');
}

interface Found {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function mirror(...args: string[]): Promise<Found> {
  return rowtime('mirror', ...args).finished;
}

type Delivered = Record<string, unknown>;

/** The same recording with its rows changed. */
function changed(
  files: ReadonlyMap<string, string>,
  change: (row: Delivered, i: number) => readonly Delivered[],
): Map<string, string> {
  let i = 0;
  return new Map(
    [...files].map(([name, text]) => [
      name,
      JSON.parse(`[${text.replaceAll('}{', '},{')}]`)
        .flatMap((row: Delivered) => change(row, i++))
        .map((row: Delivered) => JSON.stringify(row))
        .join(''),
    ]),
  );
}

const byTime = ['--rowtime', 'column:timestamp'];

beforeAll(async () => {
  const ratings = new Ratings(3);
  for (let minute = 0; minute < minutes; minute++) {
    const time = start + minute * 60_000;
    const records = Array.from({ length: perMinute }, (_, i) =>
      ratingJson(ratings.at(minute * perMinute + i, time + (i * 60_000) / perMinute)),
    );
    input.set(key('ratings', time), records.join(''));
  }
  const folder = mkdtempSync(join(tmpdir(), 'rowtime-test-'));
  const results = join(folder, 'results');
  write(input, join(folder, 'input'));
  for (const text of [popularCaptains, ratingAnomaly]) {
    const { code, stderr } = await rowtime(
      'run',
      program(text, folder),
      '--input',
      `${folder}/input/**/*`,
      '--output',
      results,
      ...byTime,
    ).finished;
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
  for (const [stream, files] of [
    ['CAPTAIN_SCORES', delivered.scores],
    ['ORDERED_ANOMALY_STREAM', delivered.anomalies],
  ] as const) {
    for (const [name, text] of filesIn(join(results, stream))) {
      const rows = text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
      files.set(name, rows.map((row) => JSON.stringify(row)).join(''));
    }
  }
  rmSync(folder, { recursive: true });
}, 60_000);

test('what the same program delivered agrees, whatever the recording looks like, with ROWTIME and without', async () => {
  const app = program(popularCaptains);
  const withoutRowtime = changed(delivered.scores, ({ ROWTIME: _, ...row }) => [row]);
  const csv = new Map(
    [...withoutRowtime].map(([name, text]) => [
      name,
      gzipSync(
        `${JSON.parse(`[${text.replaceAll('}{', '},{')}]`)
          .map((row: Delivered) => Object.values(row).join(','))
          .join('\n')}\n`,
      ),
    ]),
  );
  for (const [recorded, flags] of [
    [write(delivered.scores), []],
    [write(withoutRowtime), []],
    [write(csv), ['--columns', 'favoritecaptain,AVERAGE_RATING,TOTAL_RATING']],
  ] as const) {
    const { code, stdout, stderr } = await mirror(
      '--recorded',
      recorded,
      '--ours',
      app,
      '--input',
      write(input),
      ...byTime,
      ...flags,
      '--json',
    );
    expect(stderr).toBe('');
    const { verdict, streams } = JSON.parse(stdout);
    expect({ code, verdict }).toEqual({ code: 0, verdict: 'agree' });
    expect(streams).toHaveLength(1);
    expect(streams[0].report).toMatchObject({ stream: 'CAPTAIN_SCORES', key: ['favoritecaptain'] });
    expect(streams[0].report.rows).toMatchObject({ recorded: minutes * 15, ours: minutes * 15, equal: minutes * 15 });
  }
}, 60_000);

test('a wrong average, a row that is missing and one that is there twice are named, with exit code 1', async () => {
  const recorded = write(
    changed(delivered.scores, (row, i) => {
      if (i === 40) return [{ ...row, AVERAGE_RATING: Number(row['AVERAGE_RATING']) + 1 }];
      return i === 70 ? [] : i === 90 ? [row, row] : [row];
    }),
  );
  const flags = ['--recorded', recorded, '--ours', program(popularCaptains), '--input', write(input), ...byTime];
  const { code, stdout } = await mirror(...flags, '--json');
  expect(code).toBe(1);
  const { report } = JSON.parse(stdout).streams[0];
  expect(report.verdict).toBe('differ');
  expect(report.rows).toMatchObject({ different: 1, onlyOurs: 1, onlyRecorded: 0, duplicatesRecorded: 1 });
  expect(report.differences.filter(({ count }: { count: number }) => count > 0)).toMatchObject([
    { column: 'AVERAGE_RATING', count: 1 },
  ]);

  const plain = await mirror(...flags);
  expect(plain.code).toBe(1);
  expect(plain.stdout).toMatch(/^CAPTAIN_SCORES: the results differ\n/);
  expect(plain.stdout).toMatch(/AVERAGE_RATING +1 +1 /);
  // Colours and progress are for terminals.
  expect(`${plain.stdout}${plain.stderr}`).not.toContain('\u001b');

  const tolerant = await mirror(...flags, '--tolerance', 'AVERAGE_RATING=1', '--json');
  expect(JSON.parse(tolerant.stdout).streams[0].report.rows).toMatchObject({ different: 0, onlyOurs: 1 });
}, 60_000);

test('an application runs over recorded input in S3, beside results in S3; its page has both programs', async () => {
  const server = await startTestServer();
  const application = join(temporaryFolder(), 'application.json');
  const columns = [
    { Name: 'favoritecaptain', SqlType: 'VARCHAR(32)', Mapping: '$.favoritecaptain' },
    { Name: 'rating', SqlType: 'INTEGER', Mapping: '$.rating' },
    { Name: 'COL_timestamp', SqlType: 'DOUBLE', Mapping: '$.timestamp' },
  ];
  writeFileSync(
    application,
    JSON.stringify({
      ApplicationDetail: {
        ApplicationName: 'captains',
        ApplicationCode: `${popularCaptains}\n${ratingAnomaly}`,
        InputDescriptions: [
          {
            NamePrefix: 'SOURCE_SQL_STREAM',
            KinesisFirehoseInputDescription: {
              ResourceARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/captains',
            },
            InputSchema: { RecordFormat: { RecordFormatType: 'JSON' }, RecordColumns: columns },
          },
        ],
      },
      rowtime: { rowtime: 'column:COL_timestamp', seed: 9 },
    }),
  );
  try {
    server.s3.createBucket('old');
    for (const [name, text] of input) server.s3.put('old', `input/${name}`, Buffer.from(text));
    for (const [name, text] of delivered.scores)
      server.s3.put('old', `results/CAPTAIN_SCORES/${name}`, Buffer.from(text));
    for (const [name, text] of delivered.anomalies)
      server.s3.put('old', `results/ORDERED_ANOMALY_STREAM/${name}`, Buffer.from(text));
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('rowtime-mirror-'));
    const html = join(temporaryFolder(), 'report.html');
    const { code, stdout, stderr } = await rowtimeIn(
      { AWS_ACCESS_KEY_ID: 'test' },
      ...['mirror', '--recorded', 's3://old/results/', '--ours', application, '--input', 's3://old/input/'],
      ...['--endpoint', server.url, '--region', 'us-east-1', '--html', html, '--json'],
    ).finished;
    expect(stderr).toBe(`the page is in ${html}\n`);
    const { verdict, streams } = JSON.parse(stdout);
    expect({ code, verdict }).toEqual({ code: 0, verdict: 'agree' });
    expect(streams.map(({ report }: { report: { stream: string } }) => report.stream)).toEqual([
      'CAPTAIN_SCORES',
      'ORDERED_ANOMALY_STREAM',
    ]);
    // Another seed than the recorded one: the scores are others, and as likely.
    expect(streams[1].report.scores).toMatchObject([{ column: 'ANOMALY_SCORE', agree: true }]);
    parseMarkup(readFileSync(html, 'utf8'));
    expect(
      readdirSync(tmpdir()).filter((name) => name.startsWith('rowtime-mirror-') && !before.includes(name)),
    ).toEqual([]);
  } finally {
    await server.close();
  }
}, 60_000);

test('forests of one seed are compared exactly, and those of two seeds are not', async () => {
  const flags = [
    '--recorded',
    write(delivered.anomalies),
    '--ours',
    program(ratingAnomaly),
    '--input',
    write(input),
    ...byTime,
    '--stream',
    'ORDERED_ANOMALY_STREAM',
  ];
  const same = await mirror(...flags, '--seeded', '--json');
  expect(same.code).toBe(0);
  expect(JSON.parse(same.stdout).streams[0].report).toMatchObject({ verdict: 'agree', scores: [] });
  expect((await mirror(...flags, '--seeded', '--seed', '1', '--json')).code).toBe(1);
}, 60_000);

test('a comparison that is stopped says nothing of the results', async () => {
  const server = await startTestServer();
  onTestFinished(() => server.close());
  server.s3.createBucket('old');
  for (let i = 0; i < 5; i++) server.s3.put('old', `${i}.json`, Buffer.from('{"k":1,"n":2}'));
  const place = 's3://old/';
  const { process, finished } = rowtimeIn(
    { AWS_ACCESS_KEY_ID: 'test' },
    ...['mirror', '--recorded', place, '--ours', place, '--endpoint', server.url, '--region', 'us-east-1', '--json'],
  );
  let isTold = false;
  server.setFaults(({ operation }) => {
    if (operation !== 'GetObject') return null;
    if (!isTold) process.kill('SIGINT');
    isTold = true;
    return { kind: 'delay', millis: 100 };
  });
  expect(await finished).toMatchObject({ code: 130, stdout: '', stderr: expect.stringMatching(/^rowtime: stopped: /) });
}, 60_000);

test('what is missing or mistaken is said, with the exit code of its kind', async () => {
  const recorded = write(delivered.scores);
  const app = program(popularCaptains);
  const empty = temporaryFolder();
  const cases: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
    [['--recorded', recorded], 2, /--ours/],
    [['--recorded', recorded, '--ours', app], 2, /needs the recorded input, --input/],
    [
      ['--recorded', recorded, '--ours', recorded, '--key', 'captain'],
      2,
      /--key captain: results has no such column on both sides; it has ROWTIME, favoritecaptain/,
    ],
    [['--recorded', recorded, '--ours', recorded, '--tolerance', 'a lot'], 2, /--tolerance a lot/],
    [['--recorded', 's3:/old', '--ours', recorded], 3, /there is no folder s3:\/old/],
    [['--recorded', join(empty, 'nothing'), '--ours', recorded], 3, /there is no folder .*nothing/],
    [['--recorded', empty, '--ours', recorded], 3, /no record is there/],
    [['--recorded', 'kinesis:old', '--ours', recorded], 2, /a stream has no end; rowtime run --mirror/],
    [['--recorded', recorded, '--ours', program('SELEKT'), '--input', write(input)], 2, /SQL_SYNTAX/],
  ];
  for (const [args, code, says] of cases) {
    const found = await mirror(...args);
    expect({ args, code: found.code, stdout: found.stdout }).toEqual({ args, code, stdout: '' });
    expect(found.stderr).toMatch(says);
  }
}, 60_000);

test('two recordings without a row in common are not said to agree', async () => {
  const later = new Map(
    [...delivered.scores].map(([name, text]) => [name, text.replaceAll('2024-01-01', '2025-01-01')]),
  );
  const { code, stdout } = await mirror('--recorded', write(delivered.scores), '--ours', write(later), '--json');
  expect(code).toBe(1);
  expect(['nothing', 'differ']).toContain(JSON.parse(stdout).verdict);
  expect(existsSync('report.html')).toBe(false);
});
