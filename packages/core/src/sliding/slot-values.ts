import { type Column, ColumnBuilder, type ExactColumn, type NumColumn, type Value, valueAt } from '../column.ts';
import { doublesOf, isNumbers, numbersOf, unitsOf } from '../exact-column.ts';
import type { ColumnKind } from '../schema.ts';
import { grownFloats, type Pass } from './sliding-window.ts';

/** The argument of a call, by slot. */
export type SlotStore = SlotNumbers | SlotTexts;

export function slotStore(kind: ColumnKind): SlotStore {
  return kind === 'text' ? new SlotTexts() : new SlotNumbers(kind);
}

/** Numbers and booleans. `state` is 1 where the value is not NULL. From the first number that no double holds on, `units`
 *  has the numbers as they are, and `values` the nearest doubles. */
export class SlotNumbers {
  readonly kind = 'num';
  readonly #columnKind: 'num' | 'bool';
  values = new Float64Array(0);
  state = new Uint8Array(0);
  units: BigInt64Array | null = null;
  #scale = 0;

  constructor(columnKind: 'num' | 'bool') {
    this.#columnKind = columnKind;
  }

  /** Takes the rows of a pass, all of them, before it is replayed: no slot is used twice in one pass. */
  enter({ length, slots, capacity }: Pass, input: Column | null): void {
    if (this.values.length < capacity) {
      this.values = grownFloats(this.values, capacity);
      const state = new Uint8Array(capacity);
      state.set(this.state);
      this.state = state;
      if (this.units) {
        const units = new BigInt64Array(capacity);
        units.set(this.units);
        this.units = units;
      }
    }
    if (!input) {
      for (let i = 0; i < length; i++) this.state[slots[i]] = 1;
      return;
    }
    if (input.kind === 'text') throw new Error('broken invariant: this function takes a column of numbers');
    if (isNumbers(input) && (input.kind === 'exact' || this.units)) {
      this.#enterExact(slots, input);
      return;
    }
    const values = input.kind === 'bool' ? input.values : doublesOf(input);
    const { valid } = input;
    for (let i = 0; i < length; i++) {
      this.values[slots[i]] = values[i];
      this.state[slots[i]] = valid ? valid[i] : 1;
    }
  }

  #enterExact(slots: Int32Array, input: NumColumn | ExactColumn): void {
    if (input.kind === 'exact') this.#scale = input.scale;
    const scale = this.#scale;
    this.units ??= unitsOf({ kind: 'num', values: this.values, valid: this.state }, scale);
    const units = unitsOf(input, scale);
    const values = doublesOf(input);
    for (let i = 0; i < units.length; i++) {
      this.units[slots[i]] = units[i];
      this.values[slots[i]] = values[i];
      this.state[slots[i]] = input.valid ? input.valid[i] : 1;
    }
  }

  /** Not for numbers: only whether one is there. */
  at(slot: number): Value {
    if (this.state[slot] !== 1) return null;
    return this.#columnKind === 'bool' ? this.values[slot] === 1 : this.values[slot];
  }

  /** The values in some slots; NULL where the slot is -1. */
  column(slots: Int32Array): Column {
    const length = slots.length;
    const values = new Float64Array(length);
    const valid = new Uint8Array(length);
    let nulls = 0;
    for (let i = 0; i < length; i++) {
      const slot = slots[i];
      if (slot >= 0 && this.state[slot] === 1) {
        values[i] = this.values[slot];
        valid[i] = 1;
      } else nulls++;
    }
    const state = nulls > 0 ? valid : null;
    const { units } = this;
    if (units) {
      return numbersOf(
        BigInt64Array.from(slots, (slot) => (slot < 0 ? 0n : units[slot])),
        this.#scale,
        state,
      );
    }
    return this.#columnKind === 'num'
      ? { kind: 'num', values, valid: state }
      : { kind: 'bool', values: Uint8Array.from(values), valid: state };
  }
}

export class SlotTexts {
  readonly kind = 'text';
  #values: Value[] = [];

  enter({ length, slots }: Pass, input: Column | null): void {
    if (!input) throw new Error('broken invariant: this function has an argument');
    for (let i = 0; i < length; i++) this.#values[slots[i]] = valueAt(input, i);
  }

  at(slot: number): Value {
    return this.#values[slot] ?? null;
  }

  column(slots: Int32Array): Column {
    const builder = new ColumnBuilder('text', Math.max(slots.length, 1));
    for (const slot of slots) builder.push(slot < 0 ? null : this.at(slot));
    return builder.finish();
  }
}
