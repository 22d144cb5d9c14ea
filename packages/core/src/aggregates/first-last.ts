import type { Aggregate, AggregateFunction } from '../aggregate.ts';
import { type Column, ColumnBuilder, type Value, valueAt } from '../column.ts';
import { columnKind, type SqlType } from '../schema.ts';

// The page of FIRST_VALUE asks for OVER; published programs use both in groups, too.
export const firstValueOfGroup: AggregateFunction = end(
  'FIRST_VALUE',
  'Value of the first row of the group; with IGNORE NULLS, of the first in which it is not NULL.',
  'first',
);

export const lastValueOfGroup: AggregateFunction = end(
  'LAST_VALUE',
  'Value of the last row of the group; with IGNORE NULLS, of the last in which it is not NULL.',
  'last',
);

function end(name: string, doc: string, which: 'first' | 'last'): AggregateFunction {
  return {
    name,
    doc,
    bind: ([type, ...rest], { ignoreNulls = false } = {}) =>
      type && rest.length === 0 && type.kind !== 'null'
        ? { type, create: () => new End(type, which, ignoreNulls) }
        : null,
  };
}

class End implements Aggregate {
  readonly #type: SqlType;
  readonly #which: 'first' | 'last';
  readonly #ignoreNulls: boolean;
  #values: Value[] = [];

  constructor(type: SqlType, which: 'first' | 'last', ignoreNulls: boolean) {
    this.#type = type;
    this.#which = which;
    this.#ignoreNulls = ignoreNulls;
  }

  update(ids: Int32Array, input: Column | null, from: number, to: number): void {
    if (!input) throw new Error('broken invariant: this aggregate takes a column');
    for (let i = from; i < to; i++) {
      if (this.#ignoreNulls && input.valid && input.valid[i] !== 1) continue;
      const group = ids[i - from];
      if (this.#which === 'last' || this.#values[group] === undefined) this.#values[group] = valueAt(input, i);
    }
  }

  result(to: number, from = 0): Column {
    const builder = new ColumnBuilder(columnKind(this.#type), Math.max(to - from, 1));
    for (let g = from; g < to; g++) builder.push(this.#values[g] ?? null);
    return builder.finish();
  }

  clear(): void {
    this.#values = [];
  }

  dropFirst(count: number): void {
    this.#values.splice(0, count);
  }

  snapshot(): unknown {
    return this.#values.slice();
  }

  restore(state: unknown): void {
    this.#values = (state as Value[]).slice();
  }
}
