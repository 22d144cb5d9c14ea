import { randomUUID } from 'node:crypto';
import { type AwsConnection, clientConfig, type Retry, realPace, regionOf, untilDone } from '@rowtime/aws';
import { FunctionFailed, outcomesOf, rejected } from './lambda/answer.ts';
import type { Outcome, RecordProcessor, UnprocessedRecord } from './processor.ts';

export type { Outcome, RecordProcessor, UnprocessedRecord } from './processor.ts';

export interface LambdaProcessorOptions {
  /** The name of the function, or its ARN, of a version or alias too. */
  readonly functionName: string;
  /** What the function is told about who calls, and for which stream. */
  readonly applicationArn: string;
  readonly streamArn: string;
  readonly client?: AwsConnection;
  /** How many records one call brings at most. Default 500. */
  readonly recordsPerCall?: number;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  /** The longest wait before a call is made again. Default 30 s. */
  readonly retryMsMax?: number;
  readonly onRetry?: (retry: Retry) => void;
  /** The answer has records that were not sent: they belong to nothing, and are left aside. */
  readonly onStray?: (message: string) => void;
}

/** AWS Lambda guide, "Quotas": the payload of a synchronous call, and of its answer. */
const payloadBytesMax = 6 << 20;
/** Names, ids and metadata of one record, without its partition key; and of the whole. */
const recordOverheadBytes = 384;
const payloadOverheadBytes = 4096;
/** A function may take fifteen minutes. */
const functionMsMax = 15 * 60_000;

/**
 * Records through a function before they are decoded, as Kinesis Analytics did (AWS developer guide, "Preprocessing Data
 * Using a Lambda Function"). A call brings
 *
 *     { invocationId, applicationArn, streamArn, records: [{ recordId, data,
 *       kinesisStreamRecordMetadata: { sequenceNumber, partitionKey, shardId, approximateArrivalTimestamp }   of a data stream
 *       kinesisFirehoseRecordMetadata: { approximateArrivalTimestamp } }] }                                or: of a delivery stream
 *
 * with `data` in base64 and times in milliseconds, and the function answers for each record
 * { records: [{ recordId, result: 'Ok' | 'Dropped' | 'ProcessingFailed', data }] }. A call that fails is made again, with the
 * same records, for as long as it takes, and the input waits; a record that the answer lacks is rejected.
 *
 * IAM: lambda:InvokeFunction on the function.
 */
export async function lambdaProcessor(options: LambdaProcessorOptions): Promise<RecordProcessor> {
  const { functionName, applicationArn, streamArn, recordsPerCall = 500, random, retryMsMax, onRetry } = options;
  // Here and not above, so that who has no function loads nothing of AWS.
  const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  const isArn = functionName.startsWith('arn:');
  const client = new LambdaClient({
    ...(isArn && { region: functionName.split(':')[3]! }),
    ...clientConfig({ requestTimeoutMs: functionMsMax, ...options.client }),
  });
  const resource = `function ${functionName}`;
  const region = await regionOf(client, resource);
  const arn = isArn ? functionName : `arn:aws:lambda:${region}:*:function:${functionName}`;
  let isFirst = true;

  const invoke = async (payload: Uint8Array, signal: AbortSignal): Promise<string> => {
    const command = new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'RequestResponse',
      Payload: payload,
    });
    const { FunctionError, Payload = new Uint8Array(0) } = await client.send(command, { abortSignal: signal });
    isFirst = false;
    const text = Buffer.from(Payload).toString('utf8');
    if (FunctionError !== undefined) throw new FunctionFailed(`${FunctionError}: ${text.slice(0, 500)}`);
    // Lambda itself lets no such answer through; who decodes may then count on it.
    if (Payload.length > payloadBytesMax + payloadOverheadBytes)
      throw new FunctionFailed(`it answered with ${Payload.length} bytes, and Lambda takes ${payloadBytesMax}`);
    return text;
  };

  const call = async (records: readonly UnprocessedRecord[], signal: AbortSignal): Promise<readonly Outcome[]> => {
    const sent = records.map(sentRecord);
    // Made once: the function is called again with the same bytes.
    const payload = Buffer.from(
      JSON.stringify({ invocationId: randomUUID(), applicationArn, streamArn, records: sent }),
    );
    const ids = sent.map(({ recordId }) => recordId);
    signal.throwIfAborted();
    const answered = await untilDone(async () => outcomesOf(await invoke(payload, signal), ids), {
      action: 'lambda:InvokeFunction',
      resource,
      arn,
      region,
      isFirst,
      pace: { ...realPace, random },
      stop: signal,
      waitMsMax: retryMsMax,
      onRetry,
    });
    if (answered.strays.length > 0) {
      const example = answered.strays[0];
      options.onStray?.(`${resource} answered for ${answered.strays.length} records that it was not given: ${example}`);
    }
    return answered.outcomes;
  };

  return {
    recordsMax: recordsPerCall,
    async process(records, signal) {
      const outcomes: Outcome[] = [];
      while (outcomes.length < records.length) {
        const from = outcomes.length;
        const to = fitting(records, from, Math.min(records.length, from + recordsPerCall));
        if (to > from) outcomes.push(...(await call(records.slice(from, to), signal)));
        else outcomes.push(tooLarge(records[from]!));
      }
      return outcomes;
    },
    close: () => client.destroy(),
  };
}

/** How far records fit into one call. */
function fitting(records: readonly UnprocessedRecord[], from: number, toMax: number): number {
  let bytes = payloadOverheadBytes;
  let to = from;
  while (to < toMax) {
    const { data, place } = records[to]!;
    // A character of the key may be six in JSON.
    bytes += base64Bytes(data.length) + recordOverheadBytes + 6 * (place?.partitionKey.length ?? 0);
    if (bytes > payloadBytesMax) break;
    to++;
  }
  return to;
}

function base64Bytes(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

function tooLarge({ data }: UnprocessedRecord): Outcome {
  return rejected(
    `the record has ${data.length} bytes, which is more in base64 than a call of a function can bring: ${payloadBytesMax}`,
  );
}

function sentRecord({ data, arrival, place }: UnprocessedRecord) {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString('base64');
  const approximateArrivalTimestamp = arrival;
  if (!place)
    return { recordId: randomUUID(), kinesisFirehoseRecordMetadata: { approximateArrivalTimestamp }, data: text };
  const { sequenceNumber, partitionKey, shardId } = place;
  const kinesisStreamRecordMetadata = { sequenceNumber, partitionKey, shardId, approximateArrivalTimestamp };
  return { recordId: sequenceNumber, kinesisStreamRecordMetadata, data: text };
}
