import {
  assert,
  type Batch,
  type Millis,
  type Participant,
  type RejectedRecord,
  type Schema,
  type Source,
} from '@rowtime/core';
import { type PartitionRun, partitionOfEach } from '../partitions.ts';
import type { Outcome, RecordProcessor } from '../processor.ts';
import type { Journal, JournalPosition, JournalRecord } from './journal.ts';

/** What a decoder of records offers: `createJsonDecoder` does. */
export interface RecordDecoder {
  readonly schema: Schema;
  begin(offset?: number, name?: string): void;
  push(bytes: Uint8Array): void;
  end(): void;
  decode(arrival: Millis, rowsMax: number): boolean;
  reject(record: RejectedRecord): void;
  /** Decoded and not yet taken. */
  readonly rows: number;
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
  /** Changes the records before they are decoded; they land as they came. The source closes it. */
  readonly processor?: RecordProcessor;
  /** Each row says which record it is from, for several input streams. Default false. */
  readonly isPartitioned?: boolean;
}

/** Plain data. */
export interface DeliveryStreamPosition extends JournalPosition {
  /** How many records were read: they are dealt to several input streams in turn. */
  readonly read?: number;
}

/** The records of a journal as the source of an application. It takes part in the checkpoints too, as a participant:
 *  what a checkpoint covers is removed from the journal. */
export interface DeliveryStreamSource extends Source<DeliveryStreamPosition> {
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
  processor,
  isPartitioned = false,
}: DeliveryStreamSourceOptions): DeliveryStreamSource {
  let position = journal.start;
  let records = 0;
  // While the processor has records they are not yet read: neither landed nor behind the position.
  let processing: Processing | null = null;
  const closed = new AbortController();

  const add = ({ data, time }: JournalRecord, outcome: Outcome | undefined): void => {
    landing?.append(data, time);
    if (outcome?.result === 'Dropped') return;
    if (outcome?.result === 'Rejected') {
      const { name, message } = outcome;
      decoder.reject({ time, name, message: `${message}; record of ${stream}`, record: data });
      return;
    }
    // One record never runs on in the next, however it is broken.
    decoder.begin(0, stream);
    decoder.push(outcome?.data ?? data);
    decoder.end();
    const isFull = decoder.decode(time, Number.POSITIVE_INFINITY);
    assert(!isFull, 'a poll is less than the decoder can hold');
  };

  return {
    schema: decoder.schema,
    async open(from) {
      position = from ?? journal.start;
      records = from?.read ?? 0;
    },
    async poll(signal) {
      let read = processing?.read ?? journal.read(position, pollBytes, processor?.recordsMax);
      if (read.found.length === 0) {
        await journal.ready(idleMs, signal);
        read = journal.read(position, pollBytes, processor?.recordsMax);
      }
      let outcomes: readonly Outcome[] = [];
      if (processor && read.found.length > 0) {
        processing ??= begin(processor, read, closed.signal);
        const done = await within(processing.outcomes, processMs, signal);
        // A function may take minutes: checkpoints and the windows of other rows do not wait for it.
        if (!done) return { ...decoder.take(), caughtUpTo: read.found[0]!.time, end: false };
        outcomes = done;
        processing = null;
      }
      const runs: PartitionRun[] = [];
      for (const [i, record] of read.found.entries()) {
        add(record, outcomes[i]);
        runs.push({ to: decoder.rows, partition: records + i });
      }
      records += read.found.length;
      position = read.next;
      const last = read.found.at(-1)?.time;
      const caughtUpTo =
        last === undefined || journal.read(position, 1).found.length === 0 ? journal.caughtUpTo() : last;
      const { batch, rejected } = decoder.take();
      const partition = batch && isPartitioned ? { partition: partitionOfEach(batch.length, runs) } : {};
      return { batch, rejected, ...partition, caughtUpTo, end: false };
    },
    position: () => ({ ...position, read: records }),
    async close() {
      closed.abort();
      processor?.close();
    },
    millisBehindLatest() {
      const [next] = journal.read(position, 1).found;
      return next ? Math.max(0, journal.caughtUpTo() - next.time) : 0;
    },
    participant: trimming(journal, () => position),
  };
}

interface Processing {
  readonly read: ReturnType<Journal['read']>;
  readonly outcomes: Promise<readonly Outcome[]>;
}

function begin(processor: RecordProcessor, read: Processing['read'], signal: AbortSignal): Processing {
  const records = read.found.map(({ data, time }) => ({ data, arrival: time }));
  const outcomes = processor.process(records, signal);
  // The poll that waits for it next throws it.
  outcomes.catch(() => {});
  return { read, outcomes };
}

/** What it resolves to; null if that takes longer, or the signal is aborted. */
function within<T>(promise: Promise<T>, millis: Millis, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    };
    const giveUp = (): void => {
      stop();
      resolve(null);
    };
    const timer = setTimeout(giveUp, millis);
    signal.addEventListener('abort', giveUp);
    promise.then(resolve, reject).finally(stop);
    if (signal.aborted) giveUp();
  });
}

/** Records of a poll, in bytes. */
const pollBytes = 1 << 20;
const idleMs = 100;
/** How long a poll waits for a processor. */
const processMs = 500;

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
