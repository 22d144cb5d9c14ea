import type { Aggregate, AggregateFunction } from '../aggregate.ts';
import { type Column, sliceColumn } from '../column.ts';
import { doublesOf } from '../exact-column.ts';
import { checkRange } from '../kernels/arithmetic.ts';
import { isNumeric } from '../schema.ts';
import { GroupNumbers } from './group-numbers.ts';

export const varPop = variance('VAR_POP', 'Population variance', 0, (v) => v);
export const varSamp = variance('VAR_SAMP', 'Sample variance', 1, (v) => v);
export const stddevPop = variance('STDDEV_POP', 'Population standard deviation', 0, Math.sqrt);
export const stddevSamp = variance('STDDEV_SAMP', 'Sample standard deviation', 1, Math.sqrt);

/** `lost`: degrees of freedom lost. Fewer values than that leave NULL (of a sample of one nothing is known). */
function variance(name: string, what: string, lost: 0 | 1, finish: (v: number) => number): AggregateFunction {
  return {
    name,
    doc: `${what} of the values that are not NULL, as DOUBLE; NULL if there are ${lost === 0 ? 'none' : 'fewer than two'}.`,
    bind: ([type, ...rest]) =>
      type && rest.length === 0 && isNumeric(type)
        ? { type: { kind: 'double' }, create: () => new Variance(lost, finish) }
        : null,
  };
}

/** Any number above 1 is a failure: see aggregate.ts. */
const failed = 2;

// Welford 1962: count, mean and sum of squared distances to the mean; no cancellation of large squares.
class Variance implements Aggregate {
  readonly #lost: 0 | 1;
  readonly #finish: (v: number) => number;
  readonly #counts = new GroupNumbers();
  readonly #means = new GroupNumbers();
  readonly #squares = new GroupNumbers();
  #groups = 0;

  constructor(lost: 0 | 1, finish: (v: number) => number) {
    this.#lost = lost;
    this.#finish = finish;
  }

  update(ids: Int32Array, input: Column | null, from: number, to: number, groups: number): void {
    if (!input) throw new Error('broken invariant: a variance takes a column of numbers');
    const counts = this.#counts.upTo(groups);
    const means = this.#means.upTo(groups);
    const squares = this.#squares.upTo(groups);
    this.#groups = groups;
    // These rows only: a batch may have many windows.
    const values = doublesOf(sliceColumn(input, from, to));
    const { valid } = input;
    for (let i = from; i < to; i++) {
      if (valid && valid[i] !== 1) continue;
      const group = ids[i - from];
      const distance = values[i - from] - means[group];
      means[group] += distance / ++counts[group];
      squares[group] += distance * (values[i - from] - means[group]);
    }
  }

  result(to: number, from = 0): Column {
    const counts = this.#counts.range(from, to);
    const squares = this.#squares.range(from, to);
    const values = new Float64Array(counts.length);
    const valid = new Uint8Array(counts.length);
    for (let g = 0; g < counts.length; g++) {
      if (counts[g] <= this.#lost) continue;
      values[g] = this.#finish(squares[g] / (counts[g] - this.#lost));
      valid[g] = 1;
    }
    return { kind: 'num', values, valid: checkRange(values, valid, 0, Number.MAX_VALUE, failed) };
  }

  dropFirst(count: number): void {
    for (const numbers of [this.#counts, this.#means, this.#squares]) numbers.dropFirst(count);
    this.#groups -= count;
  }

  clear(): void {
    this.#groups = 0;
    this.#counts.clear();
    this.#means.clear();
    this.#squares.clear();
  }

  snapshot(): unknown {
    const of = (numbers: GroupNumbers) => numbers.snapshot(this.#groups);
    return { counts: of(this.#counts), means: of(this.#means), squares: of(this.#squares) };
  }

  restore(state: unknown): void {
    const { counts, means, squares } = state as Record<'counts' | 'means' | 'squares', Float64Array>;
    this.#counts.restore(counts);
    this.#means.restore(means);
    this.#squares.restore(squares);
    this.#groups = counts.length;
  }
}
