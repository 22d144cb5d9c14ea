// readline.mjs <input> <output>: plain Node as most would write it: readline, JSON.parse, a Map.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { minuteWindows } from './windows.mjs';

const [input, output] = process.argv.slice(2);
const windows = minuteWindows(output);
for await (const line of createInterface({ input: createReadStream(input) })) windows.add(JSON.parse(line));
windows.end();
