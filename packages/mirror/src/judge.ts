import type { Place } from './align.ts';
import { type Change, Crossings } from './crossing.ts';
import { type Key, keyOf, type Layout } from './layout.ts';
import type { WindowLabel } from './report.ts';
import type { Millis, Row, Side } from './settings.ts';
import type { Tally, WindowRows } from './tally.ts';
import { isRounding, same } from './values.ts';
import { type History, sameRow, type Window } from './window.ts';

/** Changes of one key, in windows near each other, that are not explained yet. */
interface Chain {
  readonly changes: Change[];
  /** What had crossed the boundary before the first of them, by additive column. */
  carried: Float64Array;
  /** The total is not known: of so many windows, or next to a window that is not compared. */
  isOpen: boolean;
}

const sides: readonly Side[] = ['recorded', 'ours'];
const quietMax = 2;
const quietCoarseMax = 16;

/** Judges pairs of windows: what is equal, what is explained by a window's neighbours, and what is different. */
export class Judge {
  readonly #layout: Layout;
  readonly #tally: Tally;
  readonly #histories: Readonly<Record<Side, History>>;
  readonly #crossings: Crossings;
  readonly #spares: Record<Side, Row[]> = { recorded: [], ours: [] };
  #isSparing = false;
  readonly #chains = new Map<Key, Chain>();
  readonly #pairOfScores: (recorded: Row, ours: Row, index: number) => void;
  /** Windows next to which a change may have its other half where nobody looks. */
  readonly #edges = new Set<number>();
  /** Windows in which a recording begins or ends. */
  readonly #ends = new Map<number, 'start' | 'end'>();
  #index = 0;
  /** Of some rows, how many are the same as in a window before. Where that is usual it shows nothing. */
  #watched = 0;
  #watchedRepeats = 0;

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
    if (this.#isSparing || recorded.spares.length + ours.spares.length > 0) {
      this.#useSpares(recorded, ours, index);
      this.#useSpares(ours, recorded, index);
      this.#isSparing = this.#spares.recorded.length + this.#spares.ours.length > 0;
    }
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
    const place = recorded.seq === 0 || ours.seq === 0 ? 'start' : 'end';
    if (isEdge) this.#ends.set(index, place);
    const isPartial = isEdge && this.#isPartial(changes, equal);
    const label = { index, from: recorded.from };
    if (isPartial) {
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
    if (index < 16 || index % 16 === 0) this.#watchRepeats(recorded);
    if (changes.length > 0) this.#judge(changes, label, isPartial, recorded, ours);
    if (this.#chains.size > 0) this.#breakOld(index);
    this.#settle();
  }

  /** Takes back what was set aside as delivered twice where the other side has it, too; now, or in the next window. */
  #useSpares(window: Window, other: Window, index: number): void {
    const { side } = window;
    const earlier = this.#spares[side];
    this.#spares[side] = [];
    const { measures, key: keyColumns } = this.#layout;
    for (const [rows, isLast] of [
      [earlier, true],
      [window.spares, false],
    ] as const) {
      for (const row of rows) {
        const key = keyOf(row, keyColumns);
        const there = other.rows.get(key);
        const isWanted = there !== undefined && !window.rows.has(key) && sameRow(row, there, measures);
        if (isWanted && !this.#hasCome(key, row, side)) window.rows.set(key, row);
        else if (isLast) this.#tally.duplicates(side, index, row);
        else this.#spares[side].push(row);
      }
    }
  }

  /** Did the row come a window early, for lack of one of its key there? */
  #hasCome(key: Key, row: Row, side: Side): boolean {
    const before = this.#chains.get(key)?.changes.at(-1)?.[side] ?? null;
    return before !== null && sameRow(before, row, this.#layout.measures);
  }

  /** A window that the other side does not have. */
  gap(window: Window, place: Place): void {
    const { side } = window;
    for (const row of window.spares) this.#tally.duplicates(side, null, row);
    if (place === 'repeated') {
      for (const row of window.rows.values()) this.#tally.duplicates(side, null, row);
      return;
    }
    if (place !== 'gap') {
      this.#tally.exclude(place, side, window.rows.size, 1);
      return;
    }
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
    for (const side of ['recorded', 'ours'] as const) {
      for (const row of this.#spares[side]) this.#tally.duplicates(side, null, row);
    }
    this.#edges.add(this.#index);
    for (const [key, chain] of this.#chains) {
      // The other half of a small change may lie beyond the end.
      chain.isOpen ||= this.#tally.rows.moved > 0 && this.#crossings.isCoarse(chain.changes);
      this.#break(key, chain);
    }
    this.#tally.settle(Number.POSITIVE_INFINITY);
  }

  #judge(changes: readonly [Key, Change][], label: WindowLabel, isEdge: boolean, recorded: Window, ours: Window): void {
    const swapped = isEdge ? new Set<Key>() : this.#swapped(changes);
    for (const [key, change] of changes) {
      if (!isEdge && this.#isRepetition(key, change, recorded, ours)) {
        const side = change.recorded === null ? 'ours' : 'recorded';
        this.#tally.duplicates(side, label.index, (change.recorded ?? change.ours)!);
      } else {
        const isSwapped = swapped.has(key);
        this.#add(key, isEdge || isSwapped ? { ...change, isEdge, isSwapped } : change);
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
      const isOpen = this.#isBesideEdge(change);
      chain = { changes: [], carried: new Float64Array(change.deltas.length), isOpen };
      this.#chains.set(key, chain);
    }
    const { changes } = chain;
    changes.push(change);
    const from = this.#crossings.closedFrom(changes);
    if (from !== null) {
      this.#crossings.close(changes, from);
      changes.length = from;
      if (from === 0 && isZero(chain.carried)) this.#chains.delete(key);
      return;
    }
    if (changes.length > this.#crossings.changesMax) this.#flush(chain);
  }

  /** Judges the oldest change of a chain that does not close. */
  #flush(chain: Chain): void {
    const { changes } = chain;
    const isNear = this.#crossings.staysNear(changes, chain.carried);
    const oldest = changes.shift()!;
    chain.isOpen = true;
    if (isNear) {
      chain.carried = chain.carried.map((carried, i) => carried + oldest.deltas[i]!);
      this.#crossings.count(oldest);
    } else if (!oldest.isEdge) {
      const end = this.#ends.get(oldest.index);
      if (end === undefined) this.#different(oldest);
      else this.#exclude(end, oldest);
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

  /** Judges changes that nothing made up for. */
  #break(key: Key, chain: Chain): void {
    this.#chains.delete(key);
    const { changes } = chain;
    const last = changes.at(-1);
    const isOpen = chain.isOpen || (last !== undefined && this.#isBesideEdge(last));
    const isUsual = this.#crossings.isCoarse(changes) && this.#isHeavy();
    for (let i = 0; i < changes.length; i++) {
      const change = changes[i]!;
      if (change.isEdge) continue;
      const early = this.#early(changes, i);
      if (early > 0) {
        i += early;
        continue;
      }
      const isPair = change.recorded !== null && change.ours !== null;
      const end = this.#ends.get(change.index);
      if (end !== undefined && this.#crossings.isCrossing(change)) this.#exclude(end, change);
      else if (!isPair && isOpen && this.#isBesideEdge(change))
        this.#exclude(this.#ends.size > 1 ? 'end' : 'start', change);
      else if (isPair && this.#crossings.isCrossing(change) && (isOpen || isUsual) && this.#crossings.isSmall(change)) {
        this.#crossings.count(change);
      } else this.#different(change);
    }
  }

  // What crossed the border of a window that is not compared is not known.
  #isBesideEdge({ index, isEdge }: Change): boolean {
    if (isEdge || this.#edges.has(index - 1) || this.#edges.has(index + 1)) return true;
    return this.#ends.has(index - 1) || this.#ends.has(index) || this.#ends.has(index + 1);
  }

  /**
   * Without times the row of the next window comes in the place of one that is missing, if it is the first one there; and the
   * one after it in its place, if that is the first of its window, too. Then it is the row before that only one side has.
   *
   *        window       n      n+1     n+2            one key, whose row of window n is missing
   *        recorded     709    1253    1912
   *        ours         1253   1912    .
   *
   * How many changes after this one are explained by it; 0 if it is not so.
   */
  #early(changes: readonly Change[], from: number): number {
    for (const side of sides) {
      const other = side === 'recorded' ? 'ours' : 'recorded';
      let at = from;
      while (this.#isNext(changes[at]![other], changes[at]!, changes[at + 1], side)) at++;
      if (at === from || changes[at]![other] !== null) continue;
      const { index, [side]: missing } = changes[from]!;
      this.#lacking(index, side === 'recorded' ? missing : null, side === 'ours' ? missing : null);
      for (let i = from + 1; i <= at; i++) {
        const [here, there] = [changes[i]![side], changes[i - 1]![other]];
        const [recorded, ours] = side === 'recorded' ? [here, there] : [there, here];
        this.#tally.row(changes[i]!.index, 'moved', recorded, ours, []);
      }
      return at - from;
    }
    return 0;
  }

  /** Is the row the one that the next window has on this side? */
  #isNext(row: Row | null, { index }: Change, next: Change | undefined, side: Side): boolean {
    const there = next?.[side] ?? null;
    return row !== null && there !== null && next!.index === index + 1 && sameRow(row, there, this.#layout.measures);
  }

  #lacking(index: number, recorded: Row | null, ours: Row | null): void {
    const end = this.#ends.get(index) ?? this.#ends.get(index - 1) ?? this.#ends.get(index + 1);
    if (end !== undefined) this.#exclude(end, { recorded, ours });
    else if (recorded !== null) this.only(index, 'recorded', recorded);
    else this.only(index, 'ours', ours!);
  }

  #exclude(place: 'start' | 'end', { recorded, ours }: Pick<Change, Side>): void {
    if (recorded !== null) this.#tally.exclude(place, 'recorded', 1, 0);
    if (ours !== null) this.#tally.exclude(place, 'ours', 1, 0);
  }

  /** Do records cross boundaries so often that a small COUNT may be off by as much for several windows? */
  #isHeavy(): boolean {
    const { equal, moved } = this.#tally.rows;
    return moved >= 0.05 * (equal + moved);
  }

  #different({ index, recorded, ours, columns, isSwapped }: Change): void {
    if (recorded === null) {
      this.only(index, 'ours', ours!);
      return;
    }
    if (ours === null) {
      this.only(index, 'recorded', recorded);
      return;
    }
    const isRounded = columns.every((at) => isRounding(recorded[at] ?? null, ours[at] ?? null));
    this.#tally.row(index, isSwapped ? 'swapped' : isRounded ? 'rounding' : 'different', recorded, ours, columns);
  }

  #change(index: number, recorded: Row | null, ours: Row | null, columns: readonly number[]): Change {
    return {
      index,
      recorded,
      ours,
      columns,
      deltas: this.#crossings.deltas(recorded, ours),
      isEdge: false,
      isSwapped: false,
    };
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
    if (ofRecorded.from !== null || this.#watched < 64 || this.#watchedRepeats > 0.02 * this.#watched) return false;
    if (recorded !== null && ours === null) return this.#histories.recorded.has(key, recorded, ofRecorded.seq);
    if (ours !== null && recorded === null) return this.#histories.ours.has(key, ours, ofOurs.seq);
    return false;
  }

  #watchRepeats({ rows, seq, side }: Window): void {
    let seen = 0;
    for (const [key, row] of rows) {
      this.#watched++;
      if (this.#histories[side].has(key, row, seq)) this.#watchedRepeats++;
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
