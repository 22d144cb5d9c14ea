import type { Column } from '../column.ts';
import type { SqlType } from '../schema.ts';
import { GroupFloats } from './group-floats.ts';
import type { SlidingCall } from './sliding-call.ts';
import type { Pass } from './sliding-window.ts';
import { SlotNumbers } from './slot-values.ts';
import { sumResult } from './sum-result.ts';

/** SUM and AVG of the distinct values in the window: a value is added when its first row enters and taken away when its last
 *  one leaves. What rounding lost is carried along (Neumaier 1974), as in SlidingSum. */
export class SlidingDistinctSum implements SlidingCall {
  readonly #type: SqlType;
  readonly #kind: 'sum' | 'avg';
  readonly #rows = new SlotNumbers('num');
  readonly #sums = new GroupFloats();
  readonly #lost = new GroupFloats();
  /** By group: how many rows have a value. */
  #seen = new Map<number, Map<number, number>>();

  constructor(type: SqlType, kind: 'sum' | 'avg') {
    this.#type = type;
    this.#kind = kind;
  }

  run(pass: Pass, input: Column | null): Column {
    this.#rows.enter(pass, input);
    const { length, slots, groups, evicted, evictedTo, groupOf, groupCount } = pass;
    const sums = this.#sums.upTo(groupCount);
    const lost = this.#lost.upTo(groupCount);
    const { values, state } = this.#rows;
    const out = new Float64Array(length);
    const outCounts = new Float64Array(length);
    let e = 0;
    for (let i = 0; i < length; i++) {
      for (const to = evictedTo[i]; e < to; e++) {
        const slot = evicted[e];
        if (state[slot] === 1) this.#leave(groupOf[slot], values[slot], sums, lost);
      }
      const group = groups[i];
      if (state[slots[i]] === 1) this.#enter(group, values[slots[i]], sums, lost);
      out[i] = sums[group] + lost[group];
      outCounts[i] = this.#seen.get(group)?.size ?? 0;
    }
    return sumResult(out, outCounts, this.#type, this.#kind);
  }

  renumber(mapping: Int32Array): void {
    for (const numbers of [this.#sums, this.#lost]) numbers.renumber(mapping);
    const moved = new Map<number, Map<number, number>>();
    for (const [group, counts] of this.#seen) if (mapping[group] >= 0) moved.set(mapping[group], counts);
    this.#seen = moved;
  }

  snapshot(groups: Int32Array): unknown {
    return {
      sums: Float64Array.from(groups, (g) => this.#sums.values[g]),
      lost: Float64Array.from(groups, (g) => this.#lost.values[g]),
    };
  }

  restore(state: unknown): void {
    const { sums, lost } = state as { sums: Float64Array; lost: Float64Array };
    this.#sums.upTo(sums.length).set(sums);
    this.#lost.upTo(lost.length).set(lost);
  }

  inputOf(slots: Int32Array): Column {
    return this.#rows.column(slots);
  }

  #enter(group: number, value: number, sums: Float64Array, lost: Float64Array): void {
    const counts = this.#seen.get(group) ?? new Map<number, number>();
    this.#seen.set(group, counts);
    const count = counts.get(value) ?? 0;
    counts.set(value, count + 1);
    if (count === 0) add(group, value, sums, lost);
  }

  #leave(group: number, value: number, sums: Float64Array, lost: Float64Array): void {
    const counts = this.#seen.get(group);
    const count = counts?.get(value) ?? 0;
    if (!counts || count > 1) {
      counts?.set(value, count - 1);
      return;
    }
    counts.delete(value);
    if (counts.size > 0) {
      add(group, -value, sums, lost);
      return;
    }
    this.#seen.delete(group);
    sums[group] = 0;
    lost[group] = 0;
  }
}

function add(group: number, x: number, sums: Float64Array, lost: Float64Array): void {
  const sum = sums[group];
  const next = sum + x;
  lost[group] += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
  sums[group] = next;
}
