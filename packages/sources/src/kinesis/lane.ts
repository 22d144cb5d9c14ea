import type { Millis } from '@rowtime/core';
import type { Outcome } from '../processor.ts';
import type { ShardStart } from './client.ts';
import type { ShardReply } from './read-shard.ts';
import { numberOf } from './shards.ts';
import { userRecords } from './user-records.ts';

/** A user record, and its place in the stream. */
export interface QueuedRecord {
  readonly sequence: string;
  /** Its index among the user records of one record of the stream; `isLast` of them. */
  readonly sub: number;
  readonly isLast: boolean;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  /** ApproximateArrivalTimestamp. */
  readonly arrival: Millis;
  /** The same, raised where the shard's times go back. */
  readonly time: Millis;
  /** A processor gave it up: it has no rows, and only its place in the stream. `data` is the record as it came. */
  readonly left?: Exclude<Outcome, { readonly result: 'Ok' }>;
}

/** Where reading of a shard goes on. Plain data. */
export interface ShardPosition {
  readonly shard: string;
  /** Where it begins while nothing of it was polled: with what arrived at this time or later; null: with its oldest record. */
  readonly from: Millis | null;
  /** null: nothing of it was polled. */
  readonly sequence: string | null;
  /** The user record of `sequence` to go on with, and at which of its bytes; null: with the record behind it. */
  readonly sub: number | null;
  readonly offset: number;
}

/** What was read of one shard and not yet polled. */
export class Lane {
  readonly shard: string;
  readonly number: number;
  /** MillisBehindLatest of the last reply. */
  behind: Millis | null = null;
  /** Nothing more will be added. */
  isRead = false;
  bytes = 0;
  #records: QueuedRecord[] = [];
  #head = 0;
  /** No record before this is still to be added. */
  #time: Millis;
  readonly #isOpen: boolean;
  /** Where it was opened, and what was polled since: a record, up to a byte or (null) all of it. */
  readonly #opened: ShardPosition;
  #polled: QueuedRecord | null = null;
  #polledTo: number | null = null;
  /** While the first record after a restart is awaited: what of it was polled before. */
  #skip: ShardPosition | null;
  #averageBytes = 1024;

  /** `time`: of the last row of all shards; what comes now is not earlier. `isOpen`: not listed as closed. */
  constructor(position: ShardPosition, time: Millis, isOpen: boolean) {
    this.shard = position.shard;
    this.number = numberOf(position.shard);
    this.#time = time;
    this.#isOpen = isOpen;
    this.#opened = position;
    this.#skip = position.sub === null ? null : position;
  }

  get head(): QueuedRecord | undefined {
    return this.#records[this.#head];
  }

  /** The byte of the head to go on with, if it was opened inside it. */
  get offset(): number {
    const { sequence, sub, offset } = this.#opened;
    return this.head?.sequence === sequence && this.head.sub === sub ? offset : 0;
  }

  /** No record before this is still to come from here, queued or not. */
  get time(): Millis {
    return this.head?.time ?? this.#time;
  }

  get position(): ShardPosition {
    if (!this.#polled) return this.#opened;
    const { sequence, sub, isLast } = this.#polled;
    const { shard, from } = this.#opened;
    if (this.#polledTo !== null) return { shard, from, sequence, sub, offset: this.#polledTo };
    return { shard, from, sequence, sub: isLast ? null : sub + 1, offset: 0 };
  }

  /** How many records of the stream fill about so many bytes. */
  recordsIn(bytes: number): number {
    return Math.min(Math.max(Math.floor(bytes / this.#averageBytes), 1), 10_000);
  }

  /** Takes a reply. `settleMs`: a record may show up that long after the time it is stamped with. `outcomes`: what a
   *  processor made of the records, if there is one. */
  add(
    { records, millisBehindLatest, caughtUpTo }: ShardReply,
    settleMs: number,
    outcomes: readonly Outcome[] = [],
  ): void {
    this.behind = millisBehindLatest;
    let bytes = 0;
    for (const [i, { SequenceNumber, PartitionKey, Data, ApproximateArrivalTimestamp }] of records.entries()) {
      const sequence = SequenceNumber!;
      const outcome = outcomes[i];
      const data = outcome?.result === 'Ok' ? outcome.data : Data!;
      const arrival = ApproximateArrivalTimestamp!.getTime();
      this.#time = Math.max(this.#time, arrival);
      const time = this.#time;
      bytes += data.length + recordOverheadBytes;
      const from = this.#skip?.sequence === sequence ? this.#skip.sub! : 0;
      this.#skip = null;
      if (outcome && outcome.result !== 'Ok') {
        const left = { partitionKey: PartitionKey!, data, arrival, time, left: outcome };
        this.#push({ sequence, sub: 0, isLast: true, ...left });
        continue;
      }
      const packed = userRecords(data);
      if (!packed) {
        this.#push({ sequence, sub: 0, isLast: true, partitionKey: PartitionKey!, data, arrival, time });
        continue;
      }
      for (let sub = from; sub < packed.length; sub++) {
        const isLast = sub === packed.length - 1;
        const { partitionKey, data } = packed[sub];
        this.#push({ sequence, sub, isLast, partitionKey, data, arrival, time });
      }
    }
    if (records.length > 0) this.#averageBytes = bytes / records.length;
    // A closed shard has children, with records from its end on, as long as the end was not reached.
    if (this.#isOpen) this.#time = Math.max(this.#time, caughtUpTo - settleMs);
  }

  /** The head was polled up to a byte. */
  polledTo(offset: number): void {
    this.#polled = this.head!;
    this.#polledTo = offset;
  }

  /** The head was polled. */
  shift(): void {
    const record = this.head!;
    this.#polled = record;
    this.#polledTo = null;
    this.bytes -= record.data.length + recordOverheadBytes;
    this.#head++;
    // What was polled is let go of, also where the queue is never empty.
    if (this.#head * 2 > this.#records.length && (this.#head >= 1024 || this.head === undefined)) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
  }

  #push(record: QueuedRecord): void {
    this.bytes += record.data.length + recordOverheadBytes;
    this.#records.push(record);
  }
}

const recordOverheadBytes = 256;

/** Where to open a shard. */
export function startAt({ from, sequence, sub }: ShardPosition): ShardStart {
  if (sequence !== null) return { type: sub === null ? 'AFTER_SEQUENCE_NUMBER' : 'AT_SEQUENCE_NUMBER', sequence };
  return from === null ? { type: 'TRIM_HORIZON' } : { type: 'AT_TIMESTAMP', time: from };
}
