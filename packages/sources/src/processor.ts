import type { Millis } from '@rowtime/core';

/** A record as it came, before anybody looked inside. */
export interface UnprocessedRecord {
  readonly data: Uint8Array;
  /** When the stream took it. */
  readonly arrival: Millis;
  /** Its place in a data stream; records of a delivery stream have none. */
  readonly place?: { readonly shardId: string; readonly sequenceNumber: string; readonly partitionKey: string };
}

/** What became of a record. */
export type Outcome =
  /** These bytes are decoded instead of the record's. */
  | { readonly result: 'Ok'; readonly data: Uint8Array }
  /** It leaves, and nobody is told: so the processor wants it. */
  | { readonly result: 'Dropped' }
  /** It gives no row but one of error_stream, with this ERROR_NAME and MESSAGE. */
  | { readonly result: 'Rejected'; readonly name: string; readonly message: string };

/** Changes records before they are decoded. The same records may come again: after a crash, those that no checkpoint
 *  covers. Exactly once therefore wants a processor that does the same to the same record. */
export interface RecordProcessor {
  /** About how many records it takes at once. */
  readonly recordsMax: number;
  /** The outcomes, in the order of the records. Rejects with what somebody must mend, or when the signal is aborted. */
  process(records: readonly UnprocessedRecord[], signal: AbortSignal): Promise<readonly Outcome[]>;
  close(): void;
}
