import { keyOf } from './layout.ts';
import type { MirrorSettings, Row } from './settings.ts';
import { decimal, timeOf } from './values.ts';

/** The texts that GROUP BY was about, if rows look like groups of windows: each once in every window. `[]` if not. */
export function inferKey({ columns, time, scores = [] }: MirrorSettings, sides: readonly (readonly Row[])[]): string[] {
  if (scores.length > 0) return [];
  const rows = sides.flat();
  const isText = (at: number) =>
    rows.every((row) => {
      const value = row[at] ?? null;
      return value === null || typeof value === 'boolean' || (typeof value === 'string' && !decimal.test(value));
    });
  const key = columns.map((_, at) => at).filter((at) => columns[at] !== time && isText(at));
  const hasMeasures = columns.some((column, at) => column !== time && !key.includes(at));
  if (key.length === 0 || !hasMeasures || rows.length === 0) return [];
  const at = time === undefined ? -1 : columns.indexOf(time);
  const isGrouped = sides
    .filter((side) => side.length > 0)
    .every((side) => (at < 0 ? isInTurns(side, key) : isOncePerTime(side, key, at)));
  return isGrouped ? key.map((column) => columns[column]!) : [];
}

/** The common measure of the times between windows; null if the times are not those of windows. */
export function inferWindowMillis(sides: readonly (readonly Row[])[], time: number): number | null {
  let common = 0;
  for (const side of sides) {
    const times = distinctTimes(side, time);
    for (let i = 1; i < times.length; i++) common = greatestCommonDivisor(common, times[i]! - times[i - 1]!);
  }
  return common >= 1000 ? common : null;
}

// Groups of a window come each once before the first comes again; rows in no order repeat one long before that.
function isInTurns(rows: readonly Row[], key: readonly number[]): boolean {
  const all = new Set<unknown>();
  let turn = new Set<unknown>();
  const sizes: number[] = [];
  for (const row of rows) {
    const value = keyOf(row, key);
    if (turn.has(value)) {
      sizes.push(turn.size);
      turn = new Set();
    }
    turn.add(value);
    all.add(value);
  }
  if (sizes.length === 0 || all.size < 3) return false;
  return sizes.reduce((sum, size) => sum + size, 0) / sizes.length >= 0.45 * all.size;
}

function isOncePerTime(rows: readonly Row[], key: readonly number[], time: number): boolean {
  const times = distinctTimes(rows, time);
  const isGrid = times.length === 1 || inferWindowMillis([rows], time) !== null;
  if (!isGrid) return false;
  const seen = new Set(rows.map((row) => `${String(keyOf(row, key))}\u001f${timeOf(row[time])}`));
  // Some may have been delivered twice.
  return seen.size >= 0.9 * rows.length && new Set(rows.map((row) => keyOf(row, key))).size <= rows.length / 2;
}

function distinctTimes(rows: readonly Row[], time: number): number[] {
  const times = new Set(rows.map((row) => timeOf(row[time])));
  return [...times].filter((at) => !Number.isNaN(at)).sort((a, b) => a - b);
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b > 0) [a, b] = [b, a % b];
  return a;
}
