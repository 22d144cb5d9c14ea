import type { Batch, Millis } from './batch.ts';
import type { Schema } from './schema.ts';

/** A record, or a part of one, that gave no row. It becomes a row of error_stream. */
export interface RejectedRecord {
  /** Arrival time. */
  readonly time: Millis;
  /** How many rows of its poll came before it: it has the ROWTIME of the last of them. They come in this order. Default 0. */
  readonly after?: number;
  /** Error name, as `ERROR_NAME` of error_stream holds it: "CoercionError". */
  readonly name: string;
  /** What was wrong and where: column, offset of the record in its input. */
  readonly message: string;
  /** The bytes of the record, cut to what error_stream can hold. */
  readonly record: Uint8Array;
}

/** What one poll brought. */
export interface Poll {
  /** null: nothing came. `rowtime` holds arrival times, not yet ROWTIME. */
  readonly batch: Batch | null;
  readonly rejected: readonly RejectedRecord[];
  /** The shard of a stream or the file among files that the rows are from, counted from 0: all of them, or row by row. What
   *  partition a row is of never changes. Default 0. */
  readonly partition?: number | Float64Array;
  /** No row that arrived before this is still to come. */
  readonly caughtUpTo: Millis;
  readonly end: boolean;
}

/** Where rows come from. */
export interface Source<Position = unknown> {
  readonly schema: Schema;
  /** The first row polled is the one after `position`: not that one again, not the one after next. */
  open(position: Position | null): Promise<void>;
  /** Resolves within a second or so, rows or none. At most some thousand rows: the batch is the unit of memory. */
  poll(signal: AbortSignal): Promise<Poll>;
  /** Where the last polled row ends. Plain data, like an operator's snapshot. */
  position(): Position;
  close(): Promise<void>;
}
