// How many nanoseconds does decoding one record cost? After a build: `node packages/sources/bench/json.mjs`.
// Each variant runs in a process of its own (type feedback leaks); the median of nine passes over 500,000 records.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createJsonDecoder } from '../dist/decode/json.js';

const captains =
  'Jean-Luc Picard,James T. Kirk,Han Solo,Khan Noonien Singh,David Bowman,The Doctor,Malcolm Reynolds,John Robinson,Neil Armstrong,Turanga Leela,William Adama,Wilhuff Tarkin,Christopher Pike,Kathryn Janeway,Sonny'.split(
    ',',
  );
const names = 'Norma,Victoria,Jo,Alexander,Bob,Christina'.split(',');
const surnames = 'Fisher,Higgins,Li,Smith,Washington'.split(',');
const rowsCount = 500_000;

/** What a record looks like, and how it is decoded. */
const variants = {
  'lines, millisecond times': { time: (t) => (t / 1000).toFixed(3), end: '\n' },
  'concatenated, Python times': { time: (t, random) => String(t / 1000 + random() / 1000), end: '' },
  '1.5 million distinct texts': { time: (t) => (t / 1000).toFixed(3), end: '\n', captains: 100_000 },
  'two shapes in turn': { time: (t) => (t / 1000).toFixed(3), end: '\n', shapes: 2 },
  'without WebAssembly': { time: (t) => (t / 1000).toFixed(3), end: '\n', engine: 'javascript' },
  'exact path': { time: (t) => (t / 1000).toFixed(3), end: '\n', engine: 'none' },
  'JSON.parse of each line, values dropped': { time: (t) => (t / 1000).toFixed(3), end: '\n', naive: true },
};

const [name] = process.argv.slice(2);
if (name) console.log(`${measure(variants[name]).toFixed(0).padStart(5)} ns/row  ${name}`);
else
  for (const name in variants)
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], { stdio: 'inherit' });

function measure(variant) {
  const bytes = generate(variant);
  const passes = Array.from({ length: 9 }, () => (variant.naive ? parseLines(bytes) : decode(bytes, variant)));
  return passes.sort((a, b) => a - b)[4];
}

function decode(bytes, { engine = 'auto' }) {
  const varchar = { kind: 'varchar', length: 32 };
  const columns = [
    { name: 'COL_user', type: varchar, mapping: '$.user' },
    { name: 'favoritecaptain', type: varchar, mapping: '$.favoritecaptain' },
    { name: 'rating', type: { kind: 'integer' }, mapping: '$.rating' },
    { name: 'COL_timestamp', type: { kind: 'double' }, mapping: '$.timestamp' },
  ];
  const decoder = createJsonDecoder({ columns, used: [false, true, true, true], engine });
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

function parseLines(bytes) {
  const start = process.hrtime.bigint();
  let rows = 0;
  for (let from = 0, to = bytes.indexOf(10); to >= 0; from = to + 1, to = bytes.indexOf(10, from)) {
    rows += JSON.parse(bytes.toString('utf8', from, to)).rating > 0 ? 1 : 0;
  }
  return Number(process.hrtime.bigint() - start) / rows;
}

function generate({ time, end, captains: distinct = captains.length, shapes = 1 }) {
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed / 0x80000000;
  };
  const pick = (list) => list[Math.floor(random() * list.length)];
  const records = [];
  for (let i = 0, t = 1_632_312_345_678; i < rowsCount; i++) {
    t += random() * 10;
    const user = `"user": "${pick(names)} ${pick(surnames)}"`;
    const number = distinct > captains.length ? ` ${Math.floor(random() * distinct)}` : '';
    const rest = `"favoritecaptain": "${pick(captains)}${number}", "rating": ${1 + Math.floor(random() * 1000)}`;
    const first = i % shapes === 0 ? `${user}, ${rest}` : `${rest}, ${user}`;
    records.push(`{${first}, "timestamp": ${time(t, random)}}${end}`);
  }
  return Buffer.from(records.join(''));
}
