import type { Batch, Millis } from '../batch.ts';
import type { Operator, Output } from '../operator.ts';
import type { Schema } from '../schema.ts';

/** What a table inserts into a stream: its rows, once, when time is first known on every input; their ROWTIME is the
 *  earliest of those first times. The inputs are the input streams of the application, of which only the time counts. */
export class Once implements Operator {
  readonly schema: Schema;
  readonly #rows: Batch;
  #first = Number.POSITIVE_INFINITY;
  #isDone = false;

  constructor(schema: Schema, rows: Batch) {
    this.schema = schema;
    this.#rows = rows;
  }

  push(batch: Batch): void {
    if (!this.#isDone) this.#first = Math.min(this.#first, batch.rowtime[0]);
  }

  advance(watermark: Millis, out: Output): Millis {
    if (this.#isDone) return watermark;
    const rowtime = Math.min(this.#first, watermark);
    this.#isDone = true;
    // An end without any time before it: nothing was ever known.
    if (!Number.isFinite(rowtime)) return watermark;
    const { length, columns } = this.#rows;
    if (length > 0) out({ length, rowtime: new Float64Array(length).fill(rowtime), columns });
    return watermark;
  }

  remembers(): string | null {
    return this.#isDone ? 'done' : null;
  }

  snapshot(): unknown {
    return { first: this.#first, isDone: this.#isDone };
  }

  restore(state: unknown): void {
    const { first, isDone } = state as { first: Millis; isDone: boolean };
    this.#first = first;
    this.#isDone = isDone;
  }
}
