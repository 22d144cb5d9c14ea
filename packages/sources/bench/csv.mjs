// How many nanoseconds does decoding one CSV row cost? After a build: `node packages/sources/bench/csv.mjs`.
// Each variant runs in a process of its own (type feedback leaks); the median of nine passes over 500,000 rows.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createCsvDecoder } from '../dist/decode/csv.js';

const captains = 'Jean-Luc Picard,James T. Kirk,Han Solo,Khan Noonien Singh,David Bowman,The Doctor'.split(',');
const names = 'Norma,Victoria,Jo,Alexander,Bob,Christina'.split(',');
const rowsCount = 500_000;

/** How a row is written, and how its time is. */
const variants = {
  'plain, millisecond times': { quote: '', time: (t) => (t / 1000).toFixed(3) },
  'plain, Python times': { quote: '', time: (t, random) => String(t / 1000 + random() / 1000) },
  'plain, ISO timestamps': { quote: '', time: (t) => new Date(t).toISOString(), type: { kind: 'timestamp' } },
  'texts in quotes': { quote: '"', time: (t) => (t / 1000).toFixed(3) },
  'split, values dropped': { quote: '', time: (t) => (t / 1000).toFixed(3), naive: true },
};

const [name] = process.argv.slice(2);
if (name) console.log(`${measure(variants[name]).toFixed(0).padStart(5)} ns/row  ${name}`);
else
  for (const name in variants)
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], { stdio: 'inherit' });

function measure(variant) {
  const bytes = generate(variant);
  const passes = Array.from({ length: 9 }, () => (variant.naive ? splitLines(bytes) : decode(bytes, variant)));
  return passes.sort((a, b) => a - b)[4];
}

function decode(bytes, { type = { kind: 'double' } }) {
  const varchar = { kind: 'varchar', length: 32 };
  const columns = [
    { name: 'COL_user', type: varchar },
    { name: 'favoritecaptain', type: varchar },
    { name: 'rating', type: { kind: 'integer' } },
    { name: 'COL_timestamp', type },
  ];
  const decoder = createCsvDecoder({ columns, used: [false, true, true, true] });
  decoder.begin();
  let rows = 0;
  const take = () => {
    rows += decoder.take().batch?.length ?? 0;
  };
  const start = process.hrtime.bigint();
  for (let at = 0; at < bytes.length; ) {
    const copied = bytes.copy(decoder.room(), 0, at);
    at += copied;
    decoder.filled(copied);
    while (decoder.decode(0, 8192)) take();
  }
  decoder.end();
  while (decoder.decode(0, 8192)) take();
  take();
  const nanos = Number(process.hrtime.bigint() - start);
  if (rows !== rowsCount) throw new Error(`${rows} rows`);
  return nanos / rows;
}

function splitLines(bytes) {
  const start = process.hrtime.bigint();
  let rows = 0;
  for (let from = 0, to = bytes.indexOf(10); to >= 0; from = to + 1, to = bytes.indexOf(10, from)) {
    rows += Number(bytes.toString('utf8', from, to).split(',')[2]) > 0 ? 1 : 0;
  }
  return Number(process.hrtime.bigint() - start) / rows;
}

function generate({ quote, time }) {
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed / 0x80000000;
  };
  const pick = (list) => quote + list[Math.floor(random() * list.length)] + quote;
  const rows = [];
  for (let i = 0, t = 1_632_312_345_678; i < rowsCount; i++) {
    t += random() * 10;
    rows.push(`${pick(names)},${pick(captains)},${1 + Math.floor(random() * 1000)},${time(t, random)}\n`);
  }
  return Buffer.from(rows.join(''));
}
