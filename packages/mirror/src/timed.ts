import { type Key, keyOf, type Layout } from './layout.ts';
import type { Millis, Row, Side } from './settings.ts';
import { timeOf } from './values.ts';
import { History, sameRow, type Window } from './window.ts';

interface Open {
  readonly number: number;
  readonly rows: Map<Key, Row>;
}

/** What became of a row that is in no window. */
export type Stray = 'duplicate' | 'conflict' | 'late' | 'timeless';

// Delivery mixes the rows of neighbouring windows: a window closes when there are rows this many windows on.
const openWindowsMax = 3;

/** Puts rows into the windows of their times. */
export class Timed {
  readonly history: History;
  readonly #side: Side;
  readonly #layout: Layout;
  readonly #windowMillis: number;
  readonly #out: (window: Window) => void;
  readonly #stray: (stray: Stray, row: Row, window: number) => void;
  #open: Open[] = [];
  #seq = 0;
  /** Windows up to and with this number are closed. */
  #closed = Number.NEGATIVE_INFINITY;
  #closedWindows: Window[] = [];
  #newest = Number.NEGATIVE_INFINITY;

  constructor(
    side: Side,
    layout: Layout,
    windowMillis: number,
    out: (window: Window) => void,
    stray: (stray: Stray, row: Row, window: number) => void,
  ) {
    this.#side = side;
    this.#layout = layout;
    this.#windowMillis = windowMillis;
    this.#out = out;
    this.#stray = stray;
    this.history = new History([...layout.measures, ...layout.scores]);
  }

  /** The latest time seen. */
  get newest(): Millis {
    return this.#newest * this.#windowMillis;
  }

  push(row: Row): void {
    const number = Math.floor(timeOf(row[this.#layout.time]) / this.#windowMillis);
    if (Number.isNaN(number)) {
      this.#stray('timeless', row, number);
      return;
    }
    const key = keyOf(row, this.#layout.key);
    if (number <= this.#closed) {
      const window = this.#closedWindows.find(({ from }) => from === number * this.#windowMillis);
      const before = window?.rows.get(key);
      this.#stray(before !== undefined && this.#isSame(before, row) ? 'duplicate' : 'late', row, number);
      return;
    }
    let open = this.#open.find((one) => one.number === number);
    if (open === undefined) {
      open = { number, rows: new Map() };
      this.#open.push(open);
      this.#open.sort((a, b) => a.number - b.number);
      this.#newest = Math.max(this.#newest, number);
      while (this.#open.length > 0 && this.#open[0]!.number <= this.#newest - openWindowsMax) this.#close(false);
      while (this.#open.length > openWindowsMax) this.#close(false);
    }
    const before = open.rows.get(key);
    if (before === undefined) open.rows.set(key, row);
    else this.#stray(this.#isSame(before, row) ? 'duplicate' : 'conflict', row, number);
  }

  end(): void {
    while (this.#open.length > 0) this.#close(this.#open.length === 1);
  }

  #isSame(a: Row, b: Row): boolean {
    return sameRow(a, b, this.#layout.measures) && sameRow(a, b, this.#layout.scores);
  }

  #close(isLast: boolean): void {
    const { number, rows } = this.#open.shift()!;
    const window: Window = {
      side: this.#side,
      seq: this.#seq,
      rows,
      spares: [],
      from: number * this.#windowMillis,
      isEdge: isLast || this.#seq === 0,
      isSuspect: false,
    };
    this.#seq++;
    this.#closed = number;
    this.history.add(window);
    this.#closedWindows.push(window);
    if (this.#closedWindows.length > 48) this.#closedWindows.shift();
    this.#out(window);
  }
}
