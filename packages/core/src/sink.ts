import type { Batch, Millis } from './batch.ts';
import type { RowErrors } from './row-errors.ts';

/** What a participant keeps on this machine's disk for the sake of a checkpoint, and another machine would not have. */
export interface LocalPart {
  /** After `prepare` and before its `commit`: a copy of it, plain data. */
  copy(): Promise<unknown>;
  /** Before `open`: has it here as it was where the copy was made. */
  paste(copied: unknown): Promise<void>;
}

/** Takes part in checkpoints: what it did since the last one becomes visible after the next one is durable, or is undone
 *  by `open` after a crash. Every sink is one; so is whatever keeps a copy of the input, as a delivery stream does. */
export interface Participant {
  /** What checkpoints call it, where its job does not say. */
  readonly name?: string;
  /** Left out: what it prepares is all there is to it. */
  readonly local?: LocalPart;
  /** Before anything else, once. `prepared` is what the restored checkpoint holds for it (null: there is no checkpoint).
   *  Commits what was prepared, and undoes whatever a dead process did after that. */
  open(prepared: unknown): Promise<void>;
  /** Taken and not yet durable, in bytes. The job stops polling while this is over its limit. */
  readonly pendingBytes: number;
  /** No row before `watermark` will come any more; Infinity: whatever is open is closed. Closes by time what rows would
   *  close. */
  advance(watermark: Millis): void;
  /** Resolves when all that was taken is delivered or sealed on local disk; what it resolves to (plain data, like an
   *  operator's snapshot) is saved inside the checkpoint. Rejects when neither can be done; what it took is still its own
   *  then, and the next call answers for it too. */
  prepare(): Promise<unknown>;
  /** The checkpoint holding `prepared` is durable: publish what was sealed. Repeated after a restart, so idempotent. */
  commit(prepared: unknown): Promise<void>;
  /** Nothing more will come from this process. What was not committed is left for `open` to undo or go on with. */
  close(): Promise<void>;
}

/** Where rows of one stream go, in two phases: prepared before a checkpoint, committed after it. */
export interface Sink extends Participant {
  /** Encodes into its own buffer. Does not wait, does not keep the batch. A row that can never be delivered, because it is
   *  larger than its service takes, is reported to `errors` in the order of rows; the others go on. */
  write(batch: Batch, errors?: RowErrors): void;
}
