import { createHash } from 'node:crypto';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { type AwsConnection, clientConfig, LostReply, type Pace, type Retry, regionOf } from '@rowtime/aws';
import { assert, type Batch, type RowErrors, type Schema, type Sink } from '@rowtime/core';
import type { SinkCounters } from './counters.ts';
import { Delivery, type Outgoing } from './delivery.ts';
import { createEncoder, type RowFormat } from './encode/format.ts';
import type { RowEncoder } from './encode/row-encoder.ts';
import { own, type Prepared, prepared, resume } from './unsent.ts';

export interface LambdaSinkOptions extends AwsConnection {
  /** The name of the function, or its ARN, of a version or alias too. */
  readonly functionName: string;
  /** What the function is told about who calls. */
  readonly applicationArn: string;
  /** The in-application stream, for messages. */
  readonly stream: string;
  readonly schema: Schema;
  /** Default JSON. */
  readonly format?: RowFormat;
  /** How many rows one call brings at most. Default 500. */
  readonly recordsPerCall?: number;
  /** Aborted: calls that fail are not tried again, and what is not delivered goes into the checkpoint, for the next process. */
  readonly stop?: AbortSignal;
  readonly onRetry?: (retry: Retry) => void;
  readonly pace?: Pace;
  /** Called before each call. A test that throws here has the process die at that point. */
  readonly beforeStep?: (step: string) => void;
}

export interface LambdaSink extends Sink {
  readonly counters: SinkCounters;
}

/** AWS Lambda guide, "Quotas": the payload of a synchronous call. */
const payloadBytesMax = 6 << 20;
/** Names and ids of one record, and of the whole. */
const recordOverheadBytes = 128;
const payloadOverheadBytes = 4096;

/** Rows to a function, as Kinesis Analytics called one for its output (AWS developer guide, "Using a Lambda Function as
 *  Output"): a call brings
 *
 *      { invocationId, applicationArn, records: [{ recordId, lambdaDeliveryRecordMetadata: { retryHint }, data }] }
 *
 *  with `data` in base64 and `retryHint` the number of calls that brought the record before, and the function answers
 *  { records: [{ recordId, result: 'Ok' | 'DeliveryFailed' }] }. What is not Ok is brought again, for as long as it takes,
 *  one call after the other. At least once: prepare resolves when all rows are Ok.
 *
 *  IAM: lambda:InvokeFunction on the function. */
export function lambdaSink(options: LambdaSinkOptions): LambdaSink {
  return new Caller(options);
}

class Caller implements LambdaSink {
  readonly #options: LambdaSinkOptions;
  readonly #encoder: RowEncoder;
  readonly #delivery: Delivery;
  #client: { readonly client: LambdaClient; readonly invoke: Invoke } | null = null;
  #rows = 0;

  constructor(options: LambdaSinkOptions) {
    const { functionName, schema, format = { type: 'JSON' }, recordsPerCall = 500, region } = options;
    this.#options = options;
    this.#encoder = createEncoder(schema, format);
    const resource = `function ${functionName}`;
    const arn = functionName.startsWith('arn:')
      ? functionName
      : `arn:aws:lambda:${region ?? '*'}:*:function:${functionName}`;
    this.#delivery = new Delivery({
      call: { action: 'lambda:InvokeFunction', resource, arn, region },
      groups: 1,
      cut: (waiting) => fitting(waiting, recordsPerCall),
      send: (records, signal) => this.#call(records, signal),
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
    // Here and not above, so that who writes to files loads nothing of AWS.
    const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
    // A function may take fifteen minutes.
    const client = new LambdaClient(clientConfig({ requestTimeoutMs: 15 * 60_000, ...this.#options }));
    const FunctionName = this.#options.functionName;
    await regionOf(client, `function ${FunctionName}`);
    const invoke: Invoke = async (event, signal) => {
      const command = new InvokeCommand({ FunctionName, InvocationType: 'RequestResponse', Payload: event });
      const { FunctionError, Payload } = await client.send(command, { abortSignal: signal });
      const text = Buffer.from(Payload ?? []).toString('utf8');
      // What it had done before it failed, nobody knows.
      if (FunctionError !== undefined)
        throw new LostReply(`the function failed: ${FunctionError}: ${text.slice(0, 500)}`);
      return text;
    };
    this.#client = { client, invoke };
    this.#rows = resume(this.#delivery, saved, this.#options.functionName);
    this.#delivery.send();
  }

  write(batch: Batch, errors?: RowErrors): void {
    assert(this.#client, 'open comes first');
    const { stream, schema, functionName } = this.#options;
    const { bytes, ends } = this.#encoder.encode(batch);
    for (let row = 0, from = 0; row < batch.length; row++) {
      const to = ends[row]!;
      if (payloadBytes(to - from) > payloadBytesMax - payloadOverheadBytes) {
        const message = `a row of ${stream} has ${to - from} bytes, which is more in base64 than a call of function ${functionName} can bring: ${payloadBytesMax}`;
        errors?.report({ name: 'OutputRecordTooLarge', message }, schema, batch, row);
        this.#delivery.bury();
      } else {
        this.#delivery.add(String(this.#rows), bytes.slice(from, to));
      }
      this.#rows++;
      from = to;
    }
    this.#delivery.send();
  }

  advance(): void {}

  async prepare(): Promise<Prepared> {
    return prepared(this.#options.functionName, this.#rows, await this.#delivery.flush());
  }

  async commit(saved: unknown): Promise<void> {
    own(saved, this.#options.functionName);
  }

  async close(): Promise<void> {
    await this.#delivery.close();
    this.#client?.client.destroy();
  }

  async #call(rows: readonly Outgoing[], signal: AbortSignal): Promise<readonly (string | null)[]> {
    assert(this.#client, 'open comes first');
    const { applicationArn } = this.#options;
    const event = {
      invocationId: idOf(applicationArn, rows),
      applicationArn,
      records: rows.map(({ key, data, attempts }) => ({
        recordId: key,
        lambdaDeliveryRecordMetadata: { retryHint: attempts },
        data: Buffer.from(data.buffer, data.byteOffset, data.length).toString('base64'),
      })),
    };
    const text = await this.#client.invoke(Buffer.from(JSON.stringify(event)), signal);
    const results = resultsOf(text);
    return rows.map(({ key }) => {
      const result = results.get(key);
      return result === 'Ok' ? null : (result ?? 'the function did not answer for the record');
    });
  }
}

type Invoke = (event: Uint8Array, signal: AbortSignal) => Promise<string>;

function fitting(waiting: readonly Outgoing[], recordsPerCall: number): number {
  let bytes = payloadOverheadBytes;
  let count = 0;
  while (count < waiting.length && count < recordsPerCall) {
    bytes += payloadBytes(waiting[count]!.data.length);
    if (bytes > payloadBytesMax && count > 0) break;
    count++;
  }
  return count;
}

function payloadBytes(bytes: number): number {
  return Math.ceil(bytes / 3) * 4 + recordOverheadBytes;
}

/** The same call made again has the same id; another has another. */
function idOf(applicationArn: string, rows: readonly Outgoing[]): string {
  const hash = createHash('sha256').update(applicationArn);
  for (const { key, attempts } of rows) hash.update(`\n${key} ${attempts}`);
  const hex = hash.digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function resultsOf(text: string): Map<string, string> {
  let reply: unknown;
  try {
    reply = JSON.parse(text);
  } catch {
    throw new LostReply(`the function answered with what is no JSON: ${text.slice(0, 500)}`);
  }
  const { records } = (reply ?? {}) as { records?: unknown };
  if (!Array.isArray(records)) {
    throw new LostReply(`the function answered without { records: [{ recordId, result }] }: ${text.slice(0, 500)}`);
  }
  const results = new Map<string, string>();
  for (const record of records as unknown[]) {
    const { recordId, result } = (record ?? {}) as { recordId?: unknown; result?: unknown };
    if (typeof recordId === 'string' && typeof result === 'string') results.set(recordId, result);
  }
  return results;
}
