#!/usr/bin/env node
// pnpm test:peers: the probe of the test server, and the suites of sources and sinks, against moto, a second implementation of S3,
// Kinesis and Firehose; a producer of boto3 against the worker; Parquet files as pyarrow reads them, Snappy as cramjam writes it; the
// mirror's page in a browser. Needs python3 and a package index that has those, and a Chromium or a registry that has one; says so and
// passes where they are not to be had.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from './chromium.mjs';

const wanted = ['moto[server]==5.2.5', 'pyarrow==26.0.1', 'cramjam==2.14.0'];
const suites = [
  'packages/testing/test/probe.test.ts',
  'packages/testing/test/account.test.ts',
  'packages/sinks/test/peers.test.ts',
  'packages/sinks/test/parquet-peers.test.ts',
  'packages/sources/test/unpack-peers.test.ts',
  'packages/worker/test/peers.test.ts',
];

const browserSuites = ['packages/worker/test/mirror/page.browser.ts'];

const root = resolve(import.meta.dirname, '..');
const venv = join(root, '.ci/.cache/peers');
const bin = join(venv, process.platform === 'win32' ? 'Scripts' : 'bin');

await inBrowser();
if (!install()) process.exit();
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const moto = spawn(join(bin, 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
try {
  await answers(url);
  test(suites, {
    ROWTIME_MOTO_URL: url,
    ROWTIME_PYTHON: join(bin, 'python'),
    CONFORMANCE_AWS: '1',
    CONFORMANCE_AWS_ENDPOINT: url,
  });
} finally {
  moto.kill();
}

async function inBrowser() {
  const found = await chromium(join(root, '.ci/.cache'));
  if (typeof found === 'string') return skip(found);
  return test(browserSuites, { ROWTIME_CHROMIUM: found.path, ROWTIME_CHROMIUM_FLAGS: JSON.stringify(found.flags) });
}

function test(files, environment) {
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--no-file-parallelism', ...files],
    { cwd: root, env: { ...process.env, ...environment }, stdio: 'inherit' },
  );
  if (status !== 0) process.exitCode = status ?? 1;
}

/** False where it cannot be had here: no Python, or an index without it. Other failures end the run. */
function install() {
  const stamp = join(venv, `${wanted.join('-').replace(/[^\w.]+/g, '-')}.installed`);
  if (existsSync(stamp)) return true;
  mkdirSync(venv, { recursive: true });
  const python = spawnSync('python3', ['-m', 'venv', venv], { encoding: 'utf8' });
  if (python.status !== 0) return skip(`python3 -m venv: ${python.error?.message ?? python.stderr}`);
  console.log(`installing ${wanted.join(', ')} in ${venv}`);
  const pip = spawnSync(join(bin, 'pip'), ['install', '--quiet', ...wanted], { encoding: 'utf8' });
  if (pip.status !== 0) {
    if (/No matching distribution found/.test(pip.stderr))
      return skip(`the package index has not all of ${wanted.join(', ')}`);
    console.error(pip.stderr);
    process.exit(1);
  }
  writeFileSync(stamp, '');
  return true;
}

function skip(reason) {
  console.log(`skipped: ${reason.trim()}`);
  return false;
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

async function answers(url) {
  for (let tries = 0; tries < 300; tries++) {
    if (moto.exitCode !== null) break;
    if (await fetch(`${url}/moto-api/`).catch(() => null)) return;
    await sleep(100);
  }
  throw new Error(`moto does not answer at ${url}`);
}
