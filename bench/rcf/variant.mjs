// One engine, one way, one shape, in a process of its own: prints what Bench.java prints for the library.
// node variant.mjs SHAPE DATA WAY ENGINE WARM_UP SEGMENTS SEGMENT      WAY: batch, single, attribution
//                                                                     ENGINE: typescript, wasm, parallel
import { readFileSync } from 'node:fs';
import { RandomCutForest } from '@rowtime/rcf';
import { shapes } from './shapes.mjs';

const [shape, data, way, engine, ...counts] = process.argv.slice(2);
const [warmUp, segments, segment] = counts.map(Number);
const { options } = shapes[shape];
const bytes = readFileSync(data);
const points = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const { ParallelForest } = engine === 'parallel' ? await import('@rowtime/rcf/parallel') : {};

const begin = performance.now();
const forest =
  engine === 'parallel' ? new ParallelForest({ ...options, workers: 2 }) : new RandomCutForest({ ...options, engine });
const columns = forest.pointLength;
const point = new Float64Array(columns);
const scores = new Float64Array(256);
const attribution = forest.attribution(point);
let sum = 0;
const run = { batch, single, attribution: attribute }[way];
run(0, warmUp);
const coldMillis = performance.now() - begin;
if (engine === 'parallel') await forest.ready;

const micros = [];
for (let i = 0; i < segments; i++) {
  const from = warmUp + i * segment;
  const start = performance.now();
  run(from, from + segment);
  micros.push(((performance.now() - start) * 1000) / segment);
}
console.log(JSON.stringify({ coldMillis, micros, sum }));

function batch(from, to) {
  for (let row = from; row < to; row += 256) {
    const end = Math.min(row + 256, to);
    forest.processBatch(points.subarray(row * columns, end * columns), scores);
    for (let i = 0; i < end - row; i++) sum += scores[i];
  }
}

function single(from, to) {
  for (let row = from; row < to; row++) {
    for (let i = 0; i < columns; i++) point[i] = points[row * columns + i];
    sum += forest.process(point);
  }
}

function attribute(from, to) {
  for (let row = from; row < to; row++) {
    for (let i = 0; i < columns; i++) point[i] = points[row * columns + i];
    const { high, low } = forest.attribution(point, attribution);
    for (let i = 0; i < high.length; i++) sum += high[i] + low[i];
    forest.update(point);
  }
}
