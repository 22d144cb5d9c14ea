import { z } from 'zod';

// What AWS never had to be told: the `rowtime` section of an application file, or the file beside it.

const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, 'is a time such as "10s", "500ms" or "5m"')
  .describe('a time such as "10s", "500ms" or "5m"');

const buffer = {
  bufferSize: z.number().positive().max(128).describe('MiB; an object is complete with this size').optional(),
  bufferInterval: duration.describe('an object is complete when it is so old').optional(),
};

const format = z
  .enum(['JSON', 'CSV', 'PARQUET'])
  .optional()
  .describe('default: as DestinationSchema of the output says, or JSON, lines');

const bucket = z.string().min(1).describe('a folder, or s3://bucket/prefix');
const port = z.int().min(0).max(65_535);

const from = z.discriminatedUnion('from', [
  z
    .strictObject({
      from: z.literal('kinesis'),
      stream: z.string().optional().describe('name or ARN; the ARN of KinesisStreamsInput if left out'),
      fanOut: z.boolean().optional().describe('enhanced fan-out: a consumer of its own'),
      at: z.string().optional().describe('where to begin instead of NOW: TRIM_HORIZON, or an ISO 8601 time'),
    })
    .describe('a Kinesis data stream'),
  z
    .strictObject({
      from: z.literal('directPut'),
      host: z.string().optional(),
      port: port.optional().describe('default 4573'),
      bucket: bucket.optional(),
      ...buffer,
    })
    .describe('a delivery stream of the worker itself: producers send to it with an endpoint URL'),
  z
    .strictObject({
      from: z.literal('httpEndpoint'),
      host: z.string().optional(),
      port: port.optional().describe('default 4573'),
      accessKeyVariable: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is the name of an environment variable')
        .optional()
        .describe('the environment variable with the access key; default ROWTIME_FIREHOSE_ACCESS_KEY'),
      bucket: bucket.optional(),
      ...buffer,
    })
    .describe('a delivery stream in AWS delivers to the worker as its HTTP endpoint'),
  z
    .strictObject({
      from: z.literal('s3'),
      bucket: z.string().regex(/^s3:\/\/[^/]+/, 'is s3://bucket/prefix'),
      at: z.string().optional().describe('the first hour to read: an ISO 8601 time, or TRIM_HORIZON; default NOW'),
      suffix: z.string().optional().describe('only objects whose keys end so'),
    })
    .describe('the objects that the delivery stream lands in S3'),
  z.strictObject({ from: z.literal('files'), paths: z.array(z.string().min(1)).min(1) }).describe('files, globs, or -'),
]);

const to = z.discriminatedUnion('to', [
  z.strictObject({ to: z.literal('files'), folder: z.string().min(1), format, ...buffer }).describe('a folder'),
  z
    .strictObject({
      to: z.literal('s3'),
      bucket: z.string().regex(/^s3:\/\/[^/]+/, 'is s3://bucket/prefix'),
      format,
      compression: z
        .enum(['UNCOMPRESSED', 'GZIP'])
        .optional()
        .describe('default UNCOMPRESSED; of the pages of PARQUET, Snappy'),
      ...buffer,
    })
    .describe('objects in the layout of Firehose, exactly once'),
  z
    .strictObject({
      to: z.literal('firehose'),
      stream: z.string().optional().describe('name or ARN; the one of KinesisFirehoseOutput if left out'),
      pack: z.enum(['row', 'lines']).optional().describe('a record per row, as Kinesis Analytics; or many rows in one'),
    })
    .describe('a Firehose delivery stream'),
  z
    .strictObject({
      to: z.literal('kinesis'),
      stream: z.string().optional().describe('name or ARN; the one of KinesisStreamsOutput if left out'),
      partitionKey: z.string().optional().describe('the column whose value is the partition key'),
    })
    .describe('a Kinesis data stream'),
  z.strictObject({ to: z.literal('lambda'), function: z.string().optional() }).describe('a Lambda function'),
]);

export const rowtimeSchema = z.strictObject({
  $schema: z.string().optional(),
  inputs: z
    .record(z.string(), from)
    .optional()
    .describe('by NamePrefix: how the records of the input reach the worker'),
  outputs: z
    .record(z.string(), z.union([to, z.array(to).min(1)]))
    .optional()
    .describe('by stream: where its rows go, instead of or without an output of the application'),
  tables: z
    .record(z.string(), z.string().min(1))
    .optional()
    .describe('by TableName: a local file to read instead of the object in S3'),
  region: z.string().optional().describe('default: that of the ARNs'),
  endpoints: z
    .strictObject({
      kinesis: z.url().optional(),
      firehose: z.url().optional(),
      s3: z.url().optional(),
      lambda: z.url().optional(),
      cloudwatch: z.url().optional(),
    })
    .optional()
    .describe('other addresses than those of AWS'),
  rowtime: z.string().optional().describe('arrival, system, or column:NAME[:s|:ms]'),
  seed: z.int().optional().describe('where RANDOM_CUT_FOREST starts its random numbers; default 42'),
  state: z
    .string()
    .min(1)
    .optional()
    .describe('the folder for checkpoints, journals and spools; default .rowtime/<application>'),
  checkpointInterval: duration.optional().describe('default 10s'),
  checkpointCopy: z
    .strictObject({
      bucket: z
        .string()
        .regex(/^s3:\/\/[^/]+/, 'is s3://bucket/prefix')
        .describe('s3://bucket/prefix, of this application alone'),
      lease: duration.optional().describe('how long another machine waits before it takes over; default 30s'),
    })
    .optional()
    .describe('copies of checkpoints in S3 for a machine that has none, and a lease so that only one worker runs'),
  tolerableFailedCheckpoints: z
    .int()
    .min(0)
    .optional()
    .describe('so many checkpoints in a row may fail, on a full disk for one, before the service ends; default 10'),
  stopTimeout: duration.optional().describe('how long a stop may take; default 90s'),
  allowStateDrop: z
    .boolean()
    .optional()
    .describe('go on with a changed program, and without the state in the checkpoint that has no place in it'),
  spot: z
    .boolean()
    .optional()
    .describe('on an EC2 spot instance: stop, as on SIGTERM, when EC2 says that it takes the instance back'),
  monitor: z
    .strictObject({ host: z.string().optional(), port: port.optional() })
    .optional()
    .describe('where /livez, /readyz, /metrics and /statusz are; default 127.0.0.1:9464'),
  metrics: z
    .strictObject({
      namespace: z.string().min(1).optional(),
      emf: z.boolean().optional(),
      cloudWatch: z.boolean().optional(),
    })
    .optional()
    .describe('CloudWatch metrics, as EMF lines on standard output or by PutMetricData'),
  mirror: z
    .strictObject({
      recorded: z
        .string()
        .min(1)
        .describe(
          'what the old application delivers: a folder, s3://bucket/prefix, or a data stream, kinesis: and its name or ARN',
        ),
      stream: z.string().optional().describe('the in-application stream; may be left out if only one is an output'),
      key: z.array(z.string().min(1)).optional().describe('what names a row in its window; default: found in the rows'),
      time: z.string().optional().describe('the time of a row; default ROWTIME'),
      window: duration.optional().describe('how long a window is; default: found in the rows'),
      scores: z.array(z.string().min(1)).optional().describe('columns of random scores; default ANOMALY_SCORE'),
      ignore: z.array(z.string().min(1)).optional().describe('columns that are not compared'),
      tolerance: z
        .array(z.string().min(1))
        .optional()
        .describe('what is equal all the same: "0.01", "1%", "COLUMN=4ulp"'),
      columns: z.array(z.string().min(1)).optional().describe('names of the columns of recorded CSV without a header'),
      alarmBelow: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('a warning where less than this part of the rows agrees'),
    })
    .optional()
    .describe('compares, as the application runs, its results with recorded ones'),
  pendingBytesMax: z.int().positive().optional().describe('what may wait for the sinks; default 64 MiB'),
});

export type RowtimeSection = z.infer<typeof rowtimeSchema>;
export type InputSection = z.infer<typeof from>;
export type MirrorSection = NonNullable<RowtimeSection['mirror']>;
export type OutputSection = z.infer<typeof to>;
