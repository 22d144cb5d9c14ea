import type { Key } from './layout.ts';
import type { Millis, Row, Side } from './settings.ts';
import { same } from './values.ts';

/** The rows of one side in one window, each key once. */
export interface Window {
  readonly side: Side;
  /** From 0, of its side. */
  readonly seq: number;
  readonly rows: Map<Key, Row>;
  /** Rows that came in between and had been delivered before, unless the other side shows that they belong here. */
  readonly spares: readonly Row[];
  readonly from: Millis | null;
  /** The first or the last of its side: the recording may have begun or ended within it. */
  readonly isEdge: boolean;
  /** The row that began it, or the one it would have replaced, had been delivered before: it may be a part of a window. */
  readonly isSuspect: boolean;
}

export function sameRow(a: Row, b: Row, columns: readonly number[]): boolean {
  for (const at of columns) if (!same(a[at] ?? null, b[at] ?? null, null)) return false;
  return true;
}

/** The last windows of one side, to know a row that was delivered before. */
export class History {
  readonly #windows: Window[] = [];
  readonly #columns: readonly number[];

  constructor(columns: readonly number[]) {
    this.#columns = columns;
  }

  add(window: Window): void {
    this.#windows.push(window);
    if (this.#windows.length > 48) this.#windows.shift();
  }

  /** Was the same row in one of the windows before `window`? */
  has(key: Key, row: Row, before: number): boolean {
    for (let i = this.#windows.length - 1; i >= 0; i--) {
      const window = this.#windows[i]!;
      if (window.seq >= before) continue;
      const earlier = window.rows.get(key);
      if (earlier !== undefined && sameRow(earlier, row, this.#columns)) return true;
    }
    return false;
  }

  /** Was all of the window delivered before, within one window or two neighbouring ones? */
  repeats(window: Window): boolean {
    for (let i = this.#windows.length - 1; i >= 0; i--) {
      const [first, second] = [this.#windows[i]!, this.#windows[i + 1]];
      if (first.seq >= window.seq) continue;
      if (this.#holds(window, first, second !== undefined && second.seq < window.seq ? second : first)) return true;
    }
    return false;
  }

  #holds(window: Window, first: Window, second: Window): boolean {
    for (const [key, row] of window.rows) {
      const [a, b] = [first.rows.get(key), second.rows.get(key)];
      const isThere = a !== undefined && sameRow(a, row, this.#columns);
      if (!isThere && !(b !== undefined && sameRow(b, row, this.#columns))) return false;
    }
    return true;
  }
}
