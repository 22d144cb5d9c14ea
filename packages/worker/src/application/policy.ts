import type { ApiApplication } from './api-schema.ts';
import { makeArn, parseArn, parseS3Url, streamIn } from './arn.ts';
import { arnsOf, inputOf, outputsOf } from './connections.ts';
import type { InputSection, OutputSection, RowtimeSection } from './rowtime-schema.ts';

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** The IAM policy that lets the worker do what this application needs, and nothing else. Actions by part: the README of
 *  each source and sink. Streams that are named without an ARN are taken to be in the account and Region of the others. */
export function policyOf(application: ApiApplication, rowtime: RowtimeSection): Policy {
  const home = homeOf(application, rowtime);
  const statements = [
    ...application.Inputs.flatMap((input) => forInput(inputOf(input, rowtime), home)),
    ...application.Inputs.flatMap(({ InputProcessingConfiguration: processing }) =>
      processing ? [invoke('PreprocessInput', processing.InputLambdaProcessor.ResourceARN)] : [],
    ),
    ...outputsOf(application, rowtime).flatMap(({ stream, to }) => forOutput(stream, to, home)),
    ...application.ReferenceDataSources.filter(({ TableName }) => rowtime.tables?.[TableName] === undefined).map(
      ({ S3ReferenceDataSource: { BucketARN, FileKey } }): Statement =>
        allow('ReadReferenceTable', ['s3:GetObject'], `${BucketARN}/${FileKey}`),
    ),
    ...(rowtime.checkpointCopy ? copyCheckpoints(rowtime.checkpointCopy.bucket, home) : []),
    ...(rowtime.mirror ? forRecorded(rowtime.mirror.recorded, home) : []),
    ...(rowtime.metrics?.cloudWatch ? [putMetrics(rowtime.metrics.namespace ?? 'rowtime')] : []),
  ];
  return { Version: '2012-10-17', Statement: named(statements) };
}

function forInput(from: InputSection, home: Home): Statement[] {
  switch (from.from) {
    case 'kinesis': {
      const arn = home.arn('kinesis', from.stream);
      const read = readStream('ReadInputStream', arn);
      if (!from.fanOut) return [read];
      return [
        read,
        allow(
          'RegisterFanOutConsumer',
          ['kinesis:RegisterStreamConsumer', 'kinesis:DescribeStreamConsumer'],
          [arn, `${arn}/consumer/*`],
        ),
        allow('SubscribeToShards', ['kinesis:SubscribeToShard'], `${arn}/consumer/*`),
      ];
    }
    case 's3':
      return readObjects('InputObjects', from.bucket, home);
    case 'directPut':
    case 'httpEndpoint':
      return from.bucket?.startsWith('s3://') ? [write('LandRecords', from.bucket, home)] : [];
    case 'files':
      return [];
  }
}

function forOutput(name: string, to: OutputSection, home: Home): Statement[] {
  const sid = `Write${name.replace(/[^A-Za-z0-9]/g, '')}`;
  switch (to.to) {
    case 'firehose':
      return [allow(sid, ['firehose:PutRecordBatch'], home.arn('firehose', to.stream))];
    case 'kinesis':
      return [allow(sid, ['kinesis:PutRecords'], home.arn('kinesis', to.stream))];
    case 'lambda':
      return [invoke(sid, home.arn('lambda', to.function))];
    case 's3':
      return [write(sid, to.bucket, home)];
    case 'files':
      return [];
  }
}

/** What results are compared with. */
function forRecorded(recorded: string, home: Home): Statement[] {
  if (recorded.startsWith('s3://')) return readObjects('RecordedResults', recorded, home);
  const stream = streamIn(recorded);
  return stream === null ? [] : [readStream('ReadRecordedResults', home.arn('kinesis', stream))];
}

function readStream(sid: string, arn: string): Statement {
  return allow(
    sid,
    ['kinesis:DescribeStreamSummary', 'kinesis:ListShards', 'kinesis:GetShardIterator', 'kinesis:GetRecords'],
    arn,
  );
}

function readObjects(name: string, url: string, home: Home): Statement[] {
  const { bucket, prefix } = place(url, home);
  return [
    allow(`List${name}`, ['s3:ListBucket'], bucket, { StringLike: { 's3:prefix': [`${prefix}*`] } }),
    allow(`Read${name}`, ['s3:GetObject'], `${bucket}/${prefix}*`),
  ];
}

/** GetObject: a PUT whose answer was lost is compared with what is there. */
function write(sid: string, url: string, home: Home): Statement {
  const { bucket, prefix } = place(url, home);
  return allow(sid, ['s3:PutObject', 's3:AbortMultipartUpload', 's3:GetObject'], `${bucket}/${prefix}*`);
}

/** Without ListBucket, S3 says of what is not there that it may not be read. */
function copyCheckpoints(url: string, home: Home): Statement[] {
  const { bucket, prefix } = place(url.replace(/\/*$/, '/'), home);
  return [
    allow('CopyCheckpoints', ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], `${bucket}/${prefix}*`),
    allow('ListCheckpointCopies', ['s3:ListBucket'], bucket, { StringLike: { 's3:prefix': [`${prefix}*`] } }),
  ];
}

function putMetrics(namespace: string): Statement {
  // The action knows no resources: the namespace is what it can be held to.
  return allow('PutMetrics', ['cloudwatch:PutMetricData'], '*', {
    StringEquals: { 'cloudwatch:namespace': namespace },
  });
}

function invoke(sid: string, arn: string): Statement {
  return allow(sid, ['lambda:InvokeFunction'], arn);
}

function allow(
  Sid: string,
  Action: readonly string[],
  Resource: Statement['Resource'],
  Condition?: Statement['Condition'],
): Statement {
  return { Sid, Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) };
}

function place(url: string, home: Home): { readonly bucket: string; readonly prefix: string } {
  const { bucket, prefix } = parseS3Url(url) ?? { bucket: '', prefix: '' };
  // What a prefix expression stands for is known when an object is written.
  return { bucket: `arn:${home.partition}:s3:::${bucket}`, prefix: prefix.replace(/!\{.*$/s, '') };
}

interface Home {
  readonly partition: string;
  arn(service: string, nameOrArn: string | undefined): string;
}

function homeOf(application: ApiApplication, rowtime: RowtimeSection): Home {
  const [first] = arnsOf(application);
  const partition = first?.partition ?? 'aws';
  const region = rowtime.region ?? first?.region ?? '*';
  const account = first?.account ?? '*';
  return {
    partition,
    arn(service, given) {
      const known = given === undefined ? null : parseArn(given);
      if (known) return known.text;
      return makeArn({ partition, service, region, account, name: given ?? '*' });
    },
  };
}

/** A Sid is there once. */
function named(statements: readonly Statement[]): Statement[] {
  const seen = new Map<string, number>();
  return statements.map((statement) => {
    const count = (seen.get(statement.Sid) ?? 0) + 1;
    seen.set(statement.Sid, count);
    return count === 1 ? statement : { ...statement, Sid: `${statement.Sid}${count}` };
  });
}
