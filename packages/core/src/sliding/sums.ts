import type { Column } from '../column.ts';
import type { Expr } from '../expr.ts';
import { isInteger, isNumeric, type SqlType } from '../schema.ts';
import { SlidingDistinctSum } from './distinct-sums.ts';
import { GroupFloats } from './group-floats.ts';
import type { AnalyticFunction, AnalyticOptions, BoundAnalytic, SlidingCall } from './sliding-call.ts';
import type { Pass } from './sliding-window.ts';
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
  doc: 'Sum over the window, with DISTINCT of each value once, in the type of the argument; NULL if no value is there.',
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
  return { type, create: () => (distinct ? new SlidingDistinctSum(type, kind) : new SlidingSum(type, kind)) };
}

/** COUNT, SUM, AVG: add on entry, subtract on eviction. Integers below 2^53 subtract exactly; doubles carry what rounding
 *  lost (Neumaier 1974) and start from zero whenever a partition is empty. */
class SlidingSum implements SlidingCall {
  readonly #type: SqlType;
  readonly #kind: 'count' | 'sum' | 'avg';
  readonly #rows: SlotNumbers;
  readonly #sums = new GroupFloats();
  readonly #lost = new GroupFloats();
  readonly #counts = new GroupFloats();
  readonly #isExact: boolean;

  constructor(type: SqlType, kind: 'count' | 'sum' | 'avg') {
    this.#type = type;
    this.#kind = kind;
    this.#isExact = kind === 'count' || isInteger(type);
    this.#rows = new SlotNumbers('num');
  }

  run(pass: Pass, input: Column | null): Column {
    this.#rows.enter(pass, this.#kind === 'count' ? presence(input) : input);
    const counts = this.#counts.upTo(pass.groupCount);
    const sums = this.#sums.upTo(pass.groupCount);
    const lost = this.#lost.upTo(pass.groupCount);
    const out = new Float64Array(pass.length);
    const outCounts = new Float64Array(pass.length);
    if (this.#isExact) replayExact(pass, this.#rows, sums, counts, out, outCounts);
    else replayCompensated(pass, this.#rows, sums, lost, counts, out, outCounts);
    if (this.#kind === 'count') return { kind: 'num', values: outCounts, valid: null };
    return sumResult(out, outCounts, this.#type, this.#kind);
  }

  renumber(mapping: Int32Array): void {
    for (const numbers of [this.#sums, this.#lost, this.#counts]) numbers.renumber(mapping);
  }

  snapshot(groups: Int32Array): unknown {
    if (this.#isExact) return null;
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
}

/** COUNT(x) asks only whether x is there, whatever its type. */
function presence(input: Column | null): Column | null {
  if (!input) return null;
  const length = input.kind === 'text' ? input.codes.length : input.values.length;
  return { kind: 'num', values: new Float64Array(length), valid: input.valid };
}

function replayExact(
  pass: Pass,
  rows: SlotNumbers,
  sums: Float64Array,
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
