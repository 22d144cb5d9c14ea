import type { Column } from '../column.ts';
import { isNumeric } from '../schema.ts';
import { GroupFloats } from './group-floats.ts';
import type { AnalyticFunction, SlidingCall } from './sliding-call.ts';
import type { Pass } from './sliding-window.ts';
import { SlotNumbers } from './slot-values.ts';

export const expAvg: AnalyticFunction = {
  name: 'EXP_AVG',
  doc: 'EXP_AVG(x, INTERVAL …): average over the window in which a value counts half as much one interval later.',
  bind: ([x, halfLife, ...rest]) => {
    if (!x || !isNumeric(x.type) || rest.length > 0) return null;
    if (halfLife?.kind !== 'literal' || halfLife.type.kind !== 'interval' || halfLife.type.unit !== 'millisecond')
      return null;
    const millis = Number(halfLife.value);
    return millis > 0 ? { type: { kind: 'double' }, create: () => new SlidingExpAvg(millis) } : null;
  },
};

/** Both sums fade as time passes; a row that leaves takes out what is left of it. */
class SlidingExpAvg implements SlidingCall {
  readonly #halfLife: number;
  readonly #rows = new SlotNumbers('num');
  readonly #counts = new GroupFloats();
  readonly #sums = new GroupFloats();
  readonly #weights = new GroupFloats();
  readonly #times = new GroupFloats();

  constructor(halfLife: number) {
    this.#halfLife = halfLife;
  }

  run(pass: Pass, input: Column | null): Column {
    this.#rows.enter(pass, input);
    const { length, slots, groups, evicted, evictedTo, groupOf, rowtimeOf, groupCount } = pass;
    const { values, state } = this.#rows;
    const counts = this.#counts.upTo(groupCount);
    const sums = this.#sums.upTo(groupCount);
    const weights = this.#weights.upTo(groupCount);
    const times = this.#times.upTo(groupCount);
    const out = new Float64Array(length);
    const valid = new Uint8Array(length);
    let e = 0;
    for (let i = 0; i < length; i++) {
      for (const to = evictedTo[i]; e < to; e++) {
        const slot = evicted[e];
        if (state[slot] !== 1) continue;
        const group = groupOf[slot];
        const left = this.#fade(times[group] - rowtimeOf[slot]);
        if (--counts[group] === 0) {
          sums[group] = 0;
          weights[group] = 0;
        } else {
          sums[group] -= values[slot] * left;
          weights[group] -= left;
        }
      }
      const group = groups[i];
      const slot = slots[i];
      const faded = counts[group] > 0 ? this.#fade(rowtimeOf[slot] - times[group]) : 1;
      sums[group] *= faded;
      weights[group] *= faded;
      times[group] = rowtimeOf[slot];
      if (state[slot] === 1) {
        sums[group] += values[slot];
        weights[group] += 1;
        counts[group]++;
      }
      if (counts[group] > 0) {
        out[i] = sums[group] / weights[group];
        valid[i] = 1;
      }
    }
    return { kind: 'num', values: out, valid };
  }

  renumber(mapping: Int32Array): void {
    for (const numbers of [this.#counts, this.#sums, this.#weights, this.#times]) numbers.renumber(mapping);
  }

  snapshot(groups: Int32Array): unknown {
    const of = ({ values }: GroupFloats) => Float64Array.from(groups, (group) => values[group]);
    return { sums: of(this.#sums), weights: of(this.#weights), times: of(this.#times) };
  }

  restore(state: unknown): void {
    const { sums, weights, times } = state as Record<'sums' | 'weights' | 'times', Float64Array>;
    this.#sums.upTo(sums.length).set(sums);
    this.#weights.upTo(weights.length).set(weights);
    this.#times.upTo(times.length).set(times);
  }

  inputOf(slots: Int32Array): Column {
    return this.#rows.column(slots);
  }

  #fade(millis: number): number {
    return 2 ** (-millis / this.#halfLife);
  }
}
