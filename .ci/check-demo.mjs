// … | node .ci/check-demo.mjs: standard output of `npm start -- --json` is rows and nothing else, and there are results.
import { createInterface } from 'node:readline';

const rows = new Map();
let number = 0;
for await (const line of createInterface({ input: process.stdin })) {
  number++;
  const stream = streamOf(line);
  if (stream === null) {
    console.error(`line ${number} is not a row of a stream: ${line.slice(0, 200)}`);
    process.exit(1);
  }
  rows.set(stream, (rows.get(stream) ?? 0) + 1);
}
for (const [stream, count] of rows) console.log(`${stream}: ${count} rows`);
if (!rows.has('CAPTAIN_SCORES')) {
  console.error('no row of CAPTAIN_SCORES');
  process.exit(1);
}

function streamOf(line) {
  try {
    const { stream, row } = JSON.parse(line);
    return typeof stream === 'string' && typeof row === 'object' && row !== null ? stream : null;
  } catch {
    return null;
  }
}
