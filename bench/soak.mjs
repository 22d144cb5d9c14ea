#!/usr/bin/env node
// node bench/soak.mjs [--minutes 30] [--rate 2000] [--bar 1]
// Does a service that runs for days grow? One service, records at a steady rate by Direct PUT, whose keys come, live for some
// seconds and never come again: windows, partitions, dictionaries, objects and checkpoints all turn over. Samples its memory,
// and fits a line through what is left after the warm-up, the first third. Exit 1 if that rises by more than `bar` MiB a minute.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startTestServer } from '@rowtime/testing';
import { startService, writeApplication } from './service.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '2000' },
    bar: { type: 'string', default: '1' },
  },
});
const [minutes, rate, bar] = [values.minutes, values.rate, values.bar].map(Number);
const sampleMs = 5_000;
/** A key gets this many records before its successor. */
const recordsPerKey = 20;
const keysAtOnce = 50;

const code = `
CREATE OR REPLACE STREAM "PER_KEY" (k VARCHAR(32), n INTEGER, total DOUBLE, deviation DOUBLE);
CREATE OR REPLACE PUMP "TUMBLE" AS INSERT INTO "PER_KEY"
  SELECT STREAM "k", COUNT(*), SUM("v"), STDDEV_SAMP("v") FROM "S_001"
  GROUP BY "k", STEP("S_001".ROWTIME BY INTERVAL '5' SECOND);
CREATE OR REPLACE STREAM "MOVING" (k VARCHAR(32), average DOUBLE);
CREATE OR REPLACE PUMP "SLIDE" AS INSERT INTO "MOVING"
  SELECT STREAM "k", AVG("v") OVER (PARTITION BY "k" RANGE INTERVAL '5' SECOND PRECEDING) FROM "S_001";
CREATE OR REPLACE STREAM "HALVED" (h DOUBLE);
CREATE OR REPLACE PUMP "HALVE" AS INSERT INTO "HALVED" SELECT STREAM 1 / MOD("i", 50) FROM "S_001";`;

const columns = [
  ['k', 'VARCHAR(32)'],
  ['kind', 'VARCHAR(8)'],
  ['v', 'DOUBLE'],
  ['i', 'INTEGER'],
];

const folder = mkdtempSync(join(tmpdir(), 'rowtime-soak-'));
const aws = await startTestServer({ keepsRecords: false });
aws.s3.createBucket('results');
const file = join(folder, 'application.json');
writeApplication(file, {
  code,
  columns,
  rowtime: {
    outputs: {
      PER_KEY: { to: 's3', bucket: 's3://results/per-key/', bufferInterval: '10s' },
      MOVING: { to: 'files', folder: join(folder, 'out'), bufferInterval: '10s' },
    },
    endpoints: { s3: aws.url },
    checkpointInterval: '5s',
  },
});
const service = await startService(file);
const samples = [];
const from = performance.now();
let sent = 0;
let sampled = from;
while (performance.now() - from < minutes * 60_000) {
  const due = ((performance.now() - from) / 1_000) * rate;
  while (sent < due) await send();
  if (performance.now() - sampled >= sampleMs) {
    sampled += sampleMs;
    await sample();
  }
  await sleep(20);
}
await service.stop();
await aws.close();
rmSync(folder, { recursive: true });

const warm = samples.filter(({ minute }) => minute > minutes / 3);
const slope = slopeOf(warm.map(({ minute, rssMiB }) => [minute, rssMiB]));
const heapSlope = slopeOf(warm.map(({ minute, heapMiB }) => [minute, heapMiB]));
const rss = warm.map(({ rssMiB }) => rssMiB);
console.log(
  [
    `${minutes} minutes, ${sent.toLocaleString('en')} records, ${Math.floor(sent / recordsPerKey).toLocaleString('en')} keys, Node ${process.version}`,
    `RSS after warm-up: ${Math.min(...rss).toFixed(0)} to ${Math.max(...rss).toFixed(0)} MiB, slope ${slope.toFixed(3)} MiB/min (bar ${bar})`,
    `heap in use: slope ${heapSlope.toFixed(3)} MiB/min`,
  ].join('\n'),
);
if (!(slope < bar)) process.exitCode = 1;

async function send() {
  const records = Array.from({ length: 500 }, () => {
    const i = sent++;
    const generation = Math.floor(i / (recordsPerKey * keysAtOnce));
    return { k: `key-${generation}-${i % keysAtOnce}`, kind: `kind ${i % 7}`, v: (i % 1_000) / 8, i };
  });
  await service.put(records);
}

async function sample() {
  const status = await service.status();
  const one = {
    minute: (performance.now() - from) / 60_000,
    rssMiB: status.process.rssBytes / 2 ** 20,
    heapMiB: status.process.heapUsedBytes / 2 ** 20,
  };
  samples.push(one);
  // What is published is nobody's any more.
  for (const key of aws.s3.keys('results')) aws.s3.delete('results', key);
  const { millisBehindLatest } = status.input;
  console.error(
    `${one.minute.toFixed(1)} min  RSS ${one.rssMiB.toFixed(1)} MiB  heap ${one.heapMiB.toFixed(1)} MiB  ${millisBehindLatest} ms behind`,
  );
}

/** Least squares. */
function slopeOf(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const over = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  return over / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
}
