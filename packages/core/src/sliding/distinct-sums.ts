import { finishSums, sumType } from '../aggregates/exact-sums.ts';
import type { Column } from '../column.ts';
import { isPlain, scaleOf, toUnits } from '../exact.ts';
import type { SqlType } from '../schema.ts';
import { GroupFloats } from './group-floats.ts';
import type { SlidingCall } from './sliding-call.ts';
import type { Pass } from './sliding-window.ts';
import { SlotNumbers } from './slot-values.ts';
import { sumResult } from './sum-result.ts';

/** SUM and AVG of the distinct values in the window: a value is added when its first row enters and taken away when its last
 *  one leaves. */
export class SlidingDistinctSum implements SlidingCall {
  readonly #rows = new SlotNumbers('num');
  readonly #sums: Sums;
  readonly #scale: number;
  /** By group: how many rows have a value. One that no double holds is its units. */
  #seen = new Map<number, Map<number | bigint, number>>();

  constructor(type: SqlType, kind: 'sum' | 'avg') {
    const scale = scaleOf(type);
    this.#scale = scale ?? 0;
    this.#sums = scale === null ? new FloatSums(type, kind) : new UnitSums(type, kind, scale);
  }

  run(pass: Pass, input: Column | null): Column {
    this.#rows.enter(pass, input);
    const { length, slots, groups, evicted, evictedTo, groupOf, groupCount } = pass;
    const { state } = this.#rows;
    const sums = this.#sums;
    sums.begin(length, groupCount);
    const outCounts = new Float64Array(length);
    let e = 0;
    for (let i = 0; i < length; i++) {
      for (const to = evictedTo[i]; e < to; e++) {
        const slot = evicted[e];
        if (state[slot] === 1) this.#leave(groupOf[slot], this.#valueAt(slot));
      }
      const group = groups[i];
      if (state[slots[i]] === 1) this.#enter(group, this.#valueAt(slots[i]));
      sums.put(i, group);
      outCounts[i] = this.#seen.get(group)?.size ?? 0;
    }
    return sums.finish(outCounts);
  }

  renumber(mapping: Int32Array): void {
    this.#sums.renumber(mapping);
    const moved = new Map<number, Map<number | bigint, number>>();
    for (const [group, counts] of this.#seen) if (mapping[group] >= 0) moved.set(mapping[group], counts);
    this.#seen = moved;
  }

  snapshot(groups: Int32Array): unknown {
    return this.#sums.snapshot(groups);
  }

  restore(state: unknown): void {
    this.#sums.restore(state);
  }

  inputOf(slots: Int32Array): Column {
    return this.#rows.column(slots);
  }

  #valueAt(slot: number): number | bigint {
    const { units, values } = this.#rows;
    return units && !isPlain(units[slot], this.#scale) ? units[slot] : values[slot];
  }

  #enter(group: number, value: number | bigint): void {
    const counts = this.#seen.get(group) ?? new Map<number | bigint, number>();
    this.#seen.set(group, counts);
    const count = counts.get(value) ?? 0;
    counts.set(value, count + 1);
    if (count === 0) this.#sums.add(group, value, 1);
  }

  #leave(group: number, value: number | bigint): void {
    const counts = this.#seen.get(group);
    const count = counts?.get(value) ?? 0;
    if (!counts || count > 1) {
      counts?.set(value, count - 1);
      return;
    }
    counts.delete(value);
    if (counts.size > 0) {
      this.#sums.add(group, value, -1);
      return;
    }
    this.#seen.delete(group);
    this.#sums.reset(group);
  }
}

/** A sum per partition, and that of each row of a pass. */
interface Sums {
  begin(length: number, groups: number): void;
  add(group: number, value: number | bigint, sign: 1 | -1): void;
  reset(group: number): void;
  put(row: number, group: number): void;
  finish(counts: Float64Array): Column;
  renumber(mapping: Int32Array): void;
  snapshot(groups: Int32Array): unknown;
  restore(state: unknown): void;
}

/** Of REAL and DOUBLE: what rounding lost is carried along (Neumaier 1974), as in SlidingSum. */
class FloatSums implements Sums {
  readonly #type: SqlType;
  readonly #kind: 'sum' | 'avg';
  readonly #sums = new GroupFloats();
  readonly #lost = new GroupFloats();
  #out = new Float64Array(0);

  constructor(type: SqlType, kind: 'sum' | 'avg') {
    this.#type = type;
    this.#kind = kind;
  }

  begin(length: number, groups: number): void {
    this.#sums.upTo(groups);
    this.#lost.upTo(groups);
    this.#out = new Float64Array(length);
  }

  add(group: number, value: number, sign: 1 | -1): void {
    const sums = this.#sums.values;
    const x = value * sign;
    const sum = sums[group];
    const next = sum + x;
    this.#lost.values[group] += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sums[group] = next;
  }

  reset(group: number): void {
    this.#sums.values[group] = 0;
    this.#lost.values[group] = 0;
  }

  put(row: number, group: number): void {
    this.#out[row] = this.#sums.values[group] + this.#lost.values[group];
  }

  finish(counts: Float64Array): Column {
    return sumResult(this.#out, counts, this.#type, this.#kind);
  }

  renumber(mapping: Int32Array): void {
    for (const numbers of [this.#sums, this.#lost]) numbers.renumber(mapping);
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
}

/** Of integers and DECIMAL: sums of units, which the rows in the window say again after a restart. */
class UnitSums implements Sums {
  readonly #type: SqlType;
  readonly #kind: 'sum' | 'avg';
  readonly #scale: number;
  #sums: bigint[] = [];
  #out: bigint[] = [];

  constructor(type: SqlType, kind: 'sum' | 'avg', scale: number) {
    this.#type = kind === 'sum' ? sumType(type) : type;
    this.#kind = kind;
    this.#scale = scale;
  }

  begin(_length: number, groups: number): void {
    while (this.#sums.length < groups) this.#sums.push(0n);
    this.#out = [];
  }

  add(group: number, value: number | bigint, sign: 1 | -1): void {
    const units = typeof value === 'bigint' ? value : toUnits(value, this.#scale);
    this.#sums[group] += sign > 0 ? units : -units;
  }

  reset(group: number): void {
    this.#sums[group] = 0n;
  }

  put(_row: number, group: number): void {
    this.#out.push(this.#sums[group]);
  }

  finish(counts: Float64Array): Column {
    return finishSums(this.#kind, this.#type, this.#out, counts);
  }

  renumber(mapping: Int32Array): void {
    this.#sums = this.#sums.filter((_, group) => mapping[group] >= 0);
  }

  snapshot(): unknown {
    return null;
  }

  restore(): void {}
}
