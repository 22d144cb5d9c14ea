import type { Millis } from '../batch.ts';
import type { Operator } from '../operator.ts';
import type { Schema } from '../schema.ts';

/** When the query started, for CURRENT_TIMESTAMP and its like. Emits nothing: it is a node of the graph so that the time is
 *  in the checkpoint, and a run that goes on after a restart computes what it would have computed without. */
export class StartTime implements Operator {
  readonly schema: Schema = [];
  #time: Millis;

  constructor(time: Millis) {
    this.#time = time;
  }

  get time(): Millis {
    return this.#time;
  }

  push(): void {}

  advance(watermark: Millis): Millis {
    return watermark;
  }

  snapshot(): unknown {
    return this.#time;
  }

  restore(state: unknown): void {
    this.#time = state as Millis;
  }
}
