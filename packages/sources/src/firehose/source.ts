import {
  assert,
  type Batch,
  type Millis,
  type Participant,
  type RejectedRecord,
  type Schema,
  type Source,
} from '@rowtime/core';
import type { Journal, JournalPosition } from './journal.ts';

/** What a decoder of records offers: `createJsonDecoder` does. */
export interface RecordDecoder {
  readonly schema: Schema;
  begin(offset?: number, name?: string): void;
  push(bytes: Uint8Array): void;
  end(): void;
  decode(arrival: Millis, rowsMax: number): boolean;
  take(): { readonly batch: Batch | null; readonly rejected: readonly RejectedRecord[] };
}

export interface DeliveryStreamSourceOptions {
  /** Opened. */
  readonly journal: Journal;
  readonly decoder: RecordDecoder;
  /** Names the records in messages. */
  readonly stream: string;
  /** Where the delivery stream lands its records, as they are: an ObjectWriter. */
  readonly landing?: { append(bytes: Uint8Array, time: Millis): void };
}

/** The records of a journal as the source of an application. It takes part in the checkpoints too, as a participant:
 *  what a checkpoint covers is removed from the journal. */
export interface DeliveryStreamSource extends Source<JournalPosition> {
  readonly participant: Participant;
  /** Since the oldest record was accepted that is not yet read; 0: all are. */
  millisBehindLatest(): number;
}

/** Records that came to a delivery stream feed the application, and land in its bucket, in the order in which they were
 *  accepted: both exactly once, because what was read after the last checkpoint is read again. */
export function deliveryStreamSource({
  journal,
  decoder,
  stream,
  landing,
}: DeliveryStreamSourceOptions): DeliveryStreamSource {
  let position = journal.start;
  return {
    schema: decoder.schema,
    async open(from) {
      position = from ?? journal.start;
    },
    async poll(signal) {
      let read = journal.read(position, pollBytes);
      if (read.found.length === 0) {
        await journal.ready(idleMs, signal);
        read = journal.read(position, pollBytes);
      }
      for (const { data, time } of read.found) {
        landing?.append(data, time);
        // One record never runs on in the next, however it is broken.
        decoder.begin(0, stream);
        decoder.push(data);
        decoder.end();
        const isFull = decoder.decode(time, Number.POSITIVE_INFINITY);
        assert(!isFull, 'a poll is less than the decoder can hold');
      }
      position = read.next;
      const last = read.found.at(-1)?.time;
      const caughtUpTo =
        last === undefined || journal.read(position, 1).found.length === 0 ? journal.caughtUpTo() : last;
      return { ...decoder.take(), caughtUpTo, end: false };
    },
    position: () => position,
    async close() {},
    millisBehindLatest() {
      const [next] = journal.read(position, 1).found;
      return next ? Math.max(0, journal.caughtUpTo() - next.time) : 0;
    },
    participant: trimming(journal, () => position),
  };
}

/** Records of a poll, in bytes. */
const pollBytes = 1 << 20;
const idleMs = 100;

// If the newest checkpoint turns out to be damaged, an older one is used, and its records are wanted again.
const checkpointsKept = 3;

function trimming(journal: Journal, position: () => JournalPosition): Participant {
  const covered: JournalPosition[] = [];
  return {
    pendingBytes: 0,
    async open(prepared) {
      if (prepared !== null) covered.push(prepared as JournalPosition);
    },
    advance() {},
    prepare: async () => position(),
    async commit(prepared) {
      covered.push(prepared as JournalPosition);
      if (covered.length > checkpointsKept) covered.shift();
      if (covered.length === checkpointsKept) journal.trim(covered[0]!);
    },
    async close() {},
  };
}
