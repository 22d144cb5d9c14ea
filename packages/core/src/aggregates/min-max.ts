import type { Aggregate, AggregateFunction } from '../aggregate.ts';
import { type Column, ColumnBuilder, type ExactColumn, type NumColumn, type Value, valueAt } from '../column.ts';
import { toUnits } from '../exact.ts';
import { isNumbers, numbersOf, unitsOf } from '../exact-column.ts';
import { columnKind, type SqlType } from '../schema.ts';
import { GroupNumbers } from './group-numbers.ts';

export const min: AggregateFunction = extreme('MIN', 'Smallest value that is not NULL; NULL if there are none.', -1);

export const max: AggregateFunction = extreme('MAX', 'Largest value that is not NULL; NULL if there are none.', 1);

/** `sign` 1 for the largest, -1 for the smallest. */
function extreme(name: string, doc: string, sign: 1 | -1): AggregateFunction {
  return {
    name,
    doc,
    bind: ([type, ...rest]) => {
      if (!type || rest.length > 0 || type.kind === 'null') return null;
      return {
        type,
        create: () => (columnKind(type) === 'num' ? new ExtremeNumber(sign) : new ExtremeText(type, sign)),
      };
    },
  };
}

class ExtremeNumber implements Aggregate {
  readonly #sign: 1 | -1;
  readonly #values = new GroupNumbers();
  readonly #seen = new GroupNumbers();
  #groups = 0;
  /** From the first number that no double holds until the groups are cleared: the extremes in units, as bigints. */
  #big: bigint[] | null = null;
  #scale = 0;

  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  update(ids: Int32Array, input: Column | null, from: number, to: number, groups: number): void {
    if (!input || !isNumbers(input)) throw new Error('broken invariant: this aggregate takes a column of numbers');
    if (input.kind === 'exact' || this.#big) {
      this.#updateBig(ids, input, from, to, groups);
      return;
    }
    const best = this.#values.upTo(groups);
    const seen = this.#seen.upTo(groups);
    this.#groups = groups;
    const { values, valid } = input;
    const sign = this.#sign;
    for (let i = from; i < to; i++) {
      if (valid && valid[i] !== 1) continue;
      const group = ids[i - from];
      if (seen[group] === 0 || (values[i] - best[group]) * sign > 0) {
        best[group] = values[i];
        seen[group] = 1;
      }
    }
  }

  result(to: number, from = 0): Column {
    const seen = this.#seen.range(from, to);
    const valid = seen.includes(0) ? Uint8Array.from(seen) : null;
    if (this.#big) return numbersOf(BigInt64Array.from(this.#big.slice(from, to)), this.#scale, valid);
    return { kind: 'num', values: this.#values.range(from, to), valid };
  }

  dropFirst(count: number): void {
    this.#values.dropFirst(count);
    this.#seen.dropFirst(count);
    this.#big?.splice(0, count);
    this.#groups -= count;
  }

  clear(): void {
    this.#groups = 0;
    this.#big = null;
    this.#values.clear();
    this.#seen.clear();
  }

  snapshot(): unknown {
    return {
      values: this.#values.snapshot(this.#groups),
      seen: this.#seen.snapshot(this.#groups),
      big: this.#big?.slice() ?? null,
      scale: this.#scale,
    };
  }

  restore(state: unknown): void {
    const { values, seen, big, scale } = state as {
      values: Float64Array;
      seen: Float64Array;
      big: bigint[] | null;
      scale: number;
    };
    this.#values.restore(values);
    this.#seen.restore(seen);
    this.#groups = seen.length;
    this.#big = big?.slice() ?? null;
    this.#scale = scale;
  }

  #updateBig(ids: Int32Array, input: NumColumn | ExactColumn, from: number, to: number, groups: number): void {
    if (input.kind === 'exact') this.#scale = input.scale;
    this.#big ??= Array.from(this.#values.snapshot(this.#groups), (value) => toUnits(value, this.#scale));
    const best = this.#big;
    while (best.length < groups) best.push(0n);
    const seen = this.#seen.upTo(groups);
    this.#values.upTo(groups);
    this.#groups = groups;
    const units = unitsOf(input, this.#scale, from, to);
    for (let i = from; i < to; i++) {
      if (input.valid && input.valid[i] !== 1) continue;
      const group = ids[i - from];
      if (seen[group] === 0 || (this.#sign > 0 ? units[i - from] > best[group] : units[i - from] < best[group])) {
        best[group] = units[i - from];
        seen[group] = 1;
      }
    }
  }
}

/** Texts and booleans, by value: rare enough to go row by row. Texts compare by UTF-16 code unit, as in Java. */
class ExtremeText implements Aggregate {
  readonly #type: SqlType;
  readonly #sign: 1 | -1;
  #best: Value[] = [];

  constructor(type: SqlType, sign: 1 | -1) {
    this.#type = type;
    this.#sign = sign;
  }

  update(ids: Int32Array, input: Column | null, from: number, to: number): void {
    if (!input) throw new Error('broken invariant: this aggregate takes a column');
    for (let i = from; i < to; i++) {
      const value = valueAt(input, i);
      if (value === null) continue;
      const group = ids[i - from];
      const best = this.#best[group] ?? null;
      if (best === null || (value < best ? -1 : value > best ? 1 : 0) * this.#sign > 0) this.#best[group] = value;
    }
  }

  result(to: number, from = 0): Column {
    const builder = new ColumnBuilder(columnKind(this.#type), Math.max(to - from, 1));
    for (let g = from; g < to; g++) builder.push(this.#best[g] ?? null);
    return builder.finish();
  }

  dropFirst(count: number): void {
    this.#best.splice(0, count);
  }

  clear(): void {
    this.#best = [];
  }

  snapshot(): unknown {
    return Array.from(this.#best, (value) => value ?? null);
  }

  restore(state: unknown): void {
    this.#best = (state as Value[]).slice();
  }
}
