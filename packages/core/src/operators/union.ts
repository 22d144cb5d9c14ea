import { type Batch, concat, gather, type Millis, slice } from '../batch.ts';
import { rowsHeld } from '../in-words.ts';
import { lowerBound } from '../lower-bound.ts';
import type { Operator, Output } from '../operator.ts';
import type { Schema } from '../schema.ts';
import { HeldRows } from './held-rows.ts';

/** UNION ALL of streams, and a stream that several pumps write: rows of all inputs in ROWTIME order. A fast input waits
 *  for the slow ones (AWS SQL reference, "Query"): a row is emitted when time has passed it on every input, so that the
 *  order of rows with one ROWTIME is that of the inputs, however they were split into batches.
 *  Memory: what waits for the slowest input, bounded by HeldRows. */
export class Union implements Operator {
  readonly schema: Schema;
  readonly #held: readonly HeldRows[];

  constructor(schema: Schema, inputs: number) {
    this.schema = schema;
    this.#held = Array.from({ length: inputs }, () => new HeldRows('UNION ALL'));
  }

  push(batch: Batch, _out: Output, input = 0): void {
    this.#held[input].add(batch, 0, batch.length);
  }

  advance(watermark: Millis, out: Output): Millis {
    const ready: Batch[] = [];
    for (const held of this.#held) {
      const batch = held.take();
      if (!batch) continue;
      const to = lowerBound(batch.rowtime, watermark, 0, batch.length);
      if (to > 0) ready.push(slice(batch, 0, to));
      held.add(batch, to, batch.length);
    }
    if (ready.length === 1) out(ready[0]);
    else if (ready.length > 1) out(inTimeOrder(concat(ready)));
    return watermark;
  }

  /** How many rows are held back. */
  get held(): number {
    return this.#held.reduce((sum, { length }) => sum + length, 0);
  }

  remembers(): string | null {
    return rowsHeld(this.held);
  }

  snapshot(): unknown {
    return this.#held.map((held) => held.snapshot());
  }

  restore(state: unknown): void {
    (state as unknown[]).forEach((rows, i) => {
      this.#held[i].restore(rows);
    });
  }
}

/** Rows of one ROWTIME keep their order. */
export function inTimeOrder(batch: Batch): Batch {
  const { rowtime } = batch;
  const rows = Uint32Array.from(rowtime, (_, i) => i).sort((a, b) => rowtime[a] - rowtime[b] || a - b);
  return gather(batch, rows, batch.length);
}
