#!/usr/bin/env node
// node scripts/fuzz.mjs [--programs 100000] [--seed 1] [--slow 1000]: generated and broken programs through the parser, the
// compiler and the operators (packages/sql/test/fuzz.test.ts). A finding is anything but a SqlError, or a program that takes
// longer than --slow milliseconds. Program i has the seed --seed + i: `--programs 1 --seed n` runs one again.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    slow: { type: 'string', default: '1000' },
  },
});
const root = new URL('..', import.meta.url).pathname;
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'packages/sql/test/fuzz.test.ts', '-t', 'programs from seed'],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, FUZZ_PROGRAMS: values.programs, FUZZ_SEED: values.seed, FUZZ_SLOW_MS: values.slow },
  },
);
process.exitCode = status ?? 1;
