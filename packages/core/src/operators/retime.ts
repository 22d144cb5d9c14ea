import { type Batch, gather, type Millis, slice } from '../batch.ts';
import { rowsHeld } from '../in-words.ts';
import type { Operator, Output } from '../operator.ts';
import type { RowErrors } from '../row-errors.ts';
import type { Schema } from '../schema.ts';
import { HeldRows } from './held-rows.ts';

export interface RetimeOptions {
  readonly schema: Schema;
  /** The column that becomes the ROWTIME. */
  readonly time: number;
  /** Rows may be so much older than the youngest before them, and are put in order; null: as late as `bound` allows. */
  readonly within: Millis | null;
  /** No row with this ROWTIME or a later one has an earlier new time; null: time says nothing about it. */
  readonly bound: ((rowtime: Millis) => Millis) | null;
  readonly errors: RowErrors;
}

/** `expr AS ROWTIME`, and ORDER BY expr WITHIN interval (AWS SQL reference, "ROWTIME", "T-sorting Stream Input"): rows come
 *  out in the order of a column, with it as their ROWTIME; of equal ones in order of arrival. A row that is older than
 *  what could have been emitted goes to `errors`, as does one without a time (developer guide, "Error Handling").
 *
 *        within 10   12  15  9  26  14          15 - 10 = 5: all wait; 26 - 10 = 16 lets 9, 12 and 15 out;
 *                            ▲      late        14 is late then
 *
 *  Memory: the rows that wait, bounded by HeldRows. */
export class Retime implements Operator {
  readonly schema: Schema;
  readonly #options: RetimeOptions;
  readonly #held = new HeldRows('AS ROWTIME');
  /** No row before it comes out any more. */
  #reached: Millis = Number.NEGATIVE_INFINITY;

  constructor(options: RetimeOptions) {
    this.schema = options.schema;
    this.#options = options;
  }

  push(batch: Batch, out: Output): void {
    const rows = new Uint32Array(batch.length);
    const kept = this.#accept(batch, rows);
    if (kept === 0) return;
    const accepted = kept === batch.length ? batch : gather(batch, rows, kept);
    this.#held.add(accepted, 0, kept);
    this.#emit(out);
  }

  advance(watermark: Millis, out: Output): Millis {
    if (Number.isFinite(watermark)) {
      if (this.#options.bound) this.#reached = Math.max(this.#reached, this.#options.bound(watermark));
    } else if (watermark > 0) this.#reached = watermark;
    this.#emit(out);
    return this.#reached;
  }

  remembers(): string | null {
    return rowsHeld(this.#held.length);
  }

  snapshot(): unknown {
    return { reached: this.#reached, held: this.#held.snapshot() };
  }

  restore(state: unknown): void {
    const { reached, held } = state as { reached: Millis; held: unknown };
    this.#reached = reached;
    this.#held.restore(held);
  }

  /** Writes the rows that are in time into `rows`; returns how many. */
  #accept(batch: Batch, rows: Uint32Array): number {
    const { time, within, bound } = this.#options;
    const { values, valid } = timesOf(batch, time);
    let rowtime = Number.NaN;
    let kept = 0;
    for (let i = 0; i < batch.length; i++) {
      if (within === null && batch.rowtime[i] !== rowtime) {
        rowtime = batch.rowtime[i];
        if (bound) this.#reached = Math.max(this.#reached, bound(rowtime));
      }
      const isThere = !valid || valid[i] === 1;
      if (!isThere || values[i] < this.#reached) {
        this.#reject(batch, i, isThere ? values[i] : null);
        continue;
      }
      if (within !== null) this.#reached = Math.max(this.#reached, values[i] - within);
      rows[kept++] = i;
    }
    return kept;
  }

  #reject(batch: Batch, row: number, t: Millis | null): void {
    const { name } = this.schema[this.#options.time];
    const failure =
      t === null
        ? { name: 'NullRowtime', message: `${name}, which gives ROWTIME, is NULL` }
        : {
            name: 'LateRow',
            message: `ROWTIME ${new Date(t).toISOString()} is older than ${new Date(this.#reached).toISOString()}, which is as late as a row may come`,
          };
    // As with the clock: the time of the stream, so that error_stream stays in order.
    const rowtime = Float64Array.of(this.#reached === Number.NEGATIVE_INFINITY ? 0 : this.#reached);
    this.#options.errors.report(failure, this.schema, { ...slice(batch, row, row + 1), rowtime }, 0);
  }

  /** Rows up to #reached, in order: a row that comes later has no earlier time. */
  #emit(out: Output): void {
    const held = this.#held.take();
    if (!held) return;
    const sorted = inOrder(held, timesOf(held, this.#options.time).values);
    const { values } = timesOf(sorted, this.#options.time);
    let to = values.length;
    while (to > 0 && values[to - 1] > this.#reached) to--;
    this.#held.add(sorted, to, sorted.length);
    if (to > 0) out({ ...slice(sorted, 0, to), rowtime: values.subarray(0, to) });
  }
}

function timesOf(batch: Batch, index: number): { values: Float64Array; valid: Uint8Array | null } {
  const column = batch.columns[index];
  if (column.kind !== 'num') throw new Error('broken invariant: ROWTIME is taken from a column of times');
  return column;
}

function inOrder(batch: Batch, times: Float64Array): Batch {
  let isSorted = true;
  for (let i = 1; i < times.length && isSorted; i++) isSorted = times[i - 1] <= times[i];
  if (isSorted) return batch;
  const rows = Uint32Array.from(times, (_, i) => i).sort((a, b) => times[a] - times[b] || a - b);
  return gather(batch, rows, batch.length);
}
