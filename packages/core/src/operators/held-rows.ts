import { type Batch, concat, slice } from '../batch.ts';
import { limitError } from '../errors.ts';

/** Rows that an operator holds back, oldest first. Holds at most `rowsMax`, then throws a LimitError. */
export class HeldRows {
  readonly #what: string;
  readonly #rowsMax: number;
  #batches: Batch[] = [];
  #length = 0;

  /** `what` names the operator in the error: "ORDER BY". */
  constructor(what: string, rowsMax = 20_000_000) {
    this.#what = what;
    this.#rowsMax = rowsMax;
  }

  get length(): number {
    return this.#length;
  }

  /** Rows [from, to) of a batch. */
  add(batch: Batch, from: number, to: number): void {
    if (from === to) return;
    this.#batches.push(slice(batch, from, to));
    this.#length += to - from;
    if (this.#length > this.#rowsMax) {
      throw limitError(
        'LIMIT_BUFFERED_ROWS',
        `${this.#what} holds more than ${this.#rowsMax} rows back because time does not pass; check ROWTIME (--rowtime)`,
      );
    }
  }

  /** All rows as one batch; null if there is none. They stay. */
  all(): Batch | null {
    if (this.#batches.length === 0) return null;
    if (this.#batches.length > 1) this.#batches = [concat(this.#batches)];
    return this.#batches[0];
  }

  /** The same, and they are gone. */
  take(): Batch | null {
    const all = this.all();
    this.#batches = [];
    this.#length = 0;
    return all;
  }

  snapshot(): unknown {
    // A copy: batches hold slices of larger arrays.
    const all = this.all();
    return all && concat([all, slice(all, 0, 0)]);
  }

  restore(state: unknown): void {
    const batch = state as Batch | null;
    if (batch) this.add(batch, 0, batch.length);
  }
}
