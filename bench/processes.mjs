import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const usage = pathToFileURL(join(import.meta.dirname, 'usage.mjs')).href;

/**
 * Each variant `rounds` times, each time in a fresh process of Node: type feedback and garbage of one do not reach another.
 * A round runs all of them, every other round in reverse order, so that a slow minute of the machine is slow for all.
 *
 * A variant is `{ name, args(folder), result(folder) }`: what to give to node, and what to make of the folder it wrote to.
 */
export function runRounds(variants, rounds, say = () => {}) {
  const samples = new Map(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : [...variants].reverse()) {
      const sample = runOnce(variant);
      samples.get(variant.name).push(sample);
      say(`round ${round + 1}/${rounds}  ${variant.name}  ${sample.ms.toFixed(0)} ms`);
    }
  }
  return samples;
}

function runOnce({ name, args, result }) {
  const folder = mkdtempSync(join(tmpdir(), 'rowtime-bench-'));
  try {
    const file = join(folder, 'usage.json');
    const { status, signal, stderr } = spawnSync(process.execPath, ['--import', usage, ...args(folder)], {
      env: { ...process.env, BENCH_USAGE: file },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${name}: exit ${status ?? signal}\n${stderr}`);
    return { ...JSON.parse(readFileSync(file, 'utf8')), result: result(folder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
