// node mirror.bench.mjs <kind> <rows>: compares two recordings that are made while they are read, and prints what it took.
// The time of making the rows is measured apart, and taken off.
import { compare } from '@rowtime/mirror';

const [kind, count] = [process.argv[2], Number(process.argv[3])];
const isTimed = kind.endsWith('times');
const isKeyed = kind.startsWith('windows');
const keys = Array.from({ length: 20 }, (_, i) => `captain ${i}`);
const batchRows = 1000;
const settings = {
  stream: 'BENCH',
  columns: [...(isTimed ? ['ROWTIME'] : []), 'favoritecaptain', 'AVERAGE_RATING', 'TOTAL_RATING'],
  key: isKeyed ? ['favoritecaptain'] : [],
  ...(isTimed && { time: 'ROWTIME', windowMillis: 60_000 }),
};

// Both sides from the same seed; in one row of 50 a record crosses to the next window on our side.
function* recording(side) {
  let state = 42;
  let carried = 0;
  for (let from = 0; from < count; from += batchRows) {
    const rows = [];
    for (let i = from; i < Math.min(count, from + batchRows); i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const records = 250 + (state & 127);
      let sum = records * 400 + (state >>> 10);
      // The same captain again, a window later.
      if (isKeyed && side === 'ours') {
        if (i % 1000 === 7) sum -= carried = 1 + (state & 511);
        if (i % 1000 === 27) sum += carried;
      }
      const values = [keys[i % keys.length], Math.trunc(sum / records), sum];
      rows.push(isTimed ? [Math.floor(i / keys.length) * (isKeyed ? 60_000 : 1200), ...values] : values);
    }
    yield { rows };
  }
}

// The time of the processor, which other work on the machine changes little.
const spent = () => process.cpuUsage().user / 1000;
let from = spent();
for (const side of ['recorded', 'ours']) for (const _ of recording(side));
const making = spent() - from;
from = spent();
const report = await compare(recording('recorded'), recording('ours'), settings);
const millis = spent() - from - making;
const { equal, moved, compared } = report.rows;
if (equal + moved !== compared || compared < 0.99 * count) throw new Error(report.reasons.join('\n'));
console.log(JSON.stringify({ kind, rows: count, millis, peakMiB: process.resourceUsage().maxRSS / 1024 }));
