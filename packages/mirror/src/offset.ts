import type { Entry } from './bags.ts';
import { rowHash } from './row-hash.ts';

/** Ours − recorded, of rows that come once on each side. */
export function offsetsBetween(
  recorded: readonly Entry[],
  ours: readonly Entry[],
  identity: readonly number[],
): number[] {
  const placesOfOurs = placesOfSingles(ours, identity);
  const offsets: number[] = [];
  for (const [hash, at] of placesOfSingles(recorded, identity)) {
    const offset = (placesOfOurs.get(hash) ?? Number.NaN) - at;
    if (!Number.isNaN(offset)) offsets.push(offset);
  }
  return offsets;
}

/** The multiple of `bin` near which most of the offsets are, in bins, and how many. */
export function mostVoted(offsets: readonly number[], bin: number): readonly [best: number, votes: number] {
  const votes = new Map<number, number>();
  for (const offset of offsets) votes.set(Math.round(offset / bin), (votes.get(Math.round(offset / bin)) ?? 0) + 1);
  return [...votes].reduce<readonly [number, number]>((a, b) => (b[1] > a[1] ? b : a), [0, 0]);
}

/** Where each row is that comes once, by its hash; NaN for those that come again. */
function placesOfSingles(entries: readonly Entry[], identity: readonly number[]): Map<number, number> {
  const places = new Map<number, number>();
  for (const { row, at } of entries) {
    const hash = rowHash(row, identity);
    places.set(hash, places.has(hash) ? Number.NaN : at);
  }
  return places;
}
