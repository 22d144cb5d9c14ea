// Does the forest rank anomalies as well as AWS's Java library? Mean ROC-AUC of both, from the same seeds.
// node bench/rcf/quality.mjs FOLDER [seeds]      Needs a build (npx tsc -b packages/rcf) and a JVM.
//
// FOLDER holds CSV files: the input columns in stream order, then `label` (1: anomalous). Each row is scored, then added;
// the first 300 rows do not count. Files named nab-* are series, the others tables.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomCutForest } from '@rowtime/rcf';
import { java } from './java.mjs';

const [folder, seedsText = '5'] = process.argv.slice(2);
if (folder === undefined) fail('usage: node bench/rcf/quality.mjs FOLDER [seeds]');
const library = await java(join(import.meta.dirname, '../.cache'), (line) => console.error(line));
if (library === null) fail('nothing to compare with');
const seeds = Number(seedsText);
const numberOfTrees = 100;
const shingles = [1, 4];
const skippedRows = 300;

const scratch = mkdtempSync(join(tmpdir(), 'rowtime-rcf-'));
const means = new Map();
let largest = 0;
console.log(`mean ROC-AUC over ${seeds} seeds, ${numberOfTrees} trees, 256 samples, Java ${library.jvm}\n`);
console.log('| file | shingle | here | library | difference | largest difference of two scores |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const name of readdirSync(folder).filter((file) => file.endsWith('.csv'))) {
  const { columns, points, labels } = read(join(folder, name));
  for (const shingleSize of shingles) {
    let here = 0;
    let there = 0;
    let apart = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const ours = new RandomCutForest({
        inputDimensions: columns,
        shingleSize,
        numberOfTrees,
        internalShingling: true,
        randomSeed: seed,
      }).processBatch(points);
      const theirs = libraryScores(points, columns, shingleSize, seed);
      for (let row = 0; row < ours.length; row++) apart = Math.max(apart, Math.abs(ours[row] - theirs[row]));
      here += auc(ours.subarray(skippedRows), labels.subarray(skippedRows)) / seeds;
      there += auc(theirs.subarray(skippedRows), labels.subarray(skippedRows)) / seeds;
    }
    const key = `mean of ${name.startsWith('nab-') ? 'series' : 'tables'} | ${shingleSize}`;
    means.set(key, [...(means.get(key) ?? []), [here, there]]);
    largest = Math.max(largest, apart);
    console.log(line(`${name} | ${shingleSize}`, here, there, apart));
  }
}
for (const [key, pairs] of means) console.log(line(key, mean(pairs, 0), mean(pairs, 1), null));
console.log(`\nlargest difference of two scores: ${largest}`);
rmSync(scratch, { recursive: true });

function libraryScores(points, columns, shingleSize, seed) {
  const data = join(scratch, 'points');
  const out = join(scratch, 'scores');
  writeFileSync(data, points);
  library.run('Scores', [data, out, columns, shingleSize, numberOfTrees, seed]);
  const bytes = readFileSync(out);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function line(title, here, there, apart) {
  const cells = [here.toFixed(6), there.toFixed(6), (here - there).toExponential(1), apart?.toExponential(1) ?? ''];
  return `| ${title} | ${cells.join(' | ')} |`;
}

function read(path) {
  const [header, ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  const columns = header.split(',').length - 1;
  const points = new Float64Array(lines.length * columns);
  const labels = new Uint8Array(lines.length);
  for (const [row, line] of lines.entries()) {
    const cells = line.split(',');
    for (let i = 0; i < columns; i++) points[row * columns + i] = Number(cells[i]);
    labels[row] = Number(cells[columns]);
  }
  return { columns, points, labels };
}

/** The chance that a random anomalous row scores above a random other one; a tie counts one half. */
function auc(scores, labels) {
  const order = Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b]);
  let positives = 0;
  let rankSum = 0;
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && scores[order[to]] === scores[order[from]]) to++;
    const rank = (from + 1 + to) / 2;
    for (let k = from; k < to; k++) {
      if (labels[order[k]] !== 1) continue;
      positives++;
      rankSum += rank;
    }
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

function mean(pairs, i) {
  return pairs.reduce((sum, pair) => sum + pair[i], 0) / pairs.length;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
