import { type Batch, gather, type Millis } from '../batch.ts';
import { type Value, valueAt } from '../column.ts';
import { doublesOf } from '../exact-column.ts';
import { Groups } from '../groups.ts';
import { printCount } from '../in-words.ts';
import type { Operator, Output } from '../operator.ts';
import { runEnd } from '../run-end.ts';
import { columnKind, type Schema } from '../schema.ts';

export interface DistinctOptions {
  readonly schema: Schema;
  /** The column of an ascending expression of ROWTIME that is in the select list. */
  readonly time: number;
  /** The smallest value of that column that a row with this ROWTIME or a later one can have; null: time says nothing about
   *  it, as about MONOTONIC(x): rows are forgotten when it changes. */
  readonly timeAt: ((rowtime: Millis) => number) | null;
  /** The columns that make a row distinct; ROWTIME itself does not count. */
  readonly keys: readonly number[];
}

/** SELECT DISTINCT: passes on the first of equal rows, as soon as it comes; NULL equals NULL. When the ascending
 *  expression in the list moves on, rows seen before cannot come again and are forgotten (AWS SQL reference, "SELECT
 *  ALL and SELECT DISTINCT"). Memory: the distinct rows of one value of it, bounded by Groups. */
export class Distinct implements Operator {
  readonly schema: Schema;
  readonly #options: DistinctOptions;
  readonly #seen: Groups;
  #time = Number.NEGATIVE_INFINITY;
  #value: Value = null;

  constructor(options: DistinctOptions) {
    this.schema = options.schema;
    this.#options = options;
    this.#seen = new Groups(options.keys.map((key) => columnKind(options.schema[key].type)));
  }

  push(batch: Batch, out: Output): void {
    const time = batch.columns[this.#options.time];
    const { timeAt } = this.#options;
    // Of numbers beyond 2^53 the nearest doubles: rows are forgotten a little later then, no earlier.
    const times = timeAt ? doublesOf(time) : new Float64Array(0);
    const keys = this.#options.keys.map((key) => batch.columns[key]);
    const rows = new Uint32Array(batch.length);
    let kept = 0;
    for (let from = 0; from < batch.length; ) {
      let to = from + 1;
      if (!timeAt) {
        const value = valueAt(time, from);
        if (value !== this.#value) this.#seen.clear();
        this.#value = value;
        to = runEnd(time, from, batch.length);
      } else {
        this.#moveTo(times[from]);
        while (to < batch.length && times[to] <= this.#time) to++;
      }
      let known = this.#seen.size;
      const ids = this.#seen.ids(keys, from, to);
      for (let i = from; i < to; i++) {
        if (ids[i - from] < known) continue;
        known++;
        rows[kept++] = i;
      }
      from = to;
    }
    if (kept === batch.length) out(batch);
    else if (kept > 0) out(gather(batch, rows, kept));
  }

  advance(watermark: Millis): Millis {
    const { timeAt } = this.#options;
    if (timeAt && Number.isFinite(watermark)) this.#moveTo(timeAt(watermark));
    return watermark;
  }

  remembers(): string | null {
    return this.#seen.size === 0 ? null : `${printCount(this.#seen.size, 'row')} seen`;
  }

  snapshot(): unknown {
    return { time: this.#time, value: this.#value, seen: this.#seen.snapshot() };
  }

  restore(state: unknown): void {
    const { time, value, seen } = state as { time: number; value: Value; seen: unknown };
    this.#time = time;
    this.#value = value;
    this.#seen.restore(seen);
  }

  #moveTo(time: number): void {
    if (time <= this.#time) return;
    this.#time = time;
    this.#seen.clear();
  }
}
