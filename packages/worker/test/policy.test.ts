import { expect, test } from 'vitest';
import { parseApplication } from '../src/application/application.ts';
import { policyOf } from '../src/application/policy.ts';
import type { RowtimeSection } from '../src/application/rowtime-schema.ts';

const arn = (service: string, resource: string) => `arn:aws-cn:${service}:cn-north-1:123456789012:${resource}`;
const schema = {
  RecordFormat: { RecordFormatType: 'JSON' },
  RecordColumns: [{ Name: 'rating', SqlType: 'INTEGER', Mapping: '$.rating' }],
};
const DestinationSchema = { RecordFormatType: 'JSON' };
const kinesisInput = { KinesisStreamsInput: { ResourceARN: arn('kinesis', 'stream/in') } };
const firehoseInput = { KinesisFirehoseInput: { ResourceARN: arn('firehose', 'deliverystream/in') } };

function policy(input: object, outputs: object[], rowtime: RowtimeSection, more: object = {}) {
  const text = JSON.stringify({
    ApplicationCode: 'x',
    Inputs: [{ NamePrefix: 'S', InputSchema: schema, ...input }],
    Outputs: outputs,
    rowtime,
    ...more,
  });
  const { application, rowtime: section, errors } = parseApplication({ file: 'a.json', text }, null);
  expect(errors).toEqual([]);
  return policyOf(application!, section).Statement.map(({ Action, Resource, Condition }) =>
    Condition ? [Action, Resource, Condition] : [Action, Resource],
  );
}

const readStream = [
  ['kinesis:DescribeStreamSummary', 'kinesis:ListShards', 'kinesis:GetShardIterator', 'kinesis:GetRecords'],
  arn('kinesis', 'stream/in'),
];

test.each<[string, () => unknown, unknown]>([
  ['a Kinesis input', () => policy(kinesisInput, [], {}), [readStream]],
  [
    'recorded results in a stream',
    () => policy(kinesisInput, [], { mirror: { recorded: 'kinesis:old' } }),
    [readStream, [readStream[0], arn('kinesis', 'stream/old')]],
  ],
  [
    'enhanced fan-out',
    () => policy(kinesisInput, [], { inputs: { S: { from: 'kinesis', fanOut: true } } }),
    [
      readStream,
      [
        ['kinesis:RegisterStreamConsumer', 'kinesis:DescribeStreamConsumer'],
        [arn('kinesis', 'stream/in'), `${arn('kinesis', 'stream/in')}/consumer/*`],
      ],
      [['kinesis:SubscribeToShard'], `${arn('kinesis', 'stream/in')}/consumer/*`],
    ],
  ],
  ['a delivery stream of the worker itself', () => policy(firehoseInput, [], {}), []],
  [
    'one that lands in S3',
    () =>
      policy(firehoseInput, [], { inputs: { S: { from: 'directPut', bucket: 's3://lake/raw/!{timestamp:yyyy}/' } } }),
    [[['s3:PutObject', 's3:AbortMultipartUpload', 's3:GetObject'], 'arn:aws-cn:s3:::lake/raw/*']],
  ],
  [
    'recorded results to compare with',
    () => policy(firehoseInput, [], { mirror: { recorded: 's3://old/results/' } }),
    [
      [['s3:ListBucket'], 'arn:aws-cn:s3:::old', { StringLike: { 's3:prefix': ['results/*'] } }],
      [['s3:GetObject'], 'arn:aws-cn:s3:::old/results/*'],
    ],
  ],
  [
    'the objects of a delivery stream',
    () => policy(firehoseInput, [], { inputs: { S: { from: 's3', bucket: 's3://lake/raw' } } }),
    [
      [['s3:ListBucket'], 'arn:aws-cn:s3:::lake', { StringLike: { 's3:prefix': ['raw*'] } }],
      [['s3:GetObject'], 'arn:aws-cn:s3:::lake/raw*'],
    ],
  ],
  [
    'copies of its checkpoints',
    () => policy(firehoseInput, [], { checkpointCopy: { bucket: 's3://lake/captains' } }),
    [
      [['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], 'arn:aws-cn:s3:::lake/captains/*'],
      [['s3:ListBucket'], 'arn:aws-cn:s3:::lake', { StringLike: { 's3:prefix': ['captains/*'] } }],
    ],
  ],
  [
    'outputs as declared, and one that goes elsewhere',
    () =>
      policy(
        firehoseInput,
        [
          { Name: 'A', KinesisFirehoseOutput: { ResourceARN: arn('firehose', 'deliverystream/a') }, DestinationSchema },
          { Name: 'B', KinesisStreamsOutput: { ResourceARN: arn('kinesis', 'stream/b') }, DestinationSchema },
          { Name: 'C', LambdaOutput: { ResourceARN: arn('lambda', 'function:c') }, DestinationSchema },
        ],
        { outputs: { B: { to: 'files', folder: 'b' }, error_stream: { to: 'kinesis', stream: 'errors' } } },
      ),
    [
      [['kinesis:PutRecords'], arn('kinesis', 'stream/errors')],
      [['firehose:PutRecordBatch'], arn('firehose', 'deliverystream/a')],
      [['lambda:InvokeFunction'], arn('lambda', 'function:c')],
    ],
  ],
  [
    'a reference table, a processor, metrics',
    () =>
      policy(
        {
          ...firehoseInput,
          InputProcessingConfiguration: { InputLambdaProcessor: { ResourceARN: arn('lambda', 'function:p') } },
        },
        [],
        { metrics: { cloudWatch: true, namespace: 'Captains' } },
        {
          ReferenceDataSources: [
            {
              TableName: 'T',
              S3ReferenceDataSource: { BucketARN: 'arn:aws-cn:s3:::t', FileKey: 'a/t.csv' },
              ReferenceSchema: schema,
            },
          ],
        },
      ),
    [
      [['lambda:InvokeFunction'], arn('lambda', 'function:p')],
      [['s3:GetObject'], 'arn:aws-cn:s3:::t/a/t.csv'],
      [['cloudwatch:PutMetricData'], '*', { StringEquals: { 'cloudwatch:namespace': 'Captains' } }],
    ],
  ],
])('%s needs exactly its actions', (_, found, expected) => {
  expect(found()).toEqual(expected);
});
