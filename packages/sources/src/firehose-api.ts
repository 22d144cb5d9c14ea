// The protocol of the Firehose API as its clients speak it: JSON 1.1 over POST /, the action in X-Amz-Target (AWS Firehose
// API reference). Requests to plain data and back, no HTTP and no state: what the Direct PUT endpoint and the test server
// have in common.

export type FirehoseRequest =
  | { readonly action: 'PutRecord' | 'PutRecordBatch'; readonly stream: string; readonly records: readonly Buffer[] }
  | { readonly action: 'CreateDeliveryStream'; readonly stream: string; readonly destination: FirehoseDestination }
  | { readonly action: 'UpdateDestination'; readonly stream: string; readonly changes: Partial<FirehoseDestination> }
  | { readonly action: 'DescribeDeliveryStream' | 'DeleteDeliveryStream'; readonly stream: string }
  | { readonly action: 'ListDeliveryStreams'; readonly limit: number; readonly after: string | null };

/** Where and how a delivery stream puts its objects. */
export interface FirehoseDestination {
  readonly bucket: string;
  readonly roleArn: string;
  readonly prefix: string;
  readonly errorPrefix: string | null;
  readonly bufferBytes: number;
  readonly bufferMs: number;
  readonly compression: 'UNCOMPRESSED' | 'GZIP';
  readonly timeZone: string;
}

/** AWS Firehose guide, "Quota". */
export const firehoseLimits = {
  recordsPerCall: 500,
  /** Before base64. */
  recordBytes: 1_024_000,
  callBytes: 4 << 20,
} as const;

/** An answer that is an error: `status` and a body of `__type` and `message`. */
export class FirehoseFault extends Error {
  override readonly name: string;
  readonly status: number;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }

  get body(): string {
    return JSON.stringify({ __type: this.name, message: this.message });
  }
}

/** Throws a FirehoseFault for what the service would refuse. */
export function parseFirehoseRequest(target: string | undefined, body: Uint8Array): FirehoseRequest {
  const action = /^Firehose_20150804\.(\w+)$/.exec(target ?? '')?.[1];
  const input = parseObject(body);
  switch (action) {
    case 'PutRecord':
      return { action, stream: streamOf(input), records: recordsOf([input['Record']]) };
    case 'PutRecordBatch': {
      const { Records } = input;
      if (!Array.isArray(Records) || Records.length < 1 || Records.length > firehoseLimits.recordsPerCall) {
        throw invalid(`Records has 1 to ${firehoseLimits.recordsPerCall} records`);
      }
      return { action, stream: streamOf(input), records: recordsOf(Records) };
    }
    case 'CreateDeliveryStream':
      return { action, stream: streamOf(input), destination: { ...defaults, ...required(destinationOf(input)) } };
    case 'UpdateDestination':
      return { action, stream: streamOf(input), changes: destinationOf(input) };
    case 'DescribeDeliveryStream':
    case 'DeleteDeliveryStream':
      return { action, stream: streamOf(input) };
    case 'ListDeliveryStreams': {
      const { Limit: limit = 10, ExclusiveStartDeliveryStreamName: after = null } = input;
      if (!isIntegerIn(limit, 1, 10_000)) throw invalid('Limit is an integer from 1 to 10000');
      return { action, limit, after: after === null ? null : String(after) };
    }
    default:
      throw new FirehoseFault('UnknownOperationException', `no operation ${JSON.stringify(target ?? null)} here`);
  }
}

/** The reply of PutRecordBatch: of each record its id, or why it was not taken. */
export function batchReply(results: readonly ({ readonly id: string } | { readonly error: string })[]): string {
  const responses = results.map((result) =>
    'id' in result
      ? { RecordId: result.id }
      : { ErrorCode: result.error, ErrorMessage: 'The record was not taken; send it again.' },
  );
  const failed = results.filter((result) => 'error' in result).length;
  return JSON.stringify({ Encrypted: false, FailedPutCount: failed, RequestResponses: responses });
}

export function describeDeliveryStream(
  name: string,
  version: number,
  destination: FirehoseDestination,
  created = 0,
): string {
  const { bucket, roleArn, prefix, errorPrefix, bufferBytes, bufferMs, compression, timeZone } = destination;
  const ExtendedS3DestinationDescription = {
    BucketARN: `arn:aws:s3:::${bucket}`,
    RoleARN: roleArn,
    Prefix: prefix,
    ...(errorPrefix !== null && { ErrorOutputPrefix: errorPrefix }),
    BufferingHints: { SizeInMBs: bufferBytes / (1 << 20), IntervalInSeconds: bufferMs / 1_000 },
    CompressionFormat: compression,
    CustomTimeZone: timeZone,
    EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
  };
  return JSON.stringify({
    DeliveryStreamDescription: {
      DeliveryStreamName: name,
      DeliveryStreamARN: deliveryStreamArn(name),
      DeliveryStreamStatus: 'ACTIVE',
      DeliveryStreamType: 'DirectPut',
      VersionId: String(version),
      CreateTimestamp: created / 1_000,
      Destinations: [
        {
          DestinationId: 'destinationId-000000000001',
          S3DestinationDescription: ExtendedS3DestinationDescription,
          ExtendedS3DestinationDescription,
        },
      ],
      HasMoreDestinations: false,
    },
  });
}

/** Of a stream that is in no account of AWS. */
export function deliveryStreamArn(name: string): string {
  return `arn:aws:firehose:us-east-1:000000000000:deliverystream/${name}`;
}

/** "." and ".." are letters of the rule, and folders. */
export function isStreamName(name: string): boolean {
  return /^[a-zA-Z0-9_.-]{1,64}$/.test(name) && !/^\.+$/.test(name);
}

type Json = Readonly<Record<string, unknown>>;

const defaults = {
  prefix: '',
  errorPrefix: null,
  bufferBytes: 5 << 20,
  bufferMs: 300_000,
  compression: 'UNCOMPRESSED',
  timeZone: 'UTC',
} as const;

function parseObject(body: Uint8Array): Json {
  try {
    const input: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString());
    if (isObject(input)) return input;
  } catch {
    // Said below.
  }
  throw new FirehoseFault('SerializationException', 'the body is not an object of JSON');
}

function streamOf({ DeliveryStreamName: name }: Json): string {
  if (typeof name === 'string' && isStreamName(name)) return name;
  throw invalid(`DeliveryStreamName ${JSON.stringify(name ?? null)} is not 1 to 64 of a-z A-Z 0-9 _ . -`);
}

function recordsOf(records: readonly unknown[]): Buffer[] {
  let callBytes = 0;
  return records.map((record, i) => {
    const data = isObject(record) ? record['Data'] : undefined;
    if (typeof data !== 'string') throw invalid(`record ${i} has no Data`);
    const bytes = Buffer.from(data, 'base64');
    // Node leaves out what is not base64; a whole decoding gives the length that the text promises.
    if (bytes.length !== decodedLength(data))
      throw new FirehoseFault('SerializationException', `record ${i} is not base64`);
    if (bytes.length > firehoseLimits.recordBytes) {
      throw invalid(`record ${i} has ${bytes.length} bytes, more than ${firehoseLimits.recordBytes}`);
    }
    callBytes += bytes.length;
    if (callBytes > firehoseLimits.callBytes)
      throw invalid(`the records have more than ${firehoseLimits.callBytes} bytes`);
    return bytes;
  });
}

function decodedLength(base64: string): number {
  if (base64.length % 4 !== 0) return -1;
  return (base64.length / 4) * 3 - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);
}

const unsupported = [
  'ProcessingConfiguration',
  'DataFormatConversionConfiguration',
  'DynamicPartitioningConfiguration',
];

function destinationOf(input: Json): Partial<FirehoseDestination> {
  const named = Object.keys(input).filter((key) => /Destination(?:Configuration|Update)$/.test(key));
  const [kind = ''] = named;
  if (named.length !== 1) throw invalid(`exactly one destination is given, not ${named.length}`);
  const config = input[kind];
  if (!/^(?:Extended)?S3Destination/.test(kind) || !isObject(config))
    throw invalid(`${kind}: only S3 is a destination here`);
  for (const key of unsupported) {
    const part = config[key];
    if (isObject(part) && part['Enabled'] !== false) throw invalid(`${key} is not supported here`);
  }
  if (config['FileExtension']) throw invalid('FileExtension is not supported here');
  if (config['S3BackupMode'] === 'Enabled') throw invalid('S3BackupMode Enabled is not supported here');
  const { BucketARN, RoleARN, Prefix, ErrorOutputPrefix, BufferingHints, CompressionFormat, CustomTimeZone } = config;
  return {
    ...(BucketARN !== undefined && { bucket: bucketOf(BucketARN) }),
    ...(RoleARN !== undefined && { roleArn: String(RoleARN) }),
    ...(Prefix !== undefined && { prefix: String(Prefix) }),
    ...(ErrorOutputPrefix !== undefined && { errorPrefix: String(ErrorOutputPrefix) }),
    ...(BufferingHints !== undefined && hintsOf(BufferingHints)),
    ...(CompressionFormat !== undefined && { compression: compressionOf(CompressionFormat) }),
    ...(CustomTimeZone !== undefined && { timeZone: String(CustomTimeZone) }),
  };
}

function required(
  destination: Partial<FirehoseDestination>,
): Partial<FirehoseDestination> & Pick<FirehoseDestination, 'bucket' | 'roleArn'> {
  const { bucket, roleArn } = destination;
  if (bucket === undefined || roleArn === undefined) throw invalid('a destination has a BucketARN and a RoleARN');
  return { ...destination, bucket, roleArn };
}

function bucketOf(arn: unknown): string {
  const name = /^arn:aws[\w-]*:s3:::([^/]+)$/.exec(String(arn))?.[1];
  if (name !== undefined) return name;
  throw invalid(`BucketARN ${JSON.stringify(arn)} is not arn:aws:s3:::name`);
}

function hintsOf(hints: unknown): Pick<FirehoseDestination, 'bufferBytes' | 'bufferMs'> {
  const { SizeInMBs: size, IntervalInSeconds: interval } = isObject(hints) ? hints : {};
  if (isIntegerIn(size, 1, 128) && isIntegerIn(interval, 0, 900)) {
    return { bufferBytes: size * (1 << 20), bufferMs: interval * 1_000 };
  }
  throw invalid('BufferingHints has both SizeInMBs, from 1 to 128, and IntervalInSeconds, from 0 to 900');
}

function compressionOf(format: unknown): FirehoseDestination['compression'] {
  if (format === 'UNCOMPRESSED' || format === 'GZIP') return format;
  throw invalid(`CompressionFormat ${JSON.stringify(format)}: there are UNCOMPRESSED and GZIP here`);
}

function isIntegerIn(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string): FirehoseFault {
  return new FirehoseFault('InvalidArgumentException', message);
}
