import { reportOf } from './conclude.ts';
import { inferKey, inferWindowMillis } from './infer.ts';
import { KeyedRows } from './keyed-rows.ts';
import { type Layout, layoutOf } from './layout.ts';
import type { Report, WindowResult } from './report.ts';
import { Scores } from './scores.ts';
import type { MirrorSettings, Row, RowBatch, Side } from './settings.ts';
import { Tally } from './tally.ts';
import { WholeRows } from './whole-rows.ts';

/**
 * A comparison under way. Rows of both sides are fed as they come, in any interleaving; what is held back waiting for the
 * other side is bounded, so a caller that can choose feeds the side that `wants` names. Never throws for what rows hold.
 */
export interface Mirror {
  feed(side: Side, batch: RowBatch): void;
  /** No more rows of this side. The rows that waited for them are judged. */
  end(side: Side): void;
  /** The side to feed next; null when both have ended. Feeding always the other one makes the limits bite. */
  readonly wants: Side | null;
  /** What is known now. Windows that still wait for the other side or for their neighbour are not in it. */
  report(): Report;
}

/** Starts a comparison. Throws a MirrorError if the settings name a column that is not there, or contradict each other. */
export function createMirror(settings: MirrorSettings, onWindow: (result: WindowResult) => void = () => {}): Mirror {
  return new Comparison(settings, onWindow);
}

/** Compares two recordings from their first row to their last, in memory that does not grow with them. */
export async function compare(
  recorded: Iterable<RowBatch> | AsyncIterable<RowBatch>,
  ours: Iterable<RowBatch> | AsyncIterable<RowBatch>,
  settings: MirrorSettings,
  onWindow: (result: WindowResult) => void = () => {},
): Promise<Report> {
  const mirror = createMirror(settings, onWindow);
  const sides = { recorded: iterate(recorded), ours: iterate(ours) };
  try {
    for (let side = mirror.wants; side !== null; side = mirror.wants) {
      const next = await sides[side].next();
      if (next.done) mirror.end(side);
      else mirror.feed(side, next.value);
    }
  } finally {
    // Not for those that have ended: they do nothing then.
    await sides.recorded.return?.();
    await sides.ours.return?.();
  }
  return mirror.report();
}

function iterate(rows: Iterable<RowBatch> | AsyncIterable<RowBatch>): AsyncIterator<RowBatch> | Iterator<RowBatch> {
  return Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
}

const minute = 60_000;
// So many rows of a side show what their key is, and how long a window.
const shownMax = 2048;

class Comparison implements Mirror {
  readonly #settings: MirrorSettings;
  readonly #onWindow: (result: WindowResult) => void;
  readonly #held: Record<Side, Row[]> = { recorded: [], ours: [] };
  readonly #ended: Record<Side, boolean> = { recorded: false, ours: false };
  readonly #read: Record<Side, number> = { recorded: 0, ours: 0 };
  #layout: Layout;
  #tally: Tally;
  #scores: Scores;
  #rows: KeyedRows | WholeRows | null = null;
  #shift: number | null = null;
  #windowMillis: number | null = null;

  constructor(settings: MirrorSettings, onWindow: (result: WindowResult) => void) {
    this.#settings = settings;
    this.#onWindow = onWindow;
    // Also where a key must first be found: settings that cannot be meant are known at once.
    this.#layout = layoutOf(settings, settings.key ?? [], settings.key === undefined);
    this.#tally = new Tally(this.#layout, onWindow);
    this.#scores = new Scores(this.#layout);
  }

  get wants(): Side | null {
    if (this.#ended.recorded && this.#ended.ours) return null;
    if (this.#rows === null) {
      if (this.#ended.recorded) return 'ours';
      if (this.#ended.ours) return 'recorded';
      return this.#held.recorded.length <= this.#held.ours.length ? 'recorded' : 'ours';
    }
    return this.#rows.wants;
  }

  feed(side: Side, { rows }: RowBatch): void {
    this.#read[side] += rows.length;
    const { length } = rows;
    for (let i = 0; i < length; i++) {
      // Not once for the batch: what is known must not depend on how rows are split into batches.
      if (this.#rows !== null) this.#rows.push(side, rows[i]!);
      else {
        this.#held[side].push(rows[i]!);
        this.#begin(false);
      }
    }
  }

  end(side: Side): void {
    if (this.#ended[side]) return;
    this.#ended[side] = true;
    if (this.#rows === null) this.#begin(this.#ended.recorded && this.#ended.ours);
    else this.#rows.end(side);
  }

  report(): Report {
    return reportOf({
      layout: this.#layout,
      tally: this.#tally,
      scores: this.#scores.report(),
      read: { ...this.#read },
      shift: this.#shift,
      windowMillis: this.#windowMillis,
      windowInferred: this.#settings.windowMillis === undefined,
    });
  }

  /** Rows are compared once it is known how: as soon as enough are there to infer what the settings do not say. */
  #begin(isOver: boolean): void {
    const { recorded, ours } = this.#held;
    const isShown = (side: Side) => this.#ended[side] || this.#held[side].length >= shownMax;
    const isWaiting = recorded.length + ours.length < this.#layout.limits.waitingRows;
    const { key: told, time: timed, windowMillis: long } = this.#settings;
    const isTold = told !== undefined && (told.length === 0 || timed === undefined || long !== undefined);
    if (!isOver && !isTold && isWaiting && !(isShown('recorded') && isShown('ours'))) return;
    const shown = [recorded.slice(0, shownMax), ours.slice(0, shownMax)];
    const key = this.#settings.key ?? inferKey(this.#settings, shown);
    this.#layout = layoutOf(this.#settings, key, this.#settings.key === undefined);
    this.#tally = new Tally(this.#layout, this.#onWindow);
    this.#scores = new Scores(this.#layout);
    const isKeyed = this.#layout.key.length > 0;
    const { time } = this.#layout;
    const inferred = isKeyed && time >= 0 ? inferWindowMillis(shown, time) : null;
    const windowMillis = this.#settings.windowMillis ?? inferred ?? minute;
    this.#windowMillis = time >= 0 ? windowMillis : null;
    const Rows = isKeyed ? KeyedRows : WholeRows;
    this.#rows = new Rows(this.#layout, windowMillis, this.#tally, this.#scores, (millis) => {
      this.#shift = millis;
    });
    this.#replay();
  }

  /** The rows that were held, in an order that does not depend on how they came. */
  #replay(): void {
    const rows = this.#rows!;
    const at: Record<Side, number> = { recorded: 0, ours: 0 };
    const isLeft = (side: Side) => at[side] < this.#held[side].length;
    while (isLeft('recorded') || isLeft('ours')) {
      const wanted = rows.wants ?? 'recorded';
      const side = isLeft(wanted) ? wanted : wanted === 'recorded' ? 'ours' : 'recorded';
      rows.push(side, this.#held[side][at[side]++]!);
    }
    this.#held.recorded = [];
    this.#held.ours = [];
    if (this.#ended.recorded) rows.end('recorded');
    if (this.#ended.ours) rows.end('ours');
  }
}
