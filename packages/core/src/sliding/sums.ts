import { finishSums, largestOf, sumType } from '../aggregates/exact-sums.ts';
import { type Column, columnLength } from '../column.ts';
import { scaleOf, toUnits } from '../exact.ts';
import type { Expr } from '../expr.ts';
import { isInteger, isNumeric, type SqlType } from '../schema.ts';
import { SlidingDistinctSum } from './distinct-sums.ts';
import { GroupFloats } from './group-floats.ts';
import type { AnalyticFunction, AnalyticOptions, BoundAnalytic, SlidingCall } from './sliding-call.ts';
import { grownFloats, type Pass } from './sliding-window.ts';
import { SlotNumbers } from './slot-values.ts';
import { sumResult } from './sum-result.ts';

export const slidingCount: AnalyticFunction = {
  name: 'COUNT',
  doc: 'Number of rows in the window, or of those in which the argument is not NULL.',
  bind: (args) =>
    args.length <= 1 ? { type: { kind: 'bigint' }, create: () => new SlidingSum({ kind: 'bigint' }, 'count') } : null,
};

export const slidingSum: AnalyticFunction = {
  name: 'SUM',
  doc: 'Sum over the window, with DISTINCT of each value once, in the type of the argument (DECIMAL with all digits); NULL if no value is there.',
  bind: (args, options) => summing(args, options, 'sum'),
};

export const slidingAvg: AnalyticFunction = {
  name: 'AVG',
  doc: 'Average over the window, in the type of the argument: of integers it is truncated.',
  bind: (args, options) => summing(args, options, 'avg'),
};

function summing(
  [x, ...rest]: readonly Expr[],
  { distinct }: AnalyticOptions,
  kind: 'sum' | 'avg',
): BoundAnalytic | null {
  if (!x || rest.length > 0 || !isNumeric(x.type)) return null;
  const { type } = x;
  const create = () => (distinct ? new SlidingDistinctSum(type, kind) : new SlidingSum(type, kind));
  return { type: kind === 'sum' ? sumType(type) : type, create };
}

/** COUNT, SUM, AVG: add on entry, subtract on eviction. Integers and DECIMAL are sums of units, in doubles as long as none
 *  can leave 2^53, from then on in bigints. REAL and DOUBLE carry what rounding lost (Neumaier 1974) and start from zero
 *  whenever a partition is empty. */
class SlidingSum implements SlidingCall {
  readonly #type: SqlType;
  readonly #kind: 'count' | 'sum' | 'avg';
  readonly #rows: SlotNumbers;
  readonly #sums = new GroupFloats();
  readonly #lost = new GroupFloats();
  readonly #counts = new GroupFloats();
  /** Of exact types: the digits after the point. */
  readonly #scale: number | null;
  /** No value so far and no sum is larger than these. */
  #largestValue = 0;
  #largestSum = 0;
  #big: bigint[] | null = null;
  /** Of a DECIMAL with digits after the point: the values in units, by slot. */
  #units: Float64Array<ArrayBuffer> | null = null;

  constructor(type: SqlType, kind: 'count' | 'sum' | 'avg') {
    this.#type = type;
    this.#kind = kind;
    this.#scale = scaleOf(type);
    if (this.#scale !== null && this.#scale > 0) this.#units = new Float64Array(0);
    this.#rows = new SlotNumbers('num');
  }

  run(pass: Pass, input: Column | null): Column {
    this.#rows.enter(pass, this.#kind === 'count' ? presence(input) : input);
    const counts = this.#counts.upTo(pass.groupCount);
    const sums = this.#sums.upTo(pass.groupCount);
    const lost = this.#lost.upTo(pass.groupCount);
    const outCounts = new Float64Array(pass.length);
    const type = this.#kind === 'sum' ? sumType(this.#type) : this.#type;
    if (this.#scale !== null && this.#kind !== 'count' && !this.#hasRoom(pass)) {
      const big = this.#replayBig(pass, this.#scale, counts, outCounts);
      return finishSums(this.#kind, type, big, outCounts);
    }
    const out = new Float64Array(pass.length);
    const values = this.#units ?? this.#rows.values;
    if (this.#scale !== null) replayExact(pass, values, this.#rows.state, sums, counts, out, outCounts);
    else replayCompensated(pass, this.#rows, sums, lost, counts, out, outCounts);
    if (this.#kind === 'count') return { kind: 'num', values: outCounts, valid: null };
    if (this.#scale !== null) return finishSums(this.#kind, type, out, outCounts);
    return sumResult(out, outCounts, type, this.#kind);
  }

  renumber(mapping: Int32Array): void {
    for (const numbers of [this.#sums, this.#lost, this.#counts]) numbers.renumber(mapping);
    if (this.#big) this.#big = this.#big.filter((_, group) => mapping[group] >= 0);
  }

  snapshot(groups: Int32Array): unknown {
    if (this.#scale !== null) return null;
    return {
      sums: Float64Array.from(groups, (g) => this.#sums.values[g]),
      lost: Float64Array.from(groups, (g) => this.#lost.values[g]),
    };
  }

  restore(state: unknown): void {
    if (state === null) return;
    const { sums, lost } = state as { sums: Float64Array; lost: Float64Array };
    this.#sums.upTo(sums.length).set(sums);
    this.#lost.upTo(lost.length).set(lost);
  }

  inputOf(slots: Int32Array): Column {
    return this.#rows.column(slots);
  }

  /** Whether no sum can leave 2^53 while the pass is replayed: each row comes and goes at most once. */
  #hasRoom(pass: Pass): boolean {
    const { length, slots, evictedTo, groupCount } = pass;
    if (this.#big || this.#rows.units) return false;
    const values = this.#units ? this.#enterUnits(pass, this.#units) : this.#rows.values;
    if (isInteger(this.#type) && this.#type.kind !== 'bigint') this.#largestValue = 2 ** 31;
    else {
      let largest = this.#largestValue;
      for (let i = 0; i < length; i++) largest = Math.max(largest, Math.abs(values[slots[i]]));
      this.#largestValue = largest;
    }
    const moved = this.#largestValue * (length + (length > 0 ? evictedTo[length - 1] : 0));
    if (this.#largestSum + moved > Number.MAX_SAFE_INTEGER) {
      this.#largestSum = largestOf({ kind: 'bigint' }, this.#sums.values, 0, groupCount);
    }
    this.#largestSum += moved;
    return this.#largestSum <= Number.MAX_SAFE_INTEGER;
  }

  #enterUnits({ length, slots, capacity }: Pass, known: Float64Array<ArrayBuffer>): Float64Array {
    const units = known.length < capacity ? grownFloats(known, capacity) : known;
    const unit = 10 ** (this.#scale ?? 0);
    const { values } = this.#rows;
    for (let i = 0; i < length; i++) units[slots[i]] = Math.round(values[slots[i]] * unit);
    this.#units = units;
    return units;
  }

  #replayBig(pass: Pass, scale: number, counts: Float64Array, outCounts: Float64Array): bigint[] {
    const { length, slots, groups, evicted, evictedTo, groupOf, groupCount } = pass;
    const { values, state } = this.#rows;
    this.#big ??= Array.from(this.#sums.values, BigInt);
    const sums = this.#big;
    while (sums.length < groupCount) sums.push(0n);
    const { units } = this.#rows;
    const unitsAt = (slot: number): bigint => (units ? units[slot] : toUnits(values[slot], scale));
    const out: bigint[] = [];
    let e = 0;
    for (let i = 0; i < length; i++) {
      for (const to = evictedTo[i]; e < to; e++) {
        const slot = evicted[e];
        if (state[slot] !== 1) continue;
        sums[groupOf[slot]] -= unitsAt(slot);
        counts[groupOf[slot]]--;
      }
      const group = groups[i];
      const slot = slots[i];
      if (state[slot] === 1) {
        sums[group] += unitsAt(slot);
        counts[group]++;
      }
      out.push(sums[group]);
      outCounts[i] = counts[group];
    }
    return out;
  }
}

/** COUNT(x) asks only whether x is there, whatever its type. */
function presence(input: Column | null): Column | null {
  if (!input) return null;
  return { kind: 'num', values: new Float64Array(columnLength(input)), valid: input.valid };
}

function replayExact(
  pass: Pass,
  values: Float64Array,
  state: Uint8Array,
  sums: Float64Array,
  counts: Float64Array,
  out: Float64Array,
  outCounts: Float64Array,
): void {
  const { length, slots, groups, evicted, evictedTo, groupOf } = pass;
  let e = 0;
  for (let i = 0; i < length; i++) {
    for (const to = evictedTo[i]; e < to; e++) {
      const slot = evicted[e];
      if (state[slot] !== 1) continue;
      sums[groupOf[slot]] -= values[slot];
      counts[groupOf[slot]]--;
    }
    const group = groups[i];
    const slot = slots[i];
    if (state[slot] === 1) {
      sums[group] += values[slot];
      counts[group]++;
    }
    out[i] = sums[group];
    outCounts[i] = counts[group];
  }
}

function replayCompensated(
  pass: Pass,
  rows: SlotNumbers,
  sums: Float64Array,
  lost: Float64Array,
  counts: Float64Array,
  out: Float64Array,
  outCounts: Float64Array,
): void {
  const { length, slots, groups, evicted, evictedTo, groupOf } = pass;
  const { values, state } = rows;
  let e = 0;
  for (let i = 0; i < length; i++) {
    for (const to = evictedTo[i]; e < to; e++) {
      const slot = evicted[e];
      if (state[slot] !== 1) continue;
      const group = groupOf[slot];
      counts[group]--;
      if (counts[group] === 0) {
        sums[group] = 0;
        lost[group] = 0;
        continue;
      }
      const x = -values[slot];
      const sum = sums[group];
      const next = sum + x;
      lost[group] += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
      sums[group] = next;
    }
    const group = groups[i];
    const slot = slots[i];
    if (state[slot] === 1) {
      const x = values[slot];
      const sum = sums[group];
      const next = sum + x;
      lost[group] += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
      sums[group] = next;
      counts[group]++;
    }
    out[i] = sums[group] + lost[group];
    outCounts[i] = counts[group];
  }
}
