import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { median, runRounds } from './processes.mjs';
import { ratings } from './w1/data.mjs';

export const question = 'How fast is the captains program, from a file of JSON lines to a file of results?';

const cli = join(import.meta.dirname, '../packages/worker/dist/cli.js');
const sql = join(import.meta.dirname, '../packages/examples/captains/popular-captains.sql');

/** Average and total rating per captain and minute, ordered by minute and average: rowtime, plain Node (chunks
 *  split; readline), RxJS. Ratios are to plain Node on chunks, the faster of the two. */
export function run({ rows = 5_000_000, rounds = 5, cache, say }) {
  const fewer = Math.ceil(rows / 4);
  say(`making ${count(rows)} and ${count(fewer)} rows`);
  const input = ratings(cache, rows);
  const smaller = ratings(cache, fewer);
  warm(smaller); // both files in the page cache before anything is measured
  warm(input);

  const variants = [rowtime(input), peer('naive', input), peer('readline', input), peer('rxjs', input)];
  const samples = runRounds(variants, rounds, say);
  const checksum = sameResult(samples);
  const quarter = runRounds([rowtime(smaller)], rounds, say).get('rowtime');

  const naive = samples.get('naive');
  return {
    rows,
    rounds,
    checksum,
    variants: Array.from(samples, ([name, all]) => ({
      name,
      ms: median(all.map(({ ms }) => ms)),
      msMin: Math.min(...all.map(({ ms }) => ms)),
      msMax: Math.max(...all.map(({ ms }) => ms)),
      rowsPerSecond: rows / (median(all.map(({ ms }) => ms)) / 1000),
      cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
      rssMiB: median(all.map(({ rssKiB }) => rssKiB)) / 1024,
      // Of each round, then the median: a slow minute of the machine falls out.
      timesNaive: median(all.map(({ ms }, round) => naive[round].ms / ms)),
    })),
    memory: {
      rows: fewer,
      rssMiB: median(quarter.map(({ rssKiB }) => rssKiB)) / 1024,
      growth: median(samples.get('rowtime').map(({ rssKiB }) => rssKiB)) / median(quarter.map(({ rssKiB }) => rssKiB)),
    },
  };
}

export function print({ rows, rounds, checksum, variants, memory }) {
  const lines = [
    `W1: ${count(rows)} rows, ${rounds} rounds, process start to exit, medians; results equal (${checksum.slice(0, 12)})`,
    '',
    '| variant | M rows/s | ms (min..max) | CPU s | peak RSS MiB | x naive |',
    '|---|---|---|---|---|---|',
    ...variants.map(
      ({ name, ms, msMin, msMax, rowsPerSecond, cpuMs, rssMiB, timesNaive }) =>
        `| ${name} | ${(rowsPerSecond / 1e6).toFixed(2)} | ${ms.toFixed(0)} (${msMin.toFixed(0)}..${msMax.toFixed(0)}) | ${(cpuMs / 1000).toFixed(2)} | ${rssMiB.toFixed(0)} | ${timesNaive.toFixed(2)} |`,
    ),
    '',
    `memory: a quarter of the rows takes rowtime ${memory.rssMiB.toFixed(0)} MiB; the peak grows ${memory.growth.toFixed(2)} times with 4 times the rows`,
  ];
  return lines.join('\n');
}

/** What `--min-ratio` and `--max-growth` ask: the first that does not hold, or null. */
export function breach({ variants, memory }, { minRatio, maxGrowth }) {
  const { timesNaive } = variants.find(({ name }) => name === 'rowtime');
  if (minRatio !== undefined && timesNaive < minRatio) {
    return `rowtime is ${timesNaive.toFixed(2)} times the naive peer, less than ${minRatio}`;
  }
  if (maxGrowth !== undefined && memory.growth > maxGrowth) {
    return `peak RSS grows ${memory.growth.toFixed(2)} times with 4 times the rows, more than ${maxGrowth}`;
  }
  return null;
}

function rowtime(input) {
  return {
    name: 'rowtime',
    args: (folder) => [
      cli,
      'run',
      sql,
      '--input',
      input,
      '--output',
      join(folder, 'out'),
      '--rowtime',
      'column:timestamp',
    ],
    result: (folder) => checksumOf(join(folder, 'out', 'CAPTAIN_SCORES')),
  };
}

function peer(name, input) {
  return {
    name,
    args: (folder) => [join(import.meta.dirname, `w1/${name}.mjs`), input, join(folder, 'out.ndjson')],
    result: (folder) => checksumOf(join(folder, 'out.ndjson')),
  };
}

/** Over window, captain, average and total of each row. The order is checked too; between equal averages it is free. */
function checksumOf(path) {
  const lines = textOf(path)
    .split('\n')
    .filter((line) => line !== '');
  const rows = lines.map((line) => JSON.parse(line));
  rows.forEach((row, i) => {
    const before = rows[i - 1];
    const inOrder = i === 0 || before.ROWTIME < row.ROWTIME || before.AVERAGE_RATING >= row.AVERAGE_RATING;
    if (!inOrder || before?.ROWTIME > row.ROWTIME) throw new Error(`${path}: out of order at row ${i}: ${lines[i]}`);
  });
  const values = rows.map((row) => [row.ROWTIME, row.favoritecaptain, row.AVERAGE_RATING, row.TOTAL_RATING].join('|'));
  return { rows: rows.length, sha256: createHash('sha256').update(values.sort().join('\n')).digest('hex') };
}

function warm(file) {
  const buffer = Buffer.allocUnsafe(1 << 20);
  const fd = openSync(file, 'r');
  while (readSync(fd, buffer) > 0);
  closeSync(fd);
}

function textOf(path) {
  if (statSync(path).isFile()) return readFileSync(path, 'utf8');
  const files = readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return files
    .sort()
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
}

function sameResult(samples) {
  const [first, ...rest] = Array.from(samples, ([name, all]) => all.map(({ result }) => ({ name, ...result }))).flat();
  const other = rest.find(({ sha256 }) => sha256 !== first.sha256);
  if (other) {
    throw new Error(
      `the results differ: ${first.name} has ${first.rows} rows (${first.sha256}), ${other.name} ${other.rows} (${other.sha256})`,
    );
  }
  if (first.rows === 0) throw new Error('there are no results');
  return first.sha256;
}

function count(rows) {
  return rows.toLocaleString('en');
}
