import type { Column } from '../column.ts';
import { isNumeric } from '../schema.ts';
import { GroupFloats } from './group-floats.ts';
import type { AnalyticFunction, SlidingCall } from './sliding-call.ts';
import type { Pass } from './sliding-window.ts';
import { SlotNumbers } from './slot-values.ts';

export const slidingVariances: readonly AnalyticFunction[] = [
  variance('VAR_POP', 'Population variance over the window', 0, (v) => v),
  variance('VAR_SAMP', 'Sample variance over the window', 1, (v) => v),
  variance('STDDEV_POP', 'Population standard deviation over the window', 0, Math.sqrt),
  variance('STDDEV_SAMP', 'Sample standard deviation over the window', 1, Math.sqrt),
  variance('STDDEV', 'Sample standard deviation over the window', 1, Math.sqrt),
];

function variance(name: string, what: string, lost: 0 | 1, finish: (v: number) => number): AnalyticFunction {
  return {
    name,
    doc: `${what}, as DOUBLE; NULL for ${lost === 0 ? 'no value' : 'fewer than two values'}.`,
    bind: ([x, ...rest]) =>
      x && rest.length === 0 && isNumeric(x.type)
        ? { type: { kind: 'double' }, create: () => new SlidingVariance(lost, finish) }
        : null,
  };
}

/** Welford 1962, forwards on entry and backwards on eviction; from zero whenever a partition is empty. */
class SlidingVariance implements SlidingCall {
  readonly #lost: 0 | 1;
  readonly #finish: (v: number) => number;
  readonly #rows = new SlotNumbers('num');
  readonly #counts = new GroupFloats();
  readonly #means = new GroupFloats();
  readonly #squares = new GroupFloats();

  constructor(lost: 0 | 1, finish: (v: number) => number) {
    this.#lost = lost;
    this.#finish = finish;
  }

  run(pass: Pass, input: Column | null): Column {
    this.#rows.enter(pass, input);
    const { length, slots, groups, evicted, evictedTo, groupOf, groupCount } = pass;
    const { values, state } = this.#rows;
    const counts = this.#counts.upTo(groupCount);
    const means = this.#means.upTo(groupCount);
    const squares = this.#squares.upTo(groupCount);
    const out = new Float64Array(length);
    const valid = new Uint8Array(length);
    let e = 0;
    for (let i = 0; i < length; i++) {
      for (const to = evictedTo[i]; e < to; e++) {
        const slot = evicted[e];
        if (state[slot] !== 1) continue;
        const group = groupOf[slot];
        if (--counts[group] === 0) {
          means[group] = 0;
          squares[group] = 0;
          continue;
        }
        const distance = values[slot] - means[group];
        means[group] -= distance / counts[group];
        squares[group] = Math.max(0, squares[group] - distance * (values[slot] - means[group]));
      }
      const group = groups[i];
      const slot = slots[i];
      if (state[slot] === 1) {
        const distance = values[slot] - means[group];
        means[group] += distance / ++counts[group];
        squares[group] += distance * (values[slot] - means[group]);
      }
      if (counts[group] > this.#lost) {
        out[i] = this.#finish(squares[group] / (counts[group] - this.#lost));
        valid[i] = 1;
      }
    }
    return { kind: 'num', values: out, valid };
  }

  renumber(mapping: Int32Array): void {
    for (const numbers of [this.#counts, this.#means, this.#squares]) numbers.renumber(mapping);
  }

  snapshot(groups: Int32Array): unknown {
    const of = ({ values }: GroupFloats) => Float64Array.from(groups, (group) => values[group]);
    return { means: of(this.#means), squares: of(this.#squares) };
  }

  restore(state: unknown): void {
    const { means, squares } = state as { means: Float64Array; squares: Float64Array };
    this.#means.upTo(means.length).set(means);
    this.#squares.upTo(squares.length).set(squares);
  }

  inputOf(slots: Int32Array): Column {
    return this.#rows.column(slots);
  }
}
