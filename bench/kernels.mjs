import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const question = 'What does a row cost in the parts of the captains program, without files?';

/** The parts, in one fresh process: see kernels.bench.mjs. */
export function run({ say }) {
  say('kernels: about ten seconds');
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'kernels.bench.mjs')], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`kernels.bench.mjs: exit ${status}\n${stderr}`);
  return JSON.parse(stdout);
}

export function print({ rows, tasks }) {
  return [
    `${rows.toLocaleString('en')} rows per pass, medians`,
    '',
    '| part | ns/row | x JSON.parse |',
    '|---|---|---|',
    ...tasks.map(
      ({ name, nsPerRow, timesBaseline }) => `| ${name} | ${nsPerRow.toFixed(1)} | ${timesBaseline.toFixed(1)} |`,
    ),
  ].join('\n');
}
