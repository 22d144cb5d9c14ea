import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const question = 'What does it cost to compare two recordings, and does the memory grow with them?';

/** Each kind of rows in a fresh process, once with a tenth of the rows and once with all: see mirror.bench.mjs. */
export function run({ rows = 10_000_000, say }) {
  const file = join(import.meta.dirname, 'mirror.bench.mjs');
  const results = [];
  for (const kind of ['windows', 'windows with times', 'whole rows', 'whole rows with times']) {
    for (const count of [rows / 10, rows]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [file, kind, String(count)], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`mirror.bench.mjs: exit ${status}\n${stderr}`);
      results.push(JSON.parse(stdout));
      say(`mirror: ${kind}, ${count} rows a side: ${(results.at(-1).millis / 1000).toFixed(1)} s`);
    }
  }
  return results;
}

export function print(results) {
  return [
    '| rows | a side | CPU s | rows of both sides/s | peak RSS, MiB |',
    '|---|---|---|---|---|',
    ...results.map(({ kind, rows, millis, peakMiB }) => {
      const perSecond = Math.round(((2 * rows) / millis) * 1000).toLocaleString('en');
      return `| ${kind} | ${rows.toLocaleString('en')} | ${(millis / 1000).toFixed(1)} | ${perSecond} | ${peakMiB.toFixed(0)} |`;
    }),
  ].join('\n');
}

/** Bar: ten times the rows take no more than half as much memory again. */
export function breach(results, { maxGrowth = 1.5 }) {
  for (let i = 0; i < results.length; i += 2) {
    const growth = results[i + 1].peakMiB / results[i].peakMiB;
    if (growth > maxGrowth) return `${results[i].kind}: ${growth.toFixed(2)} times the memory for 10 times the rows`;
  }
  return null;
}
