import type { Layout } from './layout.ts';
import { rowLikeness } from './likeness.ts';
import type { Row } from './settings.ts';
import { type History, sameRow, type Window } from './window.ts';

/** How many windows of each side go together next: 0 and n, n and 0 are a gap; 2 and 1 are a window that was cut in two. */
export interface Step {
  readonly recorded: number;
  readonly ours: number;
}

export interface Merged {
  readonly window: Window;
  /** Rows that had been delivered before, and made one window look like several. */
  readonly repeated: readonly Row[];
}

const lookahead = 6;
const mergedMax = 4;

/**
 * The next step when a row that was delivered twice may have cut a window in two. Both hypotheses, that a repeated row is
 * a repetition and that it belongs to the next window, are tried against the other side, some windows ahead.
 */
export function nextStep(
  recorded: readonly Window[],
  ours: readonly Window[],
  histories: { readonly recorded: History; readonly ours: History },
  layout: Layout,
): Step {
  const sides = {
    recorded: new Stretch(recorded.slice(0, lookahead), histories.recorded, layout),
    ours: new Stretch(ours.slice(0, lookahead), histories.ours, layout),
  };
  const [rows, columns] = [sides.recorded.length + 1, sides.ours.length + 1];
  const best = new Float64Array(rows * columns);
  let first: Step = { recorded: 1, ours: 1 };
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      if (i === rows - 1 || j === columns - 1) continue; // beyond the lookahead nothing is known: 0
      let found = Number.NEGATIVE_INFINITY;
      for (const step of steps) {
        const [toI, toJ] = [i + step.recorded, j + step.ours];
        if (toI >= rows || toJ >= columns) continue;
        const score = worth(sides, i, j, step, layout) + best[toI * columns + toJ]!;
        if (score <= found + 1e-9) continue;
        found = score;
        if (i === 0 && j === 0) first = step;
      }
      best[i * columns + j] = found;
    }
  }
  return first;
}

/** Windows in a row as one; null if a key has two rows and neither had been delivered before. */
export function merge(windows: readonly Window[], history: History, layout: Layout): Merged | null {
  const [head] = windows;
  if (windows.length === 1) return { window: head!, repeated: [] };
  const rows = new Map(head!.rows);
  const repeated: Row[] = [];
  for (const window of windows.slice(1)) {
    for (const [key, row] of window.rows) {
      const before = rows.get(key);
      if (before === undefined) {
        rows.set(key, row);
      } else if (sameRow(before, row, layout.measures) || history.has(key, row, head!.seq)) {
        repeated.push(row);
      } else if (history.has(key, before, head!.seq)) {
        repeated.push(before);
        rows.set(key, row);
      } else {
        return null;
      }
    }
  }
  const spares = windows.flatMap((window) => window.spares);
  return { window: { ...head!, rows, spares, isEdge: windows.some(({ isEdge }) => isEdge) }, repeated };
}

// The pair first: of two that are worth the same it is taken.
const steps: readonly Step[] = [{ recorded: 1, ours: 1 }, ...mergesAndGaps()];

function mergesAndGaps(): Step[] {
  const all: Step[] = [];
  for (let recorded = 0; recorded <= mergedMax; recorded++) {
    for (let ours = 0; ours <= mergedMax; ours++) {
      const isGap = recorded + ours === 1;
      const isMerge = recorded > 0 && ours > 0 && recorded + ours > 2 && recorded + ours <= mergedMax + 1;
      if (isGap || isMerge) all.push({ recorded, ours });
    }
  }
  return all;
}

/** Some windows of one side, and what they are when merged, once computed. */
class Stretch {
  readonly length: number;
  readonly history: History;
  readonly #windows: readonly Window[];
  readonly #layout: Layout;
  readonly #merged = new Map<number, Merged | null>();

  constructor(windows: readonly Window[], history: History, layout: Layout) {
    this.length = windows.length;
    this.history = history;
    this.#windows = windows;
    this.#layout = layout;
  }

  at(from: number, count: number): Merged | null {
    const name = from * 16 + count;
    let merged = this.#merged.get(name);
    if (merged === undefined) {
      merged = merge(this.#windows.slice(from, from + count), this.history, this.#layout);
      this.#merged.set(name, merged);
    }
    return merged;
  }
}

/** In rows: 1 for each that the step explains wholly, less for what it leaves unexplained. */
function worth(
  sides: { readonly recorded: Stretch; readonly ours: Stretch },
  i: number,
  j: number,
  step: Step,
  layout: Layout,
): number {
  if (step.ours === 0) return loss(sides.recorded, i);
  if (step.recorded === 0) return loss(sides.ours, j);
  const [a, b] = [sides.recorded.at(i, step.recorded), sides.ours.at(j, step.ours)];
  if (a === null || b === null) return Number.NEGATIVE_INFINITY;
  let score = -0.05 * (step.recorded + step.ours - 2);
  let met = 0;
  for (const [key, row] of a.window.rows) {
    const other = b.window.rows.get(key);
    if (other === undefined) continue;
    met++;
    const alike = rowLikeness(row, other, layout);
    score += alike === 1 ? 1 : 0.3 * alike;
  }
  return score - 0.25 * (a.window.rows.size + b.window.rows.size - 2 * met);
}

function loss(stretch: Stretch, at: number): number {
  const { window } = stretch.at(at, 1)!;
  return (stretch.history.repeats(window) ? -0.02 : -0.4) * window.rows.size;
}
