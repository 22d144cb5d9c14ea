#!/usr/bin/env node
// node bench/restart.mjs [--mib 100] [--rounds 3] [--bar 3000]
// How long is a service away, with so much state, from the start of its process to its first row? Windows of a day with a group
// for every record fill up, the service is stopped, and started again, with one record waiting for it. Exit 1 above `bar` ms.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median } from './processes.mjs';
import { startService, writeApplication } from './service.mjs';

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    bar: { type: 'string', default: '3000' },
  },
});
const [mib, rounds, bar] = [values.mib, values.rounds, values.bar].map(Number);

const code = `
CREATE OR REPLACE STREAM "PER_KEY" (k VARCHAR(32), n INTEGER, total DOUBLE, lowest DOUBLE, highest DOUBLE);
CREATE OR REPLACE PUMP "TUMBLE" AS INSERT INTO "PER_KEY"
  SELECT STREAM "k", COUNT(*), SUM("v"), MIN("v"), MAX("v") FROM "S_001"
  GROUP BY "k", STEP("S_001".ROWTIME BY INTERVAL '1' DAY);
CREATE OR REPLACE STREAM "PASSED" (k VARCHAR(32));
CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED" SELECT STREAM "k" FROM "S_001" WHERE "v" < 0;`;
const columns = [
  ['k', 'VARCHAR(32)'],
  ['v', 'DOUBLE'],
];

const folder = mkdtempSync(join(tmpdir(), 'rowtime-restart-'));
try {
  const empty = await restarts(join(folder, 'empty'), 0);
  const full = await restarts(join(folder, 'full'), mib);
  for (const { mib: size, keys, ms } of [empty, full]) {
    const range = `${Math.min(...ms).toFixed(0)}..${Math.max(...ms).toFixed(0)}`;
    console.log(
      `${size.toFixed(1)} MiB of state (${keys.toLocaleString('en')} groups): ${median(ms).toFixed(0)} ms (${range}) from start to first row`,
    );
  }
  if (median(full.ms) > bar) throw new Error(`more than ${bar} ms`);
} finally {
  rmSync(folder, { recursive: true });
}

async function restarts(place, wanted) {
  const file = `${place}.json`;
  const state = join(place, 'state');
  const outputs = Object.fromEntries(
    ['PER_KEY', 'PASSED'].map((stream) => [stream, { to: 'files', folder: join(place, 'out') }]),
  );
  writeApplication(file, { code, columns, rowtime: { state, outputs, checkpointInterval: '1h' } });
  let keys = 0;
  let size = 0;
  const put = async (service, records) => {
    for (let left = records; left > 0; left -= 500) {
      await service.put(Array.from({ length: 500 }, () => ({ k: `key number ${keys}`, v: keys++ / 8 })));
    }
  };
  // What a group takes is found out first.
  let service = await startService(file);
  await put(service, 10_000);
  await service.stop();
  size = checkpointMiB(state);
  if (wanted > size) {
    service = await startService(file);
    await put(service, Math.ceil((wanted / size - 1) * 10_000));
    while ((await service.status()).input.records + 10_000 < keys) await sleep(50);
    await service.stop();
    size = checkpointMiB(state);
  }
  const ms = [];
  for (let round = 0; round < rounds; round++) {
    service = await startService(file);
    await service.put([{ k: 'the last', v: -1 }]);
    await service.kill();
    await sleep(200);
    const from = performance.now();
    service = await startService(file);
    while (!(await service.status()).outputs.some(({ stream, rows }) => stream === 'PASSED' && rows > 0))
      await sleep(2);
    ms.push(performance.now() - from);
    console.error(`${size.toFixed(1)} MiB, round ${round + 1}: ${ms.at(-1).toFixed(0)} ms`);
    await service.stop();
  }
  return { mib: size, keys, ms };
}

function checkpointMiB(state) {
  const checkpoints = join(state, 'checkpoints');
  const newest = readdirSync(checkpoints).sort().at(-1);
  return statSync(join(checkpoints, newest)).size / 2 ** 20;
}
