import { type Layout, roleByName } from './layout.ts';
import type {
  ColumnDifferences,
  Excluded,
  FindingExample,
  FindingKind,
  RowSideBySide,
  ValueExample,
  WindowCounts,
  WindowLabel,
  WindowResult,
  WindowSideBySide,
} from './report.ts';
import { agreementOf, Series } from './series.ts';
import type { ColumnRole, Row, Side } from './settings.ts';
import { distance } from './values.ts';

export type RowKind = 'moved' | 'rounding' | 'swapped' | 'different' | 'only-recorded' | 'only-ours';

const sideBySideMax = 100;

/** A window that is compared, but may still wait for what its neighbours show. */
interface Pending {
  readonly label: WindowLabel;
  /** Rows of both sides; null once a first different window is known. */
  readonly rows: WindowRows | null;
  readonly found: RowSideBySide[];
  readonly counts: Record<'equal' | RowKind, number>;
  duplicates: number;
  /** The side that has the window alone. */
  readonly gap: Side | null;
}

/** How to show a window: pairs of equal rows to go with those that are not. */
export interface WindowRows {
  readonly size: number;
  equalRows(max: number): readonly (readonly [Row, Row])[];
}

class ColumnTally {
  count = 0;
  moved = 0;
  numbers = 0;
  absoluteMax = 0;
  absoluteSum = 0;
  relativeMax = 0;
  relativeSum = 0;
  ulpsMax = 0;
  readonly examples: ValueExample[] = [];
}

/** Counts what was found, keeps the first examples of each kind, and closes windows in their order. */
export class Tally {
  readonly rows = {
    recorded: 0,
    ours: 0,
    equal: 0,
    moved: 0,
    rounding: 0,
    swapped: 0,
    different: 0,
    onlyRecorded: 0,
    onlyOurs: 0,
    duplicatesRecorded: 0,
    duplicatesOurs: 0,
  };
  readonly windows: { -readonly [K in keyof WindowCounts]: WindowCounts[K] } = {
    compared: 0,
    equal: 0,
    explained: 0,
    different: 0,
    onlyRecorded: 0,
    onlyOurs: 0,
  };
  readonly excluded = { start: emptySides(), end: emptySides() };
  readonly examples = new Map<FindingKind, FindingExample[]>();
  readonly series: Series;
  readonly notices = new Set<string>();
  /** Additive columns that were found to be so. */
  readonly found: (ColumnRole | null)[];
  firstDifferent: WindowSideBySide | null = null;
  readonly #layout: Layout;
  readonly #columns: readonly ColumnTally[];
  readonly #onWindow: (result: WindowResult) => void;
  readonly #pending = new Map<number, Pending>();

  constructor(layout: Layout, onWindow: (result: WindowResult) => void) {
    this.#layout = layout;
    this.#onWindow = onWindow;
    this.#columns = layout.columns.map(() => new ColumnTally());
    this.found = layout.columns.map(() => null);
    this.series = new Series(layout.limits.points);
  }

  /** Windows are opened in the order of their indexes. */
  open(label: WindowLabel, rows: WindowRows | null, gap: Side | null = null): void {
    const counts = { equal: 0, moved: 0, rounding: 0, swapped: 0, different: 0, 'only-recorded': 0, 'only-ours': 0 };
    const kept = this.firstDifferent === null ? rows : null;
    this.#pending.set(label.index, { label, rows: kept, found: [], counts, duplicates: 0, gap });
  }

  equal(index: number, rows: number): void {
    this.rows.equal += rows;
    this.#at(index).counts.equal += rows;
  }

  /** One row, or a pair, that is not equal; `columns` are those that differ. */
  row(index: number, kind: RowKind, recorded: Row | null, ours: Row | null, columns: readonly number[]): void {
    const pending = this.#at(index);
    pending.counts[kind]++;
    this.rows[kind === 'only-recorded' ? 'onlyRecorded' : kind === 'only-ours' ? 'onlyOurs' : kind]++;
    if (pending.found.length < sideBySideMax) pending.found.push({ kind, recorded, ours, columns });
    this.example(kind === 'swapped' ? 'swapped-keys' : kind, pending.label, recorded, ours);
    if (recorded === null || ours === null) return;
    for (const at of columns) {
      if (kind === 'moved') this.#columns[at]!.moved++;
      else this.#difference(this.#columns[at]!, at, pending.label, recorded, ours);
    }
  }

  duplicates(side: Side, index: number | null, row: Row): void {
    if (side === 'recorded') this.rows.duplicatesRecorded++;
    else this.rows.duplicatesOurs++;
    const pending = index === null ? undefined : this.#pending.get(index);
    if (pending !== undefined) pending.duplicates++;
    const label = pending?.label ?? { index: index ?? 0, from: null };
    this.example(`duplicates-${side}`, label, side === 'recorded' ? row : null, side === 'ours' ? row : null);
  }

  exclude(place: 'start' | 'end', side: Side, rows: number, windows: number): void {
    const part = this.excluded[place][side];
    part.rows += rows;
    part.windows += windows;
  }

  example(kind: FindingKind, window: WindowLabel, recorded: Row | null, ours: Row | null): void {
    let examples = this.examples.get(kind);
    if (examples === undefined) {
      examples = [];
      this.examples.set(kind, examples);
    }
    if (examples.length < this.#layout.limits.examples) examples.push({ window, recorded, ours });
  }

  /** The window is not one of those compared after all. */
  drop(index: number): void {
    this.#pending.delete(index);
  }

  /** Nothing will be added to the windows before `index`. */
  settle(index: number): void {
    for (const [at, pending] of this.#pending) {
      if (at >= index) return;
      this.#pending.delete(at);
      this.#close(pending);
    }
  }

  differences(): ColumnDifferences[] {
    return this.#layout.measures.map((at) => {
      const one = this.#columns[at]!;
      const told = this.#layout.roles[at] ?? null;
      const mean = (sum: number) => (one.numbers === 0 ? 0 : sum / one.numbers);
      return {
        column: this.#layout.columns[at]!,
        role: told ?? this.found[at] ?? roleByName(this.#layout.columns[at]!),
        roleInferred: told === null,
        count: one.count,
        moved: one.moved,
        absolute: { max: one.absoluteMax, mean: mean(one.absoluteSum) },
        relative: { max: one.relativeMax, mean: mean(one.relativeSum) },
        ulpsMax: one.numbers < one.count ? Number.POSITIVE_INFINITY : one.ulpsMax,
        examples: [...one.examples],
      };
    });
  }

  excludedParts(): Excluded {
    const { start, end } = this.excluded;
    return structuredCopy({ start, end });
  }

  #at(index: number): Pending {
    const pending = this.#pending.get(index);
    if (pending === undefined) throw new Error(`broken invariant: window ${index} is open while rows are added to it`);
    return pending;
  }

  #difference(column: ColumnTally, at: number, window: WindowLabel, recorded: Row, ours: Row): void {
    column.count++;
    const [a, b] = [recorded[at] ?? null, ours[at] ?? null];
    const { absolute, relative, ulps } = distance(a, b);
    if (!Number.isNaN(absolute)) {
      column.numbers++;
      column.absoluteMax = Math.max(column.absoluteMax, absolute);
      column.absoluteSum += absolute;
      column.relativeMax = Math.max(column.relativeMax, relative);
      column.relativeSum += relative;
      column.ulpsMax = Math.max(column.ulpsMax, ulps);
    }
    if (column.examples.length < this.#layout.limits.examples) {
      column.examples.push({ window, key: this.#layout.key.map((k) => recorded[k] ?? null), recorded: a, ours: b });
    }
  }

  #close({ label, rows, found, counts, duplicates, gap }: Pending): void {
    const only = counts['only-recorded'] + counts['only-ours'];
    const different = counts.different + counts.rounding + counts.swapped;
    if (gap === null) this.windows.compared++;
    if (gap !== null) this.windows[gap === 'recorded' ? 'onlyRecorded' : 'onlyOurs']++;
    else if (different + only > 0) this.windows.different++;
    else if (counts.moved + duplicates > 0) this.windows.explained++;
    else this.windows.equal++;
    if (different + only > 0 && this.firstDifferent === null) {
      this.firstDifferent = sideBySide(label, rows, found, counts.equal + counts.moved + different + only);
    }
    const result = {
      equal: counts.equal,
      moved: counts.moved,
      different,
      onlyRecorded: counts['only-recorded'],
      onlyOurs: counts['only-ours'],
    };
    const judged: WindowResult = { window: label, ...result, agreement: agreementOf(result) };
    this.series.add(judged);
    this.#onWindow(judged);
  }
}

function sideBySide(
  window: WindowLabel,
  rows: WindowRows | null,
  found: readonly RowSideBySide[],
  size: number,
): WindowSideBySide {
  const shown = [...found.filter(({ kind }) => kind !== 'moved'), ...found.filter(({ kind }) => kind === 'moved')];
  for (const [recorded, ours] of rows?.equalRows(sideBySideMax - shown.length) ?? []) {
    shown.push({ kind: 'equal', recorded, ours, columns: [] });
  }
  return { window, rows: shown, more: Math.max(0, size - shown.length) };
}

function emptySides(): Record<Side, { rows: number; windows: number }> {
  return { recorded: { rows: 0, windows: 0 }, ours: { rows: 0, windows: 0 } };
}

function structuredCopy(excluded: Excluded): Excluded {
  const copy = ({ recorded, ours }: Excluded['start']) => ({ recorded: { ...recorded }, ours: { ...ours } });
  return { start: copy(excluded.start), end: copy(excluded.end) };
}
