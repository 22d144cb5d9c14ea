import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, runRounds } from './processes.mjs';

export const question = 'How many small rows a second do the Firehose and S3 sinks put on the wire, on one core?';

const rowsDefault = 500_000;
const barFirehose = 100_000;
const barS3 = 1_000_000;

/** The sink in a process of its own, the server in another; `bare` sends the same calls from bytes made before, so that what
 *  is left is the SDK and the server: the most that a sink can reach. */
const variants = [
  { name: 'firehose, a row a record', bar: barFirehose },
  { name: 'firehose, the bare client', bar: null },
  { name: 'firehose, lines', bar: barFirehose },
  { name: 's3, lines of JSON', bar: barS3 },
  { name: 's3, gzip', bar: null },
];

export function run({ rows = rowsDefault, rounds = 3, say }) {
  const script = join(import.meta.dirname, 'wire.bench.mjs');
  const samples = runRounds(
    variants.map(({ name }) => ({
      name,
      args: (folder) => [script, name, String(rows), folder],
      result: (folder) => JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')),
    })),
    rounds,
    say,
  );
  const tasks = variants.map(({ name, bar }) => {
    const results = samples.get(name).map(({ result }) => result);
    return {
      name,
      bar,
      rowsPerSecond: Math.round(median(results.map(({ ms }) => (rows * 1_000) / ms))),
      rowsPerCpuSecond: Math.round(median(results.map(({ cpuMs }) => (rows * 1_000) / cpuMs))),
    };
  });
  return { rows, tasks };
}

export function print({ rows, tasks }) {
  const number = (n) => n.toLocaleString('en');
  return [
    `${number(rows)} rows of three columns, medians; the server has a process of its own`,
    '',
    '| sink | rows/s | rows per second of its own CPU | bar |',
    '|---|---|---|---|',
    ...tasks.map(
      ({ name, rowsPerSecond, rowsPerCpuSecond, bar }) =>
        `| ${name} | ${number(rowsPerSecond)} | ${number(rowsPerCpuSecond)} | ${bar === null ? '' : number(bar)} |`,
    ),
  ].join('\n');
}
