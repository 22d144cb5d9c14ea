import type { Column, Value } from '../column.ts';
import { columnKind, type SqlType } from '../schema.ts';
import type { AnalyticFunction, SlidingCall } from './sliding-call.ts';
import { grown, type Pass } from './sliding-window.ts';
import { type SlotStore, slotStore } from './slot-values.ts';

export const slidingMin = extreme('MIN', 'Smallest value in the window; NULL if no value is there.', -1);
export const slidingMax = extreme('MAX', 'Largest value in the window; NULL if no value is there.', 1);

function extreme(name: string, doc: string, sign: 1 | -1): AnalyticFunction {
  return {
    name,
    doc,
    bind: ([x, ...rest]) =>
      x && rest.length === 0 && x.type.kind !== 'null'
        ? { type: x.type, create: () => new SlidingExtreme(x.type, sign) }
        : null,
  };
}

/** MIN and MAX: per partition a list of the rows that may yet be the extreme, best first, threaded through the slots. A
 *  row enters once and leaves once: O(1) a row on average, however long the window. */
class SlidingExtreme implements SlidingCall {
  readonly #sign: 1 | -1;
  readonly #rows: SlotStore;
  #worse = new Int32Array(0);
  #better = new Int32Array(0);
  #best: Int32Array = new Int32Array(64).fill(-1);
  #last: Int32Array = new Int32Array(64).fill(-1);

  constructor(type: SqlType, sign: 1 | -1) {
    this.#sign = sign;
    this.#rows = slotStore(columnKind(type));
  }

  run(pass: Pass, input: Column | null): Column {
    if (!input) throw new Error('broken invariant: MIN and MAX have an argument');
    this.#rows.enter(pass, input);
    this.#grow(pass);
    const chosen = new Int32Array(pass.length);
    const rows = this.#rows;
    if (rows.kind === 'text') this.#replay(pass, chosen, (a, b) => compare(rows.at(a), rows.at(b)));
    else if (rows.units) this.#replayUnits(pass, rows.units, chosen);
    else this.#replayNumbers(pass, rows.values, rows.state, chosen);
    return this.#rows.column(chosen);
  }

  renumber(mapping: Int32Array): void {
    renumberLinks([this.#best, this.#last], mapping);
  }

  snapshot(): unknown {
    return null;
  }

  restore(): void {}

  inputOf(slots: Int32Array): Column {
    return this.#rows.column(slots);
  }

  // The loop of #replay with the comparison written out: it is most of the work.
  #replayNumbers(pass: Pass, values: Float64Array, state: Uint8Array, chosen: Int32Array): void {
    const { length, slots, groups, evicted, evictedTo, groupOf } = pass;
    const [worse, better, best, last, sign] = [this.#worse, this.#better, this.#best, this.#last, this.#sign];
    let e = 0;
    for (let i = 0; i < length; i++) {
      for (const to = evictedTo[i]; e < to; e++) {
        const slot = evicted[e];
        const group = groupOf[slot];
        if (best[group] !== slot) continue;
        best[group] = worse[slot];
        if (best[group] < 0) last[group] = -1;
        else better[best[group]] = -1;
      }
      const group = groups[i];
      const slot = slots[i];
      if (state[slot] === 1) {
        const x = values[slot];
        let at = last[group];
        while (at >= 0 && (x - values[at]) * sign >= 0) at = better[at];
        better[slot] = at;
        worse[slot] = -1;
        if (at >= 0) worse[at] = slot;
        else best[group] = slot;
        last[group] = slot;
      }
      chosen[i] = best[group];
    }
  }

  #replayUnits(pass: Pass, units: BigInt64Array, chosen: Int32Array): void {
    this.#replay(pass, chosen, (a, b) => (units[a] < units[b] ? -1 : units[a] > units[b] ? 1 : 0));
  }

  /** `compare`: the values of two slots. */
  #replay(pass: Pass, chosen: Int32Array, compare: (a: number, b: number) => number): void {
    const { length, slots, groups, evicted, evictedTo, groupOf } = pass;
    const [worse, better, best, last] = [this.#worse, this.#better, this.#best, this.#last];
    let e = 0;
    for (let i = 0; i < length; i++) {
      for (const to = evictedTo[i]; e < to; e++) {
        const slot = evicted[e];
        const group = groupOf[slot];
        if (best[group] !== slot) continue;
        best[group] = worse[slot];
        if (best[group] < 0) last[group] = -1;
        else better[best[group]] = -1;
      }
      const group = groups[i];
      const slot = slots[i];
      if (this.#rows.at(slot) !== null) {
        let at = last[group];
        while (at >= 0 && compare(slot, at) * this.#sign >= 0) at = better[at];
        better[slot] = at;
        worse[slot] = -1;
        if (at >= 0) worse[at] = slot;
        else best[group] = slot;
        last[group] = slot;
      }
      chosen[i] = best[group];
    }
  }

  #grow({ capacity, groupCount }: Pass): void {
    if (this.#worse.length < capacity) {
      this.#worse = grown(this.#worse, capacity);
      this.#better = grown(this.#better, capacity);
    }
    [this.#best, this.#last] = growLinks([this.#best, this.#last], groupCount) as [Int32Array, Int32Array];
  }
}

/** Longer lists of slots by group; -1 where there is none. */
export function growLinks(lists: readonly Int32Array[], groups: number): Int32Array[] {
  return lists.map((list) => {
    if (list.length >= groups) return list;
    return grown(list, Math.max(groups, list.length * 2)).fill(-1, list.length);
  });
}

export function renumberLinks(lists: readonly Int32Array[], mapping: Int32Array): void {
  for (const list of lists) {
    let kept = 0;
    for (let group = 0; group < mapping.length && group < list.length; group++) {
      if (mapping[group] >= 0) {
        list[mapping[group]] = list[group];
        kept++;
      }
    }
    list.fill(-1, kept);
  }
}

/** NULLs are not in the list. */
function compare(a: Value, b: Value): number {
  return a === null || b === null ? 0 : a < b ? -1 : a > b ? 1 : 0;
}
