import { MirrorError } from './errors.ts';
import type { ColumnRole, MirrorLimits, MirrorSettings, Row, Value } from './settings.ts';
import type { Tolerance } from './values.ts';

/** The settings of a comparison, as indexes of columns. */
export interface Layout {
  readonly stream: string;
  readonly columns: readonly string[];
  readonly key: readonly number[];
  readonly keyInferred: boolean;
  /** -1 if rows have no time. */
  readonly time: number;
  /** Compared value by value: neither key, time, score nor ignored. */
  readonly measures: readonly number[];
  readonly scores: readonly number[];
  /** By column; null where values must be the same. */
  readonly tolerances: readonly (Tolerance | null)[];
  /** By column; null where the settings do not say. */
  readonly roles: readonly (ColumnRole | null)[];
  readonly limits: MirrorLimits;
}

const defaults: MirrorLimits = { waitingRows: 200_000, waitingWindows: 512, examples: 5, points: 240 };

export function layoutOf(settings: MirrorSettings, key: readonly string[], keyInferred: boolean): Layout {
  const { stream, columns, compare = {}, scores = [], seeded = false } = settings;
  const index = (column: string, what: string) => {
    const at = columns.indexOf(column);
    if (at < 0) throw new MirrorError(`${what} ${column} is not a column of ${stream}: it has ${columns.join(', ')}`);
    return at;
  };
  if (columns.length === 0) throw new MirrorError(`${stream} has no columns`);
  const keyIndexes = key.map((column) => index(column, 'the key'));
  const time = settings.time === undefined ? -1 : index(settings.time, 'the time');
  const scoreIndexes = scores.map((column) => index(column, 'the score'));
  const both = keyIndexes.find((at) => at === time || scoreIndexes.includes(at));
  if (both !== undefined) {
    throw new MirrorError(`${columns[both]} is in the key of ${stream}, so it can be neither its time nor a score`);
  }
  if (settings.windowMillis !== undefined && !(settings.windowMillis > 0)) {
    throw new MirrorError(`a window of ${stream} takes more than 0 milliseconds, not ${settings.windowMillis}`);
  }
  const told = columns.map((): (typeof compare)[string] => ({}));
  for (const [column, one] of Object.entries(compare)) told[index(column, 'the compared column')] = one;
  const loose = seeded ? [] : scoreIndexes;
  const measures = columns
    .map((_, at) => at)
    .filter((at) => at !== time && !keyIndexes.includes(at) && !loose.includes(at) && told[at]!.role !== 'ignored');
  return {
    stream,
    columns,
    key: keyIndexes,
    keyInferred,
    time,
    measures,
    scores: loose,
    tolerances: told.map(({ absolute = 0, relative = 0, ulps = 0 }) =>
      absolute > 0 || relative > 0 || ulps > 0 ? { absolute, relative, ulps } : null,
    ),
    roles: told.map(({ role }) => role ?? null),
    limits: { ...defaults, ...settings.limits },
  };
}

/** The role that a column's name speaks of, where the settings say nothing. */
export function roleByName(column: string): ColumnRole {
  const words = column.toLowerCase().split(/[^a-z]+/);
  const has = (...names: string[]) => words.some((word) => names.includes(word));
  if (has('avg', 'average', 'mean')) return 'average';
  if (has('min', 'minimum', 'lowest')) return 'minimum';
  if (has('max', 'maximum', 'highest')) return 'maximum';
  if (has('count', 'cnt', 'counts')) return 'count';
  if (has('sum', 'total')) return 'sum';
  return 'value';
}

/** What names a row in a Map: the value itself if the key is one column. */
export type Key = Value;

export function keyOf(row: Row, key: readonly number[]): Key {
  if (key.length === 1) return row[key[0]!] ?? null;
  // A separator that texts hardly hold; two keys that still met would be one key on both sides alike.
  let text = '';
  for (const at of key) text += `${String(row[at])}\u001f`;
  return text;
}
