import { closeSync, existsSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const captains = [
  ...[
    'Jean-Luc Picard',
    'James T. Kirk',
    'Han Solo',
    'Khan Noonien Singh',
    'David Bowman',
    'The Doctor',
    'Neil Armstrong',
  ],
  ...['Malcolm Reynolds', 'John Robinson', 'Turanga Leela', 'William Adama', 'Wilhuff Tarkin', 'Christopher Pike'],
  ...['Kathryn Janeway', 'Sonny'],
];
const names = 'Norma Jorge Elizabeth Alexander Bob Christina Angela Li Victoria Sam'.split(' ');
const surnames = 'Fisher Sullivan Woods Higgins Jackson Washington Smith Nguyen Moore Ortiz'.split(' ');
const seed = 1;
const from = 1_632_312_300_000;
const spanMs = 3_600_000;

/** A file of ratings, in time order over 60 minutes, as Python's json.dumps writes them. The same bytes for the same
 *  number of rows, on every machine; made once. */
export function ratings(cache, rows) {
  const file = join(cache, `w1-${rows}-${seed}.ndjson`);
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  const random = mulberry32(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const fd = openSync(`${file}.tmp`, 'w');
  let text = '';
  for (let i = 0; i < rows; i++) {
    const time = (from + Math.floor((i * spanMs) / rows)) / 1000;
    const user = `${pick(names)} ${pick(surnames)}`;
    const rating = 1 + Math.floor(random() * 1000);
    const timestamp = Number.isInteger(time) ? `${time}.0` : time;
    text += `{"user": "${user}", "favoritecaptain": "${pick(captains)}", "rating": ${rating}, "timestamp": ${timestamp}}\n`;
    if (text.length > 1 << 20 || i === rows - 1) {
      writeSync(fd, text);
      text = '';
    }
  }
  closeSync(fd);
  renameSync(`${file}.tmp`, file);
  return file;
}

/** Tommy Ettinger's generator, 2017: 32 bits of state, numbers in [0, 1). */
function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
