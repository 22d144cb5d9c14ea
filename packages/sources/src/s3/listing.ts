import type { Millis } from '@rowtime/core';
import { hourInPath, timeInName } from '../firehose-name.ts';

/** An object of a bucket, as a listing shows it. */
export interface ObjectEntry {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly modified: Millis;
}

/** Plain data: what was read, so far as it can still be listed. */
export interface ListingState {
  /** Keys up to this one are done, in the order of S3: by their UTF-8 bytes. */
  readonly after: string;
  /** Keys behind it that are done too, and when they were written. */
  readonly done: readonly (readonly [key: string, modified: Millis])[];
}

export interface ListingOptions {
  /** Objects that were written before this are none of ours. null: all of them. */
  readonly since: Millis | null;
  /** An object that was written so long after one whose key is behind its own is still found. */
  readonly lookBackMs: Millis;
  /** Only keys that end so. */
  readonly suffix: string;
}

/**
 * Finds each object of a growing prefix once. Keys of a delivery stream begin with their hour, so new ones are near the end of
 * the listing, but not at it: a retry can land an object in an hour that is over. So the keys of a look-back window are
 * remembered, and the listing begins behind all that is older.
 *
 *     2024/01/01/05/a  2024/01/01/05/c  2024/01/01/06/a      listed: all known
 *     2024/01/01/05/a  2024/01/01/05/b  2024/01/01/05/c …    listed: b is new
 */
export class Listing {
  readonly #options: ListingOptions;
  #after: string;
  /** Of the listing under way: the last key before which all is old and done. */
  #settled = '';
  #isSettling = false;
  readonly #done: Map<string, Millis>;

  constructor(options: ListingOptions, state: ListingState) {
    this.#options = options;
    this.#after = state.after;
    this.#done = new Map(state.done);
  }

  snapshot(): ListingState {
    return { after: this.#after, done: [...this.#done] };
  }

  /** Begins anew; returns the key behind which to list. */
  begin(): string {
    this.#settled = this.#after;
    this.#isSettling = true;
    return this.#after;
  }

  /** A page of the listing, in order: the new objects in it. */
  page(listed: readonly ObjectEntry[], now: Millis): ObjectEntry[] {
    const fresh: ObjectEntry[] = [];
    for (const entry of listed) {
      const isNew = this.#isOurs(entry) && !this.#done.has(entry.key);
      if (isNew) fresh.push(entry);
      if (isNew || entry.modified >= now - this.#options.lookBackMs) this.#isSettling = false;
      else if (this.#isSettling) this.#settled = entry.key;
    }
    return fresh;
  }

  /** The listing is over: what is older than the look-back window, and done, need not be listed again. */
  end(): void {
    this.#after = this.#settled;
    for (const key of this.#done.keys()) if (compareKeys(key, this.#after) <= 0) this.#done.delete(key);
  }

  /** The object is read to its end. */
  markDone({ key, modified }: ObjectEntry): void {
    if (compareKeys(key, this.#after) > 0) this.#done.set(key, modified);
  }

  #isOurs({ key, size, modified }: ObjectEntry): boolean {
    const { since, suffix } = this.#options;
    return size > 0 && key.endsWith(suffix) && (since === null || modified >= since);
  }
}

/** The order in which objects are read: by the time in their names, or else by the hour that they lie under. */
export function inOrder(entries: readonly ObjectEntry[]): ObjectEntry[] {
  return entries
    .map((entry) => ({ entry, time: timeInName(entry.key) ?? hourInPath(entry.key) ?? entry.modified }))
    .sort((a, b) => a.time - b.time || compareKeys(a.entry.key, b.entry.key))
    .map(({ entry }) => entry);
}

/** The order of S3. UTF-16 has another one for characters outside of the basic plane. */
function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
