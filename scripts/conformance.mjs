#!/usr/bin/env node
// pnpm conformance <folder or case.json>…: runs conformance cases (JSON), each in four ways.
// Prints a line per case, then "N passed, N failed"; exit 1 if any failed, 2 if there is nothing to run.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseCase, runCase } from '../packages/sql/dist/conformance/index.js';
import { inputSchemaDecoder } from '../packages/worker/dist/input-schema-decoder.js';

const files = process.argv.slice(2).flatMap((path) =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((file) => file.endsWith('.json'))
        .sort()
        .map((file) => join(path, file))
    : [path],
);
if (files.length === 0) {
  console.error('usage: pnpm conformance <folder or case.json>…');
  process.exit(2);
}

let failed = 0;
for (const file of files) {
  const test = parseCase(readFileSync(file, 'utf8'));
  const why = attempt(() => runCase(test, { decoder: inputSchemaDecoder }));
  if (why !== null) failed++;
  console.log(why === null ? `ok ${test.name}` : `FAIL ${test.name}: ${why.replaceAll('\n', ' ')}`);
}
console.log(`${files.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function attempt(run) {
  try {
    return run();
  } catch (error) {
    return error.name === 'CommandError' ? error.message : `crash: ${error.stack}`;
  }
}
