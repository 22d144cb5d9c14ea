import { randomUUID } from 'node:crypto';
import type { Millis } from '@rowtime/core';
import { JournalFull } from './journal.ts';
import {
  type DeliveryStream,
  type DeliveryStreamConfig,
  type DeliveryStreams,
  isStreamName,
  streamNameRule,
} from './streams.ts';

/** An error of the Firehose API: its name goes into `__type`. */
export class ApiError extends Error {
  override readonly name: string;
  readonly status: 400 | 403 | 413 | 500 | 503;

  constructor(name: string, message: string, status: ApiError['status'] = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

export interface ApiContext {
  readonly streams: DeliveryStreams;
  readonly now: () => Millis;
  /** Of the ARNs that are made up here. */
  readonly region: string;
  readonly account: string;
  /** Whether streams can be made and removed. */
  readonly canCreate: boolean;
}

type Input = Readonly<Record<string, unknown>>;
type Operation = (input: Input, context: ApiContext) => Promise<object>;

/** The operations of Firehose_20150804 that a producer and its set-up script need. Limits and error names: Firehose API
 *  reference and quotas. */
export const operations: Readonly<Record<string, Operation>> = {
  PutRecord: async (input, context) => {
    const { journal } = streamOf(input, context);
    const data = dataOf(input['Record'], 'record');
    await durable(() => journal.append([data]));
    return { RecordId: recordId(), Encrypted: false };
  },

  PutRecordBatch: async (input, context) => {
    const { journal } = streamOf(input, context);
    const records = input['Records'];
    if (!Array.isArray(records)) throw required('records');
    if (records.length < 1 || records.length > batchRecordsMax) {
      throw invalid(
        `1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length between 1 and ${batchRecordsMax}, and has ${records.length}`,
      );
    }
    const data = records.map((record, i) => dataOf(record, `records.${i + 1}`));
    const bytes = data.reduce((sum, { length }) => sum + length, 0);
    if (bytes > batchBytesMax) {
      throw invalid(`Records size exceeds 4 MB limit: ${bytes} bytes`);
    }
    await durable(() => journal.append(data));
    return {
      FailedPutCount: 0,
      Encrypted: false,
      RequestResponses: data.map(() => ({ RecordId: recordId() })),
    };
  },

  CreateDeliveryStream: async (input, context) => {
    const name = nameOf(input);
    expectCreate(context);
    const { DeliveryStreamType: type = 'DirectPut' } = input;
    if (type !== 'DirectPut') throw invalid(`DeliveryStreamType ${type}: this endpoint has DirectPut only`);
    const destination = input['ExtendedS3DestinationConfiguration'] ?? input['S3DestinationConfiguration'];
    if (!isObject(destination)) {
      throw invalid(
        'ExtendedS3DestinationConfiguration or S3DestinationConfiguration is required: this endpoint delivers to S3 only',
      );
    }
    for (const key of unsupported) {
      const value = destination[key];
      if (isObject(value) && value['Enabled'] !== false) throw invalid(`${key} is not supported by this endpoint`);
    }
    if (context.streams.get(name)) {
      throw new ApiError(
        'ResourceInUseException',
        `Firehose ${name} under accountId ${context.account} already exists`,
      );
    }
    const stream = await context.streams.open(configOf(name, destination, context.now()));
    return { DeliveryStreamARN: arn(stream.config, context) };
  },

  DescribeDeliveryStream: async (input, context) => ({
    DeliveryStreamDescription: describe(streamOf(input, context), context),
  }),

  ListDeliveryStreams: async (input, context) => {
    const limit = input['Limit'] ?? 10;
    if (typeof limit !== 'number' || limit < 1 || limit > 10_000) throw invalid('Limit is 1 to 10000');
    const after = input['ExclusiveStartDeliveryStreamName'];
    const names = context.streams.all.map(({ config }) => config.name);
    const rest = typeof after === 'string' ? names.filter((name) => name > after) : names;
    return { DeliveryStreamNames: rest.slice(0, limit), HasMoreDeliveryStreams: rest.length > limit };
  },

  DeleteDeliveryStream: async (input, context) => {
    expectCreate(context);
    await context.streams.remove(streamOf(input, context).config.name);
    return {};
  },
};

const batchRecordsMax = 500;
const batchBytesMax = 4 << 20;
/** Before base64. */
const recordBytesMax = 1_024_000;
const unsupported = [
  'ProcessingConfiguration',
  'DataFormatConversionConfiguration',
  'DynamicPartitioningConfiguration',
];

function expectCreate({ canCreate }: ApiContext): void {
  if (!canCreate) {
    throw new ApiError(
      'LimitExceededException',
      'this endpoint has the delivery stream of one application, and no other',
    );
  }
}

async function durable(append: () => Promise<void>): Promise<void> {
  try {
    await append();
  } catch (error) {
    const what = error instanceof JournalFull ? error.message : 'the disk did not take the records';
    // SDKs repeat this one, with growing pauses: the producer waits instead of losing records.
    throw new ApiError('ServiceUnavailableException', `Slow down: ${what}.`, 503);
  }
}

function streamOf(input: Input, { streams, account }: ApiContext): DeliveryStream {
  const name = nameOf(input);
  const stream = streams.get(name);
  if (stream) return stream;
  throw new ApiError('ResourceNotFoundException', `Firehose ${name} under account ${account} not found.`);
}

function nameOf(input: Input): string {
  const name = input['DeliveryStreamName'];
  if (typeof name !== 'string') throw required('deliveryStreamName');
  if (isStreamName(name)) return name;
  throw invalid(
    `1 validation error detected: Value at 'deliveryStreamName' failed to satisfy constraint: it is ${streamNameRule}`,
  );
}

function dataOf(record: unknown, where: string): Buffer {
  const data = isObject(record) ? record['Data'] : undefined;
  if (typeof data !== 'string') throw required(`${where}.data`);
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length > recordBytesMax) {
    throw invalid(
      `1 validation error detected: Value at '${where}.data' failed to satisfy constraint: Member must have length less than or equal to ${recordBytesMax}`,
    );
  }
  // Buffer.from passes over what is not base64.
  if (Math.ceil(bytes.length / 3) * 4 !== data.length && !isBase64(data)) {
    throw new ApiError('SerializationException', `${where}.data is not base64`);
  }
  return bytes;
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function configOf(name: string, destination: Input, created: Millis): DeliveryStreamConfig {
  const hints = destination['BufferingHints'];
  const { SizeInMBs: size = 5, IntervalInSeconds: seconds = 300 } = isObject(hints) ? hints : {};
  if (typeof size !== 'number' || size < 1 || size > 128) throw invalid('BufferingHints.SizeInMBs is 1 to 128');
  if (typeof seconds !== 'number' || seconds < 0 || seconds > 900)
    throw invalid('BufferingHints.IntervalInSeconds is 0 to 900');
  const text = (key: string): string => (typeof destination[key] === 'string' ? (destination[key] as string) : '');
  if (text('BucketARN') === '') throw required('bucketARN');
  const compression = text('CompressionFormat') || 'UNCOMPRESSED';
  if (compression !== 'UNCOMPRESSED' && compression !== 'GZIP') {
    throw invalid(`CompressionFormat ${compression} is not supported by this endpoint: UNCOMPRESSED and GZIP are`);
  }
  return {
    name,
    created,
    bucketArn: text('BucketARN'),
    roleArn: text('RoleARN'),
    prefix: text('Prefix'),
    errorOutputPrefix: text('ErrorOutputPrefix'),
    bufferBytes: Math.round(size * 2 ** 20),
    // 0 is "as soon as possible": a second here.
    bufferMs: Math.max(1, seconds) * 1_000,
    compression,
  };
}

function describe({ config }: DeliveryStream, context: ApiContext): object {
  const destination = {
    RoleARN: config.roleArn,
    BucketARN: config.bucketArn,
    Prefix: config.prefix,
    ErrorOutputPrefix: config.errorOutputPrefix,
    BufferingHints: { SizeInMBs: config.bufferBytes / 2 ** 20, IntervalInSeconds: config.bufferMs / 1_000 },
    CompressionFormat: config.compression,
    EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
    CloudWatchLoggingOptions: { Enabled: false },
  };
  return {
    DeliveryStreamName: config.name,
    DeliveryStreamARN: arn(config, context),
    DeliveryStreamStatus: 'ACTIVE',
    DeliveryStreamType: 'DirectPut',
    VersionId: '1',
    CreateTimestamp: config.created / 1_000,
    Destinations: [
      {
        DestinationId: 'destinationId-000000000001',
        S3DestinationDescription: destination,
        ExtendedS3DestinationDescription: { ...destination, S3BackupMode: 'Disabled' },
      },
    ],
    HasMoreDestinations: false,
  };
}

function arn({ name }: DeliveryStreamConfig, { region, account }: ApiContext): string {
  return `arn:aws:firehose:${region}:${account}:deliverystream/${name}`;
}

function recordId(): string {
  return `${randomUUID()}${randomUUID()}`.replaceAll('-', '');
}

function required(field: string): ApiError {
  return invalid(
    `1 validation error detected: Value null at '${field}' failed to satisfy constraint: Member must not be null`,
  );
}

function invalid(message: string): ApiError {
  return new ApiError('InvalidArgumentException', message);
}

export function isObject(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
