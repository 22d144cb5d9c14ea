import type { Column } from '../column.ts';
import { GroupFloats } from './group-floats.ts';
import type { AnalyticFunction, SlidingCall } from './sliding-call.ts';
import type { Pass } from './sliding-window.ts';
import { SlotNumbers } from './slot-values.ts';

export const any = truth(
  'ANY',
  'TRUE if the condition is TRUE for a row of the window; NULL if it is NULL for all.',
  'any',
);
export const every = truth(
  'EVERY',
  'TRUE if the condition is TRUE for every row of the window where it is not NULL.',
  'every',
);

function truth(name: string, doc: string, quantifier: 'any' | 'every'): AnalyticFunction {
  return {
    name,
    doc,
    bind: ([x, ...rest]) =>
      x?.type.kind === 'boolean' && rest.length === 0
        ? { type: { kind: 'boolean' }, create: () => new SlidingTruth(quantifier) }
        : null,
  };
}

/** ANY and EVERY: how many rows say TRUE, and how many say anything. */
class SlidingTruth implements SlidingCall {
  readonly #quantifier: 'any' | 'every';
  readonly #rows = new SlotNumbers('bool');
  readonly #counts = new GroupFloats();
  readonly #trues = new GroupFloats();

  constructor(quantifier: 'any' | 'every') {
    this.#quantifier = quantifier;
  }

  run(pass: Pass, input: Column | null): Column {
    this.#rows.enter(pass, input);
    const { length, slots, groups, evicted, evictedTo, groupOf, groupCount } = pass;
    const { values, state } = this.#rows;
    const counts = this.#counts.upTo(groupCount);
    const trues = this.#trues.upTo(groupCount);
    const out = new Uint8Array(length);
    const valid = new Uint8Array(length);
    let e = 0;
    for (let i = 0; i < length; i++) {
      for (const to = evictedTo[i]; e < to; e++) {
        const slot = evicted[e];
        if (state[slot] !== 1) continue;
        counts[groupOf[slot]]--;
        trues[groupOf[slot]] -= values[slot];
      }
      const group = groups[i];
      const slot = slots[i];
      if (state[slot] === 1) {
        counts[group]++;
        trues[group] += values[slot];
      }
      valid[i] = counts[group] > 0 ? 1 : 0;
      out[i] = (this.#quantifier === 'any' ? trues[group] > 0 : trues[group] === counts[group]) ? 1 : 0;
    }
    return { kind: 'bool', values: out, valid };
  }

  renumber(mapping: Int32Array): void {
    this.#counts.renumber(mapping);
    this.#trues.renumber(mapping);
  }

  snapshot(): unknown {
    return null;
  }

  restore(): void {}

  inputOf(slots: Int32Array): Column {
    return this.#rows.column(slots);
  }
}
