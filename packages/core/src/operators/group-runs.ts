import type { Aggregate } from '../aggregate.ts';
import type { Batch, Millis } from '../batch.ts';
import { type Value, valueAt } from '../column.ts';
import { Groups } from '../groups.ts';
import { groupsOpen } from '../in-words.ts';
import type { Operator, Output } from '../operator.ts';
import type { RowErrors } from '../row-errors.ts';
import { runEnd } from '../run-end.ts';
import { columnKind, type Field, type Schema } from '../schema.ts';
import { withoutFailedResults } from './failed-results.ts';
import type { AggregateCall } from './tumble.ts';

export interface GroupRunsOptions {
  readonly input: Schema;
  /** Columns of the input that are GROUP BY keys. */
  readonly keys: readonly number[];
  /** The one among `keys` that is monotonic. */
  readonly run: number;
  readonly calls: readonly AggregateCall[];
  readonly errors: RowErrors;
}

/** GROUP BY keys, MONOTONIC(x): the groups are complete when a row comes in which x has another value, whichever way it went.
 *  Emits a row per group in the order in which the groups came, the keys and the aggregates, with the ROWTIME of the
 *  row that closed them; at the end of the stream with that of the last row. Time alone says nothing about x, so it
 *  closes nothing.
 *
 *        1 1 1 2 2          x: the first 2 closes the groups of 1
 *        [----)[--
 *
 *  Memory: the groups of one value of x, bounded by Groups. */
export class GroupRuns implements Operator {
  readonly schema: Schema;
  readonly #keys: readonly number[];
  readonly #run: number;
  readonly #calls: readonly { readonly input: number | null; readonly aggregate: Aggregate }[];
  readonly #errors: RowErrors;
  readonly #groups: Groups;
  #value: Value = null;
  /** No row that is emitted from now on has an earlier ROWTIME. */
  #time: Millis = Number.NEGATIVE_INFINITY;

  constructor({ input, keys, run, calls, errors }: GroupRunsOptions) {
    this.schema = [
      ...keys.map((key) => input[key]),
      ...calls.map(({ name, aggregate }): Field => ({ name, type: aggregate.type, nullable: true })),
    ];
    this.#keys = keys;
    this.#run = run;
    this.#calls = calls.map((call) => ({ input: call.input, aggregate: call.aggregate.create() }));
    this.#errors = errors;
    this.#groups = new Groups(keys.map((key) => columnKind(input[key].type)));
  }

  push(batch: Batch, out: Output): void {
    const keys = this.#keys.map((key) => batch.columns[key]);
    const column = batch.columns[this.#run];
    for (let from = 0; from < batch.length; ) {
      this.#time = batch.rowtime[from];
      const value = valueAt(column, from);
      if (value !== this.#value) this.#close(out);
      this.#value = value;
      const to = runEnd(column, from, batch.length);
      const ids = this.#groups.ids(keys, from, to);
      for (const { input, aggregate } of this.#calls) {
        aggregate.update(ids, input === null ? null : batch.columns[input], from, to, this.#groups.size);
      }
      this.#time = batch.rowtime[to - 1];
      from = to;
    }
  }

  advance(watermark: Millis, out: Output): Millis {
    if (watermark === Number.POSITIVE_INFINITY) this.#close(out);
    else this.#time = Math.max(this.#time, watermark);
    return watermark;
  }

  remembers(): string | null {
    return groupsOpen(this.#groups.size, this.#keys.length);
  }

  snapshot(): unknown {
    return {
      value: this.#value,
      time: this.#time,
      groups: this.#groups.snapshot(),
      aggregates: this.#calls.map(({ aggregate }) => aggregate.snapshot()),
    };
  }

  restore(state: unknown): void {
    const { value, time, groups, aggregates } = state as {
      value: Value;
      time: Millis;
      groups: unknown;
      aggregates: unknown[];
    };
    this.#value = value;
    this.#time = time;
    this.#groups.restore(groups);
    this.#calls.forEach(({ aggregate }, i) => {
      aggregate.restore(aggregates[i]);
    });
  }

  #close(out: Output): void {
    const length = this.#groups.size;
    if (length === 0) return;
    const columns = [...this.#groups.columns(), ...this.#calls.map(({ aggregate }) => aggregate.result(length))];
    const rowtime = new Float64Array(length).fill(this.#time);
    this.#groups.clear();
    for (const { aggregate } of this.#calls) aggregate.clear();
    const first = this.#keys.length;
    const result = withoutFailedResults({ length, rowtime, columns }, this.schema, first, this.#errors);
    if (result) out(result);
  }
}
