// Are scores and attributions, in all bits, those of AWS's Java library? Forests and data at random, both engines.
// node bench/rcf/exact.mjs [--forests N] [--rows N] [--seed N]      Needs a build (npx tsc -b packages/rcf) and a JVM.
//
// The library runs with the logarithm of Java's StrictMath, which is also V8's: the JVM's own differs in the last bit.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomCutForest } from '@rowtime/rcf';
import { java } from './java.mjs';

const { values } = parseArgs({
  options: {
    forests: { type: 'string', default: '100' },
    rows: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
  },
});
const rows = Number(values.rows);
const attributedEvery = 7;
process.env.JDK_JAVA_OPTIONS = '-XX:+UnlockDiagnosticVMOptions -XX:DisableIntrinsic=_dlog';
const library = await java(join(import.meta.dirname, '../.cache'), (line) => console.error(line));
if (library === null) {
  console.error('nothing to compare with');
  process.exit(2);
}

// What columns are like, row by row.
const kinds = {
  gaussian: () => gaussian(),
  clusters: () => pick([0, 5]) + gaussian(),
  'few integers': () => between(0, 4),
  'some integers': () => between(-500, 500),
  'an anomaly in a hundred': () => (random() < 0.01 ? 1e6 : 1) * gaussian(),
  'a noisy sine': (row) => 50 * Math.sin(row / 15) + 5 * gaussian(),
  'a walk of steps': (row) => Math.trunc(row / 100) + between(0, 1),
  large: () => 1e12 * gaussian(),
  'large and close': () => 1e12 + 1e5 * between(0, 9),
  denormal: () => between(-20, 20) * 1.4e-45,
  'of all sizes': () => gaussian() * 10 ** between(-44, 30),
  'zeros of both signs': () => pick([0, -0, 1, -1]),
  constant: () => 42.1,
  mixed: () => gaussian(),
};

const scratch = mkdtempSync(join(tmpdir(), 'rowtime-rcf-'));
const random = generator(Number(values.seed));
const engines = ['typescript', 'wasm'];
let compared = 0;
let different = 0;
let refused = 0;
for (let forest = 1; forest <= Number(values.forests); forest++) {
  const { options, kind, points } = draw();
  const title = `forest ${forest}: ${kind}, ${JSON.stringify(options)}`;
  let answers;
  try {
    answers = theirs(points, options);
  } catch (error) {
    refused++;
    console.log(`${title}: the library fails: ${/Exception.*/.exec(error.message)?.[0] ?? error.message}`);
    continue;
  }
  for (const engine of engines) {
    const found = ours(points, { ...options, engine });
    compared += found.length;
    const at = found.findIndex((value, i) => !Object.is(value, answers[i]));
    const wrong = found.reduce((count, value, i) => count + (Object.is(value, answers[i]) ? 0 : 1), 0);
    different += wrong;
    if (wrong > 0) {
      console.log(
        `${title}, ${engine}: ${wrong} of ${found.length} differ, first number ${at}: ${found[at]}, ${answers[at]}`,
      );
    }
  }
}
rmSync(scratch, { recursive: true });
console.log(
  `${values.forests} forests (${refused} that the library fails on), ${rows} rows each, both engines: ` +
    `${different} of ${compared} numbers differ from Java ${library.jvm}`,
);
process.exit(different > 0 ? 1 : 0);

function ours(points, options) {
  const forest = new RandomCutForest(options);
  const length = forest.pointLength;
  const found = [];
  for (let row = 0; row < points.length / length; row++) {
    const point = points.subarray(row * length, (row + 1) * length);
    const { high, low } = row % attributedEvery === 0 ? forest.attribution(point) : { high: [], low: [] };
    found.push(forest.process(point), ...high, ...low);
  }
  // Batches are another way through the engine.
  const batches = new RandomCutForest(options).processBatch(points);
  let at = 0;
  for (let row = 0; row < batches.length; row++) {
    if (!Object.is(found[at], batches[row])) found[at] = Number.NaN;
    at += 1 + (row % attributedEvery === 0 ? 2 * options.inputDimensions * options.shingleSize : 0);
  }
  return found;
}

function theirs(points, options) {
  const data = join(scratch, 'points');
  const out = join(scratch, 'answers');
  writeFileSync(data, points);
  const { inputDimensions, shingleSize, internalShingling, numberOfTrees, sampleSize, timeDecay } = options;
  const { outputAfter, initialAcceptFraction, randomSeed } = options;
  library.run('Exact', [
    ...[data, out, attributedEvery, inputDimensions, shingleSize, internalShingling, numberOfTrees, sampleSize],
    ...[timeDecay, outputAfter, initialAcceptFraction, randomSeed],
  ]);
  const bytes = readFileSync(out);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function draw() {
  const options = {
    inputDimensions: pick([1, 1, 2, 2, 3, 4, 5, 8, between(6, 30), 30]),
    shingleSize: pick([1, 1, 2, 3, 4, between(5, 8)]),
    internalShingling: random() < 0.6,
    numberOfTrees: pick([1, 2, 7, 30, 50, 100, between(3, 200)]),
    sampleSize: pick([16, 17, 32, 100, 256, between(18, 512)]),
    timeDecay: pick([0, 1e-5, 1e-4, 1 / 2560, 0.01, 0.09, 0.3]),
    outputAfter: pick([1, 2, 64, 256, 700]),
    initialAcceptFraction: pick([0.125, 0.5, 1, 1]),
    randomSeed: between(-(2 ** 52), 2 ** 52),
  };
  const kind = pick(Object.keys(kinds));
  const columns = options.inputDimensions * (options.internalShingling ? 1 : options.shingleSize);
  // Each column of `mixed` is of a kind of its own; the kinds of the others are the same for all.
  const of = Array.from({ length: columns }, () => kinds[kind === 'mixed' ? pick(Object.keys(kinds)) : kind]);
  const points = new Float64Array(rows * columns);
  for (let i = 0; i < points.length; i++) points[i] = of[i % columns](Math.trunc(i / columns));
  return { options, kind, points };
}

function pick(list) {
  return list[Math.floor(random() * list.length)];
}

function between(from, to) {
  return from + Math.floor(random() * (to - from + 1));
}

function gaussian() {
  return Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
}

/** Numbers in [0, 1), the same from the same seed (Weyl sequence, mixed). */
function generator(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let bits = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
}
