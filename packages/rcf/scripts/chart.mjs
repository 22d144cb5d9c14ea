// Draws docs/scores.svg: scores over a series.   node packages/rcf/scripts/chart.mjs    Needs a build (npx tsc -b packages/rcf).
//
// The series is test/golden/heartrate-1d-kda.csv: a heart rate at rest, 60 to 100, and now and then a minute above 150.

import { readFileSync, writeFileSync } from 'node:fs';
import { RandomCutForest } from '../dist/index.js';

const [, ...lines] = readFileSync(new URL('../test/golden/heartrate-1d-kda.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const values = Float64Array.from(lines, (line) => Number(line.split(',')[0]));
const outputAfter = 256;
const forest = new RandomCutForest({ inputDimensions: 1, numberOfTrees: 100, timeDecay: 1e-5, outputAfter });
const scores = forest.processBatch(values);
const oddAbove = 2;

const width = 960;
const left = 48;
const right = width - 12;
const x = (row) => left + ((right - left) * row) / values.length;
const panels = [
  { title: 'beats per minute', from: 40, to: 200, step: 40, top: 28, bottom: 168, numbers: values },
  { title: 'anomaly score', from: 0, to: 4, step: 1, top: 208, bottom: 348, numbers: scores },
];
const height = 388;

writeFileSync(
  new URL('../docs/scores.svg', import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<title>A heart rate, and the forest's score of each beat count</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${panels.map(panel).join('\n')}
<text x="${x(outputAfter / 2)}" y="338" text-anchor="middle" fill="#666">learning</text>
<text x="${right}" y="18" text-anchor="end" fill="#666">in red: rows with a score above ${oddAbove}</text>
${[0, 500, 1000, 1500, 2000, 2500].map((row) => `<text x="${fixed(x(row))}" y="${height - 12}" fill="#666">${row}</text>`).join('\n')}
</svg>
`,
);
const odd = scores.filter((score) => score > oddAbove).length;
console.log(`docs/scores.svg: ${values.length} rows, ${odd} with a score above ${oddAbove}`);

function panel({ title, from, to, step, top, bottom, numbers }) {
  const y = (value) => bottom - ((bottom - top) * (value - from)) / (to - from);
  const grid = [];
  for (let tick = from; tick <= to; tick += step) {
    grid.push(`<path d="M${left} ${fixed(y(tick))}H${right}" stroke="#ddd"/>`);
    grid.push(`<text x="${left - 8}" y="${fixed(y(tick) + 4)}" text-anchor="end" fill="#666">${tick}</text>`);
  }
  // A dot is a line of no length with round ends.
  const dots = (isOdd) =>
    Array.from(numbers, (number, row) =>
      scores[row] > oddAbove === isOdd ? `M${fixed(x(row))} ${fixed(y(number))}h0` : '',
    ).join('');
  return [
    `<text x="${left}" y="${top - 10}" font-weight="600">${title}</text>`,
    ...grid,
    `<path d="${dots(false)}" stroke="#4a7ab5" stroke-opacity=".5" stroke-width="2.5" stroke-linecap="round"/>`,
    `<path d="${dots(true)}" stroke="#d13b2e" stroke-width="5" stroke-linecap="round"/>`,
  ].join('\n');
}

function fixed(number) {
  return Number(number.toFixed(1));
}
