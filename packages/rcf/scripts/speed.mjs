// Microseconds per point. node packages/rcf/scripts/speed.mjs        Needs a build (npx tsc -b packages/rcf).
//
// One process per cell, because type feedback leaks: 20,000 points to warm up, then the median of five times 10,000.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RandomCutForest } from '../dist/index.js';

const kinesis = { numberOfTrees: 100, timeDecay: 1e-5, outputAfter: 256 };
const shapes = {
  '1 column, Kinesis defaults': { inputDimensions: 1, ...kinesis },
  '1 column': { inputDimensions: 1, numberOfTrees: 100 },
  '2 columns': { inputDimensions: 2, numberOfTrees: 100 },
  '1 column, shingle 8': { inputDimensions: 1, shingleSize: 8, internalShingling: true, numberOfTrees: 100 },
  '32 columns, 50 trees': { inputDimensions: 32, numberOfTrees: 50 },
};
const ways = ['processBatch', 'process', 'attribution + update'];

const [shape, way] = process.argv.slice(2);
if (shape === undefined) {
  console.log(`node ${process.version}, microseconds per point; 100 trees unless said, 256 samples, batches of 256`);
  console.log(['', ...ways].map((cell) => cell.padEnd(28)).join(''));
  for (const name of Object.keys(shapes)) {
    const cells = ways.map((kind) =>
      execFileSync(process.execPath, [fileURLToPath(import.meta.url), name, kind], { encoding: 'utf8' }),
    );
    console.log([name, ...cells].map((cell) => cell.trim().padEnd(28)).join(''));
  }
} else {
  console.log(measure(shapes[shape], way).toFixed(1));
}

function measure(options, way) {
  const forest = new RandomCutForest({ ...options, randomSeed: 7 });
  const columns = forest.pointLength;
  const points = gaussians(70_000 * columns, columns);
  const scores = new Float64Array(256);
  const point = new Float64Array(columns);
  const run = (from, to) => {
    if (way === 'processBatch') {
      for (let row = from; row < to; row += 256) {
        forest.processBatch(points.subarray(row * columns, Math.min(to, row + 256) * columns), scores);
      }
      return;
    }
    for (let row = from; row < to; row++) {
      for (let i = 0; i < columns; i++) point[i] = points[row * columns + i];
      if (way === 'process') forest.process(point);
      else {
        forest.attribution(point);
        forest.update(point);
      }
    }
  };
  run(0, 20_000);
  const micros = [];
  for (let from = 20_000; from < 70_000; from += 10_000) {
    const start = performance.now();
    run(from, from + 10_000);
    micros.push((performance.now() - start) / 10);
  }
  return micros.sort((a, b) => a - b)[2];
}

/** Two clusters, five deviations apart; seeded (xorshift32, Box and Muller). */
function gaussians(count, columns) {
  let state = 12345;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const values = new Float64Array(count);
  let centre = 0;
  for (let i = 0; i < count; i++) {
    if (i % columns === 0) centre = uniform() < 0.5 ? 0 : 5;
    values[i] = centre + Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
  }
  return values;
}
