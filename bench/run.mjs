#!/usr/bin/env node
// pnpm bench [name] [--rows N] [--rounds N] [--json] [--min-ratio X] [--max-growth X]
// Runs one bench, or all. Tables on stdout, or with --json one object; progress on stderr. Exit 1 if a bar is missed.
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as kernels from './kernels.mjs';
import * as kinesis from './kinesis.mjs';
import * as mirror from './mirror.mjs';
import * as w1 from './w1.mjs';
import * as wire from './wire.mjs';

const benches = { w1, kernels, kinesis, wire, mirror };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'boolean' },
    'min-ratio': { type: 'string' },
    'max-growth': { type: 'string' },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(benches);
const unknown = names.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined) fail(2, `no bench ${unknown}; there are: ${Object.keys(benches).join(', ')}`);
if (!existsSync(join(import.meta.dirname, '../packages/worker/dist/cli.js'))) fail(2, 'not built yet: run pnpm build');

const options = {
  rows: number('rows'),
  rounds: number('rounds'),
  cache: join(import.meta.dirname, '.cache'),
  say: (line) => console.error(line),
};
const machine = {
  date: new Date().toISOString().slice(0, 10),
  node: process.version,
  cpu: cpus()[0]?.model.trim(),
  cores: cpus().length,
};
const results = {};
if (!values.json) console.log(`${machine.date}, Node ${machine.node}, ${machine.cores} x ${machine.cpu}`);
for (const name of names) {
  results[name] = benches[name].run(options);
  if (!values.json) console.log(`\n${benches[name].question}\n\n${benches[name].print(results[name])}`);
}
if (values.json) console.log(JSON.stringify({ ...machine, ...results }));
for (const name of names) {
  const breach = benches[name].breach?.(results[name], {
    minRatio: number('min-ratio'),
    maxGrowth: number('max-growth'),
  });
  if (breach) fail(1, `${name}: ${breach}`);
}

function number(option) {
  if (values[option] === undefined) return undefined;
  const value = Number(values[option].replaceAll('_', ''));
  if (!(value > 0)) fail(2, `--${option} takes a number above 0, not ${values[option]}`);
  return value;
}

function fail(code, message) {
  console.error(message);
  process.exit(code);
}
