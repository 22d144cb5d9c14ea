import { type Key, keyOf, type Layout } from './layout.ts';
import type { Row, Side } from './settings.ts';
import { History, sameRow, type Window } from './window.ts';

/** Cuts rows without a time into windows: each key comes once in a window, so one that comes again begins the next. */
export class Sequence {
  readonly history: History;
  readonly #side: Side;
  readonly #layout: Layout;
  readonly #out: (window: Window) => void;
  #rows = new Map<Key, Row>();
  #seq = 0;
  #isSuspect = false;

  constructor(side: Side, layout: Layout, out: (window: Window) => void) {
    this.#side = side;
    this.#layout = layout;
    this.#out = out;
    this.history = new History([...layout.measures, ...layout.scores]);
  }

  get waitingRows(): number {
    return this.#rows.size;
  }

  push(row: Row): void {
    const key = keyOf(row, this.#layout.key);
    const before = this.#rows.get(key);
    if (before !== undefined) {
      // At-least-once delivery repeats rows, so either of the two may not belong here. Which, the other side shows.
      const { measures, scores } = this.#layout;
      const isRepeated =
        sameRow(before, row, measures) && sameRow(before, row, scores)
          ? true
          : this.history.has(key, row, this.#seq) || this.history.has(key, before, this.#seq);
      this.#close(false);
      this.#isSuspect = isRepeated;
    }
    this.#rows.set(key, row);
  }

  end(): void {
    if (this.#rows.size > 0) this.#close(true);
  }

  #close(isLast: boolean): void {
    const window: Window = {
      side: this.#side,
      seq: this.#seq,
      rows: this.#rows,
      from: null,
      isEdge: isLast || this.#seq === 0,
      isSuspect: this.#isSuspect,
    };
    this.#seq++;
    this.#rows = new Map();
    this.#isSuspect = false;
    this.history.add(window);
    this.#out(window);
  }
}
