import { join } from 'node:path';
import type { Participant, Schema, Source } from '@rowtime/core';
import { createDecoder, type InputSchema } from '@rowtime/sources/decoder';
import { fileSource } from '@rowtime/sources/file';
import { DeliveryStreams, deliveryStreamSource, firehoseEndpoint, listen } from '@rowtime/sources/firehose';
import type { RecordProcessor } from '@rowtime/sources/lambda';
import { nameAndRegion, parseArn, parseS3Url } from '../application/arn.ts';
import type { InputSection, RowtimeSection } from '../application/rowtime-schema.ts';
import { durationOf } from '../duration.ts';
import { CommandError } from '../exit.ts';
import { landingIn } from '../landing.ts';
import { isLoopback } from '../loopback.ts';
import { bucketConnection, connection } from './aws.ts';

/** An input of an application, ready to be opened by a job. */
export interface ConnectedInput {
  readonly source: Source;
  /** What else of it takes part in checkpoints. */
  readonly participants: readonly Participant[];
  /** Where it goes on that was at a position on another machine, and here for the first time. Left out: at that one. */
  readonly relocate?: (position: unknown) => unknown;
  /** null: it cannot tell. */
  millisBehindLatest(): number | null;
  /** Where records come from, for people. */
  readonly from: string;
  /** Batches have the metadata columns behind their own. */
  readonly hasMetadata: boolean;
  /** After the job has closed the source. */
  close(): Promise<void>;
}

export interface InputContext {
  /** What says so in messages. */
  readonly name: string;
  readonly schema: InputSchema;
  /** By column: whether anyone reads it. */
  readonly used: readonly boolean[];
  /** Metadata columns that anyone reads. */
  readonly metadata: Schema;
  readonly isPartitioned: boolean;
  /** InputStartingPosition. */
  readonly startingPosition: string | undefined;
  readonly rowtime: RowtimeSection;
  /** The ARN of KinesisFirehoseInput. */
  readonly deliveryStream: string | null;
  /** The ARNs of InputLambdaProcessor, and of who calls it and for which stream; null: records are decoded as they come. */
  readonly processor: {
    readonly functionArn: string;
    readonly applicationArn: string;
    readonly streamArn: string;
  } | null;
  readonly state: string;
  /** Aborted: what cannot be delivered now is left to the next process. */
  readonly hurry: AbortSignal;
  readonly now: () => number;
  readonly log: (message: string) => void;
}

const portDefault = 4573;
const bufferBytesDefault = 5 << 20;
const bufferMsDefault = 300_000;

/** Makes the source that a section names. Rejects with what somebody has to mend. */
export async function connectInput(section: InputSection, context: InputContext): Promise<ConnectedInput> {
  switch (section.from) {
    case 'files':
      return connectFiles(section, context);
    case 'directPut':
    case 'httpEndpoint':
      return connectDeliveryStream(section, context);
    case 'kinesis':
      return connectKinesis(section, context);
    case 's3':
      return connectS3(section, context);
  }
}

type Section<From extends InputSection['from']> = Extract<InputSection, { from: From }>;

async function connectFiles(
  { paths }: Section<'files'>,
  { schema, used, isPartitioned, now }: InputContext,
): Promise<ConnectedInput> {
  const source = await fileSource({ input: paths, now, isPartitioned, ...schema });
  source.use(used);
  return {
    source,
    participants: [],
    millisBehindLatest: () => null,
    from: paths.join(', '),
    hasMetadata: false,
    close: async () => {},
  };
}

async function connectKinesis(section: Section<'kinesis'>, context: InputContext): Promise<ConnectedInput> {
  const { name, schema, used, metadata, isPartitioned, startingPosition, rowtime, now, log } = context;
  if (section.stream === undefined)
    throw new CommandError(`${name}: stream is missing: the name of the data stream, or its ARN`);
  const { kinesisSource } = await import('@rowtime/sources/kinesis');
  const at = startOf(section.at ?? startingPosition, name);
  const processor = await connectProcessor(context);
  const source = await kinesisSource({
    ...(processor && { processor }),
    stream: section.stream,
    isPartitioned,
    ...schema,
    start: at === 'NOW' ? 'LATEST' : at === 'TRIM_HORIZON' ? at : { at },
    ...(section.fanOut === true && { fanOut: 'rowtime' }),
    client: connection(rowtime, 'kinesis', nameAndRegion(section.stream).region),
    now,
    random: Math.random,
    onRetry: ({ action, resource, attempt, error }) =>
      log(`${action} on ${resource} failed ${attempt} times: ${String(error)}`),
  });
  source.use(used, metadata);
  return {
    source,
    participants: [],
    millisBehindLatest: () => {
      const known = [...source.millisBehindLatest().values()].filter((millis) => millis !== null);
      return known.length === 0 ? null : Math.max(...known);
    },
    from: section.stream,
    hasMetadata: true,
    close: async () => {},
  };
}

async function connectS3(section: Section<'s3'>, context: InputContext): Promise<ConnectedInput> {
  const { name, schema, used, isPartitioned, rowtime, now, log } = context;
  const url = parseS3Url(section.bucket);
  if (!url) throw new CommandError(`${name}: bucket ${section.bucket} is not s3://bucket/prefix`);
  const { s3Source } = await import('@rowtime/sources/s3');
  const at = startOf(section.at, name);
  const source = await s3Source({
    ...url,
    client: bucketConnection(rowtime),
    inputSchema: schema,
    isPartitioned,
    now,
    random: Math.random,
    ...(at !== 'NOW' && { since: at === 'TRIM_HORIZON' ? null : at }),
    ...(section.suffix !== undefined && { suffix: section.suffix }),
    onRetry: ({ action, resource, attempt, error }) =>
      log(`${action} on ${resource} failed ${attempt} times: ${String(error)}`),
  });
  source.use(used);
  return {
    source,
    participants: [],
    millisBehindLatest: () => source.millisBehindLatest,
    from: section.bucket,
    hasMetadata: false,
    close: async () => {},
  };
}

/** NOW (as is LAST_STOPPED_POINT, which the checkpoint knows), TRIM_HORIZON, or a time. */
function startOf(text: string | undefined, name: string): 'NOW' | 'TRIM_HORIZON' | number {
  if (text === undefined || text === 'NOW' || text === 'LAST_STOPPED_POINT') return 'NOW';
  if (text === 'TRIM_HORIZON') return text;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new CommandError(`${name}: at ${text}: expected NOW, TRIM_HORIZON, or a time such as 2026-11-23T04:00:00Z`);
}

/** The worker is a delivery stream itself: producers, or a delivery stream in AWS, send it records over HTTP. */
async function connectDeliveryStream(
  section: Section<'directPut' | 'httpEndpoint'>,
  context: InputContext,
): Promise<ConnectedInput> {
  const { name, schema, used, deliveryStream, isPartitioned, state, rowtime, hurry, now, log } = context;
  const { host = '127.0.0.1', port = portDefault, bucket } = section;
  const accessKey = section.from === 'httpEndpoint' ? accessKeyOf(section) : null;
  if (accessKey === null && !isLoopback(host)) {
    throw new CommandError(
      `${name}: host ${host}: the Firehose API does not check who calls it and is there on 127.0.0.1 only; httpEndpoint takes records from elsewhere`,
    );
  }
  const stream = (deliveryStream === null ? null : parseArn(deliveryStream)?.name) ?? 'input';
  const bufferBytes = section.bufferSize === undefined ? bufferBytesDefault : Math.round(section.bufferSize * 2 ** 20);
  const bufferMs = section.bufferInterval === undefined ? bufferMsDefault : durationOf(section.bufferInterval)!;
  const landing =
    bucket === undefined
      ? null
      : await landingIn(
          { bucket, s3: bucketConnection(rowtime), stop: hurry },
          { stream, bufferBytes, bufferMs },
          join(state, 'landing'),
        );
  const streams = new DeliveryStreams({
    folder: join(state, 'delivery-streams'),
    now,
    onTorn: (file, bytes) => log(`${file}: cut off ${bytes} bytes that were being written when the process died`),
  });
  const { journal } = await streams.open({
    name: stream,
    created: now(),
    bucket: 'bucket',
    roleArn: 'arn:aws:iam::123456789012:role/firehose',
    prefix: '',
    errorPrefix: null,
    bufferBytes,
    bufferMs,
    compression: 'UNCOMPRESSED',
    timeZone: 'UTC',
  });
  // Records that another machine took are on its disk: here the journal begins.
  const isNew = journal.isNew;
  const app = firehoseEndpoint({
    streams,
    now,
    api: section.from === 'directPut',
    canCreate: false,
    ...(accessKey !== null && { accessKey }),
    onError: (error) => log(error instanceof Error ? error.message : String(error)),
  });
  const processor = await connectProcessor(context);
  const source = deliveryStreamSource({
    journal,
    decoder: createDecoder(schema, { used }),
    stream,
    isPartitioned,
    ...(landing && { landing }),
    ...(processor && { processor }),
  });
  const server = await listen(app, { host, port });
  return {
    source,
    participants: [...(landing ? [landing] : []), source.participant],
    relocate: (position) => (isNew ? journal.start : position),
    millisBehindLatest: () => source.millisBehindLatest(),
    hasMetadata: false,
    from: `${server.url}${section.from === 'httpEndpoint' ? `/firehose/${stream}` : ` (delivery stream ${stream})`}`,
    async close() {
      await server.close();
      await streams.close();
    },
  };
}

/** The function that records pass before they are decoded; null: there is none. */
async function connectProcessor({ processor, rowtime, log }: InputContext): Promise<RecordProcessor | null> {
  if (!processor) return null;
  const { lambdaProcessor } = await import('@rowtime/sources/lambda');
  const { functionArn, applicationArn, streamArn } = processor;
  return lambdaProcessor({
    functionName: functionArn,
    applicationArn,
    streamArn,
    client: connection(rowtime, 'lambda', nameAndRegion(functionArn).region),
    random: Math.random,
    onRetry: ({ action, resource, attempt, error }) =>
      log(`${action} on ${resource} failed ${attempt} times: ${String(error)}`),
    onStray: log,
  });
}

function accessKeyOf({
  accessKeyVariable = 'ROWTIME_FIREHOSE_ACCESS_KEY',
}: {
  accessKeyVariable?: string | undefined;
}): string {
  const key = process.env[accessKeyVariable];
  if (key) return key;
  throw new CommandError(
    `the environment has no ${accessKeyVariable}: set it to the access key that the delivery stream in AWS was given`,
  );
}
