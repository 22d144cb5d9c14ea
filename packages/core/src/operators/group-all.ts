import type { Aggregate } from '../aggregate.ts';
import type { Batch, Millis } from '../batch.ts';
import { type Column, ColumnBuilder } from '../column.ts';
import { Groups } from '../groups.ts';
import type { Operator, Output } from '../operator.ts';
import type { RowErrors } from '../row-errors.ts';
import { columnKind, type Field, type Schema } from '../schema.ts';
import { withoutFailedResults } from './failed-results.ts';
import type { AggregateCall } from './tumble.ts';

export interface GroupAllOptions {
  readonly input: Schema;
  /** Columns of the input; none: all rows are one group, which is there even if no row is (SQL:2008). */
  readonly keys: readonly number[];
  readonly calls: readonly AggregateCall[];
  readonly errors: RowErrors;
}

/** GROUP BY of what ends: of tables. Emits at the end (Infinity) one row per group, in the order in which the groups came:
 *  the keys, the aggregates. Without aggregates it is DISTINCT. Memory: the groups, bounded by Groups. */
export class GroupAll implements Operator {
  readonly schema: Schema;
  readonly #keys: readonly number[];
  readonly #calls: readonly { readonly input: number | null; readonly aggregate: Aggregate }[];
  readonly #inputs: Schema;
  readonly #errors: RowErrors;
  readonly #groups: Groups;

  constructor({ input, keys, calls, errors }: GroupAllOptions) {
    this.schema = [
      ...keys.map((key) => input[key]),
      ...calls.map(({ name, aggregate }): Field => ({ name, type: aggregate.type, nullable: true })),
    ];
    this.#inputs = input;
    this.#keys = keys;
    this.#calls = calls.map((call) => ({ input: call.input, aggregate: call.aggregate.create() }));
    this.#errors = errors;
    this.#groups = new Groups(keys.map((key) => columnKind(input[key].type)));
  }

  push(batch: Batch): void {
    this.#add(batch.columns, batch.length);
  }

  advance(watermark: Millis, out: Output): Millis {
    if (watermark !== Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
    if (this.#keys.length === 0) {
      this.#add(
        this.#inputs.map(({ type }) => new ColumnBuilder(columnKind(type)).finish()),
        0,
      );
    }
    const length = this.#groups.size;
    if (length === 0) return watermark;
    const columns: Column[] = [
      ...this.#groups.columns(),
      ...this.#calls.map(({ aggregate }) => aggregate.result(length)),
    ];
    this.#groups.clear();
    for (const { aggregate } of this.#calls) aggregate.clear();
    const rows = { length, rowtime: new Float64Array(length), columns };
    const result = withoutFailedResults(rows, this.schema, this.#keys.length, this.#errors);
    if (result) out(result);
    return watermark;
  }

  snapshot(): unknown {
    return { groups: this.#groups.snapshot(), aggregates: this.#calls.map(({ aggregate }) => aggregate.snapshot()) };
  }

  restore(state: unknown): void {
    const { groups, aggregates } = state as { groups: unknown; aggregates: unknown[] };
    this.#groups.restore(groups);
    this.#calls.forEach(({ aggregate }, i) => {
      aggregate.restore(aggregates[i]);
    });
  }

  #add(columns: readonly Column[], length: number): void {
    const keys = this.#keys.map((key) => columns[key]);
    const ids = this.#groups.ids(keys, 0, length);
    for (const { input, aggregate } of this.#calls) {
      aggregate.update(ids, input === null ? null : columns[input], 0, length, this.#groups.size);
    }
  }
}
