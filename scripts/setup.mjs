#!/usr/bin/env node
// What `npm start` and `npm test` run first: checks Node, installs the dependencies with the pnpm that
// package.json names (through npx: no global install, no corepack), and builds. Does nothing twice.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';

process.chdir(new URL('..', import.meta.url).pathname);
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`rowtime needs Node.js >= 20.19; this is ${process.versions.node}.`);
  process.exit(3);
}

const installed = 'node_modules/.modules.yaml';
const lockfile = 'pnpm-lock.yaml';
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lockfile).mtimeMs) {
  run('Installing dependencies …', 'npx', ['--yes', manifest.packageManager, 'install', '--frozen-lockfile']);
}
run(null, process.execPath, ['node_modules/typescript/bin/tsc', '-b']);

// stdout belongs to the command that follows, so everything here goes to stderr.
function run(title, command, args) {
  if (title) console.error(title);
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}
