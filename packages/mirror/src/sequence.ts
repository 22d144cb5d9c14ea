import { type Key, keyOf, type Layout } from './layout.ts';
import { rowHash } from './row-hash.ts';
import type { Row, Side } from './settings.ts';
import { History, sameRow, type Window } from './window.ts';

// So many rows show whether a group often has the values that it had before.
const shownMax = 256;
// The part of the rows that is the same as an earlier one by chance, up to which sameness means delivered twice.
const chanceMax = 0.08;
const rememberedWindows = 24;
const sparesMax = 10_000;

/**
 * Cuts rows without a time into windows: each key comes once in a window, so one that comes again begins the next.
 *
 * At-least-once delivery repeats rows, and would begin windows where there are none. Where groups hardly ever have the
 * same values twice, a row that was there before is set aside, as a spare of its window. Where they often do (a COUNT of few
 * records) it cuts, the window is a suspect, and the other side shows what belongs together (merge.ts).
 */
export class Sequence {
  readonly history: History;
  readonly #side: Side;
  readonly #layout: Layout;
  readonly #out: (window: Window) => void;
  readonly #values: readonly number[];
  readonly #all: readonly number[];
  #held: Row[] | null = [];
  /** Hashes of the rows of the last windows, if a row that is there again was delivered again; else null. */
  #delivered: Set<number> | null = null;
  #hashes: number[] = [];
  readonly #hashesOfWindows: number[][] = [];
  #rows = new Map<Key, Row>();
  #spares: Row[] = [];
  #seq = 0;
  #isSuspect = false;

  constructor(side: Side, layout: Layout, out: (window: Window) => void) {
    this.#side = side;
    this.#layout = layout;
    this.#out = out;
    this.#values = [...layout.measures, ...layout.scores];
    this.#all = [...layout.key, ...this.#values];
    this.history = new History(this.#values);
  }

  push(row: Row): void {
    if (this.#held === null) {
      this.#take(row);
      return;
    }
    this.#held.push(row);
    if (this.#held.length === shownMax) this.#begin();
  }

  end(): void {
    if (this.#held !== null) this.#begin();
    if (this.#rows.size > 0) this.#close(true);
  }

  #begin(): void {
    const held = this.#held!;
    this.#held = null;
    if (this.#chanceOfRepeat(held) <= chanceMax) this.#delivered = new Set();
    for (const row of held) this.#take(row);
  }

  #take(row: Row): void {
    if (this.#delivered !== null) {
      const hash = rowHash(row, this.#all);
      if (this.#delivered.has(hash)) {
        this.#spares.push(row);
        if (this.#spares.length === sparesMax) this.#standStill();
        return;
      }
      this.#delivered.add(hash);
      this.#hashes.push(hash);
    }
    const key = keyOf(row, this.#layout.key);
    const before = this.#rows.get(key);
    if (before !== undefined) {
      // Either of the two may not belong here.
      const isRepeated =
        this.#delivered === null &&
        (sameRow(before, row, this.#values) ||
          this.history.has(key, row, this.#seq) ||
          this.history.has(key, before, this.#seq));
      this.#close(false);
      this.#isSuspect = isRepeated;
      if (this.#delivered !== null) this.#hashes = [this.#hashesOfWindows.at(-1)!.pop()!];
    }
    this.#rows.set(key, row);
  }

  /** Nothing but what was there before, for long: the values of the stream have come to a standstill. */
  #standStill(): void {
    const spares = this.#spares;
    this.#spares = [];
    this.#delivered = null;
    for (const row of spares) this.#take(row);
  }

  #close(isLast: boolean): void {
    const window: Window = {
      side: this.#side,
      seq: this.#seq,
      rows: this.#rows,
      spares: this.#spares,
      from: null,
      isEdge: isLast || this.#seq === 0,
      isSuspect: this.#isSuspect,
    };
    this.#seq++;
    this.#rows = new Map();
    this.#spares = [];
    this.#isSuspect = false;
    this.history.add(window);
    if (this.#delivered !== null) {
      this.#hashesOfWindows.push(this.#hashes);
      if (this.#hashesOfWindows.length > rememberedWindows) {
        for (const hash of this.#hashesOfWindows.shift()!) this.#delivered.delete(hash);
      }
      this.#hashes = [];
    }
    this.#out(window);
  }

  /**
   * What part of the rows is the same as an earlier one by chance. What is delivered again comes in runs, as the rows came
   * the first time; of a run only the first row counts.
   */
  #chanceOfRepeat(rows: readonly Row[]): number {
    const hashes = rows.map((row) => rowHash(row, this.#all));
    const places = new Map<number, number>();
    let [starts, repeated] = [0, 0];
    // Where the run that goes on here was before. A run that is repeated may itself hold rows that were.
    let before = Number.NaN;
    for (const [i, hash] of hashes.entries()) {
      const place = places.get(hash);
      if (place !== undefined) repeated++;
      if (hashes[before + 1] === hash && before + 1 < i) before++;
      else {
        if (place !== undefined) starts++;
        before = place ?? Number.NaN;
      }
      places.set(hash, i);
    }
    // Where most rows are there again the values stand still, in whatever order.
    return repeated > 0.5 * rows.length ? 1 : starts / rows.length;
  }
}
