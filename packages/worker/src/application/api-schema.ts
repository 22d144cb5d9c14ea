import { z } from 'zod';
import { exampleArn, parseArn } from './arn.ts';

// The shapes of the service's API (API reference, versions 2015-08-14 and 2018-05-23), as normalise.ts makes one of them.
// Objects are strict: a name that is not here is reported.

/** What the service adds to a description and what rowtime has no use for. */
const unused = z.unknown().optional();

function arn(service: string) {
  return z.string().refine((text) => parseArn(text)?.service === service, {
    error: ({ input }) =>
      `${JSON.stringify(input)} is no ARN of ${serviceNames[service]}; expected one such as ${exampleArn(service)}`,
  });
}

const serviceNames: Readonly<Record<string, string>> = {
  kinesis: 'a Kinesis stream',
  firehose: 'a Firehose delivery stream',
  lambda: 'a Lambda function',
  s3: 'an S3 bucket',
};

function resource(service: string) {
  return z.strictObject({ ResourceARN: arn(service), RoleARN: unused });
}

const inputSchema = z.strictObject({
  RecordColumns: z
    .array(
      z.strictObject({ Name: z.string().min(1).max(256), SqlType: z.string().min(1), Mapping: z.string().optional() }),
    )
    .min(1)
    .max(1_000),
  RecordFormat: z.strictObject({
    RecordFormatType: z.enum(['JSON', 'CSV']),
    MappingParameters: z
      .strictObject({
        JSONMappingParameters: z.strictObject({ RecordRowPath: z.string().min(1) }).optional(),
        CSVMappingParameters: z
          .strictObject({ RecordRowDelimiter: z.string().min(1), RecordColumnDelimiter: z.string().min(1) })
          .optional(),
      })
      .optional(),
  }),
  RecordEncoding: z.literal('UTF-8').optional(),
});

const input = z
  .strictObject({
    InputId: unused,
    NamePrefix: z.string().min(1).max(32),
    InAppStreamNames: unused,
    KinesisStreamsInput: resource('kinesis').optional(),
    KinesisFirehoseInput: resource('firehose').optional(),
    InputProcessingConfiguration: z.strictObject({ InputLambdaProcessor: resource('lambda') }).optional(),
    InputParallelism: z.strictObject({ Count: z.int().min(1).max(64).optional() }).optional(),
    InputSchema: inputSchema,
    InputStartingPositionConfiguration: z
      .strictObject({ InputStartingPosition: z.enum(['NOW', 'TRIM_HORIZON', 'LAST_STOPPED_POINT']).optional() })
      .optional(),
  })
  .refine((it) => (it.KinesisStreamsInput === undefined) !== (it.KinesisFirehoseInput === undefined), {
    error: 'needs one of KinesisStreamsInput and KinesisFirehoseInput',
  });

const output = z
  .strictObject({
    OutputId: unused,
    Name: z.string().min(1).max(32),
    KinesisStreamsOutput: resource('kinesis').optional(),
    KinesisFirehoseOutput: resource('firehose').optional(),
    LambdaOutput: resource('lambda').optional(),
    DestinationSchema: z.strictObject({ RecordFormatType: z.enum(['JSON', 'CSV']) }),
  })
  .refine(
    (it) =>
      [it.KinesisStreamsOutput, it.KinesisFirehoseOutput, it.LambdaOutput].filter((one) => one !== undefined).length ===
      1,
    { error: 'needs one of KinesisStreamsOutput, KinesisFirehoseOutput and LambdaOutput' },
  );

const reference = z.strictObject({
  ReferenceId: unused,
  TableName: z.string().min(1).max(32),
  S3ReferenceDataSource: z.strictObject({
    BucketARN: arn('s3'),
    FileKey: z.string().min(1).max(1_024),
    ReferenceRoleARN: unused,
  }),
  ReferenceSchema: inputSchema,
});

/** An application as CreateApplication of version 2 has it, its SQL configuration and code on the first level. */
export const applicationSchema = z.strictObject({
  ApplicationName: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{1,128}$/, 'is 1 to 128 letters, digits, "_", "." and "-"')
    .default('application'),
  ApplicationCode: z.string().min(1).max(102_400),
  Inputs: z.array(input).min(1).max(1, 'an application has one input'),
  Outputs: z.array(output).max(3, 'an application has at most three outputs').default([]),
  ReferenceDataSources: z.array(reference).max(1, 'an application has at most one reference table').default([]),
  CloudWatchLoggingOptions: z
    .array(
      z.strictObject({
        CloudWatchLoggingOptionId: unused,
        LogStreamARN: z.string().optional(),
        LogStream: unused,
        RoleARN: unused,
      }),
    )
    .default([]),
  RuntimeEnvironment: z
    .string()
    .refine((name) => /^SQL-1[_.]0$/.test(name), {
      error: ({ input: name }) => `${JSON.stringify(name)} is no SQL application; rowtime runs SQL-1_0`,
    })
    .optional(),
  ApplicationARN: unused,
  ApplicationDescription: unused,
  ApplicationStatus: unused,
  ApplicationVersionId: unused,
  ApplicationMode: unused,
  ApplicationVersionCreateTimestamp: unused,
  ApplicationSnapshotConfiguration: unused,
  ConditionalToken: unused,
  CreateTimestamp: unused,
  LastUpdateTimestamp: unused,
  RunConfiguration: unused,
  ServiceExecutionRole: unused,
  Tags: unused,
});

export type ApiApplication = z.infer<typeof applicationSchema>;
