// naive.mjs <input> <output>: plain Node, and not slowly: whole chunks are split, JSON.parse, a Map.
import { createReadStream } from 'node:fs';
import { minuteWindows } from './windows.mjs';

const [input, output] = process.argv.slice(2);
const windows = minuteWindows(output);
let rest = '';
for await (const chunk of createReadStream(input, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop();
  for (const line of lines) windows.add(JSON.parse(line));
}
if (rest !== '') windows.add(JSON.parse(rest));
windows.end();
