import type { Layout } from './layout.ts';
import { likeness } from './likeness.ts';
import { merge, nextStep, type Step } from './merge.ts';
import type { Row, Side } from './settings.ts';
import type { History, Window } from './window.ts';

/** Where a window that has no partner stands. `repeated`: all of it had been delivered before. */
export type Place = 'start' | 'gap' | 'end' | 'repeated';

export interface Aligned {
  pair(recorded: Window, ours: Window): void;
  single(window: Window, place: Place): void;
  repeated(side: Side, rows: readonly Row[]): void;
  shift(millis: number): void;
}

/** The windows of both sides that wait for each other. */
class Waiting {
  readonly recorded: Window[] = [];
  readonly ours: Window[] = [];
  readonly ended: Record<Side, boolean> = { recorded: false, ours: false };
  readonly #rowsMax: number;
  readonly #windowsMax: number;

  constructor({ limits }: Layout) {
    this.#rowsMax = limits.waitingRows;
    this.#windowsMax = limits.waitingWindows;
  }

  rows(side: Side): number {
    let rows = 0;
    for (const window of this[side]) rows += window.rows.size;
    return rows;
  }

  isFull(side: Side): boolean {
    const windows = this[side];
    return windows.length >= this.#windowsMax || (windows.length > 1 && this.rows(side) >= this.#rowsMax);
  }

  /** Are there `count` windows of each side, or as many as there will be? */
  has(count: number): boolean {
    return sides.every((side) => this[side].length >= count || this.ended[side] || this.isFull(side));
  }
}

const sides: readonly Side[] = ['recorded', 'ours'];

/** Finds for each window of one side the window of the other. */
export interface Aligner {
  readonly waiting: Waiting;
  push(window: Window): void;
  end(side: Side): void;
}

abstract class Alignment implements Aligner {
  readonly waiting: Waiting;
  protected readonly layout: Layout;
  protected readonly out: Aligned;
  protected hasPaired = false;

  constructor(layout: Layout, out: Aligned) {
    this.waiting = new Waiting(layout);
    this.layout = layout;
    this.out = out;
  }

  push(window: Window): void {
    this.waiting[window.side].push(window);
    this.drain();
  }

  end(side: Side): void {
    this.waiting.ended[side] = true;
    this.drain();
  }

  protected abstract drain(): void;

  protected pair(): void {
    this.hasPaired = true;
    this.out.pair(this.waiting.recorded.shift()!, this.waiting.ours.shift()!);
  }

  protected single(side: Side, place: Place): void {
    this.out.single(this.waiting[side].shift()!, this.hasPaired ? place : 'start');
  }

  /** What is left of one side when the other has ended. */
  protected rest(): void {
    for (const side of sides) {
      const other = side === 'recorded' ? 'ours' : 'recorded';
      while (this.waiting.ended[other] && this.waiting[other].length === 0 && this.waiting[side].length > 0) {
        this.single(side, 'end');
      }
    }
  }

  /** Mean likeness of the next windows, those of one side `offset` further on (recorded if above 0, else ours). */
  protected alike(offset: number, count: number): number {
    const { recorded, ours } = this.waiting;
    const [r, o] = [Math.max(0, offset), Math.max(0, -offset)];
    let sum = 0;
    let pairs = 0;
    while (pairs < count && r + pairs < recorded.length && o + pairs < ours.length) {
      sum += likeness(recorded[r + pairs]!, ours[o + pairs]!, this.layout);
      pairs++;
    }
    return pairs < Math.min(count, 2) ? 0 : sum / pairs;
  }
}

const quarterHour = 15 * 60_000;
const dayQuarters = 14 * 4;

/** Windows with times: the same time is the same window, once the constant between the two sides' times is known. */
export class TimedAlignment extends Alignment {
  readonly #windowMillis: number;
  #shift: number | null = null;
  #looked = 0;

  constructor(layout: Layout, windowMillis: number, out: Aligned) {
    super(layout, out);
    this.#windowMillis = windowMillis;
  }

  get shift(): number {
    return this.#shift ?? 0;
  }

  protected drain(): void {
    if (this.#shift === null && !this.#settle()) return;
    const { recorded, ours } = this.waiting;
    while (recorded.length > 0 && ours.length > 0) {
      const ahead = recorded[0]!.from! + this.shift - ours[0]!.from!;
      if (ahead === 0) this.pair();
      else this.single(ahead < 0 ? 'recorded' : 'ours', 'gap');
    }
    this.rest();
    // The other side is nowhere near, or has stopped without ending.
    for (const side of sides) while (this.waiting.isFull(side)) this.single(side, 'gap');
  }

  /** Is it known what to take off? Looks again with every eighth window, and drops what is too old to be of use. */
  #settle(): boolean {
    const { recorded, ours, ended } = this.waiting;
    if (!this.waiting.has(8)) return false;
    const isOver = ended.recorded && ended.ours;
    if (this.#looked++ % 8 !== 0 && !isOver && !sides.some((side) => this.waiting.isFull(side))) return false;
    if (recorded.length === 0 || ours.length === 0) return this.#decide(0);
    const candidates = new Set<number>();
    for (const window of recorded) candidates.add(ours[0]!.from! - window.from!);
    for (const window of ours) candidates.add(window.from! - recorded[0]!.from!);
    const plain = this.#alikeAt(0);
    let best = 0;
    let bestAlike = plain;
    for (const shift of candidates) {
      const isZone = shift % quarterHour === 0 && Math.abs(shift) <= dayQuarters * quarterHour;
      if (shift === 0 || !(isZone || Math.abs(shift) <= 2 * this.#windowMillis)) continue;
      const alike = this.#alikeAt(shift);
      if (alike > bestAlike + 1e-9) [best, bestAlike] = [shift, alike];
    }
    // A time zone has to be better than none by far, and than the windows beside it: steady traffic looks alike.
    const beside = Math.max(this.#alikeAt(best - this.#windowMillis), this.#alikeAt(best + this.#windowMillis));
    if (best !== 0 && bestAlike >= 0.5 && bestAlike >= plain + 0.15 && bestAlike >= beside + 0.1) {
      this.out.shift(best);
      return this.#decide(best);
    }
    const overlap =
      Math.min(recorded.at(-1)!.from!, ours.at(-1)!.from!) >= Math.max(recorded[0]!.from!, ours[0]!.from!);
    if (overlap || isOver) return this.#decide(0);
    const earlier: Side = recorded[0]!.from! < ours[0]!.from! ? 'recorded' : 'ours';
    if (ended[earlier]) return this.#decide(0);
    while (this.waiting.isFull(earlier)) this.single(earlier, 'start');
    return false;
  }

  #decide(shift: number): true {
    this.#shift = shift;
    return true;
  }

  #alikeAt(shift: number): number {
    const { recorded, ours } = this.waiting;
    let [sum, pairs, r, o] = [0, 0, 0, 0];
    while (r < recorded.length && o < ours.length && pairs < 8) {
      const ahead = recorded[r]!.from! + shift - ours[o]!.from!;
      if (ahead === 0) {
        sum += likeness(recorded[r++]!, ours[o++]!, this.layout);
        pairs++;
      } else if (ahead < 0) r++;
      else o++;
    }
    return pairs === 0 ? 0 : sum / pairs;
  }
}

const near = 8;
const nearWindows = near + 6;
const comparedWindows = 6;

/** Windows without times: aligned by what they hold, with gaps on either side and repeated deliveries in between. */
export class SequenceAlignment extends Alignment {
  readonly #histories: { readonly recorded: History; readonly ours: History };
  #isSettled = false;
  /** With how many windows of each side it is looked again how they belong together. */
  #lookAt = nearWindows;
  /** How alike paired windows have been of late. */
  #usual = 0.6;
  /** Pairs to go before the whole of what waits is searched again. */
  #rest = 0;

  constructor(layout: Layout, histories: { readonly recorded: History; readonly ours: History }, out: Aligned) {
    super(layout, out);
    this.#histories = histories;
  }

  protected drain(): void {
    const { recorded, ours } = this.waiting;
    if (!this.#isSettled && !this.#settle()) return;
    while (recorded.length > 0 && ours.length > 0) {
      const step = this.#next();
      if (step === null) return;
      this.#take(step);
    }
    this.rest();
    for (const side of sides) while (this.waiting.isFull(side)) this.single(side, 'gap');
  }

  #settle(): boolean {
    const { recorded, ours, ended } = this.waiting;
    if (!this.waiting.has(this.#lookAt)) return false;
    const all = this.layout.limits.waitingWindows;
    const close = this.#bestOffset(near);
    if (close.alike >= 0.5 && close.alike >= close.second + 0.1) return this.#start(close.offset);
    this.#lookAt = Math.min(all, 2 * this.#lookAt);
    if (!this.waiting.has(all)) return false;
    const far = this.#bestOffset(all);
    if (far.alike >= far.second + 0.1 || far.alike >= 0.9)
      return this.#start(far.alike > this.alike(0, 6) + 0.05 ? far.offset : 0);
    // Nothing alike as far as can be seen. Recordings are mostly longer than what is compared with them.
    if (far.alike < 0.35 && !ended.recorded && ours.length > 0) {
      for (let i = recorded.length >> 1; i > 0; i--) this.single('recorded', 'start');
      return false;
    }
    return this.#start(0);
  }

  #start(offset: number): true {
    this.#gap(offset);
    this.#isSettled = true;
    return true;
  }

  /** The next step; null if more windows must come first. */
  #next(): Step | null {
    const { recorded, ours } = this.waiting;
    if (!this.waiting.has(2)) return null;
    const isSuspect = (windows: readonly Window[]) => windows.slice(0, 5).some((window) => window.isSuspect);
    if (isSuspect(recorded) || isSuspect(ours)) {
      if (!this.waiting.has(7)) return null;
      return nextStep(recorded, ours, this.#histories, this.layout);
    }
    const alike = likeness(recorded[0]!, ours[0]!, this.layout);
    const isUsual = alike >= Math.max(0.3, this.#usual - 0.12);
    if (!isUsual && !recorded[0]!.isEdge && !ours[0]!.isEdge) {
      if (!this.waiting.has(nearWindows)) return null;
      const close = this.#bestOffset(near);
      if (this.#isBetter(close)) return gapOf(close.offset);
      if (alike < this.#usual - 0.25 && this.#rest === 0) {
        const all = this.layout.limits.waitingWindows;
        if (!this.waiting.has(all)) return null;
        const far = this.#bestOffset(all);
        if (this.#isBetter(far)) return gapOf(far.offset);
        this.#rest = 64;
      }
    }
    if (this.#rest > 0) this.#rest--;
    this.#usual += (alike - this.#usual) / 8;
    return { recorded: 1, ours: 1 };
  }

  #isBetter({ offset, alike }: { readonly offset: number; readonly alike: number }): boolean {
    return offset !== 0 && alike >= this.alike(0, comparedWindows) + 0.12 && alike >= this.#usual - 0.2;
  }

  #take({ recorded: r, ours: o }: Step): void {
    const { recorded, ours } = this.waiting;
    if (r === 0 || o === 0) {
      this.#gap(r - o);
      return;
    }
    if (r > 1) this.#merge(recorded, r, 'recorded');
    if (o > 1) this.#merge(ours, o, 'ours');
    this.pair();
  }

  #merge(windows: Window[], count: number, side: Side): void {
    const merged = merge(windows.slice(0, count), this.#histories[side], this.layout)!;
    windows.splice(0, count, merged.window);
    this.out.repeated(side, merged.repeated);
  }

  #gap(offset: number): void {
    const side: Side = offset > 0 ? 'recorded' : 'ours';
    for (let i = Math.abs(offset); i > 0; i--) {
      const isRepeated = this.hasPaired && this.#histories[side].repeats(this.waiting[side][0]!);
      this.single(side, isRepeated ? 'repeated' : 'gap');
    }
  }

  /** The offset within `max` at which the two sides are most alike, and how alike they are at best elsewhere. */
  #bestOffset(max: number): { readonly offset: number; readonly alike: number; readonly second: number } {
    const { recorded, ours } = this.waiting;
    let [offset, alike, second] = [0, this.alike(0, comparedWindows), 0];
    const consider = (candidate: number) => {
      const found = this.alike(candidate, comparedWindows);
      if (found > alike + 1e-9) [offset, second, alike] = [candidate, alike, found];
      else second = Math.max(second, found);
    };
    for (let distance = 1; distance <= max; distance++) {
      if (distance < recorded.length) consider(distance);
      if (distance < ours.length) consider(-distance);
    }
    return { offset, alike, second };
  }
}

function gapOf(offset: number): Step {
  return offset > 0 ? { recorded: offset, ours: 0 } : { recorded: 0, ours: -offset };
}
