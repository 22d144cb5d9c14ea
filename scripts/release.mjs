#!/usr/bin/env node
// node scripts/release.mjs <folder> [<file.tgz>]: rowtime with its production dependencies and deploy/, as it is put on a
// machine that has Node and nothing else; and as a tarball. Needs a build before.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const [folder, tarball] = process.argv.slice(2).map((path) => resolve(path));
if (!folder) fail('usage: node scripts/release.mjs <folder> [<file.tgz>]', 2);
if (existsSync(folder) && readdirSync(folder).length > 0) fail(`${folder} is not empty`, 3);

const { packageManager } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
run('npx', ['--yes', packageManager, '--filter', 'rowtime', 'deploy', '--legacy', '--prod', folder]);
// What pnpm notes for itself, the place it was built at among it.
for (const note of ['.modules.yaml', '.pnpm-workspace-state-v1.json'])
  rmSync(resolve(folder, 'node_modules', note), { force: true });
cpSync(resolve(root, 'deploy'), resolve(folder, 'deploy'), { recursive: true });
run(process.execPath, [resolve(folder, 'dist/cli.js'), '--version']);
if (tarball)
  run('tar', ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '-czf', tarball, '-C', folder, '.']);

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error || status !== 0) fail(`${command} ${args[0]} failed${error ? `: ${error.message}` : ''}`, 1);
}

function fail(message, code) {
  console.error(message);
  process.exit(code);
}
