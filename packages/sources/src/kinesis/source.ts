import { setMaxListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Retry, realPace } from '@rowtime/aws';
import {
  type Column,
  ColumnBuilder,
  columnKind,
  type Millis,
  type Poll,
  type RejectedRecord,
  type Schema,
  type Source,
} from '@rowtime/core';
import type { CsvFormat } from '../decode/csv.ts';
import type { InputDecoder } from '../decode/input-decoder.ts';
import type { InputColumn } from '../decode/json.ts';
import { createDecoder } from '../decoder.ts';
import { SourceError } from '../errors.ts';
import { partitionOfEach } from '../partitions.ts';
import { pause } from '../pause.ts';
import type { Outcome, RecordProcessor } from '../processor.ts';
import { type KinesisClientOptions, KinesisStream, type ShardStart } from './client.ts';
import { Lane, type QueuedRecord, type ShardPosition, startAt } from './lane.ts';
import { pollShard, type ShardReading, type ShardReply } from './read-shard.ts';
import { ancestorsOf, readable, type Shard } from './shards.ts';
import { subscribeShard } from './subscribe-shard.ts';

export type { Discovered } from '../discover-input.ts';
export { SourceError } from '../errors.ts';
export type { KinesisClientOptions } from './client.ts';
export { type DiscoverStreamOptions, discoverStream } from './discover.ts';
export type { ShardPosition } from './lane.ts';

/** Where a source without a checkpoint begins. `after`: behind these sequence numbers, by shard id; what those shards came
 *  from is passed over, and every other shard is read from its oldest record. */
export type KinesisStart =
  | 'LATEST'
  | 'TRIM_HORIZON'
  | { readonly at: Millis }
  | { readonly after: Readonly<Record<string, string>> };

export interface KinesisSourceOptions {
  /** The name of the stream, or its ARN. */
  readonly stream: string;
  readonly columns: readonly InputColumn[];
  /** RecordRowPath. Default `$`. */
  readonly rowPath?: string;
  /** Records are CSV rows. Left out: JSON. */
  readonly csv?: CsvFormat;
  /** Default LATEST, as NOW of the service's InputStartingPosition. */
  readonly start?: KinesisStart;
  /** The name of a consumer for enhanced fan-out; it is registered if it is not yet, and stays. Default: GetRecords. */
  readonly fanOut?: string;
  readonly client?: KinesisClientOptions;
  /** Each row says which shard it is from, for several input streams. Default false. */
  readonly isPartitioned?: boolean;
  /** Changes the records of the stream before they are taken apart and decoded. The source closes it. */
  readonly processor?: RecordProcessor;
  /** The wall clock. */
  readonly now: () => Millis;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  /** About how many rows a batch has. Default 8192. */
  readonly batchRows?: number;
  /** About how much is read ahead, by all shards together; a reply of each comes on top. Default 64 MiB. */
  readonly prefetchBytesMax?: number;
  /** From GetRecords to GetRecords of one shard: all its consumers together may make five a second. Default 250 ms. */
  readonly intervalMs?: number;
  /** The same while nothing is new. Default 1000 ms. */
  readonly idleMs?: number;
  /** A record may show up that long after the time it is stamped with. Rows of other shards wait for it. Default 1000 ms. */
  readonly settleMs?: number;
  /** The longest wait before a call is made again. Default 30 s. */
  readonly retryMsMax?: number;
  readonly onRetry?: (retry: Retry) => void;
}

/** Plain data. */
export interface KinesisPosition {
  readonly stream: string;
  /** The last row's. */
  readonly time: Millis;
  readonly shards: readonly ShardPosition[];
  /** Read to their end, and still listed. */
  readonly done: readonly string[];
}

export interface KinesisSource extends Source<KinesisPosition> {
  readonly columns: readonly InputColumn[];
  /** Before `open`: the columns that anyone reads, by index, and which metadata columns batches have behind them. */
  use(used: readonly boolean[], metadata?: Schema): void;
  /** How far reading is behind the newest record, by shard; null: not known yet. */
  millisBehindLatest(): ReadonlyMap<string, Millis | null>;
}

/** Metadata of a record: the columns that a stream may have behind its own (AWS SQL reference, "metadata columns"). */
const metadataOf: Readonly<Record<string, (record: QueuedRecord, lane: Lane) => number | string>> = {
  APPROXIMATE_ARRIVAL_TIME: ({ arrival }) => arrival,
  PARTITION_KEY: ({ partitionKey }) => partitionKey,
  SEQUENCE_NUMBER: ({ sequence }) => sequence,
  SHARD_ID: (_, { shard }) => shard,
};

/**
 * The records of a Kinesis data stream, JSON decoded. All shards are read at once and merged by arrival time, so that the
 * same records give the same rows in the same order whenever they are read again:
 *
 *     shard 1   ──  3 ── 7 ── 9 …            the row at 7 waits until shard 2 has one, or is known
 *     shard 2   ────── 5 ──────── …          to have none, before 7
 */
export async function kinesisSource(options: KinesisSourceOptions): Promise<KinesisSource> {
  const stopped = new AbortController();
  // One listener for each call under way, so as many as there are shards.
  setMaxListeners(0, stopped.signal);
  const stream = await KinesisStream.connect(options.stream, options.client ?? {}, {
    pace: { ...realPace, random: options.random },
    stop: stopped.signal,
    waitMsMax: options.retryMsMax,
    onRetry: options.onRetry,
  });
  return new Shards(options, stream, stopped);
}

const batchRowsDefault = 8192;
const prefetchBytesDefault = 64 << 20;
/** Records of a stream are no longer: the service does not take them. */
const recordBytesMax = 10 << 20;
/** How long a poll waits for records. */
const pollMs = 500;
/** A shard that ended has children; they may be listed a little later. */
const listAgainMs = 1_000;

class Shards implements KinesisSource {
  readonly #options: KinesisSourceOptions;
  readonly #stream: KinesisStream;
  readonly #stopped: AbortController;
  #used: readonly boolean[] | undefined;
  #metadata: Schema = [];
  #decoder: InputDecoder;
  /** ARN of the consumer; null: no fan-out. */
  #consumer: string | null = null;
  #shards: readonly Shard[] = [];
  #listing: Promise<unknown> = Promise.resolve();
  readonly #lanes = new Map<string, Lane>();
  readonly #readers: Promise<void>[] = [];
  /** Shards read to their end. */
  #done = new Set<string>();
  #time: Millis = Number.NEGATIVE_INFINITY;
  #caughtUpTo: Millis = Number.NEGATIVE_INFINITY;
  #failure: unknown = null;
  #gone: RejectedRecord[] = [];
  #wake: () => void = () => {};
  #waiting: (() => void)[] = [];
  /** The record whose bytes the decoder has. */
  #open: QueuedRecord | null = null;
  /** The records of the rows not yet taken: rows up to `to` are of `record`. */
  #runs: Run[] = [];

  constructor(options: KinesisSourceOptions, stream: KinesisStream, stopped: AbortController) {
    this.#options = options;
    this.#stream = stream;
    this.#stopped = stopped;
    this.#decoder = this.#createDecoder();
  }

  get columns(): readonly InputColumn[] {
    return this.#options.columns;
  }

  get schema(): Schema {
    return [...this.#decoder.schema, ...this.#metadata];
  }

  use(used: readonly boolean[], metadata: Schema = []): void {
    const unknown = metadata.find(({ name }) => !Object.hasOwn(metadataOf, name));
    if (unknown) throw new SourceError(`a record of a stream has no ${unknown.name}`);
    this.#used = used;
    this.#metadata = metadata;
    this.#decoder = this.#createDecoder();
  }

  millisBehindLatest(): ReadonlyMap<string, Millis | null> {
    return new Map(Array.from(this.#lanes.values(), ({ shard, behind }) => [shard, behind]));
  }

  async open(position: KinesisPosition | null): Promise<void> {
    const { stream, fanOut, now, start = 'LATEST' } = this.#options;
    if (position && position.stream !== stream) {
      throw new SourceError(`the position is in stream ${position.stream}, and the source reads ${stream}`);
    }
    const openedAt = now();
    this.#shards = await this.#stream.shards();
    if (fanOut !== undefined) this.#consumer = await this.#stream.consumer(fanOut);
    if (position) this.#resume(position);
    else this.#begin(start, openedAt);
    this.#openReadable(null);
  }

  async poll(signal: AbortSignal): Promise<Poll> {
    // A turn of the event loop: replies come in while earlier ones are worked on.
    await nextTurn();
    const polled = this.#merge() || (await this.#wait(signal));
    // Only now: what was read before the failure is whole.
    if (!polled && this.#failure !== null) throw this.#failure;
    const { batch, rejected } = this.#decoder.take();
    const metadata = batch ? this.#metadata.map((field) => metadataColumn(field, this.#runs)) : [];
    const partition = batch && this.#options.isPartitioned ? { partition: shardOfEach(batch.length, this.#runs) } : {};
    this.#runs = [];
    return {
      batch: batch && { ...batch, columns: [...batch.columns, ...metadata] },
      ...partition,
      rejected: [...this.#gone.splice(0), ...rejected],
      caughtUpTo: this.#caughtUpTo,
      end: false,
    };
  }

  position(): KinesisPosition {
    return {
      stream: this.#options.stream,
      time: this.#time,
      shards: Array.from(this.#lanes.values(), ({ position }) => position),
      done: [...this.#done],
    };
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    this.#letRead();
    this.#stream.destroy();
    this.#options.processor?.close();
    await Promise.all(this.#readers);
  }

  #createDecoder(): InputDecoder {
    const { columns, rowPath, csv } = this.#options;
    const schema = { columns, ...(rowPath !== undefined && { rowPath }), ...(csv && { csv }) };
    return createDecoder(schema, { recordBytesMax, ...(this.#used && { used: this.#used }) });
  }

  #begin(start: KinesisStart, openedAt: Millis): void {
    if (start === 'TRIM_HORIZON') return;
    if (start === 'LATEST') {
      for (const { id, isOpen } of this.#shards) {
        // Should nothing come before the next restart, LATEST is this moment, not the one of the restart.
        if (isOpen) this.#read(positionAt(id, openedAt), { type: 'LATEST' });
        else this.#done.add(id);
      }
    } else if ('at' in start) {
      // Of shards that closed before it nothing is read, and of those that opened after it, all.
      for (const { id } of readable(this.#shards, this.#done)) this.#read(positionAt(id, start.at));
    } else {
      const named = Object.keys(start.after);
      const unknown = named.find((id) => !this.#shards.some((shard) => shard.id === id));
      if (unknown !== undefined) throw new SourceError(`stream ${this.#stream.name} has no shard ${unknown}`);
      for (const id of ancestorsOf(named, this.#shards)) this.#done.add(id);
      for (const id of named) this.#read({ ...positionAt(id, null), sequence: start.after[id] });
    }
  }

  #resume({ time, shards, done }: KinesisPosition): void {
    this.#time = time;
    const listed = new Set(this.#shards.map(({ id }) => id));
    this.#done = new Set(done.filter((id) => listed.has(id)));
    for (const position of shards) {
      if (listed.has(position.shard)) this.#read(position);
      else this.#gone.push(goneShard(position, time));
    }
  }

  /** Opens what may be read and is not yet. */
  #openReadable(from: Millis | null): void {
    for (const { id } of readable(this.#shards, this.#done)) {
      if (!this.#lanes.has(id)) this.#read(positionAt(id, from));
    }
  }

  #read(position: ShardPosition, start: ShardStart = startAt(position)): void {
    const { shard } = position;
    const isOpen = this.#shards.some(({ id, isOpen }) => id === shard && isOpen);
    const lane = new Lane(position, this.#time, isOpen);
    this.#lanes.set(shard, lane);
    const { now, random, intervalMs = 250, idleMs = 1_000 } = this.#options;
    const { signal } = this.#stopped;
    const reading: ShardReading = { stream: this.#stream, shard, start, startedAt: position.from ?? 0, now, signal };
    const limit = () => lane.recordsIn(this.#bytesOfLane);
    const replies =
      this.#consumer === null
        ? pollShard(reading, { intervalMs, idleMs, limit })
        : subscribeShard(reading, this.#consumer, random);
    this.#readers.push(this.#fill(lane, replies));
  }

  /** Reads a shard to its end, no further ahead than memory allows. */
  async #fill(lane: Lane, replies: AsyncIterable<ShardReply>): Promise<void> {
    const { signal } = this.#stopped;
    try {
      for await (const reply of replies) {
        lane.add(reply, this.#options.settleMs ?? 1_000, await this.#processed(lane, reply));
        this.#wake();
        while (lane.bytes > this.#bytesOfLane && !signal.aborted) {
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
        }
        signal.throwIfAborted();
      }
      while (!this.#shards.some(({ parents }) => parents.includes(lane.shard))) {
        await this.#list();
        if (!this.#shards.some(({ parents }) => parents.includes(lane.shard))) await pause(listAgainMs, signal);
      }
      lane.isRead = true;
    } catch (error) {
      if (!signal.aborted) this.#failure ??= error;
    }
    this.#wake();
  }

  async #processed({ shard }: Lane, { records }: ShardReply): Promise<readonly Outcome[]> {
    const { processor } = this.#options;
    if (!processor || records.length === 0) return [];
    const unprocessed = records.map(({ Data, ApproximateArrivalTimestamp, SequenceNumber, PartitionKey }) => ({
      data: Data!,
      arrival: ApproximateArrivalTimestamp!.getTime(),
      place: { shardId: shard, sequenceNumber: SequenceNumber!, partitionKey: PartitionKey! },
    }));
    return processor.process(unprocessed, this.#stopped.signal);
  }

  // One listing after the other: an older one must not replace a newer.
  async #list(): Promise<void> {
    const listing = this.#listing.then(async () => {
      this.#shards = await this.#stream.shards();
    });
    this.#listing = listing.catch(() => {});
    await listing;
  }

  get #bytesOfLane(): number {
    return (this.#options.prefetchBytesMax ?? prefetchBytesDefault) / Math.max(this.#lanes.size, 1);
  }

  #letRead(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Decodes queued records in order of arrival, as far as it is known or a batch is full. Whether there were any. */
  #merge(): boolean {
    const rowsMax = this.#options.batchRows ?? batchRowsDefault;
    let polled = false;
    let isFull = false;
    while (!isFull) {
      const [first, second] = this.#firstTwo();
      if (!first) break;
      this.#caughtUpTo = Math.max(this.#caughtUpTo, first.time);
      if (!first.head) {
        if (!first.isRead) break;
        this.#finish(first);
        continue;
      }
      const until = second?.time ?? Number.POSITIVE_INFINITY;
      do {
        polled = true;
        isFull = this.#decode(first, first.head, rowsMax);
      } while (!isFull && first.head && first.head.time < until);
    }
    this.#letRead();
    return polled;
  }

  /** The shard whose next record is the oldest, and the next oldest. Of the same millisecond, the one with the lower id. */
  #firstTwo(): [Lane | null, Lane | null] {
    let first: Lane | null = null;
    let second: Lane | null = null;
    for (const lane of this.#lanes.values()) {
      if (!first || isBefore(lane, first)) {
        second = first;
        first = lane;
      } else if (!second || isBefore(lane, second)) {
        second = lane;
      }
    }
    return [first, second];
  }

  #finish(lane: Lane): void {
    this.#lanes.delete(lane.shard);
    this.#done.add(lane.shard);
    const listed = new Set(this.#shards.map(({ id }) => id));
    this.#done = new Set([...this.#done].filter((id) => listed.has(id)));
    // A shard of which nothing was read may have closed before the time where reading begins: its children did not.
    const { sequence, from } = lane.position;
    this.#openReadable(sequence === null ? from : null);
  }

  /** Whether the batch is full. */
  #decode(lane: Lane, record: QueuedRecord, rowsMax: number): boolean {
    const decoder = this.#decoder;
    if (record.left) return this.#leaveOut(lane, record, record.left, rowsMax);
    if (this.#open !== record) {
      const { sequence, sub, isLast, data } = record;
      const user = sub > 0 || !isLast ? `, user record ${sub},` : '';
      decoder.begin(lane.offset, `sequence number ${sequence}${user} in ${lane.shard}`);
      decoder.push(lane.offset > 0 ? data.subarray(lane.offset) : data);
      decoder.end();
      this.#open = record;
    }
    this.#time = record.time;
    const isFull = decoder.decode(record.time, rowsMax);
    if (this.#metadata.length > 0 || this.#options.isPartitioned) this.#runs.push({ to: decoder.rows, record, lane });
    if (isFull) {
      lane.polledTo(decoder.offset);
      return true;
    }
    lane.shift();
    this.#open = null;
    return false;
  }

  /** A record without rows takes its turn as any other, so that it is behind the position, and its failure reported, once. */
  #leaveOut(
    lane: Lane,
    { sequence, time, data }: QueuedRecord,
    left: NonNullable<QueuedRecord['left']>,
    rowsMax: number,
  ): boolean {
    this.#time = time;
    lane.shift();
    if (left.result === 'Dropped') return false;
    const { name, message } = left;
    const decoder = this.#decoder;
    decoder.reject({
      time,
      name,
      message: `${message}; record with sequence number ${sequence} in ${lane.shard}`,
      record: data,
    });
    // Of nothing it decodes nothing, and says whether it is full.
    decoder.begin();
    decoder.end();
    return decoder.decode(time, rowsMax);
  }

  /** Merges what comes, until there is something, for half a second. Whether there was. */
  async #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = (polled: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        this.#wake = () => {};
        resolve(polled);
      };
      const abort = () => stop(false);
      const timer = setTimeout(abort, pollMs);
      signal.addEventListener('abort', abort);
      this.#wake = () => {
        const polled = this.#merge();
        if (polled || this.#failure !== null) stop(polled);
      };
      if (signal.aborted || this.#failure !== null) abort();
    });
  }
}

interface Run {
  readonly to: number;
  readonly record: QueuedRecord;
  readonly lane: Lane;
}

function metadataColumn({ name, type }: Schema[number], runs: readonly Run[]): Column {
  const builder = new ColumnBuilder(columnKind(type));
  for (const { to, record, lane } of runs) {
    const value = metadataOf[name](record, lane);
    while (builder.length < to) builder.push(value);
  }
  return builder.finish();
}

function shardOfEach(length: number, runs: readonly Run[]): Float64Array {
  return partitionOfEach(
    length,
    runs.map(({ to, lane }) => ({ to, partition: lane.number })),
  );
}

function isBefore(a: Lane, b: Lane): boolean {
  return a.time < b.time || (a.time === b.time && a.shard < b.shard);
}

function positionAt(shard: string, from: Millis | null): ShardPosition {
  return { shard, from, sequence: null, sub: null, offset: 0 };
}

function goneShard({ shard, sequence }: ShardPosition, time: Millis): RejectedRecord {
  return {
    name: 'ShardGone',
    message: `${shard} is older than the retention of its stream: what came after sequence number ${sequence ?? '(none)'} is lost`,
    time,
    record: new Uint8Array(0),
  };
}
