import type { Aggregate } from '../aggregate.ts';
import type { Batch, Millis } from '../batch.ts';
import type { Column } from '../column.ts';
import { Groups } from '../groups.ts';
import { groupsOpen } from '../in-words.ts';
import type { Operator, Output } from '../operator.ts';
import type { RowErrors } from '../row-errors.ts';
import { type ColumnKind, columnKind, type Field, type Schema } from '../schema.ts';
import { withoutFailedResults } from './failed-results.ts';
import type { AggregateCall } from './tumble.ts';

export interface StaggerOptions {
  readonly input: Schema;
  /** How long a window is open. */
  readonly range: Millis;
  /** PARTITION BY: columns of the input. */
  readonly keys: readonly number[];
  readonly calls: readonly AggregateCall[];
  readonly errors: RowErrors;
}

/** WINDOWED BY STAGGER (PARTITION BY keys RANGE range): each key opens its window with its first row and closes it `range`
 *  later; a row at the closing instant is the first of the next window. Emits the keys and aggregates of a window as it
 *  closes, with that instant as ROWTIME (AWS developer guide, "Stagger Windows").
 *
 *        a  b     a   a|      b|  a          windows open and close in one order, so those that are done are always
 *        [--------------)  [--------         the first ones: a queue
 *           [--------------)
 *
 *  Memory: the windows that are open. */
export class Stagger implements Operator {
  readonly schema: Schema;
  readonly #range: Millis;
  readonly #keys: readonly number[];
  readonly #kinds: readonly ColumnKind[];
  readonly #calls: readonly { readonly input: number | null; readonly aggregate: Aggregate }[];
  readonly #errors: RowErrors;
  #groups: Groups;
  /** By group: its open window; below #closed if it has none. */
  #windowOf: number[] = [];
  /** By window, oldest first: the group it belongs to and when it closes. Windows below #closed are done. */
  #groupOf: number[] = [];
  #closesAt: number[] = [];
  #closed = 0;
  #ids = new Int32Array(0);

  constructor({ input, range, keys, calls, errors }: StaggerOptions) {
    this.schema = [
      ...keys.map((key) => input[key]),
      ...calls.map(({ name, aggregate }): Field => ({ name, type: aggregate.type, nullable: true })),
    ];
    this.#range = range;
    this.#keys = keys;
    this.#kinds = keys.map((key) => columnKind(input[key].type));
    this.#calls = calls.map((call) => ({ input: call.input, aggregate: call.aggregate.create() }));
    this.#errors = errors;
    this.#groups = new Groups(this.#kinds);
  }

  push(batch: Batch, out: Output): void {
    const groups = this.#groups.ids(
      this.#keys.map((key) => batch.columns[key]),
      0,
      batch.length,
    );
    if (this.#ids.length < batch.length) this.#ids = new Int32Array(batch.length);
    // Rows up to the next closing instant go into the aggregates together.
    for (let from = 0; from < batch.length; ) {
      this.#close(batch.rowtime[from], out);
      const nextClose = this.#closesAt[this.#closed] ?? batch.rowtime[from] + this.#range;
      let to = from;
      for (; to < batch.length && batch.rowtime[to] < nextClose; to++) {
        this.#ids[to - from] = this.#windowAt(groups[to], batch.rowtime[to]);
      }
      for (const { input, aggregate } of this.#calls) {
        aggregate.update(this.#ids, input === null ? null : batch.columns[input], from, to, this.#groupOf.length);
      }
      from = to;
    }
    this.#forget();
  }

  advance(watermark: Millis, out: Output): Millis {
    this.#close(watermark, out);
    // A window that opens from now on closes a range later; the oldest open one before that.
    return Math.min(this.#closesAt[this.#closed] ?? Number.POSITIVE_INFINITY, watermark + this.#range);
  }

  remembers(): string | null {
    return groupsOpen(this.#groupOf.length - this.#closed, this.#keys.length);
  }

  snapshot(): unknown {
    const open = Int32Array.from(this.#groupOf.slice(this.#closed));
    return {
      keys: this.#groups.columnsOf(open),
      closesAt: Float64Array.from(this.#closesAt.slice(this.#closed)),
      closed: this.#closed,
      aggregates: this.#calls.map(({ aggregate }) => aggregate.snapshot()),
    };
  }

  restore(state: unknown): void {
    const { keys, closesAt, closed, aggregates } = state as {
      keys: Column[];
      closesAt: Float64Array;
      closed: number;
      aggregates: unknown[];
    };
    const groups = closesAt.length > 0 ? this.#groups.ids(keys, 0, closesAt.length) : new Int32Array(0);
    this.#closed = closed;
    this.#groupOf = new Array<number>(closed).fill(0);
    this.#closesAt = new Array<number>(closed).fill(0);
    closesAt.forEach((t, i) => {
      this.#windowOf[groups[i]] = this.#groupOf.push(groups[i]) - 1;
      this.#closesAt.push(t);
    });
    this.#calls.forEach(({ aggregate }, i) => {
      aggregate.restore(aggregates[i]);
    });
  }

  /** The open window of a group; a row without one opens it. */
  #windowAt(group: number, t: Millis): number {
    const window = this.#windowOf[group] ?? -1;
    if (window >= this.#closed) return window;
    this.#windowOf[group] = this.#groupOf.push(group) - 1;
    this.#closesAt.push(t + this.#range);
    return this.#windowOf[group];
  }

  #close(t: Millis, out: Output): void {
    const from = this.#closed;
    let to = from;
    while (to < this.#closesAt.length && this.#closesAt[to] <= t) to++;
    if (to === from) return;
    const rowtime = Float64Array.from(this.#closesAt.slice(from, to));
    const columns = [
      ...this.#groups.columnsOf(Int32Array.from(this.#groupOf.slice(from, to))),
      ...this.#calls.map(({ aggregate }) => aggregate.result(to, from)),
    ];
    this.#closed = to;
    const result = withoutFailedResults(
      { length: to - from, rowtime, columns },
      this.schema,
      this.#keys.length,
      this.#errors,
    );
    if (result) out(result);
  }

  // Windows that are done, and groups without an open one, take memory until then; dropping them is paid for by the rows
  // that opened them.
  #forget(): void {
    if (this.#closed > 4096 && this.#closed * 2 > this.#groupOf.length) {
      const { length } = this.#groupOf;
      for (const { aggregate } of this.#calls) {
        aggregate.result(length); // as long as all windows, so that there is something to drop
        aggregate.dropFirst(this.#closed);
      }
      this.#groupOf.splice(0, this.#closed);
      this.#closesAt.splice(0, this.#closed);
      this.#windowOf = this.#windowOf.map((window) => window - this.#closed);
      this.#closed = 0;
    }
    const open = this.#groupOf.length - this.#closed;
    if (this.#groups.size < 4096 || open * 4 > this.#groups.size) return;
    const ids = Int32Array.from(this.#groupOf.slice(this.#closed));
    const keys = this.#groups.columnsOf(ids);
    this.#groups = new Groups(this.#kinds);
    const groups = ids.length > 0 ? this.#groups.ids(keys, 0, ids.length) : ids;
    this.#windowOf = [];
    for (let i = 0; i < ids.length; i++) {
      this.#groupOf[this.#closed + i] = groups[i];
      this.#windowOf[groups[i]] = this.#closed + i;
    }
  }
}
