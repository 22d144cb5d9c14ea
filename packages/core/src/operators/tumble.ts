import type { Aggregate, BoundAggregate } from '../aggregate.ts';
import type { Batch, Millis } from '../batch.ts';
import type { Column } from '../column.ts';
import { Groups } from '../groups.ts';
import { groupsOpen } from '../in-words.ts';
import { lowerBound } from '../lower-bound.ts';
import type { Operator, Output } from '../operator.ts';
import type { RowErrors } from '../row-errors.ts';
import { columnKind, type Field, type Schema } from '../schema.ts';
import type { Window } from '../window.ts';
import { withoutFailedResults } from './failed-results.ts';

/** An aggregate over a column of the input; `input` null is COUNT(*). */
export interface AggregateCall {
  readonly name: string;
  readonly input: number | null;
  readonly aggregate: BoundAggregate;
}

export interface TumbleOptions {
  readonly input: Schema;
  readonly window: Window;
  /** Columns of the input that are GROUP BY keys beside the window. */
  readonly keys: readonly number[];
  readonly calls: readonly AggregateCall[];
  readonly errors: RowErrors;
}

/** GROUP BY keys, window of ROWTIME. Emits, once the window is complete, one row per group in the order in which the
 *  groups came: the keys, the start of the window, the aggregates; its ROWTIME is the end of the window.
 *
 *  ROWTIME never goes back, so one window is open at a time. Memory: the groups of that window, bounded by Groups.
 *
 *        0        60       120          rows at 5, 59, 60
 *        [--5--59--)[60------)          the row at 60 closes [0, 60) and is not part of it
 */
export class Tumble implements Operator {
  readonly schema: Schema;
  readonly #window: Window;
  readonly #keys: readonly number[];
  readonly #calls: readonly { readonly input: number | null; readonly aggregate: Aggregate }[];
  readonly #errors: RowErrors;
  readonly #groups: Groups;
  #start: Millis = 0;
  #end: Millis = Number.NEGATIVE_INFINITY;

  constructor({ input, window, keys, calls, errors }: TumbleOptions) {
    this.schema = [
      ...keys.map((key) => input[key]),
      windowStart,
      ...calls.map(({ name, aggregate }): Field => ({ name, type: aggregate.type, nullable: true })),
    ];
    this.#window = window;
    this.#keys = keys;
    this.#calls = calls.map((call) => ({ input: call.input, aggregate: call.aggregate.create() }));
    this.#errors = errors;
    this.#groups = new Groups(keys.map((key) => columnKind(input[key].type)));
  }

  push(batch: Batch, out: Output): void {
    const keys = this.#keys.map((key) => batch.columns[key]);
    for (let from = 0; from < batch.length; ) {
      const t = batch.rowtime[from];
      if (t >= this.#end) {
        this.#close(out); // a row may close the window that earlier rows of its own batch opened
        this.#start = this.#window.start(t);
        this.#end = this.#window.end(this.#start);
      }
      const to = lowerBound(batch.rowtime, this.#end, from, batch.length);
      const ids = this.#groups.ids(keys, from, to);
      for (const { input, aggregate } of this.#calls) {
        aggregate.update(ids, input === null ? null : batch.columns[input], from, to, this.#groups.size);
      }
      from = to;
    }
  }

  advance(watermark: Millis, out: Output): Millis {
    if (watermark >= this.#end) this.#close(out);
    // The next row to come lies in the window of the watermark or a later one.
    return Number.isFinite(watermark) ? this.#window.end(this.#window.start(watermark)) : watermark;
  }

  remembers(): string | null {
    return groupsOpen(this.#groups.size, this.#keys.length);
  }

  snapshot(): unknown {
    return {
      start: this.#start,
      end: this.#end,
      groups: this.#groups.snapshot(),
      aggregates: this.#calls.map(({ aggregate }) => aggregate.snapshot()),
    };
  }

  restore(state: unknown): void {
    const { start, end, groups, aggregates } = state as {
      start: Millis;
      end: Millis;
      groups: unknown;
      aggregates: unknown[];
    };
    this.#start = start;
    this.#end = end;
    this.#groups.restore(groups);
    this.#calls.forEach(({ aggregate }, i) => {
      aggregate.restore(aggregates[i]);
    });
  }

  #close(out: Output): void {
    const length = this.#groups.size;
    if (length === 0) return;
    const columns: Column[] = [
      ...this.#groups.columns(),
      { kind: 'num', values: new Float64Array(length).fill(this.#start), valid: null },
      ...this.#calls.map(({ aggregate }) => aggregate.result(length)),
    ];
    const rowtime = new Float64Array(length).fill(this.#end);
    this.#groups.clear();
    for (const { aggregate } of this.#calls) aggregate.clear();
    const first = this.#keys.length + 1;
    const result = withoutFailedResults({ length, rowtime, columns }, this.schema, first, this.#errors);
    if (result) out(result);
  }
}

const windowStart: Field = { name: 'window start', type: { kind: 'timestamp' }, nullable: false };
