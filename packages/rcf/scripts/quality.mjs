// Mean ROC-AUC of the forest's scores on labelled series. node packages/rcf/scripts/quality.mjs FOLDER [seeds]
//
// FOLDER holds CSV files: the input columns in stream order, then `label` (1: anomalous). Each row is scored, then added;
// the first 300 rows do not count. Files named nab-* are series, the others tables. Needs a build (npx tsc -b packages/rcf).

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomCutForest } from '../dist/index.js';

const [folder, seedsText = '5'] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node packages/rcf/scripts/quality.mjs FOLDER [seeds]');
  process.exit(2);
}
const seeds = Number(seedsText);
const skippedRows = 300;

const names = readdirSync(folder).filter((name) => name.endsWith('.csv'));
const settings = [
  { title: 'shingle 1', shingleSize: 1 },
  { title: 'shingle 4', shingleSize: 4 },
];
console.log(`mean ROC-AUC over ${seeds} seeds, 100 trees, 256 samples`);
console.log(['file'.padEnd(44), ...settings.map(({ title }) => title)].join('  '));
const means = new Map();
for (const name of names) {
  const series = read(join(folder, name));
  const kind = name.startsWith('nab-') ? 'series' : 'tables';
  const found = settings.map(({ shingleSize }, i) => {
    let sum = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const forest = new RandomCutForest({
        inputDimensions: series.columns,
        shingleSize,
        numberOfTrees: 100,
        internalShingling: true,
        randomSeed: seed,
      });
      const scores = forest.processBatch(series.points);
      sum += auc(scores.subarray(skippedRows), series.labels.subarray(skippedRows));
    }
    const key = `${kind} ${i}`;
    means.set(key, [...(means.get(key) ?? []), sum / seeds]);
    return (sum / seeds).toFixed(4).padEnd(9);
  });
  console.log([name.padEnd(44), ...found].join('  '));
}
for (const kind of ['series', 'tables']) {
  const found = settings.map((_, i) =>
    mean(means.get(`${kind} ${i}`) ?? [])
      .toFixed(4)
      .padEnd(9),
  );
  console.log([`mean of ${kind}`.padEnd(44), ...found].join('  '));
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

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
