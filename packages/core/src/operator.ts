import type { Batch, Millis } from './batch.ts';
import type { Schema } from './schema.ts';

/** Takes what an operator emits. An operator does not know its neighbours. */
export type Output = (batch: Batch) => void;

/** A step of a query: batches of one schema in, batches of another out. Synchronous, so that a stack trace shows the
 *  query and nothing is in flight between two pushes. */
export interface Operator {
  /** The columns of what it emits. */
  readonly schema: Schema;
  /** Takes a batch (never an empty one) from input `input`; operators with one input leave it out. Whatever it emits, it emits before it returns. What it emits must not depend
   *  on how the rows were split into batches: a replay splits them elsewhere. */
  push(batch: Batch, out: Output, input: number): void;
  /** No row before `watermark` will come any more, from any input; it never goes back. Infinity: the end. Emit what that completes. Returns the watermark of its own output:
   *  no row before it will be emitted any more. Lower than `watermark` where rows are held back. */
  advance(watermark: Millis, out: Output): Millis;
  /** A copy of the state, made of plain objects, arrays, strings, numbers, booleans and typed arrays; null if there is
   *  none. If a later push can change it, it is wrong. */
  snapshot(): unknown;
  /** What would be lost without its state, for people: "52 keys open"; null, or left out: nothing that another row would not
   *  bring back. */
  remembers?(): string | null;
  /** Called at most once, before the first push, with a value that `snapshot` returned. */
  restore(state: unknown): void;
}

/** An operator that remembers nothing. */
export function stateless(schema: Schema, push: (batch: Batch, out: Output) => void): Operator {
  return { schema, push, advance: (watermark) => watermark, snapshot: () => null, restore() {} };
}
