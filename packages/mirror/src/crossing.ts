import { type Layout, roleByName } from './layout.ts';
import type { ColumnRole, Row } from './settings.ts';
import type { Tally } from './tally.ts';
import { isRounding, numberOf } from './values.ts';

/** What one window says of one key that is not the same on both sides. */
export interface Change {
  readonly index: number;
  readonly recorded: Row | null;
  readonly ours: Row | null;
  readonly columns: readonly number[];
  /** Ours − recorded of each additive column; NaN where that is no number. */
  readonly deltas: Float64Array;
  /** The window is not counted: a recording begins or ends in it. */
  readonly isEdge: boolean;
}

// Of what adding doubles in another order leaves.
const noise = 1e-9;
/** So many changes of a key wait for one that makes up for them. */
export const changesMax = 6;

/**
 * Knows records that crossed a boundary between two windows by what they leave: they take from one window of their key what
 * they give to the next, so changes of SUM and COUNT have opposite signs and, over some windows in a row, the total stays.
 *
 *        window       n      n+1     n+2            recorded − ours of one key
 *        SUM         +478    −478     .             one record counted a window later
 *        SUM         +478     −66    −412           another one crossed the next boundary, too
 */
export class Crossings {
  /** Columns that may be additive. */
  readonly columns: readonly number[];
  readonly #layout: Layout;
  readonly #tally: Tally;
  readonly #roles: readonly (ColumnRole | null)[];
  /** By place in `columns`: in how many closed chains the total was kept, and in how many it was not. */
  readonly #kept: Float64Array;
  readonly #broken: Float64Array;
  /** What part of a window crosses its boundary, as far as seen. */
  #usualPart = 0.05;

  constructor(layout: Layout, tally: Tally) {
    this.#layout = layout;
    this.#tally = tally;
    this.#roles = layout.columns.map((column, at) => layout.roles[at] ?? roleByName(column));
    this.columns = layout.measures.filter((at) => {
      const told = layout.roles[at] ?? null;
      const role = told ?? roleByName(layout.columns[at]!);
      return role === 'sum' || role === 'count' || (role === 'value' && told === null);
    });
    this.#kept = new Float64Array(this.columns.length);
    this.#broken = new Float64Array(this.columns.length);
  }

  deltas(recorded: Row | null, ours: Row | null): Float64Array {
    const deltas = new Float64Array(this.columns.length);
    for (let i = 0; i < deltas.length; i++) {
      const at = this.columns[i]!;
      deltas[i] = amount(ours, at) - amount(recorded, at);
    }
    return deltas;
  }

  /** Does the change take from a total, or add to it? */
  isCrossing({ deltas, recorded, ours }: Change): boolean {
    return deltas.some((delta, i) => Math.abs(delta) > this.#noise(i, recorded, ours));
  }

  /** Ends in the same total: which of the changes from `from` on are made up for by the later ones. */
  closes(changes: readonly Change[], from: number): boolean {
    if (changes.length - from < 2) return false;
    if (isSameRowMoved(changes, from)) return true;
    let isKept = false;
    for (let i = 0; i < this.columns.length; i++) {
      const state = this.#total(changes, from, i);
      if (state === 'kept') isKept = true;
      else if (state === 'changed' && this.#isAdditive(i)) return false;
    }
    return isKept;
  }

  /** The changes from `from` on are explained: counts them, and what they show of the columns. */
  close(changes: readonly Change[], from: number): void {
    for (let i = 0; i < this.columns.length; i++) {
      const state = this.#total(changes, from, i);
      if (state === 'kept') this.#kept[i]!++;
      if (state === 'changed') this.#broken[i]!++;
      if (this.#kept[i]! >= 3 && this.#broken[i] === 0) {
        const at = this.columns[i]!;
        this.#tally.found[at] ??= this.#roles[at] === 'count' ? 'count' : 'sum';
      }
    }
    for (const change of changes.slice(from)) this.count(change);
  }

  /** Counts a change whose total is explained, if the rest of it can be. */
  count(change: Change): void {
    const { index, recorded, ours, columns, isEdge } = change;
    if (isEdge) return;
    const odd = recorded !== null && ours !== null ? columns.filter((at) => !this.#isPlausible(change, at)) : [];
    if (odd.length === 0) return this.#tally.row(index, 'moved', recorded, ours, columns);
    const isRounded = odd.every((at) => isRounding(recorded![at] ?? null, ours![at] ?? null));
    this.#tally.row(index, isRounded ? 'rounding' : 'different', recorded, ours, odd);
  }

  /**
   * In heavy traffic records cross every boundary, and the total is never made up for, only kept near zero. Is that so
   * here, when `carried` is what had crossed before the oldest of the changes?
   */
  staysNear(changes: readonly Change[], carried: Float64Array): boolean {
    const [oldest] = changes;
    let isKnown = false;
    let part = 0;
    for (let i = 0; i < this.columns.length; i++) {
      if (!this.#isNamedAdditive(i)) continue;
      isKnown = true;
      const crossed = Math.abs(carried[i]! + oldest!.deltas[i]!);
      part = Math.max(part, crossed / this.#scale(i, oldest!.recorded, oldest!.ours));
    }
    const isNear = isKnown && part <= Math.min(0.5, 8 * this.#usualPart);
    if (isNear) this.#usualPart += (Math.max(0.002, part) - this.#usualPart) / 32;
    return isNear;
  }

  /** Could the change be that of records beyond a window that was not compared? */
  isSmall({ deltas, recorded, ours }: Change): boolean {
    return deltas.every(
      (delta, i) => !this.#isNamedAdditive(i) || Math.abs(delta) <= 0.5 * this.#scale(i, recorded, ours),
    );
  }

  /** Few and small whole numbers: then several boundaries in a row are crossed by the same amount, and no change is seen. */
  isCoarse(changes: readonly Change[]): boolean {
    return changes.every(({ deltas }) => deltas.every((delta) => Number.isInteger(delta) && Math.abs(delta) <= 20));
  }

  #total(changes: readonly Change[], from: number, i: number): 'same' | 'kept' | 'changed' {
    let sum = 0;
    let moved = 0;
    let bound = 0;
    for (let at = from; at < changes.length; at++) {
      const { deltas, recorded, ours } = changes[at]!;
      sum += deltas[i]!;
      moved += Math.abs(deltas[i]!);
      bound += this.#noise(i, recorded, ours);
    }
    if (Number.isNaN(sum)) return 'changed';
    if (moved <= bound) return 'same';
    return Math.abs(sum) <= bound ? 'kept' : 'changed';
  }

  #noise(i: number, recorded: Row | null, ours: Row | null): number {
    const tolerance = this.#layout.tolerances[this.columns[i]!] ?? null;
    const scale = this.#scale(i, recorded, ours);
    return Math.max(noise * scale, tolerance?.absolute ?? 0, (tolerance?.relative ?? 0) * scale);
  }

  #scale(i: number, recorded: Row | null, ours: Row | null): number {
    const at = this.columns[i]!;
    return Math.max(Math.abs(amount(recorded, at)), Math.abs(amount(ours, at)), Number.MIN_VALUE);
  }

  #isAdditive(i: number): boolean {
    const at = this.columns[i]!;
    const told = this.#layout.roles[at];
    return told === 'sum' || told === 'count' || this.#tally.found[at] != null;
  }

  #isNamedAdditive(i: number): boolean {
    const role = this.#roles[this.columns[i]!];
    return this.#isAdditive(i) || role === 'sum' || role === 'count';
  }

  /** An average may change with its window's records, but not to what no record can have made of it. */
  #isPlausible({ recorded, ours }: Change, at: number): boolean {
    if (this.#roles[at] !== 'average') return true;
    const [a, b] = [numberOf(recorded![at] ?? null), numberOf(ours![at] ?? null)];
    if (Number.isNaN(a) || Number.isNaN(b)) return true;
    if (Number.isInteger(a) !== Number.isInteger(b))
      return Number.isInteger(b) ? a % 1 !== 0 && this.#isMean(ours!, b) : false;
    const sum = this.#only('sum');
    if (sum === null) return true;
    const [sumA, sumB] = [amount(recorded, sum), amount(ours, sum)];
    const count = this.#only('count');
    if (count !== null) {
      const [offA, offB] = [sumA / amount(recorded, count) - a, sumB / amount(ours, count) - b];
      const isExact = Math.abs(offA) <= noise * Math.abs(a);
      return !(Math.abs(offA) < 1) || Math.abs(offB) <= (isExact && a % 1 !== 0 ? noise * Math.abs(b) : 1);
    }
    return isPlausibleMove(a, sumA, b, sumB);
  }

  #isMean(row: Row, average: number): boolean {
    const [sum, count] = [this.#only('sum'), this.#only('count')];
    return (
      sum === null || count === null || Math.abs(amount(row, sum) / amount(row, count) - average) < noise * average
    );
  }

  /** The column of this role, if there is one and only one. */
  #only(role: ColumnRole): number | null {
    const all = this.columns.filter((at) => this.#roles[at] === role);
    return all.length === 1 ? all[0]! : null;
  }
}

/** Without a COUNT: AVG truncated to an integer leaves room for some counts only, and so for how many records moved. */
function isPlausibleMove(a: number, sumA: number, b: number, sumB: number): boolean {
  if (!(a >= 1 && b >= 1 && sumA > 0 && sumB > 0 && Number.isInteger(a))) return true;
  const least = Math.ceil(sumB / (b + 1) - sumA / a - 1e-6);
  const most = Math.floor(sumB / b - sumA / (a + 1) + 1e-6);
  if (least > most) return false;
  if (least <= 0 && most >= 0) return true;
  const records = least > 0 ? least : most;
  const mean = (sumB - sumA) / records / a;
  // One record may hold anything; many, all of them far below or above the mean, are no accident of a boundary.
  return mean > 0 && mean >= 0.002 * (Math.abs(records) - 1) && mean <= 50;
}

function isSameRowMoved(changes: readonly Change[], from: number): boolean {
  if (changes.length - from !== 2) return false;
  const [a, b] = [changes[from]!, changes[from + 1]!];
  if (b.index !== a.index + 1) return false;
  const pair = a.recorded === null ? [a.ours, b.recorded] : a.ours === null ? [a.recorded, b.ours] : null;
  const isAlone = (a.recorded === null || a.ours === null) && (b.recorded === null || b.ours === null);
  if (pair === null || !isAlone) return false;
  const [one, other] = pair;
  return one != null && other != null && a.columns.every((at) => one[at] === other[at]);
}

function amount(row: Row | null, at: number): number {
  if (row === null) return 0;
  const value = row[at] ?? null;
  return typeof value === 'number' ? value : value === null ? 0 : numberOf(value);
}
