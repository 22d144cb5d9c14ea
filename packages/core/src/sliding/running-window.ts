import type { Aggregate, BoundAggregate } from '../aggregate.ts';
import type { Batch } from '../batch.ts';
import { type Column, ColumnBuilder, valueAt } from '../column.ts';
import { Groups } from '../groups.ts';
import { groupsOpen } from '../in-words.ts';
import { columnKind, type Schema, type SqlType } from '../schema.ts';

/** An aggregate over all rows so far; `input` null: COUNT(*). */
export interface RunningCall {
  readonly input: number | null;
  readonly aggregate: BoundAggregate;
}

/** OVER (… UNBOUNDED PRECEDING): no row leaves it, so none is kept, and the aggregates of GROUP BY do. Each row sees those
 *  before it and itself. Memory: the partitions, bounded by Groups. */
export class RunningWindow {
  readonly #keys: readonly number[];
  readonly #groups: Groups;
  readonly #calls: readonly { readonly input: number | null; readonly type: SqlType; readonly aggregate: Aggregate }[];

  constructor(input: Schema, keys: readonly number[], calls: readonly RunningCall[]) {
    this.#keys = keys;
    this.#groups = new Groups(keys.map((key) => columnKind(input[key].type)));
    this.#calls = calls.map((call) => ({
      input: call.input,
      type: call.aggregate.type,
      aggregate: call.aggregate.create(),
    }));
  }

  /** A column per call. A value that has no place in its type has validity 2. */
  run(batch: Batch): Column[] {
    const keys = this.#keys.map((key) => batch.columns[key]);
    const ids = this.#groups.ids(keys, 0, batch.length).slice(0, batch.length);
    const groups = this.#groups.size;
    return this.#calls.map(({ input, type, aggregate }) => {
      const column = input === null ? null : batch.columns[input];
      const values = new ColumnBuilder(columnKind(type), batch.length);
      const states = new Uint8Array(batch.length);
      for (let i = 0; i < batch.length; i++) {
        aggregate.update(ids.subarray(i, i + 1), column, i, i + 1, groups);
        const result = aggregate.result(ids[i] + 1, ids[i]);
        values.push(valueAt(result, 0));
        states[i] = result.valid ? result.valid[0] : 1;
      }
      const results = values.finish();
      return states.some((state) => state > 1) ? { ...results, valid: states } : results;
    });
  }

  remembers(): string | null {
    return groupsOpen(this.#groups.size, this.#keys.length);
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
}
