import type { Aggregate, AggregateFunction } from '../aggregate.ts';
import type { Column } from '../column.ts';
import { GroupNumbers } from './group-numbers.ts';

export const count: AggregateFunction = {
  name: 'COUNT',
  doc: 'COUNT(*): number of rows. COUNT(x): number of rows in which x is not NULL.',
  bind: (args) => (args.length <= 1 ? { type: { kind: 'bigint' }, create: () => new Count() } : null),
};

class Count implements Aggregate {
  readonly #counts = new GroupNumbers();
  #groups = 0;

  update(ids: Int32Array, input: Column | null, from: number, to: number, groups: number): void {
    const counts = this.#counts.upTo(groups);
    this.#groups = groups;
    const valid = input?.valid;
    if (valid) for (let i = from; i < to; i++) counts[ids[i - from]] += valid[i];
    else for (let i = from; i < to; i++) counts[ids[i - from]]++;
  }

  result(to: number, from = 0): Column {
    return { kind: 'num', values: this.#counts.range(from, to), valid: null };
  }

  dropFirst(count: number): void {
    this.#counts.dropFirst(count);
    this.#groups -= count;
  }

  clear(): void {
    this.#groups = 0;
    this.#counts.clear();
  }

  snapshot(): unknown {
    return this.#counts.snapshot(this.#groups);
  }

  restore(state: unknown): void {
    this.#counts.restore(state as Float64Array);
    this.#groups = (state as Float64Array).length;
  }
}
