import type { Place } from './align.ts';
import { type Change, Crossings, changesMax } from './crossing.ts';
import type { Key, Layout } from './layout.ts';
import type { WindowLabel } from './report.ts';
import type { Millis, Row, Side } from './settings.ts';
import type { Tally, WindowRows } from './tally.ts';
import { isRounding, same } from './values.ts';
import type { History, Window } from './window.ts';

/** Changes of one key, in windows near each other, that are not explained yet. */
interface Chain {
  readonly changes: Change[];
  /** What had crossed the boundary before the first of them, by additive column. */
  carried: Float64Array;
  isLong: boolean;
}

const quietMax = 2;
const quietCoarseMax = 16;

/** Judges pairs of windows: what is equal, what is explained by a window's neighbours, and what is different. */
export class Judge {
  readonly #layout: Layout;
  readonly #tally: Tally;
  readonly #histories: Readonly<Record<Side, History>>;
  readonly #crossings: Crossings;
  readonly #chains = new Map<Key, Chain>();
  readonly #pairOfScores: (recorded: Row, ours: Row, index: number) => void;
  /** Windows next to which a change may have its other half where nobody looks. */
  readonly #edges = new Set<number>();
  #index = 0;
  /** Of the rows of a side, how many are the same as in a window before. Where that is usual it shows nothing. */
  #repeatRate = 0;

  constructor(
    layout: Layout,
    tally: Tally,
    histories: Readonly<Record<Side, History>>,
    pairOfScores: (recorded: Row, ours: Row, index: number) => void,
  ) {
    this.#layout = layout;
    this.#tally = tally;
    this.#histories = histories;
    this.#crossings = new Crossings(layout, tally);
    this.#pairOfScores = pairOfScores;
  }

  pair(recorded: Window, ours: Window): void {
    const index = this.#index++;
    const changes: [Key, Change][] = [];
    let equal = 0;
    let met = 0;
    const { measures, tolerances, scores } = this.#layout;
    for (const [key, row] of recorded.rows) {
      const other = ours.rows.get(key);
      if (other === undefined) {
        changes.push([key, this.#change(index, row, null, measures)]);
        continue;
      }
      met++;
      let isEqual = true;
      for (const at of measures) {
        const [a, b] = [row[at]!, other[at]!];
        if (a !== b && !same(a ?? null, b ?? null, tolerances[at]!)) {
          isEqual = false;
          break;
        }
      }
      if (isEqual) equal++;
      else changes.push([key, this.#change(index, row, other, this.#differing(row, other))]);
      if (scores.length > 0) this.#pairOfScores(row, other, index);
    }
    if (met < ours.rows.size) {
      for (const [key, row] of ours.rows) {
        if (!recorded.rows.has(key)) changes.push([key, this.#change(index, null, row, measures)]);
      }
    }
    const isEdge = recorded.isEdge || ours.isEdge;
    const isPartial = isEdge && this.#isPartial(changes, equal);
    const label = { index, from: recorded.from };
    if (isPartial) {
      const place = recorded.seq === 0 || ours.seq === 0 ? 'start' : 'end';
      this.#tally.exclude(place, 'recorded', recorded.rows.size, 1);
      this.#tally.exclude(place, 'ours', ours.rows.size, 1);
      this.#edges.add(index);
    } else {
      this.#tally.open(
        label,
        showing(recorded, ours, (a, b) => this.#differing(a, b).length === 0),
      );
      this.#tally.equal(index, equal);
    }
    if (index % 8 === 0) this.#watchRepeats(recorded);
    if (changes.length > 0) this.#judge(changes, label, isPartial, recorded, ours);
    if (this.#chains.size > 0) this.#breakOld(index);
    this.#settle();
  }

  /** A window that the other side does not have. */
  gap(window: Window, place: Place): void {
    const { side } = window;
    if (place === 'repeated') {
      for (const row of window.rows.values()) this.#tally.duplicates(side, null, row);
      return;
    }
    if (place !== 'gap') return this.#tally.exclude(place, side, window.rows.size, 1);
    const index = this.#index++;
    this.#edges.add(index);
    this.#tally.open({ index, from: window.from }, null, side);
    for (const row of window.rows.values()) this.only(index, side, row);
    this.#settle();
  }

  only(index: number, side: Side, row: Row): void {
    const { measures } = this.#layout;
    if (side === 'recorded') this.#tally.row(index, 'only-recorded', row, null, measures);
    else this.#tally.row(index, 'only-ours', null, row, measures);
  }

  /** A row that came too late for its window. */
  stray(side: Side, row: Row, from: Millis | null): void {
    const index = this.#index++;
    this.#tally.open({ index, from }, null, side);
    this.only(index, side, row);
    this.#settle();
  }

  end(): void {
    this.#edges.add(this.#index);
    for (const [key, chain] of this.#chains) this.#break(key, chain);
    this.#tally.settle(Number.POSITIVE_INFINITY);
  }

  #judge(changes: readonly [Key, Change][], label: WindowLabel, isEdge: boolean, recorded: Window, ours: Window): void {
    const swapped = isEdge ? new Set<Key>() : this.#swapped(changes);
    for (const [key, change] of changes) {
      if (swapped.has(key)) {
        this.#tally.row(label.index, 'swapped', change.recorded, change.ours, change.columns);
      } else if (!isEdge && this.#isRepetition(key, change, recorded, ours)) {
        const side = change.recorded === null ? 'ours' : 'recorded';
        this.#tally.duplicates(side, label.index, (change.recorded ?? change.ours)!);
      } else {
        this.#add(key, isEdge ? { ...change, isEdge } : change);
      }
    }
  }

  #add(key: Key, change: Change): void {
    let chain = this.#chains.get(key);
    const isPair = change.recorded !== null && change.ours !== null;
    if (isPair && !this.#crossings.isCrossing(change)) {
      // Nothing came or went. Only while as much goes out at one end of the window as comes in at the other may the rest change.
      const isExplicable = chain !== undefined && !chain.changes.some(({ index }) => index === change.index);
      if (!isExplicable) {
        if (!change.isEdge) this.#different(change);
        return;
      }
    }
    if (chain === undefined) {
      chain = { changes: [], carried: new Float64Array(change.deltas.length), isLong: false };
      this.#chains.set(key, chain);
    }
    const { changes } = chain;
    changes.push(change);
    for (let from = changes.length - 2; from >= 0; from--) {
      if (!this.#crossings.closes(changes, from)) continue;
      this.#crossings.close(changes, from);
      changes.length = from;
      if (from === 0 && isZero(chain.carried)) this.#chains.delete(key);
      return;
    }
    if (changes.length > changesMax) this.#flush(chain);
  }

  /** Judges the oldest change of a chain that does not close. */
  #flush(chain: Chain): void {
    const { changes } = chain;
    const isNear = this.#crossings.staysNear(changes, chain.carried);
    const oldest = changes.shift()!;
    chain.isLong = true;
    if (isNear) {
      chain.carried = chain.carried.map((carried, i) => carried + oldest.deltas[i]!);
      this.#crossings.count(oldest);
    } else if (!oldest.isEdge) {
      this.#different(oldest);
    }
  }

  #breakOld(index: number): void {
    for (const [key, chain] of this.#chains) {
      const last = chain.changes.at(-1)?.index ?? Number.NEGATIVE_INFINITY;
      const quiet = index - last;
      if (quiet <= quietMax) continue;
      if (quiet > quietCoarseMax || !this.#crossings.isCoarse(chain.changes)) this.#break(key, chain);
    }
  }

  #break(key: Key, chain: Chain): void {
    this.#chains.delete(key);
    for (const change of chain.changes) {
      if (change.isEdge) continue;
      const { index, recorded, ours } = change;
      const isBesideEdge = this.#edges.has(index - 1) || this.#edges.has(index + 1);
      if (
        isBesideEdge &&
        recorded !== null &&
        ours !== null &&
        this.#crossings.isCrossing(change) &&
        this.#crossings.isSmall(change)
      )
        this.#crossings.count(change);
      else if (chain.isLong && recorded !== null && ours !== null && this.#crossings.isSmall(change))
        this.#crossings.count(change);
      else this.#different(change);
    }
  }

  #different({ index, recorded, ours, columns }: Change): void {
    if (recorded === null) return this.only(index, 'ours', ours!);
    if (ours === null) return this.only(index, 'recorded', recorded);
    const isRounded = columns.every((at) => isRounding(recorded[at] ?? null, ours[at] ?? null));
    this.#tally.row(index, isRounded ? 'rounding' : 'different', recorded, ours, columns);
  }

  #change(index: number, recorded: Row | null, ours: Row | null, columns: readonly number[]): Change {
    return { index, recorded, ours, columns, deltas: this.#crossings.deltas(recorded, ours), isEdge: false };
  }

  #differing(recorded: Row, ours: Row): number[] {
    const { measures, tolerances } = this.#layout;
    return measures.filter((at) => !same(recorded[at] ?? null, ours[at] ?? null, tolerances[at]!));
  }

  /** Keys that hold each other's values. */
  #swapped(changes: readonly [Key, Change][]): Set<Key> {
    const swapped = new Set<Key>();
    const pairs = changes.filter(([, { recorded, ours }]) => recorded !== null && ours !== null);
    if (pairs.length < 2) return swapped;
    const text = (row: Row) => this.#layout.measures.map((at) => String(row[at])).join('\u001f');
    const byRecorded = new Map(pairs.map(([key, { recorded }]) => [text(recorded!), key]));
    const byKey = new Map(pairs);
    for (const [key, { recorded, ours }] of pairs) {
      const other = byRecorded.get(text(ours!));
      if (other === undefined || other === key) continue;
      if (text(byKey.get(other)!.ours!) === text(recorded!)) swapped.add(key).add(other);
    }
    return swapped;
  }

  /** A row that only one side has, and had before: it was delivered again after its window was over. */
  #isRepetition(key: Key, { recorded, ours }: Change, ofRecorded: Window, ofOurs: Window): boolean {
    if (ofRecorded.from !== null || this.#repeatRate > 0.02) return false;
    if (recorded !== null && ours === null) return this.#histories.recorded.has(key, recorded, ofRecorded.seq);
    if (ours !== null && recorded === null) return this.#histories.ours.has(key, ours, ofOurs.seq);
    return false;
  }

  #watchRepeats({ rows, seq, side }: Window): void {
    let seen = 0;
    for (const [key, row] of rows) {
      this.#repeatRate += ((this.#histories[side].has(key, row, seq) ? 1 : 0) - this.#repeatRate) / 128;
      if (++seen === 16) return;
    }
  }

  /** Did one of the two recordings begin or end in this window? Then most keys lack records, and all on one side. */
  #isPartial(changes: readonly [Key, Change][], equal: number): boolean {
    if (changes.length <= equal) return false;
    if (this.#crossings.columns.length === 0) {
      return !changes.every(
        ([, change]) => change.recorded !== null && change.ours !== null && this.#isRounded(change),
      );
    }
    let [more, less] = [0, 0];
    for (const [, { deltas }] of changes) {
      if (deltas.some((delta) => delta > 0)) more++;
      if (deltas.some((delta) => delta < 0)) less++;
    }
    if (changes.every(([, change]) => this.#isRounded(change))) return false;
    return Math.max(more, less) >= 0.8 * changes.length && Math.min(more, less) <= 0.2 * changes.length;
  }

  #isRounded({ recorded, ours, columns }: Change): boolean {
    if (recorded === null || ours === null) return false;
    return columns.every((at) => isRounding(recorded[at] ?? null, ours[at] ?? null));
  }

  #settle(): void {
    let oldest = this.#index;
    for (const { changes } of this.#chains.values()) oldest = Math.min(oldest, changes[0]?.index ?? oldest);
    this.#tally.settle(oldest);
    for (const edge of this.#edges) if (edge < oldest - 2) this.#edges.delete(edge);
  }
}

function isZero(carried: Float64Array): boolean {
  return carried.every((value) => value === 0);
}

function showing(recorded: Window, ours: Window, isEqual: (recorded: Row, ours: Row) => boolean): WindowRows {
  return {
    size: recorded.rows.size,
    equalRows(max) {
      const pairs: (readonly [Row, Row])[] = [];
      for (const [key, row] of recorded.rows) {
        if (pairs.length >= max) break;
        const other = ours.rows.get(key);
        if (other !== undefined && isEqual(row, other)) pairs.push([row, other]);
      }
      return pairs;
    },
  };
}
