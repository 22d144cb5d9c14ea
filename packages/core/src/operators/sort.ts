import { type Batch, gather, type Millis } from '../batch.ts';
import type { Column } from '../column.ts';
import type { Operator, Output } from '../operator.ts';
import type { Schema } from '../schema.ts';
import { HeldRows } from './held-rows.ts';

/** A key of ORDER BY: a column of the input. */
export interface SortKey {
  readonly index: number;
  readonly descending: boolean;
}

export interface SortOptions {
  readonly schema: Schema;
  /** The column of the leading key, which never decreases. */
  readonly time: number;
  /** The smallest leading key that a row with this ROWTIME or a later one can have. */
  readonly timeAt: (rowtime: Millis) => number;
  /** The further keys. */
  readonly keys: readonly SortKey[];
  /** Sorted rows of one leading key would else go back in ROWTIME; the console showed whole seconds after ORDER BY
   *  FLOOR(ROWTIME TO SECOND). False where all rows of one leading key have one ROWTIME, as after GROUP BY. */
  readonly rowtimeIsKey: boolean;
}

/** ORDER BY time, keys…: gathers rows until the leading key changes, then emits them sorted by the others; rows that are
 *  equal in all keys stay in order of arrival. NULL sorts as the largest value (Calcite's default; AWS does not say).
 *  Memory: the rows of one leading key, bounded by HeldRows. */
export class Sort implements Operator {
  readonly schema: Schema;
  readonly #options: SortOptions;
  readonly #held = new HeldRows('ORDER BY');
  #time = Number.NEGATIVE_INFINITY;

  constructor(options: SortOptions) {
    this.schema = options.schema;
    this.#options = options;
  }

  push(batch: Batch, out: Output): void {
    const time = batch.columns[this.#options.time];
    if (time.kind !== 'num') throw new Error('broken invariant: the leading key of ORDER BY is a number or a time');
    let from = 0;
    for (let i = 0; i < batch.length; i++) {
      if (time.values[i] <= this.#time) continue;
      this.#held.add(batch, from, i);
      this.#emit(out);
      this.#time = time.values[i];
      from = i;
    }
    this.#held.add(batch, from, batch.length);
  }

  advance(watermark: Millis, out: Output): Millis {
    const next = Number.isFinite(watermark) ? this.#options.timeAt(watermark) : watermark;
    if (next > this.#time) this.#emit(out);
    if (this.#options.rowtimeIsKey) return this.#held.length > 0 ? Math.min(this.#time, next) : next;
    return this.#held.length > 0 ? Math.min(this.#held.all()!.rowtime[0], watermark) : watermark;
  }

  snapshot(): unknown {
    return { time: this.#time, held: this.#held.snapshot() };
  }

  restore(state: unknown): void {
    const { time, held } = state as { time: number; held: unknown };
    this.#time = time;
    this.#held.restore(held);
  }

  #emit(out: Output): void {
    const batch = this.#held.take();
    if (!batch) return;
    const order = sortedRows(batch, this.#options.keys);
    const sorted = order ? gather(batch, order, batch.length) : batch;
    out(this.#options.rowtimeIsKey ? { ...sorted, rowtime: new Float64Array(batch.length).fill(this.#time) } : sorted);
  }
}

/** The rows in the order of the keys; null if there are no keys. */
function sortedRows(batch: Batch, keys: readonly SortKey[]): Uint32Array | null {
  if (keys.length === 0) return null;
  const ranks = keys.map(({ index, descending }) => rank(batch.columns[index], descending));
  const rows = Uint32Array.from({ length: batch.length }, (_, i) => i);
  const [first, ...rest] = ranks;
  return rows.sort((a, b) => {
    if (first[a] !== first[b]) return first[a] - first[b];
    for (const values of rest) if (values[a] !== values[b]) return values[a] - values[b];
    return a - b;
  });
}

/** Numbers that ascend in the order of the key. */
function rank(column: Column, descending: boolean): Float64Array {
  const values = ascending(column);
  if (column.valid) {
    for (let i = 0; i < values.length; i++) if (column.valid[i] !== 1) values[i] = Number.POSITIVE_INFINITY;
  }
  if (descending) for (let i = 0; i < values.length; i++) values[i] = -values[i];
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
