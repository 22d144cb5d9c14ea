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
  /** Another key of the window has the values of this one, and this one has its. */
  readonly isSwapped: boolean;
}

// Of what adding doubles in another order leaves.
const noise = 1e-9;
/** So many changes of a key wait for one that makes up for them. */
const changesMax = 6;
/** So many where no column is known to be additive yet. */
const unknownChangesMax = 24;

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

  /** From which change on the total is kept, if it is; the one by which most columns are. */
  closedFrom(changes: readonly Change[]): number | null {
    let [best, most]: [number | null, number] = [null, 0];
    for (let from = changes.length - 2; from >= 0; from--) {
      const kept = this.#columnsKept(changes, from);
      if (kept > most) [best, most] = [from, kept];
    }
    return best;
  }

  /** How many columns show that the changes from `from` on make up for each other; 0 if they do not. */
  #columnsKept(changes: readonly Change[], from: number): number {
    if (isSameRowMoved(changes, from)) return this.columns.length + 1;
    let [kept, changed, isSure, isLarge] = [0, 0, false, false];
    for (let i = 0; i < this.columns.length; i++) {
      const state = this.#total(changes, from, i);
      if (state === 'changed' && this.#isAdditive(i)) return 0;
      if (state === 'changed') changed++;
      if (state === 'changed' && changes.some(({ deltas }) => !isSmallInteger(deltas[i]!))) isLarge = true;
      if (state !== 'kept') continue;
      kept++;
      isSure ||= this.#isAdditive(i) || changes.some(({ deltas }) => !isSmallInteger(deltas[i]!));
    }
    // A column that just happens to take a few from one window and give them to the next shows nothing.
    return isSure || changed === 0 || (kept > 1 && !isLarge) ? kept : 0;
  }

  /** The changes from `from` on are explained: counts them, and what they show of the columns. */
  close(changes: readonly Change[], from: number): void {
    const closed = changes.slice(from);
    // Of a whole row that moved every column is kept, a MAX, too.
    if (closed.every(({ recorded, ours }) => recorded !== null && ours !== null)) this.#learn(changes, from);
    for (const change of closed) this.count(change);
  }

  #learn(changes: readonly Change[], from: number): void {
    for (let i = 0; i < this.columns.length; i++) {
      const state = this.#total(changes, from, i);
      // An amount of several digits is not made up for by chance.
      if (state === 'kept') this.#kept[i]! += changes.some(({ deltas }) => !isSmallInteger(deltas[i]!)) ? 4 : 1;
      if (state === 'changed') this.#broken[i]!++;
      const at = this.columns[i]!;
      const isFound = this.#kept[i]! >= 12 && this.#kept[i]! >= 16 * this.#broken[i]!;
      this.#tally.found[at] = !isFound ? null : this.#roles[at] === 'count' ? 'count' : 'sum';
    }
  }

  /** Counts a change whose total is explained, if the rest of it can be. */
  count(change: Change): void {
    const { index, recorded, ours, columns, isEdge } = change;
    if (isEdge) return;
    const odd = recorded !== null && ours !== null ? columns.filter((at) => !this.#isPlausible(change, at)) : [];
    if (odd.length === 0) {
      this.#tally.row(index, 'moved', recorded, ours, columns);
      return;
    }
    const isRounded = odd.every((at) => isRounding(recorded![at] ?? null, ours![at] ?? null));
    this.#tally.row(index, isRounded ? 'rounding' : 'different', recorded, ours, odd);
  }

  get changesMax(): number {
    return this.columns.some((_, i) => this.#isAdditive(i)) ? changesMax : unknownChangesMax;
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
      if (!this.#isAdditive(i)) continue;
      isKnown = true;
      const crossed = Math.abs(carried[i]! + oldest!.deltas[i]!);
      part = Math.max(part, crossed / this.#scale(i, oldest!.recorded, oldest!.ours));
    }
    const isNear = isKnown && part <= Math.min(0.5, 8 * this.#usualPart);
    if (isNear) this.#usualPart += (Math.max(0.005, part) - this.#usualPart) / 32;
    return isNear;
  }

  /** Could the change be that of records beyond a window that was not compared? */
  isSmall({ deltas, recorded, ours }: Change): boolean {
    return deltas.every((delta, i) => !this.#isAdditive(i) || Math.abs(delta) <= 0.8 * this.#scale(i, recorded, ours));
  }

  /** Few and small whole numbers: then several boundaries in a row are crossed by the same amount, and no change is seen. */
  isCoarse(changes: readonly Change[]): boolean {
    return changes.every(({ deltas }) => deltas.every(isSmallInteger));
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

  /** Additive, as the settings or the column's name say, or as all chains so far have shown. */
  #isAdditive(i: number): boolean {
    const at = this.columns[i]!;
    return this.#roles[at] === 'sum' || this.#roles[at] === 'count' || this.#tally.found[at] !== null;
  }

  /** An average may change with its window's records, but not to what no record can have made of it. */
  #isPlausible({ recorded, ours }: Change, at: number): boolean {
    if (this.#roles[at] !== 'average') return true;
    const [a, b] = [numberOf(recorded![at] ?? null), numberOf(ours![at] ?? null)];
    if (Number.isNaN(a) || Number.isNaN(b)) return true;
    const sum = this.#only('sum');
    const count = this.#only('count');
    if (sum === null) return true;
    const [sumA, sumB] = [amount(recorded, sum), amount(ours, sum)];
    if (count !== null) {
      const [offA, offB] = [sumA / amount(recorded, count) - a, sumB / amount(ours, count) - b];
      const isExact = Math.abs(offA) <= noise * Math.abs(a);
      return !(Math.abs(offA) < 1) || Math.abs(offB) <= (isExact && a % 1 !== 0 ? noise * Math.abs(b) : 1);
    }
    return isPlausibleMove(a, sumA, b, sumB);
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
  // A few may hold anything, and come at one end of the window as others go at the other. Many, all of them far below or
  // above the mean, are no accident of a boundary.
  if (Math.abs(records) <= Math.max(4, (0.05 * sumA) / a)) return true;
  return mean >= 0.1 && mean <= 10;
}

function isSmallInteger(delta: number): boolean {
  return Number.isInteger(delta) && Math.abs(delta) <= 20;
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
