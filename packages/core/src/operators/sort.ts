import { type Batch, gather, type Millis } from '../batch.ts';
import { type Column, type Value, valueAt } from '../column.ts';
import { doublesOf } from '../exact-column.ts';
import { rowsHeld } from '../in-words.ts';
import type { Operator, Output } from '../operator.ts';
import { runEnd } from '../run-end.ts';
import type { Schema } from '../schema.ts';
import { HeldRows } from './held-rows.ts';

/** A key of ORDER BY: a column of the input. */
export interface SortKey {
  readonly index: number;
  readonly descending: boolean;
  /** NULLs before all values, or behind them; left out: as the largest value. */
  readonly nulls?: 'first' | 'last' | null;
}

export interface SortOptions {
  readonly schema: Schema;
  /** The column of the leading key: a number or time that never decreases. */
  readonly time: number;
  /** The smallest leading key that a row with this ROWTIME or a later one can have; null: time says nothing about it, as
   *  about MONOTONIC(x), which may be of any type and go either way. */
  readonly timeAt: ((rowtime: Millis) => number) | null;
  /** The further keys. */
  readonly keys: readonly SortKey[];
  /** Sorted rows of one leading key would else go back in ROWTIME; the console showed whole seconds after ORDER BY
   *  FLOOR(ROWTIME TO SECOND). False where all rows of one leading key have one ROWTIME, as after GROUP BY. */
  readonly rowtimeIsKey: boolean;
  /** Where the key is no time: the ROWTIME of sorted rows, from that of the first of them. */
  readonly startOf?: ((first: Millis) => Millis) | undefined;
}

/** ORDER BY time, keys…: gathers rows until the leading key changes, then emits them sorted by the others; rows that are
 *  equal in all keys stay in order of arrival. NULL sorts as the largest value (Calcite's default; AWS does not say).
 *  Memory: the rows of one leading key, bounded by HeldRows. */
export class Sort implements Operator {
  readonly schema: Schema;
  readonly #options: SortOptions;
  readonly #held = new HeldRows('ORDER BY');
  #time = Number.NEGATIVE_INFINITY;
  /** The leading key of the rows held back, where it may be of any type. */
  #value: Value = null;

  constructor(options: SortOptions) {
    this.schema = options.schema;
    this.#options = options;
  }

  push(batch: Batch, out: Output): void {
    const time = batch.columns[this.#options.time];
    if (!this.#options.timeAt) {
      this.#pushRuns(batch, time, out);
      return;
    }
    // Numbers beyond 2^53 whose nearest double is the same are held together, and sorted by themselves.
    const times = doublesOf(time);
    let from = 0;
    for (let i = 0; i < batch.length; i++) {
      if (times[i] <= this.#time) continue;
      this.#held.add(batch, from, i);
      this.#emit(out);
      this.#time = times[i];
      from = i;
    }
    this.#held.add(batch, from, batch.length);
  }

  advance(watermark: Millis, out: Output): Millis {
    const { timeAt, rowtimeIsKey, startOf } = this.#options;
    const isOver = !Number.isFinite(watermark);
    const next = isOver ? watermark : timeAt ? timeAt(watermark) : Number.NEGATIVE_INFINITY;
    if (next > this.#time) this.#emit(out);
    if (rowtimeIsKey) return this.#held.length > 0 ? Math.min(this.#time, next) : next;
    const first = this.#held.length > 0 ? Math.min(this.#held.all()!.rowtime[0], watermark) : watermark;
    return startOf && !isOver ? startOf(first) : first;
  }

  remembers(): string | null {
    return rowsHeld(this.#held.length);
  }

  snapshot(): unknown {
    return { time: this.#time, value: this.#value, held: this.#held.snapshot() };
  }

  restore(state: unknown): void {
    const { time, value, held } = state as { time: number; value: Value; held: unknown };
    this.#time = time;
    this.#value = value;
    this.#held.restore(held);
  }

  #pushRuns(batch: Batch, key: Column, out: Output): void {
    for (let from = 0; from < batch.length; ) {
      const value = valueAt(key, from);
      if (value !== this.#value) this.#emit(out);
      this.#value = value;
      const to = runEnd(key, from, batch.length);
      this.#held.add(batch, from, to);
      from = to;
    }
  }

  #emit(out: Output): void {
    const batch = this.#held.take();
    if (!batch) return;
    const { time, timeAt, keys } = this.#options;
    const isExact = timeAt !== null && batch.columns[time].kind === 'exact';
    const order = sortedRows(batch, isExact ? [{ index: time, descending: false }, ...keys] : keys);
    const sorted = order ? gather(batch, order, batch.length) : batch;
    const { rowtimeIsKey, startOf } = this.#options;
    const rowtime = startOf ? startOf(batch.rowtime[0]) : rowtimeIsKey ? this.#time : null;
    out(rowtime === null ? sorted : { ...sorted, rowtime: new Float64Array(batch.length).fill(rowtime) });
  }
}

/** The rows in the order of the keys; null if there are no keys. */
function sortedRows(batch: Batch, keys: readonly SortKey[]): Uint32Array | null {
  if (keys.length === 0) return null;
  const ranks = keys.map((key) => rank(batch.columns[key.index], key));
  const rows = Uint32Array.from({ length: batch.length }, (_, i) => i);
  const [first, ...rest] = ranks;
  return rows.sort((a, b) => {
    if (first[a] !== first[b]) return first[a] - first[b];
    for (const values of rest) if (values[a] !== values[b]) return values[a] - values[b];
    return a - b;
  });
}

/** Numbers that ascend in the order of the key. */
function rank(column: Column, { descending, nulls }: SortKey): Float64Array {
  const values = ascending(column);
  if (descending) for (let i = 0; i < values.length; i++) values[i] = -values[i];
  if (column.valid) {
    const isFirst = nulls === 'first' || (nulls !== 'last' && descending);
    const place = isFirst ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    for (let i = 0; i < values.length; i++) if (column.valid[i] !== 1) values[i] = place;
  }
  return values;
}

/** Numbers in the order of the values; what NULL has is left open. */
export function ascending(column: Column): Float64Array {
  if (column.kind === 'exact') return unitPlaces(column.units);
  if (column.kind !== 'text') return Float64Array.from(column.values);
  const { codes, dict } = column;
  const order = dict.map((_, code) => code).sort((a, b) => (dict[a] < dict[b] ? -1 : dict[a] > dict[b] ? 1 : 0));
  const place = new Float64Array(dict.length);
  order.forEach((code, at) => {
    place[code] = at;
  });
  return Float64Array.from(codes, (code) => place[code]);
}

function unitPlaces(units: BigInt64Array): Float64Array {
  const rows = Uint32Array.from(units.keys()).sort((a, b) => (units[a] < units[b] ? -1 : units[a] > units[b] ? 1 : 0));
  const places = new Float64Array(units.length);
  for (let at = 1; at < rows.length; at++) {
    places[rows[at]] = places[rows[at - 1]] + (units[rows[at]] === units[rows[at - 1]] ? 0 : 1);
  }
  return places;
}
