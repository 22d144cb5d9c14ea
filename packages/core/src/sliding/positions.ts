import type { Column } from '../column.ts';
import { constantColumn } from '../column.ts';
import { type Expr, Failures, type Kernel } from '../expr.ts';
import { assignable, castKernel } from '../functions/cast.ts';
import { choose } from '../kernels/choose.ts';
import { columnKind, type SqlType } from '../schema.ts';
import { growLinks, renumberLinks } from './extremes.ts';
import { GroupFloats } from './group-floats.ts';
import type { AnalyticFunction, AnalyticOptions, SlidingCall } from './sliding-call.ts';
import { grown, type Pass } from './sliding-window.ts';
import { type SlotStore, slotStore } from './slot-values.ts';

export const firstValue: AnalyticFunction = {
  name: 'FIRST_VALUE',
  doc: 'Value of the oldest row in the window; with IGNORE NULLS, of the oldest that is not NULL.',
  bind: ([x, ...rest], options) => (x && rest.length === 0 ? position(x.type, options, 'first', 0, null) : null),
};

export const lastValue: AnalyticFunction = {
  name: 'LAST_VALUE',
  doc: 'Value of the current row; with IGNORE NULLS, of the youngest row that is not NULL.',
  bind: ([x, ...rest], options) => (x && rest.length === 0 ? position(x.type, options, 'last', 0, null) : null),
};

export const nthValue: AnalyticFunction = {
  name: 'NTH_VALUE',
  doc: 'NTH_VALUE(x, n): value of the n-th row of the window, from the oldest or FROM LAST; NULL if there are fewer.',
  bind: ([x, n, ...rest], options) => {
    const steps = wholeLiteral(n, 1);
    if (!x || steps === null || rest.length > 0) return null;
    return position(x.type, options, options.fromLast ? 'last' : 'first', steps - 1, null);
  },
};

export const lag: AnalyticFunction = {
  name: 'LAG',
  doc: 'LAG(x [, n [, default]]): value n rows before the current one, in the window; the default if there is no such row.',
  bind: ([x, n, initial, ...rest], options) => {
    const steps = n ? wholeLiteral(n, 0) : 1;
    if (!x || steps === null || rest.length > 0) return null;
    if (initial && (initial.kind !== 'literal' || !assignable(initial.type, x.type))) return null;
    return position(x.type, options, 'back', steps, initial?.kind === 'literal' ? initial : null);
  },
};

function wholeLiteral(expr: Expr | undefined, min: number): number | null {
  if (expr?.kind !== 'literal' || !Number.isInteger(expr.value) || Number(expr.value) < min) return null;
  return Number(expr.value);
}

type Where = 'first' | 'last' | 'back';

function position(
  type: SqlType,
  { ignoreNulls }: AnalyticOptions,
  where: Where,
  steps: number,
  initial: (Expr & { kind: 'literal' }) | null,
) {
  return { type, create: () => new SlidingPosition(type, ignoreNulls, where, steps, initial) };
}

/** The literal in the type of the values it stands for. */
function constantOf({ value, type: from }: Expr & { kind: 'literal' }, type: SqlType): Kernel {
  return castKernel(({ length }) => constantColumn(columnKind(from), value, length), from, type, new Failures());
}

/** FIRST_VALUE, LAST_VALUE, NTH_VALUE, LAG: the rows of a partition as a list (without the NULLs, if they are ignored),
 *  walked a fixed number of steps from one end. */
class SlidingPosition implements SlidingCall {
  readonly #ignoreNulls: boolean;
  readonly #where: Where;
  readonly #steps: number;
  readonly #initial: Kernel | null;
  readonly #rows: SlotStore;
  #older = new Int32Array(0);
  #younger = new Int32Array(0);
  #oldest: Int32Array = new Int32Array(64).fill(-1);
  #youngest: Int32Array = new Int32Array(64).fill(-1);
  readonly #counts = new GroupFloats();

  constructor(
    type: SqlType,
    ignoreNulls: boolean,
    where: Where,
    steps: number,
    initial: (Expr & { kind: 'literal' }) | null,
  ) {
    this.#ignoreNulls = ignoreNulls;
    this.#where = where;
    this.#steps = steps;
    this.#initial = initial && initial.value !== null ? constantOf(initial, type) : null;
    this.#rows = slotStore(columnKind(type));
  }

  run(pass: Pass, input: Column | null): Column {
    this.#rows.enter(pass, input);
    this.#grow(pass);
    const { length, slots, groups, evicted, evictedTo, groupOf } = pass;
    const counts = this.#counts.upTo(pass.groupCount);
    const chosen = new Int32Array(length);
    let e = 0;
    for (let i = 0; i < length; i++) {
      for (const to = evictedTo[i]; e < to; e++) {
        const slot = evicted[e];
        const group = groupOf[slot];
        if (this.#oldest[group] !== slot) continue; // a NULL that is not in the list
        this.#oldest[group] = --counts[group] === 0 ? -1 : this.#younger[slot];
      }
      const group = groups[i];
      const slot = slots[i];
      const isListed = !this.#ignoreNulls || this.#rows.at(slot) !== null;
      if (isListed) {
        if (counts[group]++ === 0) this.#oldest[group] = slot;
        else {
          this.#younger[this.#youngest[group]] = slot;
          this.#older[slot] = this.#youngest[group];
        }
        this.#youngest[group] = slot;
      }
      chosen[i] = this.#choose(group, counts[group], isListed);
    }
    const column = this.#rows.column(chosen);
    if (this.#initial === null) return column;
    const isMissing = Uint8Array.from(chosen, (slot) => (slot < 0 ? 1 : 0));
    const initial = this.#initial({ length, rowtime: new Float64Array(length), columns: [] });
    return choose([{ kind: 'bool', values: isMissing, valid: null }], [initial, column], length);
  }

  renumber(mapping: Int32Array): void {
    renumberLinks([this.#oldest, this.#youngest], mapping);
    this.#counts.renumber(mapping);
  }

  snapshot(): unknown {
    return null;
  }

  restore(): void {}

  inputOf(slots: Int32Array): Column {
    return this.#rows.column(slots);
  }

  /** The slot of the row asked for; -1 if it is not in the window. */
  #choose(group: number, count: number, isListed: boolean): number {
    // A NULL that is ignored is not in the list: the row before it is the youngest there.
    const steps = this.#where === 'back' && !isListed ? this.#steps - 1 : this.#steps;
    if (steps < 0 || steps >= count) return -1;
    const links = this.#where === 'first' ? this.#younger : this.#older;
    let slot = this.#where === 'first' ? this.#oldest[group] : this.#youngest[group];
    for (let step = 0; step < steps; step++) slot = links[slot];
    return slot;
  }

  #grow({ capacity, groupCount }: Pass): void {
    if (this.#older.length < capacity) {
      this.#older = grown(this.#older, capacity);
      this.#younger = grown(this.#younger, capacity);
    }
    [this.#oldest, this.#youngest] = growLinks([this.#oldest, this.#youngest], groupCount) as [Int32Array, Int32Array];
  }
}
