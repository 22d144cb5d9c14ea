import { add, type Bag, type Entry, newestOf, newSide, oldestOf, remove, type SideState, take } from './bags.ts';
import type { Layout } from './layout.ts';
import { mostVoted, offsetsBetween } from './offset.ts';
import { rowHash } from './row-hash.ts';
import type { Scores } from './scores.ts';
import type { Row, Side } from './settings.ts';
import type { Tally } from './tally.ts';
import { same, timeOf } from './values.ts';

const stretchRows = 1024;
const heldMin = 2048;
const quarterHour = 15 * 60_000;
// A window is judged when both sides are so many windows further on: delivery mixes the rows of neighbouring ones.
const slackWindows = 3;
// Rows that are alike may each be a little late, so that one takes the partner of the next over so many windows.
const lagWindows = 3;
const recentWindows = 16;
const pairedMax = 20_000;
const outMax = 20_000;

const sides: readonly Side[] = ['recorded', 'ours'];

/**
 * Compares rows that have no key, such as those of a filter: as a multiset of whole rows for each window. Without times a
 * window is a stretch of rows, and the two sides' places are kept in step by the rows they share.
 */
export class WholeRows {
  readonly #layout: Layout;
  readonly #tally: Tally;
  readonly #scores: Scores;
  readonly #isTimed: boolean;
  readonly #size: number;
  readonly #identity: readonly number[];
  readonly #loose: readonly number[];
  readonly #state: Readonly<Record<Side, SideState>> = { recorded: newSide(), ours: newSide() };
  readonly #onShift: (millis: number) => void;
  /** Ours − recorded, of times or of places. */
  #offset = 0;
  #isSettled = false;
  #lookAt = heldMin;
  /** Windows before this one are matched, those `lagWindows` before it are judged. */
  #next = Number.NaN;
  #index = 0;
  readonly #indexes = new Map<number, number>();
  readonly #recent: Map<number, number>[] = [];
  /** Hashes of rows that the other recording was too late for. */
  readonly #out = new Set<number>();
  #rowsAlike = 0;
  #rowsMet = 0;
  /** Part of the rows that are the same as one of the windows before. */
  #repeatRate = 0;

  constructor(layout: Layout, windowMillis: number, tally: Tally, scores: Scores, onShift: (millis: number) => void) {
    this.#layout = layout;
    this.#tally = tally;
    this.#scores = scores;
    this.#isTimed = layout.time >= 0;
    this.#size = this.#isTimed ? windowMillis : stretchRows;
    this.#identity = layout.measures.filter((at) => layout.tolerances[at] === null);
    this.#loose = layout.measures.filter((at) => layout.tolerances[at] !== null);
    this.#onShift = onShift;
  }

  get wants(): Side | null {
    const { recorded, ours } = this.#state;
    if (recorded.ended && ours.ended) return null;
    if (recorded.ended) return 'ours';
    if (ours.ended) return 'recorded';
    if (!this.#isSettled) {
      if (recorded.held.length < heldMin) return 'recorded';
      if (ours.held.length < heldMin) return 'ours';
      if (!this.#isTimed) return recorded.count <= ours.count ? 'recorded' : 'ours';
    }
    return recorded.last + this.#offset <= ours.last ? 'recorded' : 'ours';
  }

  push(side: Side, row: Row): void {
    const state = this.#state[side];
    const at = this.#isTimed ? timeOf(row[this.#layout.time]) : state.count;
    state.count++;
    if (Number.isNaN(at)) {
      this.#tally.notices.add(
        `A row of the ${side} side has no ${this.#layout.columns[this.#layout.time]}: it was not compared.`,
      );
      return;
    }
    state.first = Math.min(state.first, at);
    state.last = Math.max(state.last, at);
    const entry: Entry = { row, at, next: null };
    if (this.#isSettled) {
      this.#put(side, entry);
      return;
    }
    state.held.push(entry);
    if (state.held.length >= this.#lookAt || state.held.length >= this.#layout.limits.waitingRows) this.#settle();
  }

  end(side: Side): void {
    this.#state[side].ended = true;
    if (!this.#isSettled) this.#settle();
    const { recorded, ours } = this.#state;
    if (!this.#isSettled) return;
    if (recorded.ended && ours.ended) {
      while (this.#judgeNext(true));
      this.#tally.settle(Number.POSITIVE_INFINITY);
    } else {
      this.#advance();
    }
  }

  #put(side: Side, entry: Entry): void {
    const state = this.#state[side];
    const window = this.#windowOf(side, entry.at);
    if (window < this.#next - lagWindows) {
      this.#late(side, entry, window);
      return;
    }
    const isNew = !state.bags.has(window);
    this.#keep(side, window, entry);
    if (isNew) {
      if (Number.isNaN(this.#next)) this.#next = window;
      this.#advance();
    }
    if (state.waiting > this.#layout.limits.waitingRows) {
      this.#tally.notices.add(
        `More than ${this.#layout.limits.waitingRows} rows of the ${side} side waited for the other side: they were judged without waiting longer.`,
      );
      while (state.waiting > this.#layout.limits.waitingRows >> 1 && this.#judgeNext(true));
    }
  }

  #windowOf(side: Side, at: number): number {
    return Math.floor((side === 'ours' ? at - this.#offset : at) / this.#size);
  }

  #advance(): void {
    while (this.#judgeNext(false));
  }

  /** Matches the next window and judges the one `lagWindows` before it; false if there is none, or too little is known. */
  #judgeNext(isForced: boolean): boolean {
    const { recorded, ours } = this.#state;
    const newest = Math.max(newestOf(recorded), newestOf(ours));
    if (newest === Number.NEGATIVE_INFINITY || Number.isNaN(this.#next)) return false;
    const isReady = sides.every(
      (side) => this.#state[side].ended || this.#windowOf(side, this.#state[side].last) >= this.#next + slackWindows,
    );
    if (!isReady && !isForced) return false;
    if (this.#next > newest + lagWindows) return false;
    // Nothing for a long time on both sides: on to where there is something.
    const oldest = Math.min(oldestOf(recorded), oldestOf(ours));
    if (oldest > this.#next) this.#next = oldest;
    const window = this.#next++;
    this.#match(window);
    for (let before = window - 1; before >= window - lagWindows; before--) this.#moved(before, window, false);
    this.#judge(window - lagWindows);
    return true;
  }

  #match(window: number): void {
    const [a, b] = [this.#state.recorded.bags.get(window), this.#state.ours.bags.get(window)];
    if (a === undefined && b === undefined) return;
    const index = this.#indexOf(window);
    if (a !== undefined && b !== undefined) this.#tally.equal(index, this.#meet(a, b, index, index, [], false));
    if (!this.#isTimed) this.#keepStep();
  }

  /** The number under which the window is counted. */
  #indexOf(window: number): number {
    let index = this.#indexes.get(window);
    if (index === undefined) {
      index = this.#index++;
      this.#indexes.set(window, index);
      const { recorded, ours } = this.#state;
      const gap = !recorded.bags.has(window) ? 'ours' : !ours.bags.has(window) ? 'recorded' : null;
      const from = this.#isTimed ? window * this.#size : null;
      this.#tally.open({ index, from }, null, this.#isCommon(window) ? gap : null);
    }
    return index;
  }

  /**
   * Pairs rows of two bags that are the same; how many pairs. Of rows that are alike those beyond the other recording are to be
   * left over: one there waits (until `isLast`) for what no other row wants.
   */
  #meet(a: Bag, b: Bag, indexA: number, indexB: number, through: readonly number[], isLast: boolean): number {
    let equal = 0;
    const isMove = this.#isTimed && indexA !== indexB;
    for (const hash of a.rows.keys()) {
      if (!b.rows.has(hash) || !through.every((window) => this.#hasMet(window, hash))) continue;
      this.#sort('recorded', a, hash);
      this.#sort('ours', b, hash);
      let count = 0;
      let entry: Entry | null = a.rows.get(hash)!;
      while (entry !== null) {
        const other: Entry | undefined = b.rows.get(hash);
        if (other === undefined || !(isLast || this.#isBeyond('recorded', entry) === this.#isBeyond('ours', other)))
          break;
        take(a, hash);
        take(b, hash);
        const differing = this.#loose.filter((at) => !this.#isSame(entry!.row, other.row, at));
        if (differing.length > 0) this.#tally.row(indexA, 'different', entry.row, other.row, differing);
        else if (isMove) this.#tally.row(Math.min(indexA, indexB), 'moved', entry.row, other.row, []);
        else equal++;
        this.#score(entry, other, indexA);
        count++;
        entry = entry.next;
      }
      if (count === 0) continue;
      a.met.set(hash, (a.met.get(hash) ?? 0) + count);
      b.met.set(hash, (b.met.get(hash) ?? 0) + count);
      this.#rowsMet += count;
      if (count > 1) this.#rowsAlike += count;
    }
    return equal;
  }

  #hasMet(window: number, hash: number): boolean {
    return sides.some((side) => this.#state[side].bags.get(window)?.met.has(hash) === true);
  }

  /** Does the row stand before the first one of the other side, or after its last one? */
  #isBeyond(side: Side, { at }: Entry): boolean {
    return this.#outside(side, at, 0) !== null;
  }

  /** The latest first, as they came; but where the other side ends the earliest, for what is left over is behind its end. */
  #sort(side: Side, bag: Bag, hash: number): void {
    const first = bag.rows.get(hash)!;
    if (first.next === null || this.#outside(side, first.at) !== 'end') return;
    const [before, behind]: [Entry[], Entry[]] = [[], []];
    for (let entry: Entry | null = first; entry !== null; entry = entry.next) {
      (this.#outside(side, entry.at) === 'end' ? behind : before).push(entry);
    }
    const all = [...before, ...behind.sort((x, y) => x.at - y.at)];
    for (const [i, entry] of all.entries()) entry.next = all[i + 1] ?? null;
    bag.rows.set(hash, all[0]!);
  }

  /** Rows in neighbouring windows; or further apart, if in those between each took the partner of the next. */
  #moved(before: number, window: number, isLast: boolean): void {
    const index = this.#indexes.get(before);
    const indexAfter = this.#indexes.get(window);
    if (index === undefined || indexAfter === undefined) return;
    const { recorded, ours } = this.#state;
    const through = Array.from({ length: window - before - 1 }, (_, i) => before + 1 + i);
    const meet = (a: Bag | undefined, b: Bag | undefined, indexA: number, indexB: number) => {
      if (a !== undefined && b !== undefined && a.rows.size > 0 && b.rows.size > 0) {
        this.#tally.equal(index, this.#meet(a, b, indexA, indexB, through, isLast));
      }
    };
    meet(recorded.bags.get(before), ours.bags.get(window), index, indexAfter);
    meet(recorded.bags.get(window), ours.bags.get(before), indexAfter, index);
  }

  #matchLast(window: number, index: number): void {
    const [a, b] = sides.map((side) => this.#state[side].bags.get(window));
    if (a !== undefined && b !== undefined) this.#tally.equal(index, this.#meet(a, b, index, index, [], true));
    this.#moved(window, window + 1, true);
  }

  /** Names what is left in a window. */
  #judge(window: number): void {
    const { recorded, ours } = this.#state;
    const [a, b] = [recorded.bags.get(window), ours.bags.get(window)];
    if (a === undefined && b === undefined) return;
    const index = this.#indexOf(window);
    // Also rows that came while the next windows were awaited.
    this.#matchLast(window, index);
    const indexAfter = this.#indexes.get(window + 1);
    if (indexAfter !== undefined) this.#matchLast(window + 1, indexAfter);
    this.#indexes.delete(window);
    const rows = {
      recorded: this.#singles('recorded', a, window, index),
      ours: this.#singles('ours', b, window, index),
    };
    this.#remember([a, b].flatMap((bag) => (bag === undefined ? [] : [bag.met])));
    const [after, afterOurs] = [recorded.bags.get(window + 1), ours.bags.get(window + 1)];
    this.#differences(index, rows.recorded, rows.ours);
    if (!this.#isTimed) {
      if (afterOurs !== undefined && rows.recorded.size > 0)
        this.#differencesAcross(index, 'recorded', rows.recorded, afterOurs);
      if (after !== undefined && rows.ours.size > 0) this.#differencesAcross(index, 'ours', rows.ours, after);
    }
    for (const side of sides) {
      for (const { row } of rows[side]) {
        if (side === 'recorded') this.#tally.row(index, 'only-recorded', row, null, this.#layout.measures);
        else this.#tally.row(index, 'only-ours', null, row, this.#layout.measures);
        this.#scores.add(side, row);
      }
      const bag = this.#state[side].bags.get(window);
      this.#state[side].waiting -= bag?.size ?? 0;
      this.#state[side].bags.delete(window);
    }
    const isMet = [a, b].some((bag) => bag !== undefined && bag.met.size > 0);
    if (!isMet && !this.#isCommon(window) && rows.recorded.size + rows.ours.size === 0) {
      this.#tally.drop(index);
      const isBefore = sides.some((side) => window < this.#windowOf(side, this.#state[side].first));
      const place = isBefore ? 'start' : 'end';
      if (a !== undefined) this.#tally.exclude(place, 'recorded', 0, 1);
      if (b !== undefined) this.#tally.exclude(place, 'ours', 0, 1);
    }
    this.#scores.flush();
    this.#tally.settle(index + 1);
  }

  /** The rows of a bag that have no partner and are neither repetitions nor beyond the other recording. */
  #singles(side: Side, bag: Bag | undefined, window: number, index: number): Set<Entry> {
    const singles = new Set<Entry>();
    if (bag === undefined) return singles;
    for (const [hash, first] of bag.rows) {
      const isKnown = bag.met.has(hash) || (!this.#isTimed && this.#isNear(side, hash, window));
      const isTelling = bag.met.has(hash) ? this.#rowsAlike <= 0.3 * this.#rowsMet : this.#repeatRate <= 0.05;
      // One that was delivered again may stand where the other side had begun, and the first one where it had not.
      const entries: Entry[] = [];
      for (let entry: Entry | null = first; entry !== null; entry = entry.next) entries.push(entry);
      const isOut = entries.some(({ at }) => this.#outside(side, at) !== null) || this.#out.has(hash);
      if (isOut && this.#out.size < outMax) this.#out.add(hash);
      for (const entry of entries) {
        const outside = this.#outside(side, entry.at);
        // Of two that are alike the one near the end is left over: not for its being there.
        const isRepeated = isKnown && isTelling && outside !== 'start' && !this.#isBeyond(side, entry);
        const place = isRepeated ? null : outside;
        if (place !== null) this.#tally.exclude(place, side, 1, 0);
        else if (isRepeated || isOut) this.#tally.duplicates(side, index, entry.row);
        else singles.add(entry);
        if (place === null && isKnown && !isTelling) {
          this.#tally.notices.add(
            'Rows are so alike that one delivered twice cannot be told from one that the other side lacks.',
          );
        }
      }
    }
    return singles;
  }

  /** Did the same row find its partner in one of the windows before, or in the next ones? */
  #isNear(side: Side, hash: number, window: number): boolean {
    for (let after = 1; after <= lagWindows; after++) {
      if (this.#state[side].bags.get(window + after)?.met.has(hash)) return true;
    }
    return this.#recent.some((met) => met.has(hash));
  }

  #remember(mets: readonly Map<number, number>[]): void {
    let seen = 0;
    for (const hash of mets[0]?.keys() ?? []) {
      const isRepeated = this.#recent.some((before) => before.has(hash));
      this.#repeatRate += ((isRepeated ? 1 : 0) - this.#repeatRate) / 256;
      if (++seen === 32) break;
    }
    this.#recent.push(...mets);
    while (this.#recent.length > 2 * recentWindows) this.#recent.shift();
  }

  /** Pairs rows that differ in one column. */
  #differences(index: number, recorded: Set<Entry>, ours: Set<Entry>): void {
    if (recorded.size === 0 || ours.size === 0 || recorded.size + ours.size > pairedMax) return;
    for (const column of this.#identity) {
      const rest = this.#identity.filter((at) => at !== column);
      const others = new Map<number, Entry>();
      for (const entry of ours) others.set(rowHash(entry.row, rest), entry);
      const pairs: [Entry, Entry][] = [];
      for (const entry of recorded) {
        const hash = rowHash(entry.row, rest);
        const other = others.get(hash);
        if (other === undefined) continue;
        others.delete(hash);
        recorded.delete(entry);
        ours.delete(other);
        pairs.push([entry, other]);
      }
      this.#count(index, column, pairs);
      if (recorded.size === 0 || ours.size === 0) return;
    }
  }

  #count(index: number, column: number, pairs: readonly [Entry, Entry][]): void {
    const change = (a: Entry, b: Entry) => `${String(a.row[column])}\u001f${String(b.row[column])}`;
    const changes = new Set(pairs.map(([a, b]) => change(a, b)));
    for (const [a, b] of pairs) {
      this.#tally.row(index, changes.has(change(b, a)) ? 'swapped' : 'different', a.row, b.row, [column]);
      this.#score(a, b, index);
    }
  }

  #differencesAcross(index: number, side: Side, rows: Set<Entry>, after: Bag): void {
    const others = new Set<Entry>();
    const hashes = new Map<Entry, number>();
    for (const [hash, first] of after.rows) {
      for (let entry: Entry | null = first; entry !== null; entry = entry.next) {
        others.add(entry);
        hashes.set(entry, hash);
      }
    }
    const all = [...others];
    if (side === 'recorded') this.#differences(index, rows, others);
    else this.#differences(index, others, rows);
    for (const entry of all) if (!others.has(entry)) remove(after, hashes.get(entry)!, entry);
  }

  #score(recorded: Entry, ours: Entry, index: number): void {
    if (this.#layout.scores.length === 0) return;
    this.#scores.add('recorded', recorded.row);
    this.#scores.add('ours', ours.row);
    if (this.#identity.length === 0) return;
    this.#scores.pair(recorded.row, ours.row, this.#isTimed ? Math.floor(recorded.at / 1000) : index);
  }

  #isSame(a: Row, b: Row, at: number): boolean {
    return same(a[at] ?? null, b[at] ?? null, this.#layout.tolerances[at] ?? null);
  }

  /** A row for a window that is judged. */
  #late(side: Side, entry: Entry, window: number): void {
    const hash = rowHash(entry.row, this.#identity);
    const place = this.#outside(side, entry.at);
    if (this.#recent.some((met) => met.has(hash))) {
      this.#tally.duplicates(side, null, entry.row);
      return;
    }
    if (place !== null) {
      this.#tally.exclude(place, side, 1, 0);
      return;
    }
    const index = this.#index++;
    this.#tally.open({ index, from: this.#isTimed ? window * this.#size : null }, null, side);
    const [recorded, ours] = side === 'recorded' ? [entry.row, null] : [null, entry.row];
    this.#tally.row(index, `only-${side}`, recorded, ours, this.#layout.measures);
  }

  // Near the first and the last row of the other side rows may be there or not: that one was begun or ended in between.
  #outside(side: Side, at: number, slack = this.#isTimed ? 2000 : 64): 'start' | 'end' | null {
    const other = side === 'recorded' ? 'ours' : 'recorded';
    const { first, last, ended } = this.#state[other];
    const place = side === 'ours' ? at - this.#offset : at + this.#offset;
    if (place < first + slack) return 'start';
    return ended && place > last - slack ? 'end' : null;
  }

  /** Do both sides have rows before or in the window, and after or in it? */
  #isCommon(window: number): boolean {
    return sides.every((side) => {
      const { first, last } = this.#state[side];
      return this.#windowOf(side, first) <= window && window <= this.#windowOf(side, last);
    });
  }

  /** Rows that one side lacks or has twice put the places of the two sides out of step. */
  #keepStep(): void {
    const { recorded, ours } = this.#state;
    const found: number[] = [];
    for (const window of [this.#next - 1, this.#next]) {
      const bag = recorded.bags.get(window);
      if (bag === undefined) continue;
      for (const [hash, entry] of bag.rows) {
        if (entry.next !== null) continue;
        for (const near of [window - 1, window, window + 1]) {
          const other = ours.bags.get(near)?.rows.get(hash);
          if (other !== undefined && other.next === null) found.push(other.at - this.#offset - entry.at);
        }
      }
    }
    if (found.length < 32) return;
    found.sort((x, y) => x - y);
    const drift = found[found.length >> 1]!;
    if (Math.abs(drift) < 128) return;
    this.#offset += drift;
    this.#rebag();
  }

  /** Ours' rows into the windows of the new offset. */
  #rebag(): void {
    const { bags } = this.#state.ours;
    const later = [...bags].filter(([window]) => window >= this.#next);
    for (const [window, bag] of later) {
      bags.delete(window);
      this.#state.ours.waiting -= bag.size;
    }
    for (const [, bag] of later) {
      for (const first of bag.rows.values()) {
        for (let entry: Entry | null = first; entry !== null; ) {
          const next: Entry | null = entry.next;
          entry.next = null;
          const window = Math.max(this.#next, this.#windowOf('ours', entry.at));
          this.#keep('ours', window, entry);
          entry = next;
        }
      }
    }
  }

  /** Finds the constant between the two sides' times or places, if enough rows are there to show it. */
  #settle(): void {
    const { recorded, ours } = this.#state;
    if (!sides.every((side) => this.#state[side].ended || this.#state[side].held.length >= heldMin)) return;
    const bin = this.#isTimed ? quarterHour : stretchRows / 2;
    const offsets = offsetsBetween(recorded.held, ours.held, this.#identity);
    const [best, bestVotes] = mostVoted(offsets, bin);
    const least = Math.min(recorded.held.length, ours.held.length);
    const isFull = sides.some((side) => this.#state[side].held.length >= this.#layout.limits.waitingRows);
    const isClear = bestVotes >= 0.5 * offsets.length && bestVotes >= Math.max(3, 0.1 * Math.min(least, heldMin));
    if (isClear) {
      if (this.#isTimed) {
        if (best !== 0 && Math.abs(best) <= 56) {
          this.#offset = best * quarterHour;
          this.#onShift(this.#offset);
        }
      } else {
        const near = offsets.filter((offset) => Math.abs(offset - best * bin) <= bin).sort((a, b) => a - b);
        this.#offset = near[near.length >> 1]!;
      }
    } else {
      const overlap =
        this.#isTimed && Math.min(recorded.last, ours.last) > Math.max(recorded.first, ours.first) + 2 * this.#size;
      const isOver = sides.every((side) => this.#state[side].ended);
      this.#lookAt = Math.max(recorded.held.length, ours.held.length) + heldMin;
      if (!overlap && !isFull && !isOver) return;
    }
    this.#isSettled = true;
    for (const side of sides) {
      const { held } = this.#state[side];
      this.#state[side].held = [];
      this.#next = Number.isNaN(this.#next) ? Number.POSITIVE_INFINITY : this.#next;
      for (const { at } of held) this.#next = Math.min(this.#next, this.#windowOf(side, at));
      for (const entry of held) this.#keep(side, this.#windowOf(side, entry.at), entry);
    }
    if (this.#next === Number.POSITIVE_INFINITY) this.#next = Number.NaN;
    this.#advance();
  }

  #keep(side: Side, window: number, entry: Entry): void {
    const state = this.#state[side];
    let bag = state.bags.get(window);
    if (bag === undefined) {
      bag = { rows: new Map(), met: new Map(), size: 0 };
      state.bags.set(window, bag);
    }
    add(bag, rowHash(entry.row, this.#identity), entry);
    bag.size++;
    state.waiting++;
  }
}
