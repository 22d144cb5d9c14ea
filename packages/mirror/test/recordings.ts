// Recordings as two services would leave them: made from the same records, each with an arrival time of its own.
import type { Row, RowBatch } from '../src/index.ts';

export type Random = () => number;

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const captains = [
  ...[
    'Jean-Luc Picard',
    'James T. Kirk',
    'Han Solo',
    'Kathryn Janeway',
    'Malcolm Reynolds',
    'William Adama',
    'Turanga Leela',
  ],
  ...[
    'Jacob Keyes',
    'Wilhuff Tarkin',
    'Christopher Pike',
    'David Bowman',
    'The Doctor',
    'John Robinson',
    'Khan Noonien Singh',
  ],
];

export interface Rating {
  readonly at: number;
  readonly user: string;
  readonly captain: string;
  readonly rating: number;
}

export const start = Date.UTC(2021, 8, 22, 14, 0);
export const minute = 60_000;

export interface Traffic {
  readonly minutes: number;
  /** Of all captains together. */
  readonly perMinute: number;
  readonly captains: number;
}

export function ratings(random: Random, { minutes, perMinute, captains: count }: Traffic): Rating[] {
  const all = Math.round(minutes * perMinute);
  const times = Array.from({ length: all }, () => start + random() * minutes * minute).sort((a, b) => a - b);
  return times.map((at, i) => ({
    at,
    user: `user ${Math.floor(random() * 1e6)}-${i}`,
    captain: captains[Math.floor(random() ** 1.5 * count)]!,
    rating: 1 + Math.floor(random() * 1000),
  }));
}

/** The records in the order and at the times at which a service took them: up to `lagMillis` after they were made. */
export function arrived(random: Random, records: readonly Rating[], lagMillis: number): Rating[] {
  return records.map((one) => ({ ...one, at: one.at + random() * lagMillis })).sort((a, b) => a.at - b.at);
}

export type Shape = 'avg-sum' | 'avg-sum-count' | 'count' | 'sum' | 'all' | 'double';

const shapes: Readonly<Record<Shape, readonly string[]>> = {
  'avg-sum': ['AVERAGE_RATING', 'TOTAL_RATING'],
  'avg-sum-count': ['AVERAGE_RATING', 'TOTAL_RATING', 'RATING_COUNT'],
  count: ['RATINGS'],
  sum: ['S'],
  all: ['A', 'B', 'C', 'D', 'E'],
  double: ['AVG_PRICE', 'SUM_PRICE', 'N'],
};

export function columnsOf(shape: Shape, isTimed: boolean): string[] {
  return [...(isTimed ? ['ROWTIME'] : []), 'favoritecaptain', ...shapes[shape]];
}

/** GROUP BY captain and minute: windows of rows, in an order as of groups in a hash table. */
export function aggregated(random: Random, records: readonly Rating[], shape: Shape, isTimed: boolean): Row[][] {
  const windows = new Map<number, Map<string, number[]>>();
  for (const { at, captain, rating } of records) {
    const window = Math.floor(at / minute);
    if (!windows.has(window)) windows.set(window, new Map());
    const groups = windows.get(window)!;
    if (!groups.has(captain)) groups.set(captain, []);
    groups.get(captain)!.push(rating);
  }
  return [...windows]
    .sort(([a], [b]) => a - b)
    .map(([window, groups]) =>
      shuffled(random, [...groups]).map(([captain, values]) => [
        ...(isTimed ? [sqlTime(window * minute)] : []),
        captain,
        ...measures(values, shape),
      ]),
    );
}

function measures(values: readonly number[], shape: Shape): number[] {
  const sum = values.reduce((a, b) => a + b, 0);
  const average = Math.trunc(sum / values.length);
  switch (shape) {
    case 'avg-sum':
      return [average, sum];
    case 'avg-sum-count':
      return [average, sum, values.length];
    case 'count':
      return [values.length];
    case 'sum':
      return [sum];
    case 'all':
      return [values.length, sum, average, Math.min(...values), Math.max(...values)];
    case 'double': {
      const prices = values.map((value) => value / 7);
      const total = prices.reduce((a, b) => a + b, 0);
      return [total / values.length, total, values.length];
    }
  }
}

export function sqlTime(millis: number): string {
  return new Date(millis).toISOString().replace('T', ' ').replace('Z', '');
}

function shuffled<T>(random: Random, values: readonly T[]): T[] {
  const all = [...values];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

/** At-least-once: single rows again at once, and runs of rows (a batch that was retried) again, at once or later. */
export function redelivered(random: Random, rows: readonly Row[], times: number): Row[] {
  const all = [...rows];
  for (let i = 0; i < times; i++) {
    const from = Math.floor(random() * all.length);
    const length = random() < 0.5 ? 1 : 1 + Math.floor(random() * 30);
    const run = all.slice(from, from + length);
    const later = random() < 0.5 ? 0 : Math.floor(random() * 100);
    all.splice(Math.min(all.length, from + run.length + later), 0, ...run);
  }
  return all;
}

/** Rows as batches of random sizes: how they are split must not matter. */
export function* batches(random: Random, rows: readonly Row[]): Generator<RowBatch> {
  for (let from = 0; from < rows.length; ) {
    const to = from + 1 + Math.floor(random() * 200);
    yield { rows: rows.slice(from, to) };
    from = to;
  }
}
