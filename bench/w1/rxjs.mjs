// rxjs.mjs <input> <output>: the same as a pipeline of RxJS: a group per minute, in it one per captain, each folded.
import { createReadStream, createWriteStream } from 'node:fs';
import { concatMap, filter, from, groupBy, map, mergeMap, reduce, share, toArray } from 'rxjs';

const minuteMs = 60_000;
const [input, output] = process.argv.slice(2);
const out = createWriteStream(output);

const rows = from(createReadStream(input, { encoding: 'utf8', highWaterMark: 1 << 20 })).pipe(
  concatMap(lines()),
  map((line) => JSON.parse(line)),
  share(),
);

rows
  .pipe(
    // A minute ends with the first row of another.
    groupBy(minute, { duration: (open) => rows.pipe(filter((row) => minute(row) !== open.key)) }),
    mergeMap((open) =>
      open.pipe(
        groupBy((row) => row.favoritecaptain),
        mergeMap(score(open.key)),
        toArray(),
      ),
    ),
    concatMap((scores) => scores.sort((a, b) => b.AVERAGE_RATING - a.AVERAGE_RATING)),
    map((score) => `${JSON.stringify(score)}\n`),
  )
  .subscribe({ next: (line) => out.write(line), complete: () => out.end() });

function minute({ timestamp }) {
  return Math.floor((timestamp * 1000) / minuteMs) * minuteMs;
}

function score(start) {
  const end = new Date(start + minuteMs).toISOString(); // of the window, as rowtime has it
  return (captain) =>
    captain.pipe(
      reduce(
        (sum, { rating }) => {
          sum.total += rating;
          sum.count++;
          return sum;
        },
        { total: 0, count: 0 },
      ),
      map(({ total, count }) => ({
        ROWTIME: end,
        favoritecaptain: captain.key,
        AVERAGE_RATING: Math.trunc(total / count),
        TOTAL_RATING: total,
      })),
    );
}

function lines() {
  let rest = '';
  return (chunk) => {
    const whole = (rest + chunk).split('\n');
    rest = whole.pop();
    return whole;
  };
}
