import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { median } from './processes.mjs';

export const question = 'What does the Kinesis source add to a bare GetRecords loop against the same server?';

export function run({ rows = 60_000, rounds = 5, say }) {
  say('kinesis: about a minute');
  const file = join(import.meta.dirname, 'kinesis.bench.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, String(rows), String(rounds)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`kinesis.bench.mjs: exit ${status}\n${stderr}`);
  return JSON.parse(stdout);
}

export function print({ rows, millis }) {
  return [
    `${rows.toLocaleString('en')} records in 2 shards of kinesalite, medians of ${millis.bare.length}`,
    '',
    '| reader | ms | records/s | of the bare loop |',
    '|---|---|---|---|',
    ...Object.entries(millis).map(([name, times]) => {
      const ms = median(times);
      const share = (median(millis.bare) / ms) * 100;
      return `| ${name} | ${ms.toFixed(0)} | ${Math.round((rows / ms) * 1000).toLocaleString('en')} | ${share.toFixed(0)}% |`;
    }),
  ].join('\n');
}

/** Bar: at least 80% of the bare loop. */
export function breach({ millis }, { minRatio = 0.8 }) {
  const ratio = median(millis.bare) / median(millis.source);
  return ratio < minRatio
    ? `the source reads ${(ratio * 100).toFixed(0)}% of a bare loop, less than ${minRatio * 100}%`
    : null;
}
