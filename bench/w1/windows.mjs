import { createWriteStream } from 'node:fs';

const minuteMs = 60_000;

/** Totals per captain of the open minute in a Map; a row of a later minute closes it. Rows come in time order. */
export function minuteWindows(output) {
  const out = createWriteStream(output);
  let open = Number.NEGATIVE_INFINITY;
  let groups = new Map();
  return { add, end };

  function add({ favoritecaptain, rating, timestamp }) {
    const minute = Math.floor((timestamp * 1000) / minuteMs) * minuteMs;
    if (minute > open) {
      close();
      open = minute;
    }
    const group = groups.get(favoritecaptain);
    if (group === undefined) groups.set(favoritecaptain, { total: rating, count: 1 });
    else {
      group.total += rating;
      group.count++;
    }
  }

  function end() {
    close();
    out.end();
  }

  function close() {
    if (groups.size === 0) return;
    const end = new Date(open + minuteMs).toISOString(); // of the window, as rowtime has it
    const rows = Array.from(groups, ([captain, { total, count }]) => ({
      ROWTIME: end,
      favoritecaptain: captain,
      AVERAGE_RATING: Math.trunc(total / count),
      TOTAL_RATING: total,
    }));
    rows.sort((a, b) => b.AVERAGE_RATING - a.AVERAGE_RATING);
    for (const row of rows) out.write(`${JSON.stringify(row)}\n`);
    groups = new Map();
  }
}
