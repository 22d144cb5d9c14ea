import { type Batch, type Millis, slice } from '../batch.ts';
import { type Column, ColumnBuilder, type Value, valueAt } from '../column.ts';
import { compile, type Expr, Failures, type FunctionLookup } from '../expr.ts';
import { asCondition } from '../functions/logic.ts';
import { printCount } from '../in-words.ts';
import { lowerBound } from '../lower-bound.ts';
import type { Operator, Output } from '../operator.ts';
import type { RowErrors } from '../row-errors.ts';
import { columnKind, type Schema } from '../schema.ts';
import type { Frame } from '../sliding/sliding-window.ts';
import { HeldRows } from './held-rows.ts';

/** One input of a join. */
export interface JoinSide {
  readonly schema: Schema;
  /** The window of rows that later rows of the other side meet; null: a row meets only what is there when it comes. */
  readonly frame: Frame | null;
  /** Columns that must equal those of the other side, pair by pair; NULL equals nothing. */
  readonly keys: readonly number[];
  /** Rows that meet none come out with NULLs for the other side: LEFT, RIGHT, FULL. */
  readonly isOuter: boolean;
}

export interface JoinOptions {
  readonly left: JoinSide;
  readonly right: JoinSide;
  /** The columns of left, its ROWTIME, the columns of right, its ROWTIME. */
  readonly schema: Schema;
  /** What else must be TRUE of a pair, over `schema`; null: nothing. */
  readonly residual: Expr | null;
  readonly errors: RowErrors;
  readonly functions?: FunctionLookup | undefined;
}

/** JOIN of two streams (AWS SQL reference, "JOIN clause"). A pair comes out when its later row does, with that ROWTIME. A row
 *  of an outer side that met none comes out at once if its side has no window, else when its window ends, at that time.
 *  Rows of both sides meet in ROWTIME order, so each waits until time has passed it on both; of rows of one ROWTIME those
 *  of a side with a window come first, then the left ones.
 *  Memory: the rows in the windows, and what waits for the slower side. */
export class Join implements Operator {
  readonly schema: Schema;
  readonly #waiting: readonly [HeldRows, HeldRows];
  readonly #sides: readonly [Side, Side];
  readonly #first: 0 | 1;
  readonly #pairs: Pairs;

  constructor(options: JoinOptions) {
    const { left, right, schema } = options;
    this.schema = schema;
    this.#waiting = [new HeldRows('JOIN'), new HeldRows('JOIN')];
    this.#sides = [new Side(left), new Side(right)];
    this.#first = !left.frame && right.frame ? 1 : 0;
    this.#pairs = new Pairs(options);
  }

  push(batch: Batch, _out: Output, input: number): void {
    this.#waiting[input === 0 ? 0 : 1].add(batch, 0, batch.length);
  }

  advance(watermark: Millis, out: Output): Millis {
    const [left, right] = this.#waiting.map((held) => ready(held, watermark));
    const batches = [left, right];
    const at = [0, 0];
    const timeOf = (side: 0 | 1): number => batches[side]?.rowtime[at[side]] ?? Number.POSITIVE_INFINITY;
    for (;;) {
      const [first, second] = [this.#first, this.#first === 0 ? 1 : 0] as const;
      const side = timeOf(first) <= timeOf(second) ? first : second;
      const batch = batches[side];
      if (!batch || at[side] >= batch.length) break;
      this.#enter(side, batch, at[side]++);
    }
    if (Number.isFinite(watermark)) this.#expire(watermark);
    else this.#expire(Number.POSITIVE_INFINITY);
    const joined = this.#pairs.take();
    if (joined) out(joined);
    return Math.min(watermark, ...this.#sides.map((side) => side.nextExpiry()));
  }

  remembers(): string | null {
    const rows = [...this.#waiting, ...this.#sides].reduce((sum, { length }) => sum + length, 0);
    return rows === 0 ? null : `${printCount(rows, 'row')} that others may meet`;
  }

  snapshot(): unknown {
    return { waiting: this.#waiting.map((held) => held.snapshot()), sides: this.#sides.map((side) => side.snapshot()) };
  }

  restore(state: unknown): void {
    const { waiting, sides } = state as { waiting: unknown[]; sides: unknown[] };
    waiting.forEach((held, i) => {
      this.#waiting[i === 0 ? 0 : 1].restore(held);
    });
    sides.forEach((side, i) => {
      this.#sides[i === 0 ? 0 : 1].restore(side);
    });
  }

  #enter(index: 0 | 1, batch: Batch, row: number): void {
    const own = this.#sides[index];
    const other = this.#sides[index === 0 ? 1 : 0];
    const t = batch.rowtime[row];
    this.#expire(t);
    const entry: Entry = { rowtime: t, values: batch.columns.map((column) => valueAt(column, row)), isMatched: false };
    for (const met of other.meet(own.keyOf(entry))) {
      const [left, right] = index === 0 ? [entry, met] : [met, entry];
      if (!this.#pairs.add(t, left, right)) continue;
      entry.isMatched = true;
      met.isMatched = true;
    }
    if (own.hasWindow) {
      for (const evicted of own.insert(entry)) this.#addUnmatched(index, evicted, t);
    } else this.#addUnmatched(index, entry, t);
  }

  /** Rows whose window ended before t, in the order in which they end, whichever side they are of. */
  #expire(t: Millis): void {
    for (;;) {
      const [left, right] = this.#sides.map((side) => side.nextExpiry());
      const index = left <= right ? 0 : 1;
      const expiry = Math.min(left, right);
      if (!(expiry < t)) return;
      const entry = this.#sides[index].evictOldest();
      this.#addUnmatched(index, entry, expiry);
    }
  }

  #addUnmatched(index: 0 | 1, entry: Entry, rowtime: Millis): void {
    if (!this.#sides[index].isOuter || entry.isMatched) return;
    if (index === 0) this.#pairs.addLone(rowtime, entry, null);
    else this.#pairs.addLone(rowtime, null, entry);
  }
}

/** A row in a window. */
interface Entry {
  readonly rowtime: Millis;
  readonly values: readonly Value[];
  isMatched: boolean;
}

/** The window of one side: a queue, and an index by key. */
class Side {
  readonly isOuter: boolean;
  readonly #frame: Frame | null;
  readonly #keys: readonly number[];
  #queue: Entry[] = [];
  #from = 0;
  readonly #byKey = new Map<string, Entry[]>();

  constructor({ frame, keys, isOuter }: JoinSide) {
    this.isOuter = isOuter;
    this.#frame = frame;
    this.#keys = keys;
  }

  get length(): number {
    return this.#queue.length - this.#from;
  }

  get hasWindow(): boolean {
    return this.#frame !== null;
  }

  /** null: a NULL in a key, which equals nothing. */
  keyOf({ values }: Entry): string | null {
    const key = this.#keys.map((index) => values[index]);
    return key.includes(null) ? null : JSON.stringify(key);
  }

  meet(key: string | null): readonly Entry[] {
    return key === null ? [] : (this.#byKey.get(key) ?? []);
  }

  /** Takes a row in; returns those that a ROWS window loses for it. */
  insert(entry: Entry): Entry[] {
    this.#queue.push(entry);
    const key = this.keyOf(entry);
    if (key !== null) {
      const same = this.#byKey.get(key);
      if (same) same.push(entry);
      else this.#byKey.set(key, [entry]);
    }
    const evicted: Entry[] = [];
    if (this.#frame?.kind === 'rows') {
      while (this.#queue.length - this.#from > this.#frame.preceding + 1) evicted.push(this.evictOldest());
    }
    return evicted;
  }

  /** When the oldest row leaves; a row exactly as old as the window is long is still in it. */
  nextExpiry(): Millis {
    const oldest = this.#queue[this.#from];
    return this.#frame?.kind === 'range' && oldest ? oldest.rowtime + this.#frame.millis : Number.POSITIVE_INFINITY;
  }

  evictOldest(): Entry {
    const entry = this.#queue[this.#from++];
    const key = this.keyOf(entry);
    if (key !== null) {
      const same = this.#byKey.get(key);
      if (same && same.length > 1) same.shift();
      else this.#byKey.delete(key);
    }
    if (this.#from > 1_024 && this.#from * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#from);
      this.#from = 0;
    }
    return entry;
  }

  snapshot(): unknown {
    return this.#queue.slice(this.#from).map(({ rowtime, values, isMatched }) => [rowtime, [...values], isMatched]);
  }

  restore(state: unknown): void {
    for (const [rowtime, values, isMatched] of state as [Millis, Value[], boolean][]) {
      this.insert({ rowtime, values, isMatched });
    }
  }
}

/** Collects joined rows. */
class Pairs {
  readonly #options: JoinOptions;
  readonly #failures = new Failures();
  readonly #residual: ((batch: Batch) => Column) | null;
  #builders: ColumnBuilder[];
  #rowtimes: Millis[] = [];

  constructor(options: JoinOptions) {
    this.#options = options;
    this.#residual = options.residual && compile(options.residual, this.#failures, options.functions);
    this.#builders = this.#newBuilders();
  }

  /** False if the pair is not one after all. */
  add(rowtime: Millis, left: Entry, right: Entry): boolean {
    const values = [...left.values, left.rowtime, ...right.values, right.rowtime];
    if (this.#residual && !this.#isTrue(rowtime, values)) return false;
    this.#push(rowtime, values);
    return true;
  }

  addLone(rowtime: Millis, left: Entry | null, right: Entry | null): void {
    const nulls = ({ schema }: JoinSide): null[] => new Array<null>(schema.length + 1).fill(null);
    const values = [
      ...(left ? [...left.values, left.rowtime] : nulls(this.#options.left)),
      ...(right ? [...right.values, right.rowtime] : nulls(this.#options.right)),
    ];
    this.#push(rowtime, values);
  }

  take(): Batch | null {
    if (this.#rowtimes.length === 0) return null;
    const columns = this.#builders.map((builder) => builder.finish());
    const batch = { length: this.#rowtimes.length, rowtime: Float64Array.from(this.#rowtimes), columns };
    this.#rowtimes = [];
    return batch;
  }

  #push(rowtime: Millis, values: readonly Value[]): void {
    this.#rowtimes.push(rowtime);
    this.#builders.forEach((builder, c) => {
      builder.push(values[c]);
    });
  }

  #isTrue(rowtime: Millis, values: readonly Value[]): boolean {
    const { schema, errors } = this.#options;
    const builders = this.#newBuilders();
    builders.forEach((builder, c) => {
      builder.push(values[c]);
    });
    const batch = {
      length: 1,
      rowtime: Float64Array.of(rowtime),
      columns: builders.map((builder) => builder.finish()),
    };
    const { values: truth, valid } = asCondition(this.#residual?.(batch) as Column);
    const state = valid ? valid[0] : 1;
    if (state > 1) errors.report(this.#failures.get(state), schema, batch, 0);
    return state === 1 && truth[0] === 1;
  }

  #newBuilders(): ColumnBuilder[] {
    return this.#options.schema.map(({ type }) => new ColumnBuilder(columnKind(type), 16));
  }
}

/** Takes the rows before `watermark`. */
function ready(held: HeldRows, watermark: Millis): Batch | null {
  const batch = held.take();
  if (!batch) return null;
  const to = lowerBound(batch.rowtime, watermark, 0, batch.length);
  held.add(batch, to, batch.length);
  return to > 0 ? slice(batch, 0, to) : null;
}
