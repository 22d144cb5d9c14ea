import { type Batch, gather, type Millis } from '../batch.ts';
import type { Column } from '../column.ts';
import { limitError } from '../errors.ts';
import { Groups } from '../groups.ts';
import { columnKind, type Schema } from '../schema.ts';

/** How far a window reaches back from the current row. */
export type Frame =
  /** RANGE: rows up to this much older, a row exactly so old among them (AWS SQL reference, "WINDOW clause"). */
  | { readonly kind: 'range'; readonly millis: Millis }
  /** ROWS n PRECEDING: n earlier rows of the partition, and the current one. */
  | { readonly kind: 'rows'; readonly preceding: number }
  /** UNBOUNDED PRECEDING: all rows of the partition so far; see RunningWindow. */
  | { readonly kind: 'unbounded' };

export type BoundedFrame = Exclude<Frame, { kind: 'unbounded' }>;

/** What one batch does to a window, for the calls over it to replay: row i first evicts
 *  evicted[evictedTo[i - 1], evictedTo[i]), then enters at slots[i] into groups[i]. */
export interface Pass {
  readonly length: number;
  readonly slots: Int32Array;
  readonly groups: Int32Array;
  readonly evicted: Int32Array;
  readonly evictedTo: Int32Array;
  /** By slot: the rows of the same group before and after it; -1 at the ends. */
  readonly previous: Int32Array;
  readonly next: Int32Array;
  /** By slot. */
  readonly groupOf: Int32Array;
  readonly rowtimeOf: Float64Array;
  /** Slots are below this. */
  readonly capacity: number;
  /** Groups are below this. */
  readonly groupCount: number;
}

/** The rows of one window, all partitions together: which are in it, and in which order they came and go.
 *
 *  Rows live in slots that are used again. A RANGE window evicts in order of arrival whatever the partition, so one queue
 *  serves all; a ROWS window evicts the oldest row of the partition. Partitions without rows are forgotten now and then.
 *  Memory: the rows in the window, at most `rowsMax`, then a LimitError. */
export class SlidingWindow {
  readonly #frame: BoundedFrame;
  readonly #keys: readonly number[];
  readonly #input: Schema;
  readonly #rowsMax: number;
  #groups: Groups;

  #capacity = 1024;
  #rowtimeOf = new Float64Array(1024);
  #groupOf = new Int32Array(1024);
  #next = new Int32Array(1024);
  #previous = new Int32Array(1024);
  /** Slots without a row: a stack. */
  #free = Int32Array.from({ length: 1024 }, (_, i) => 1023 - i);
  #freeCount = 1024;
  /** RANGE: slots in order of arrival, a ring. */
  #queue = new Int32Array(1024);
  #queueFrom = 0;
  #live = 0;

  /** By group. */
  #head = new Int32Array(64).fill(-1);
  #tail = new Int32Array(64).fill(-1);
  #count = new Int32Array(64);

  #slots = new Int32Array(0);
  #evictedTo = new Int32Array(0);
  #evicted = new Int32Array(64);
  #rowGroups = new Int32Array(0);

  constructor(frame: BoundedFrame, input: Schema, keys: readonly number[], rowsMax = 50_000_000) {
    this.#frame = frame;
    this.#keys = keys;
    this.#input = input;
    this.#rowsMax = rowsMax;
    this.#groups = this.#newGroups();
  }

  /** Rows in the window. */
  get size(): number {
    return this.#live;
  }

  /** Takes a batch in. Slots that it evicts are free again only after `settle`. */
  enter(batch: Batch): Pass {
    const { length } = batch;
    if (this.#slots.length < length) {
      this.#slots = new Int32Array(length);
      this.#evictedTo = new Int32Array(length);
      this.#rowGroups = new Int32Array(length);
    }
    const keys = this.#keys.map((key) => batch.columns[key]);
    this.#rowGroups.set(this.#groups.ids(keys, 0, length).subarray(0, length));
    this.#growGroups();
    this.#growSlots(length);
    let evicted = 0;
    for (let i = 0; i < length; i++) {
      const group = this.#rowGroups[i];
      const t = batch.rowtime[i];
      if (this.#frame.kind === 'range') {
        const from = t - this.#frame.millis;
        while (this.#live > 0) {
          const slot = this.#queue[this.#queueFrom];
          if (this.#rowtimeOf[slot] >= from) break;
          this.#queueFrom = (this.#queueFrom + 1) & (this.#queue.length - 1);
          evicted = this.#evict(slot, evicted);
        }
      } else if (this.#count[group] > this.#frame.preceding) {
        evicted = this.#evict(this.#head[group], evicted);
      }
      this.#evictedTo[i] = evicted;
      this.#slots[i] = this.#insert(group, t);
    }
    return {
      length,
      slots: this.#slots,
      groups: this.#rowGroups,
      evicted: this.#evicted,
      evictedTo: this.#evictedTo,
      previous: this.#previous,
      next: this.#next,
      groupOf: this.#groupOf,
      rowtimeOf: this.#rowtimeOf,
      capacity: this.#capacity,
      groupCount: this.#groups.size,
    };
  }

  /** All calls have replayed the pass: what it evicted is free. Returns, when partitions were forgotten, the new number of
   *  each old one, -1 for the forgotten. */
  settle({ length, evictedTo, evicted }: Pass): Int32Array | null {
    const count = length > 0 ? evictedTo[length - 1] : 0;
    for (let e = 0; e < count; e++) this.#free[this.#freeCount++] = evicted[e];
    return this.#forgetEmptyGroups();
  }

  /** The rows in the window, oldest first: their slots, times and key columns; and the groups in the order in which those
   *  rows, entered anew, make them. */
  snapshot(): {
    readonly slots: Int32Array;
    readonly rowtime: Float64Array;
    readonly keys: readonly Column[];
    readonly groups: Int32Array;
  } {
    const slots = this.#inOrder();
    const groups = Uint32Array.from(slots, (slot) => this.#groupOf[slot]);
    const columns = this.#groups.columns();
    const keys = gather(
      { length: this.#groups.size, rowtime: new Float64Array(this.#groups.size), columns },
      groups,
      groups.length,
    );
    return {
      slots,
      rowtime: Float64Array.from(slots, (slot) => this.#rowtimeOf[slot]),
      keys: keys.columns,
      groups: Int32Array.from(new Set(groups)),
    };
  }

  /** The groups of `rows` rows that were in the window, in order of arrival; nothing is evicted. */
  restore(rowtime: Float64Array, keys: readonly Column[]): Pass {
    const columns: Column[] = [];
    this.#keys.forEach((key, k) => {
      columns[key] = keys[k];
    });
    // ROWS windows hold no more rows of a group than they may, RANGE windows none that is too old: nothing is evicted.
    return this.enter({ length: rowtime.length, rowtime, columns });
  }

  #newGroups(): Groups {
    return new Groups(this.#keys.map((key) => columnKind(this.#input[key].type)));
  }

  #insert(group: number, t: Millis): number {
    const slot = this.#free[--this.#freeCount];
    this.#rowtimeOf[slot] = t;
    this.#groupOf[slot] = group;
    this.#next[slot] = -1;
    const tail = this.#count[group] > 0 ? this.#tail[group] : -1;
    this.#previous[slot] = tail;
    if (tail >= 0) this.#next[tail] = slot;
    else this.#head[group] = slot;
    this.#tail[group] = slot;
    this.#count[group]++;
    if (this.#frame.kind === 'range') this.#queue[(this.#queueFrom + this.#live) & (this.#queue.length - 1)] = slot;
    this.#live++;
    return slot;
  }

  #evict(slot: number, evicted: number): number {
    const group = this.#groupOf[slot];
    this.#head[group] = this.#next[slot];
    this.#count[group]--;
    this.#live--;
    if (evicted === this.#evicted.length) this.#evicted = grown(this.#evicted, evicted * 2);
    this.#evicted[evicted] = slot;
    return evicted + 1;
  }

  #growSlots(rows: number): void {
    if (this.#freeCount >= rows) return;
    const capacity = 2 ** Math.ceil(Math.log2(this.#capacity + rows));
    if (this.#live + rows > this.#rowsMax) {
      throw limitError(
        'LIMIT_BUFFERED_ROWS',
        `a sliding window holds more than ${this.#rowsMax} rows; use a shorter one`,
      );
    }
    const order = this.#frame.kind === 'range' ? this.#inOrder() : null;
    this.#rowtimeOf = grownFloats(this.#rowtimeOf, capacity);
    this.#groupOf = grown(this.#groupOf, capacity);
    this.#next = grown(this.#next, capacity);
    this.#previous = grown(this.#previous, capacity);
    this.#free = grown(this.#free, capacity);
    for (let slot = capacity - 1; slot >= this.#capacity; slot--) this.#free[this.#freeCount++] = slot;
    if (order) {
      this.#queue = grown(order, capacity);
      this.#queueFrom = 0;
    }
    this.#capacity = capacity;
  }

  #growGroups(): void {
    const { size } = this.#groups;
    if (size <= this.#head.length) return;
    const length = Math.max(size, this.#head.length * 2);
    this.#head = grown(this.#head, length);
    this.#tail = grown(this.#tail, length);
    this.#count = grown(this.#count, length);
  }

  /** The slots in use, in order of arrival. */
  #inOrder(): Int32Array {
    if (this.#frame.kind === 'range') {
      return Int32Array.from(
        { length: this.#live },
        (_, i) => this.#queue[(this.#queueFrom + i) & (this.#queue.length - 1)],
      );
    }
    // Partition by partition: rows of different ones never meet.
    const slots: number[] = [];
    for (let group = 0; group < this.#groups.size; group++) {
      if (this.#count[group] === 0) continue;
      for (let slot = this.#head[group]; slot >= 0; slot = this.#next[slot]) slots.push(slot);
    }
    return Int32Array.from(slots);
  }

  // Only when most are empty, so that the work is paid for by the rows that came since.
  #forgetEmptyGroups(): Int32Array | null {
    const { size } = this.#groups;
    if (this.#keys.length === 0 || size < 4096 || this.#live * 4 > size) return null;
    const mapping = new Int32Array(size).fill(-1);
    const kept = new Uint32Array(size);
    let count = 0;
    for (let group = 0; group < size; group++) {
      if (this.#count[group] === 0) continue;
      mapping[group] = count;
      kept[count++] = group;
    }
    const columns = this.#groups.columns();
    const live = gather({ length: size, rowtime: new Float64Array(size), columns }, kept, count);
    this.#groups = this.#newGroups();
    if (count > 0) this.#groups.ids(live.columns, 0, count);
    for (let group = 0; group < count; group++) {
      this.#head[group] = this.#head[kept[group]];
      this.#tail[group] = this.#tail[kept[group]];
      this.#count[group] = this.#count[kept[group]];
    }
    this.#count.fill(0, count);
    for (const slot of this.#inOrder()) this.#groupOf[slot] = mapping[this.#groupOf[slot]];
    return mapping;
  }
}

export function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(length);
  out.set(array);
  return out;
}

export function grownFloats(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(length);
  out.set(array);
  return out;
}
