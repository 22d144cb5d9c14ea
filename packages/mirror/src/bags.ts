import type { Row } from './settings.ts';

/** A row of one side that has no partner yet. `at` is its time, else its place; the same on both sides for the same row. */
export interface Entry {
  readonly row: Row;
  readonly at: number;
  /** Another row with the same values. */
  next: Entry | null;
}

/** The rows of a window, by their hash. */
export interface Bag {
  readonly rows: Map<number, Entry>;
  /** Rows that found their partner, by their hash. */
  readonly met: Map<number, number>;
  size: number;
}

/** What one side has that waits. */
export interface SideState {
  /** Rows kept until it is known how the places or times of the two sides belong together. */
  held: Entry[];
  count: number;
  ended: boolean;
  first: number;
  last: number;
  readonly bags: Map<number, Bag>;
  waiting: number;
}

export function newSide(): SideState {
  return {
    held: [],
    count: 0,
    ended: false,
    first: Number.POSITIVE_INFINITY,
    last: Number.NEGATIVE_INFINITY,
    bags: new Map(),
    waiting: 0,
  };
}

// The same order on both sides: the last of several rows with the same values is the partner of the last.
export function add(bag: Bag, hash: number, entry: Entry): void {
  entry.next = bag.rows.get(hash) ?? null;
  bag.rows.set(hash, entry);
}

export function take(bag: Bag, hash: number): Entry | null {
  const first = bag.rows.get(hash);
  if (first === undefined) return null;
  if (first.next === null) bag.rows.delete(hash);
  else bag.rows.set(hash, first.next);
  return first;
}

export function remove(bag: Bag, hash: number, entry: Entry): void {
  let at = bag.rows.get(hash);
  if (at === entry) {
    take(bag, hash);
    return;
  }
  while (at !== undefined && at.next !== entry) at = at.next ?? undefined;
  if (at !== undefined) at.next = entry.next;
}

export function newestOf({ bags }: SideState): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (const window of bags.keys()) newest = Math.max(newest, window);
  return newest;
}

export function oldestOf({ bags }: SideState): number {
  let oldest = Number.POSITIVE_INFINITY;
  for (const window of bags.keys()) oldest = Math.min(oldest, window);
  return oldest;
}
