#!/usr/bin/env node
// node scripts/docs.mjs: writes the pages of docs/ that are made from the code: FEATURES.md, FUNCTIONS.md. Their tests hold
// them to it.
import { spawnSync } from 'node:child_process';

const tests = ['packages/sql/test/features.test.ts', 'packages/sql/test/functions-page.test.ts'];
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...tests], {
  cwd: new URL('..', import.meta.url).pathname,
  stdio: 'inherit',
  env: { ...process.env, REWRITE: '1' },
});
process.exitCode = status ?? 1;
