import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { type AwsConnection, clientConfig, http1, type Pace, type Retry, regionOf } from '@rowtime/aws';
import { assert, type Batch, type Failure, type RowErrors, type Schema, type Sink, valueAt } from '@rowtime/core';
import type { SinkCounters } from './counters.ts';
import { Delivery, type Outgoing } from './delivery.ts';
import { createEncoder, type RowFormat } from './encode/format.ts';
import type { RowEncoder } from './encode/row-encoder.ts';
import { own, type Prepared, prepared, resume } from './unsent.ts';

export interface KinesisSinkOptions extends AwsConnection {
  /** The name of the data stream, or its ARN. */
  readonly dataStream: string;
  /** The in-application stream, for messages. */
  readonly stream: string;
  readonly schema: Schema;
  /** Default JSON. After a row comes what it says; by default nothing. */
  readonly format?: RowFormat;
  /** The column whose value is the partition key: rows of one key go to one shard, in order. Default: none, and rows are
   *  spread over the shards by their number, as are those whose key is NULL or empty. */
  readonly partitionKey?: string;
  /** A row waits until the one of its key before it was taken. Otherwise, when PutRecords refuses a row, a later one of the
   *  same call may come before it. Costs throughput where keys are few: a call then holds one row of each. Default false. */
  readonly strictOrder?: boolean;
  /** How many calls may be under way: keys are divided among them. Default 4. */
  readonly callsAtOnce?: number;
  /** MaxRecordSize of the stream, 1 MiB unless it was raised, to 10 MiB at most. A key counts too. */
  readonly recordBytesMax?: number;
  /** Aborted: calls that fail are not tried again, and what is not delivered goes into the checkpoint, for the next process. */
  readonly stop?: AbortSignal;
  readonly onRetry?: (retry: Retry) => void;
  readonly pace?: Pace;
  /** Called before each call. A test that throws here has the process die at that point. */
  readonly beforeStep?: (step: string) => void;
}

export interface KinesisSink extends Sink {
  readonly counters: SinkCounters;
}

/** AWS Kinesis API reference, PutRecords. It takes 10 MiB a call; 5 MiB, of old, every server takes. */
const limits = { recordsPerCall: 500, callBytes: 5 << 20, keyLength: 256 };

/** Rows into a Kinesis data stream, at least once: prepare resolves when the stream has taken all of them. Of a call that
 *  failed in part only the failed rows are sent again, for as long as it takes; meanwhile `pendingBytes` grows and the job
 *  stops polling. A row too large for a record goes to error_stream.
 *
 *  Twice comes: what a call stored whose reply was lost (`counters.duplicatesPossible`), and what a process that died had sent
 *  since its last checkpoint.
 *
 *  IAM: kinesis:PutRecords on the stream. */
export function kinesisSink(options: KinesisSinkOptions): KinesisSink {
  const { schema, partitionKey, recordBytesMax = 1 << 20 } = options;
  if (partitionKey !== undefined && !schema.some(({ name }) => name === partitionKey)) {
    throw new RangeError(`stream ${options.stream} has no column ${partitionKey} for the partition key`);
  }
  if (!(recordBytesMax >= 1 && recordBytesMax <= 10 << 20)) throw new RangeError('recordBytesMax is from 1 to 10 MiB');
  return new RecordPutter(options, recordBytesMax);
}

class RecordPutter implements KinesisSink {
  readonly #options: KinesisSinkOptions;
  readonly #name: string;
  readonly #recordBytesMax: number;
  readonly #encoder: RowEncoder;
  readonly #keyColumn: number;
  readonly #delivery: Delivery;
  #client: { readonly client: KinesisClient; readonly put: Put } | null = null;
  #rows = 0;

  constructor(options: KinesisSinkOptions, recordBytesMax: number) {
    const { dataStream, schema, format = { type: 'JSON' }, partitionKey, callsAtOnce = 4, region } = options;
    this.#options = options;
    this.#name = dataStream.slice(dataStream.lastIndexOf('/') + 1);
    this.#recordBytesMax = recordBytesMax;
    this.#encoder = createEncoder(schema, format);
    this.#keyColumn = schema.findIndex(({ name }) => name === partitionKey);
    const arn = dataStream.startsWith('arn:') ? dataStream : `arn:aws:kinesis:${region ?? '*'}:*:stream/${dataStream}`;
    this.#delivery = new Delivery({
      call: { action: 'kinesis:PutRecords', resource: `stream ${dataStream}`, arn, region },
      groups: callsAtOnce,
      cut: options.strictOrder ? oneOfEachKey : cut,
      send: (records, signal) => this.#put(records, signal),
      stop: options.stop,
      onRetry: options.onRetry,
      pace: options.pace,
      beforeStep: options.beforeStep,
    });
  }

  get pendingBytes(): number {
    return this.#delivery.pendingBytes;
  }

  get counters(): SinkCounters {
    return this.#delivery.counters;
  }

  async open(saved: unknown): Promise<void> {
    assert(this.#client === null, 'a sink is opened once');
    const { dataStream } = this.#options;
    // Here and not above, so that who writes to files loads nothing of AWS.
    const { KinesisClient, PutRecordsCommand } = await import('@aws-sdk/client-kinesis');
    const isArn = dataStream.startsWith('arn:');
    const client = new KinesisClient({
      ...(isArn && { region: dataStream.split(':')[3] }),
      ...clientConfig(this.#options),
      requestHandler: await http1(this.#options),
    });
    await regionOf(client, `stream ${dataStream}`);
    const stream = { StreamName: this.#name, ...(isArn && { StreamARN: dataStream }) };
    const put: Put = async (records, signal) => {
      const Records = records.map(({ key, data }) => ({ PartitionKey: key, Data: data }));
      const reply = await client.send(new PutRecordsCommand({ ...stream, Records }), { abortSignal: signal });
      return (reply.Records ?? []).map(({ ErrorCode }) => ErrorCode ?? null);
    };
    this.#client = { client, put };
    this.#rows = resume(this.#delivery, saved, dataStream);
    this.#delivery.send();
  }

  write(batch: Batch, errors?: RowErrors): void {
    assert(this.#client, 'open comes first');
    const { schema } = this.#options;
    const { bytes, ends } = this.#encoder.encode(batch);
    for (let row = 0, from = 0; row < batch.length; row++) {
      const to = ends[row]!;
      const key = this.#keyOf(batch, row);
      const size = to - from + Buffer.byteLength(key);
      const failure = this.#failureOf(key, size);
      if (failure) {
        errors?.report(failure, schema, batch, row);
        this.#delivery.bury();
      } else {
        this.#delivery.add(key, bytes.slice(from, to));
      }
      this.#rows++;
      from = to;
    }
    this.#delivery.send();
  }

  advance(): void {}

  async prepare(): Promise<Prepared> {
    return prepared(this.#options.dataStream, this.#rows, await this.#delivery.flush());
  }

  async commit(saved: unknown): Promise<void> {
    own(saved, this.#options.dataStream);
  }

  async close(): Promise<void> {
    await this.#delivery.close();
    this.#client?.client.destroy();
  }

  /** The number of the row is the same when the row comes again after a restart. */
  #keyOf(batch: Batch, row: number): string {
    const value = this.#keyColumn < 0 ? null : valueAt(batch.columns[this.#keyColumn]!, row);
    return value === null || value === '' ? String(this.#rows) : String(value);
  }

  /** Why a row can never be a record, if it cannot. */
  #failureOf(key: string, size: number): Failure | null {
    const { stream, dataStream } = this.#options;
    const [max, to] = [this.#recordBytesMax, `(stream ${dataStream})`];
    if (size > max) {
      const found = `a row of ${stream} has ${size} bytes with its key`;
      return { name: 'OutputRecordTooLarge', message: `${found}; Kinesis takes at most ${max} ${to}` };
    }
    // In UTF-16 units there are never fewer than characters.
    if (key.length <= limits.keyLength || [...key].length <= limits.keyLength) return null;
    const found = `a row of ${stream} has a partition key of ${[...key].length} characters`;
    return { name: 'OutputKeyTooLong', message: `${found}; Kinesis takes at most ${limits.keyLength} ${to}` };
  }

  async #put(records: readonly Outgoing[], signal: AbortSignal): Promise<readonly (string | null)[]> {
    assert(this.#client, 'open comes first');
    return this.#client.put(records, signal);
  }
}

type Put = (records: readonly Outgoing[], signal: AbortSignal) => Promise<readonly (string | null)[]>;

function cut(waiting: readonly Outgoing[]): number {
  let bytes = 0;
  let count = 0;
  while (count < waiting.length && count < limits.recordsPerCall) {
    const { key, data } = waiting[count]!;
    bytes += data.length + Buffer.byteLength(key);
    if (bytes > limits.callBytes && count > 0) break;
    count++;
  }
  return count;
}

function oneOfEachKey(waiting: readonly Outgoing[]): number {
  const keys = new Set<string>();
  const fitting = cut(waiting);
  for (let count = 0; count < fitting; count++) {
    if (keys.has(waiting[count]!.key)) return count;
    keys.add(waiting[count]!.key);
  }
  return fitting;
}
