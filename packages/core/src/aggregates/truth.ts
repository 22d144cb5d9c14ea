import type { Aggregate, AggregateFunction } from '../aggregate.ts';
import type { Column } from '../column.ts';
import { GroupNumbers } from './group-numbers.ts';

export const anyOfGroup = truth(
  'ANY',
  'TRUE if the condition is TRUE for a row of the group; NULL if it is NULL for all.',
  (trues) => trues > 0,
);

export const everyOfGroup = truth(
  'EVERY',
  'TRUE if the condition is TRUE for every row of the group where it is not NULL.',
  (trues, count) => trues === count,
);

function truth(name: string, doc: string, holds: (trues: number, count: number) => boolean): AggregateFunction {
  return {
    name,
    doc,
    bind: ([type, ...rest]) =>
      type?.kind === 'boolean' && rest.length === 0
        ? { type: { kind: 'boolean' }, create: () => new Truth(holds) }
        : null,
  };
}

/** How many rows of each group say TRUE, and how many say anything. */
class Truth implements Aggregate {
  readonly #holds: (trues: number, count: number) => boolean;
  readonly #trues = new GroupNumbers();
  readonly #counts = new GroupNumbers();
  #groups = 0;

  constructor(holds: (trues: number, count: number) => boolean) {
    this.#holds = holds;
  }

  update(ids: Int32Array, input: Column | null, from: number, to: number, groups: number): void {
    if (input?.kind !== 'bool') throw new Error('broken invariant: this aggregate takes a condition');
    const trues = this.#trues.upTo(groups);
    const counts = this.#counts.upTo(groups);
    this.#groups = groups;
    const { values, valid } = input;
    for (let i = from; i < to; i++) {
      if (valid && valid[i] !== 1) continue;
      counts[ids[i - from]]++;
      trues[ids[i - from]] += values[i];
    }
  }

  result(to: number, from = 0): Column {
    const trues = this.#trues.range(from, to);
    const counts = this.#counts.range(from, to);
    const values = Uint8Array.from(trues, (n, g) => (counts[g] > 0 && this.#holds(n, counts[g]) ? 1 : 0));
    const valid = counts.includes(0) ? Uint8Array.from(counts, (n) => (n > 0 ? 1 : 0)) : null;
    return { kind: 'bool', values, valid };
  }

  clear(): void {
    this.#groups = 0;
    this.#trues.clear();
    this.#counts.clear();
  }

  dropFirst(count: number): void {
    this.#groups -= count;
    this.#trues.dropFirst(count);
    this.#counts.dropFirst(count);
  }

  snapshot(): unknown {
    return [this.#trues.snapshot(this.#groups), this.#counts.snapshot(this.#groups)];
  }

  restore(state: unknown): void {
    const [trues, counts] = state as [Float64Array, Float64Array];
    this.#trues.restore(trues);
    this.#counts.restore(counts);
    this.#groups = trues.length;
  }
}
