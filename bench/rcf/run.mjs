#!/usr/bin/env node
// How fast is the random cut forest, next to AWS's Java library?     Needs a build (npx tsc -b packages/rcf).
// node bench/rcf/run.mjs [shape…] [--quick] [--rounds N] [--json]
//
// A process per variant; a round runs all of them one after the other, every other round in reverse order. A sample is the
// median of a process's segments, a figure the median of the rounds, a ratio the median of the ratios of each round.
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { java, runOnce } from './java.mjs';
import { dataFile, shapes } from './shapes.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, rounds: { type: 'string' }, json: { type: 'boolean' } },
});
const names = positionals.length > 0 ? positionals : Object.keys(shapes);
const unknown = names.find((name) => !Object.hasOwn(shapes, name));
if (unknown !== undefined) fail(`no shape ${unknown}; there are: ${Object.keys(shapes).join(', ')}`);
if (!existsSync(join(import.meta.dirname, '../../packages/rcf/dist/parallel/worker.js'))) {
  fail('not built yet: run npx tsc -b packages/rcf');
}

const cache = join(import.meta.dirname, '../.cache');
const say = (line) => console.error(line);
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const plan = values.quick
  ? { warmUp: 20_000, segments: 3, segment: 3_000 }
  : { warmUp: 20_000, segments: 5, segment: 10_000 };
const library = await java(cache, say);

/** Column of the table → what runs. The library knows no batches: its points one by one are the measure for ours. */
const variants = {
  'java score': { library: 'score' },
  'java attribution': { library: 'attribution' },
  'typescript batch': { engine: 'typescript', way: 'batch' },
  'typescript single': { engine: 'typescript', way: 'single' },
  'typescript attribution': { engine: 'typescript', way: 'attribution' },
  'wasm batch': { engine: 'wasm', way: 'batch' },
  'wasm single': { engine: 'wasm', way: 'single' },
  'wasm attribution': { engine: 'wasm', way: 'attribution' },
  '2 workers batch': { engine: 'parallel', way: 'batch' },
};
const columns = Object.keys(variants).filter((name) => library !== null || variants[name].library === undefined);

const found = Object.fromEntries(names.map((name) => [name, measure(name)]));
const machine = {
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0]?.model.trim(),
  cores: cpus().length,
  node: process.version,
  java: library?.jvm ?? null,
  rounds,
  ...plan,
};
const bars = library === null ? [] : judge();
if (values.json) console.log(JSON.stringify({ machine, shapes: found, bars }, null, 2));
else print();

function measure(name) {
  const samples = Object.fromEntries(columns.map((column) => [column, []]));
  for (let round = 0; round < rounds; round++) {
    for (const column of round % 2 === 0 ? columns : [...columns].reverse()) {
      const result = JSON.parse(run(name, variants[column]));
      samples[column].push({ ...result, micros: median(result.micros) });
      say(`${name}  round ${round + 1}/${rounds}  ${column}  ${median(result.micros).toFixed(1)} µs`);
    }
  }
  check(name, samples);
  return Object.fromEntries(columns.map((column) => [column, summary(samples, column)]));
}

function run(name, { library: way, engine, way: ours }) {
  const { options } = shapes[name];
  const data = dataFile(cache, name, plan.warmUp + plan.segments * plan.segment);
  const counts = [plan.warmUp, plan.segments, plan.segment];
  if (way === undefined) {
    const script = join(import.meta.dirname, 'variant.mjs');
    return runOnce(process.execPath, [script, name, data, ours, engine, ...counts.map(String)]);
  }
  const { inputDimensions, shingleSize, numberOfTrees, timeDecay, outputAfter, randomSeed } = options;
  return library.run('Bench', [
    ...[data, way, inputDimensions, shingleSize, numberOfTrees, timeDecay, outputAfter, randomSeed],
    ...counts,
  ]);
}

/** All engines must have found the same: ours to the last bit, and the library but for its logarithm. */
function check(name, samples) {
  for (const kind of ['score', 'attribution']) {
    const same = columns.filter((column) => column.endsWith('attribution') === (kind === 'attribution'));
    const sums = same.flatMap((column) => samples[column].map(({ sum }) => ({ column, sum })));
    const ours = sums.find(({ column }) => !column.startsWith('java')).sum;
    for (const { column, sum } of sums) {
      const tolerance = column.startsWith('java') ? 1e-9 * Math.abs(ours) : 0;
      if (!(Math.abs(sum - ours) <= tolerance)) throw new Error(`${name}, ${column}: sum ${sum} instead of ${ours}`);
    }
  }
}

function summary(samples, column) {
  const peer = samples[column.endsWith('attribution') ? 'java attribution' : 'java score'];
  const ratio = (of) =>
    peer === undefined ? null : median(samples[column].map((sample, i) => of(peer[i]) / of(sample)));
  return {
    micros: median(samples[column].map(({ micros }) => micros)),
    ratio: ratio(({ micros }) => micros),
    coldMillis: median(samples[column].map(({ coldMillis }) => coldMillis)),
    coldRatio: ratio(({ coldMillis }) => coldMillis),
  };
}

/** Issue 3, "Fast". */
function judge() {
  const bars = [
    ['TypeScript, batches, 1 to 2 dimensions', 'typescript batch', 'ratio', 2.5, (d) => d <= 2],
    ['TypeScript, batches, 8 to 32 dimensions', 'typescript batch', 'ratio', 1.1, (d) => d >= 8],
    ['WebAssembly, batches, 1 dimension', 'wasm batch', 'ratio', 4, (d) => d === 1],
    ['WebAssembly, batches, more dimensions', 'wasm batch', 'ratio', 3, (d) => d > 1],
    ['WebAssembly, two threads, batches', '2 workers batch', 'ratio', 6, () => true],
    ['WebAssembly, single points', 'wasm single', 'ratio', 2, () => true],
    ['WebAssembly, attribution and update', 'wasm attribution', 'ratio', 2, () => true],
    [`WebAssembly, first ${plan.warmUp} points, cold`, 'wasm batch', 'coldRatio', 5, () => true],
  ];
  return bars.flatMap(([title, column, figure, bar, applies]) => {
    const ratios = names.filter((name) => applies(shapes[name].dimensions)).map((name) => found[name][column][figure]);
    return ratios.length === 0 ? [] : [{ title, bar, least: Math.min(...ratios), met: Math.min(...ratios) >= bar }];
  });
}

function print() {
  const { date, cpu, cores, node } = machine;
  console.log(`${date}, ${cores} x ${cpu}, Node ${node}, Java ${machine.java ?? 'none'}, ${rounds} rounds\n`);
  console.log('Microseconds per point (times as fast as the library)\n');
  table(columns, (cell) => figure(cell.micros, 1, cell.ratio));
  console.log(`\nMilliseconds for the first ${plan.warmUp} points of a process (times as fast as the library)\n`);
  const cold = columns.filter((column) => /score|batch/.test(column));
  table(cold, (cell) => figure(cell.coldMillis, 0, cell.coldRatio));
  if (bars.length === 0) return;
  console.log('\n| bar | at least | found, least |     |\n| --- | --- | --- | --- |');
  for (const { title, bar, least, met } of bars) {
    console.log(`| ${title} | ${bar}x | ${least.toFixed(2)}x | ${met ? 'met' : 'missed'} |`);
  }
}

function table(columns, show) {
  console.log(`| | ${columns.join(' | ')} |\n| --- |${' --- |'.repeat(columns.length)}`);
  for (const name of names) {
    console.log(`| ${shapes[name].title} | ${columns.map((column) => show(found[name][column])).join(' | ')} |`);
  }
}

function figure(value, digits, ratio) {
  const text = value.toFixed(digits);
  return ratio === null || ratio === 1 ? text : `${text} (${ratio.toFixed(2)})`;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
