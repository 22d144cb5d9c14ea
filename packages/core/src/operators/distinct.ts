import { type Batch, gather, type Millis } from '../batch.ts';
import { Groups } from '../groups.ts';
import type { Operator, Output } from '../operator.ts';
import { columnKind, type Schema } from '../schema.ts';

export interface DistinctOptions {
  readonly schema: Schema;
  /** The column of an ascending expression of ROWTIME that is in the select list. */
  readonly time: number;
  /** The smallest value of that column that a row with this ROWTIME or a later one can have. */
  readonly timeAt: (rowtime: Millis) => number;
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

  constructor(options: DistinctOptions) {
    this.schema = options.schema;
    this.#options = options;
    this.#seen = new Groups(options.keys.map((key) => columnKind(options.schema[key].type)));
  }

  push(batch: Batch, out: Output): void {
    const time = batch.columns[this.#options.time];
    if (time.kind !== 'num') throw new Error('broken invariant: the ascending expression is a number or a time');
    const keys = this.#options.keys.map((key) => batch.columns[key]);
    const rows = new Uint32Array(batch.length);
    let kept = 0;
    for (let from = 0; from < batch.length; ) {
      this.#moveTo(time.values[from]);
      let to = from + 1;
      while (to < batch.length && time.values[to] <= this.#time) to++;
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
    if (Number.isFinite(watermark)) this.#moveTo(this.#options.timeAt(watermark));
    return watermark;
  }

  snapshot(): unknown {
    return { time: this.#time, seen: this.#seen.snapshot() };
  }

  restore(state: unknown): void {
    const { time, seen } = state as { time: number; seen: unknown };
    this.#time = time;
    this.#seen.restore(seen);
  }

  #moveTo(time: number): void {
    if (time <= this.#time) return;
    this.#time = time;
    this.#seen.clear();
  }
}
