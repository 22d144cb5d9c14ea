import type { FirehoseClient } from '@aws-sdk/client-firehose';
import {
  type Attempts,
  type AwsConnection,
  awsError,
  clientConfig,
  isServiceError,
  judge,
  LostReply,
  type Pace,
  pause,
  type Retry,
  realPace,
  regionOf,
  Stopped,
} from '@rowtime/aws';
import { assert, type Batch, type RowErrors, type Schema, type Sink } from '@rowtime/core';
import type { SinkCounters } from './counters.ts';
import { createEncoder, type RowFormat } from './encode/format.ts';
import type { RowEncoder } from './encode/row-encoder.ts';
import { CallPacker, type PutRecords } from './put-records.ts';

export interface FirehoseSinkOptions extends AwsConnection {
  /** The name of the delivery stream. Its source is Direct PUT. */
  readonly deliveryStream: string;
  /** The in-application stream, for messages. */
  readonly stream: string;
  readonly schema: Schema;
  /** Default JSON. After a row comes what it says; by default nothing, or with `pack: 'lines'` the end of a line. */
  readonly format?: RowFormat;
  /** 'row', the default: a row is a record, as Kinesis Analytics had it. 'lines': as many rows as fit are one record. Firehose
   *  bills each record as 5 KB or more, so that small rows cost many times less as lines. */
  readonly pack?: 'row' | 'lines';
  /** Of a record of lines. Default 128 KiB. */
  readonly recordBytes?: number;
  /** How many calls may be under way. Default 8. */
  readonly callsAtOnce?: number;
  /** Aborted: calls that fail are not tried again, and what is not delivered goes into the checkpoint, for the next process. */
  readonly stop?: AbortSignal;
  readonly onRetry?: (retry: Retry) => void;
  readonly pace?: Pace;
  /** Called before each call. A test that throws here has the process die at that point. */
  readonly beforeStep?: (step: string) => void;
}

export interface FirehoseSink extends Sink {
  readonly counters: SinkCounters;
}

/** AWS Firehose API reference, PutRecordBatch; AWS Firehose guide, "Quota". A record counts before base64. The limit of a call
 *  is taken for what is on the wire, so that no reading of it is broken. */
const limits = { recordsPerCall: 500, recordBytes: 1_024_000, callBytes: 4 << 20 };

/** Rows into a delivery stream, at least once: prepare resolves when Firehose has acknowledged all of them. Of a call that
 *  failed in part only the failed records are sent again, for as long as it takes; meanwhile `pendingBytes` grows and the job
 *  stops polling. A row too large for a record goes to error_stream.
 *
 *  Twice comes: what a call stored whose reply was lost (`counters.duplicatesPossible`), and what a process that died had sent
 *  since its last checkpoint. Order is not kept, as Firehose has none.
 *
 *  IAM: firehose:PutRecordBatch on the delivery stream. */
export function firehoseSink(options: FirehoseSinkOptions): FirehoseSink {
  return new RecordSender(options);
}

class RecordSender implements FirehoseSink {
  readonly #options: FirehoseSinkOptions;
  readonly #encoder: RowEncoder;
  readonly #packer: CallPacker;
  readonly #callsAtOnce: number;
  readonly #pace: Pace;
  /** Ends the loops of this process: it is told to stop, closed, or broken. */
  readonly #ending = new AbortController();
  readonly #stop: AbortSignal;
  #client: { readonly client: FirehoseClient; readonly put: Put } | null = null;
  /** When the first row that `#packer` holds came. */
  #packedSince = 0;
  #waiting: Sending[] = [];
  readonly #sending = new Map<Sending, Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  #recordsIn = 0;
  #recordsAcked = 0;
  #recordsRetried = 0;
  #recordsDead = 0;
  #bytesAcked = 0;
  #pendingBytes = 0;
  #duplicatesPossible = 0;

  constructor(options: FirehoseSinkOptions) {
    const { schema, format = { type: 'JSON' }, pack = 'row', recordBytes = 128 << 10, callsAtOnce = 8 } = options;
    if (!(recordBytes >= 1 && recordBytes <= limits.recordBytes)) {
      throw new RangeError(`recordBytes is from 1 to ${limits.recordBytes}`);
    }
    const lines = pack === 'lines' && format.delimiter === undefined ? { ...format, delimiter: '\n' } : format;
    if (pack === 'lines' && !lines.delimiter?.endsWith('\n')) {
      throw new RangeError(
        "with pack: 'lines' the delimiter of the format ends in \\n: rows of one record are told apart by it",
      );
    }
    this.#options = options;
    this.#encoder = createEncoder(schema, lines);
    this.#packer = new CallPacker({
      recordsPerCall: limits.recordsPerCall,
      wireBytes: limits.callBytes - callOverheadBytes,
      joinedBytes: pack === 'lines' ? recordBytes : 0,
    });
    this.#callsAtOnce = callsAtOnce;
    this.#pace = options.pace ?? realPace;
    this.#stop = options.stop ? AbortSignal.any([options.stop, this.#ending.signal]) : this.#ending.signal;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get counters(): SinkCounters {
    const inFlight = this.#recordsIn - this.#recordsAcked - this.#recordsDead;
    const since = Math.min(
      this.#packer.isEmpty ? Number.POSITIVE_INFINITY : this.#packedSince,
      ...this.#waiting.map(({ since }) => since),
      ...Array.from(this.#sending.keys(), ({ since }) => since),
    );
    return {
      recordsIn: this.#recordsIn,
      recordsAcked: this.#recordsAcked,
      recordsRetried: this.#recordsRetried,
      recordsDead: this.#recordsDead,
      bytes: this.#bytesAcked,
      inFlight,
      oldestUnackedMs: Number.isFinite(since) ? this.#pace.now() - since : 0,
      duplicatesPossible: this.#duplicatesPossible,
    };
  }

  async open(prepared: unknown): Promise<void> {
    assert(this.#client === null, 'a sink is opened once');
    // Here and not above, so that who writes to files loads nothing of AWS.
    const { FirehoseClient, PutRecordBatchCommand } = await import('@aws-sdk/client-firehose');
    const client = new FirehoseClient(clientConfig(this.#options));
    const DeliveryStreamName = this.#options.deliveryStream;
    await regionOf(client, `delivery stream ${DeliveryStreamName}`);
    const put: Put = async (data) => {
      const Records = data.map((Data) => ({ Data }));
      const command = new PutRecordBatchCommand({ DeliveryStreamName, Records });
      const { RequestResponses = [] } = await client.send(command, { abortSignal: this.#ending.signal });
      return RequestResponses.map(({ ErrorCode }) => ErrorCode ?? null);
    };
    this.#client = { client, put };
    const { unsent } = prepared === null ? { unsent: [] } : own(prepared);
    for (const records of unsent) {
      this.#recordsIn += sum(records.rows);
      this.#pendingBytes += records.bytes.length;
      this.#waiting.push(new Sending(records, this.#pace.now()));
    }
    this.#send();
  }

  write(batch: Batch, errors?: RowErrors): void {
    assert(this.#client, 'open comes first');
    const { bytes, ends } = this.#encoder.encode(batch);
    let from = 0;
    for (let row = 0; row < ends.length; row++) {
      const to = ends[row]!;
      if (to - from > limits.recordBytes) this.#bury(batch, row, to - from, errors);
      else this.#add(bytes, from, to);
      from = to;
    }
    this.#recordsIn += batch.length;
    this.#send();
  }

  advance(): void {}

  async prepare(): Promise<Prepared> {
    this.#cut();
    this.#send();
    while (this.#sending.size > 0) await Promise.all(this.#sending.values());
    if (this.#failure) throw this.#failure.error;
    // Told to stop: what Firehose has not acknowledged is sealed in the checkpoint.
    return { deliveryStream: this.#options.deliveryStream, unsent: this.#waiting.map(({ left }) => left) };
  }

  async commit(prepared: unknown): Promise<void> {
    own(prepared);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#sending.values());
    this.#client?.client.destroy();
  }

  #add(bytes: Uint8Array, from: number, to: number): void {
    if (this.#packer.isEmpty) this.#packedSince = this.#pace.now();
    if (!this.#packer.add(bytes, from, to)) {
      this.#cut();
      this.#packedSince = this.#pace.now();
      this.#packer.add(bytes, from, to);
    }
    this.#pendingBytes += to - from;
  }

  #bury(batch: Batch, row: number, size: number, errors: RowErrors | undefined): void {
    const { stream, schema, deliveryStream } = this.#options;
    this.#recordsDead++;
    const message =
      `a row of ${stream} has ${size} bytes; Firehose takes at most ${limits.recordBytes} in a record ` +
      `(delivery stream ${deliveryStream})`;
    errors?.report({ name: 'OutputRecordTooLarge', message }, schema, batch, row);
  }

  #cut(): void {
    if (!this.#packer.isEmpty) this.#waiting.push(new Sending(this.#packer.take(), this.#packedSince));
  }

  /** Begins as many calls as may be under way. */
  #send(): void {
    while (this.#waiting.length > 0 && this.#sending.size < this.#callsAtOnce && !this.#stop.aborted) {
      const sending = this.#waiting.shift()!;
      const delivered = this.#deliver(sending).then(
        () => {
          this.#sending.delete(sending);
          this.#send();
        },
        (error) => {
          this.#sending.delete(sending);
          this.#waiting.unshift(sending);
          if (error instanceof Stopped) return;
          this.#failure ??= { error };
          this.#ending.abort();
        },
      );
      this.#sending.set(sending, delivered);
    }
  }

  async #deliver(sending: Sending): Promise<void> {
    const call = this.#call();
    for (let attempt = 1; ; ) {
      const before = sending.count;
      const error = await this.#attempt(sending);
      if (sending.count === 0) return;
      this.#recordsRetried += sending.rows;
      // Where some records were taken the service is alive: it is asked again soon.
      attempt = sending.count < before ? 1 : attempt;
      await pause(attempt++, error, call);
    }
  }

  /** Sends what is left of a call once. Returns why something is still left, if it is. */
  async #attempt(sending: Sending): Promise<unknown> {
    assert(this.#client, 'open comes first');
    this.#options.beforeStep?.(`put ${sending.count} records`);
    let outcome: readonly (string | null)[];
    try {
      outcome = await this.#client.put(sending.data());
      if (outcome.length !== sending.count)
        throw new LostReply(`${outcome.length} results for ${sending.count} records`);
    } catch (error) {
      if (!isServiceError(error)) throw error;
      if (judge(error) === 'fatal') throw awsError(error, this.#call());
      if (judge(error) === 'unknown') this.#duplicatesPossible += sending.rows;
      return error;
    }
    const { rows, bytes } = sending;
    sending.keep((record) => outcome[record] !== null);
    this.#recordsAcked += rows - sending.rows;
    this.#bytesAcked += bytes - sending.bytes;
    this.#pendingBytes -= bytes - sending.bytes;
    return new Error(`${sending.count} of ${outcome.length} records refused: ${outcome.find((code) => code !== null)}`);
  }

  #call(): Attempts {
    const { deliveryStream, region, onRetry } = this.#options;
    return {
      action: 'firehose:PutRecordBatch',
      resource: `delivery stream ${deliveryStream}`,
      arn: `arn:aws:firehose:${region ?? '*'}:*:deliverystream/${deliveryStream}`,
      region,
      pace: this.#pace,
      stop: this.#stop,
      onRetry,
    };
  }
}

/** Sends records; resolves to the error code of each, null for one that was taken. */
type Put = (data: readonly Uint8Array[]) => Promise<readonly (string | null)[]>;

/** `{"DeliveryStreamName":"…","Records":[]}` */
const callOverheadBytes = 256;

/** The records of a call that are not acknowledged yet. */
class Sending {
  readonly since: number;
  left: PutRecords;

  constructor(records: PutRecords, since: number) {
    this.left = records;
    this.since = since;
  }

  get count(): number {
    return this.left.ends.length;
  }

  get rows(): number {
    return sum(this.left.rows);
  }

  get bytes(): number {
    return this.left.bytes.length;
  }

  data(): Uint8Array[] {
    const { bytes, ends } = this.left;
    return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
  }

  keep(isKept: (record: number) => boolean): void {
    const data = this.data();
    const kept = data.map((_, i) => i).filter(isKept);
    if (kept.length === data.length) return;
    let end = 0;
    this.left = {
      bytes: Buffer.concat(kept.map((i) => data[i]!)),
      ends: kept.map((i) => (end += data[i]!.length)),
      rows: kept.map((i) => this.left.rows[i]!),
    };
  }
}

/** What a checkpoint holds: nothing, unless the process was told to stop before Firehose had taken everything. */
interface Prepared {
  readonly deliveryStream: string;
  readonly unsent: readonly PutRecords[];
}

function own(prepared: unknown): Prepared {
  const { deliveryStream, unsent } = (prepared ?? {}) as Partial<Prepared>;
  const isWhole = (records: Partial<PutRecords>): boolean =>
    records.bytes instanceof Uint8Array &&
    Array.isArray(records.ends) &&
    Array.isArray(records.rows) &&
    records.ends.length === records.rows.length &&
    (records.ends.at(-1) ?? 0) === records.bytes.length;
  if (typeof deliveryStream === 'string' && Array.isArray(unsent) && unsent.every(isWhole))
    return { deliveryStream, unsent };
  throw new Error('the checkpoint does not hold what a Firehose sink prepared');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
