import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ParsedApplication, parseApplication, printProblem } from '../src/application/application.ts';
import { rowtimeJsonSchema } from '../src/application/json-schema.ts';

// features: F202 F208 F220

const code = 'CREATE OR REPLACE STREAM "D" (a INTEGER);';
const kinesisArn = 'arn:aws:kinesis:us-east-1:123456789012:stream/ratings';
const firehoseArn = 'arn:aws:firehose:us-east-1:123456789012:deliverystream/results';
const role = 'arn:aws:iam::123456789012:role/kinesis-analytics';
const schema = {
  RecordFormat: { RecordFormatType: 'JSON', MappingParameters: { JSONMappingParameters: { RecordRowPath: '$' } } },
  RecordEncoding: 'UTF-8',
  RecordColumns: [{ Name: 'rating', SqlType: 'INTEGER', Mapping: '$.rating' }],
};
const input = { NamePrefix: 'SOURCE_SQL_STREAM', InputSchema: schema, InputParallelism: { Count: 1 } };
const output = { Name: 'D', DestinationSchema: { RecordFormatType: 'JSON' } };
const reference = {
  TableName: 'names',
  S3ReferenceDataSource: { BucketARN: 'arn:aws:s3:::tables', FileKey: 'names.csv' },
  ReferenceSchema: schema,
};

const created = {
  ApplicationName: 'captains',
  ApplicationCode: code,
  Inputs: [{ ...input, KinesisStreamsInput: { ResourceARN: kinesisArn, RoleARN: role } }],
  Outputs: [{ ...output, KinesisFirehoseOutput: { ResourceARN: firehoseArn, RoleARN: role } }],
};
const described = {
  ApplicationName: 'captains',
  ApplicationDescription: 'Captains',
  ApplicationARN: 'arn:aws:kinesisanalytics:us-east-1:123456789012:application/captains',
  ApplicationStatus: 'RUNNING',
  CreateTimestamp: 1_632_312_345.1,
  ApplicationVersionId: 3,
};
const descriptions = {
  InputDescriptions: [
    {
      ...input,
      InputId: '1.1',
      InAppStreamNames: ['SOURCE_SQL_STREAM_001'],
      KinesisStreamsInputDescription: { ResourceARN: kinesisArn, RoleARN: role },
      InputStartingPositionConfiguration: { InputStartingPosition: 'NOW' },
    },
  ],
  OutputDescriptions: [
    { ...output, OutputId: '2.1', KinesisFirehoseOutputDescription: { ResourceARN: firehoseArn, RoleARN: role } },
  ],
  ReferenceDataSourceDescriptions: [
    {
      ReferenceId: '3.1',
      TableName: 'names',
      S3ReferenceDataSourceDescription: { ...reference.S3ReferenceDataSource, ReferenceRoleARN: role },
      ReferenceSchema: schema,
    },
  ],
};

const shapes: Record<string, object> = {
  'describe-application, version 1': { ApplicationDetail: { ...described, ApplicationCode: code, ...descriptions } },
  'describe-application, version 2': {
    ApplicationDetail: {
      ...described,
      RuntimeEnvironment: 'SQL-1_0',
      ServiceExecutionRole: role,
      ApplicationConfigurationDescription: {
        SqlApplicationConfigurationDescription: descriptions,
        ApplicationCodeConfigurationDescription: {
          CodeContentType: 'PLAINTEXT',
          CodeContentDescription: { TextContent: code },
        },
      },
      CloudWatchLoggingOptionDescriptions: [
        {
          CloudWatchLoggingOptionId: '4.1',
          LogStreamARN: 'arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:s',
        },
      ],
    },
  },
  'CreateApplication, version 1': { ...created, ReferenceDataSources: [reference] },
  'CreateApplication, version 2': {
    ApplicationName: 'captains',
    RuntimeEnvironment: 'SQL-1_0',
    ServiceExecutionRole: role,
    ApplicationConfiguration: {
      SqlApplicationConfiguration: {
        Inputs: created.Inputs,
        Outputs: created.Outputs,
        ReferenceDataSources: [reference],
      },
      ApplicationCodeConfiguration: { CodeContent: { TextContent: code }, CodeContentType: 'PLAINTEXT' },
    },
  },
  'a CloudFormation resource': {
    Type: 'AWS::KinesisAnalytics::Application',
    Properties: { ...created, ReferenceDataSources: [reference] },
  },
  'a CloudFormation template': {
    AWSTemplateFormatVersion: '2010-09-09',
    Resources: {
      Bucket: { Type: 'AWS::S3::Bucket' },
      Application: {
        Type: 'AWS::KinesisAnalytics::Application',
        Properties: { ApplicationName: 'captains', ApplicationCode: code, Inputs: created.Inputs },
      },
      Output: {
        Type: 'AWS::KinesisAnalytics::ApplicationOutput',
        Properties: { ApplicationName: { Ref: 'Application' }, Output: created.Outputs[0] },
      },
      Names: {
        Type: 'AWS::KinesisAnalytics::ApplicationReferenceDataSource',
        Properties: { ApplicationName: { Ref: 'Application' }, ReferenceDataSource: reference },
      },
    },
  },
};

const parse = (value: unknown, side?: unknown): ParsedApplication =>
  parseApplication(
    { file: 'application.json', text: JSON.stringify(value, null, 2) },
    side === undefined ? null : { file: 'application.rowtime.json', text: JSON.stringify(side, null, 2) },
  );
const errorsOf = (value: unknown, side?: unknown) => parse(value, side).errors.map(printProblem);

describe('an application comes in the shape of', () => {
  test.each(Object.entries(shapes))('%s', (_, shape) => {
    const { application, errors, unknown } = parse(shape);
    expect({ errors, unknown }).toEqual({ errors: [], unknown: [] });
    expect(application).toMatchObject({
      ApplicationName: 'captains',
      ApplicationCode: code,
      Inputs: [
        { NamePrefix: 'SOURCE_SQL_STREAM', KinesisStreamsInput: { ResourceARN: kinesisArn }, InputSchema: schema },
      ],
      Outputs: [{ Name: 'D', KinesisFirehoseOutput: { ResourceARN: firehoseArn } }],
      ReferenceDataSources: [{ TableName: 'names', S3ReferenceDataSource: { FileKey: 'names.csv' } }],
    });
  });
});

/** The line of the first occurrence of a text in what `parse` reads. */
const lineOf = (value: unknown, text: string) =>
  JSON.stringify(value, null, 2)
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1;

describe('a mistake is named with its line, its field and what to do', () => {
  test('in each shape, where the field stands in that shape', () => {
    const described1 = structuredClone(shapes['describe-application, version 2']) as never as {
      ApplicationDetail: {
        ApplicationConfigurationDescription: {
          SqlApplicationConfigurationDescription: {
            InputDescriptions: { KinesisStreamsInputDescription: { ResourceARN: string } }[];
          };
        };
      };
    };
    described1.ApplicationDetail.ApplicationConfigurationDescription.SqlApplicationConfigurationDescription
      .InputDescriptions[0]!.KinesisStreamsInputDescription.ResourceARN = 'ratings';
    expect(errorsOf(described1)).toEqual([
      `application.json:${lineOf(described1, '"ratings"')}: ApplicationDetail.ApplicationConfigurationDescription.SqlApplicationConfigurationDescription.InputDescriptions[0].KinesisStreamsInputDescription.ResourceARN: "ratings" is no ARN of a Kinesis stream; expected one such as arn:aws:kinesis:us-east-1:123456789012:stream/my-name`,
    ]);
    const template = structuredClone(shapes['a CloudFormation template']) as never as {
      Resources: { Output: { Properties: { Output: { KinesisFirehoseOutput: { ResourceARN: unknown } } } } };
    };
    template.Resources.Output.Properties.Output.KinesisFirehoseOutput.ResourceARN = { 'Fn::GetAtt': ['Stream', 'Arn'] };
    expect(errorsOf(template)).toEqual([
      `application.json:${lineOf(template, '"Fn::GetAtt"') - 1}: Resources.Output.Properties.Output.KinesisFirehoseOutput.ResourceARN: is {"Fn::GetAtt":["Stream","Arn"]}, which only CloudFormation can resolve; put the value here (\`aws cloudformation describe-stack-resources\` shows it)`,
    ]);
  });

  test('all of them at once', () => {
    const { ApplicationCode: _, ...rest } = created;
    const broken = {
      ...rest,
      Inputs: [{ ...input, InputSchema: { ...schema, RecordColumns: [{ Name: 'a' }] } }],
      Outputs: [
        {
          Name: 'D',
          KinesisFirehoseOutput: { ResourceARN: kinesisArn },
          DestinationSchema: { RecordFormatType: 'XML' },
        },
      ],
      rowtime: { inputs: { SOURCE_SQL_STREAM: { from: 'carrier pigeon' } }, checkpointInterval: '10 parsecs' },
    };
    expect(errorsOf(broken).map((text) => text.replace(/:\d+:/, ':'))).toEqual([
      'application.json: ApplicationCode: is missing',
      'application.json: Inputs[0].InputSchema.RecordColumns[0].SqlType: is missing',
      expect.stringMatching(
        /^application\.json: Outputs\[0\]\.KinesisFirehoseOutput\.ResourceARN: .*expected one such as arn:aws:firehose/,
      ),
      expect.stringMatching(/^application\.json: Outputs\[0\]\.DestinationSchema\.RecordFormatType: .*"JSON"\|"CSV"/),
      expect.stringMatching(/^application\.json: rowtime\.inputs\.SOURCE_SQL_STREAM\.from: /),
      expect.stringMatching(/^application\.json: rowtime\.checkpointInterval: is a time such as/),
    ]);
  });

  test.each([
    ['{\n  "a": 1\n  "b": 2\n}', 'application.json:3: this is not JSON: comma expected'],
    ['', 'application.json:1: this is not JSON: value expected'],
    ['[]', /^application\.json:1: this is no application: expected what `aws kinesisanalyticsv2 describe-application`/],
    ['{"Resources": {}}', /this is no application/],
    ['{"ApplicationDetail": {"RuntimeEnvironment": "FLINK-1_18"}}', /"FLINK-1_18" is no SQL application/],
    ['{"Inputs": [{}, {}], "ApplicationCode": "x"}', /an application has one input/],
    [
      '{"Inputs": [{}], "ApplicationCode": "x", "Outputs": [{}, {}, {}, {}]}',
      /an application has at most three outputs/,
    ],
    [
      JSON.stringify({ ...created, Outputs: [{ ...created.Outputs[0], Name: 'x'.repeat(33) }] }),
      /Outputs\[0\]\.Name: Too big/,
    ],
  ])('%j', (text, message) => {
    const { application, errors } = parseApplication({ file: 'application.json', text }, null);
    expect(application).toBeNull();
    expect(errors.map(printProblem)).toContainEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  });
});

test('fields that are not known are reported and left aside', () => {
  const { application, errors, unknown } = parse({
    ...created,
    Colour: 'red',
    Inputs: [{ ...created.Inputs[0], Flavour: { a: 1 }, Taste: 1 }],
    rowtime: { sead: 7, seed: 7 },
  });
  expect(errors).toEqual([]);
  expect(application?.Inputs[0]?.NamePrefix).toBe('SOURCE_SQL_STREAM');
  expect(unknown.map(printProblem).map((text) => text.replace(/:\d+:/, ':'))).toEqual([
    'application.json: Inputs[0].Flavour: rowtime does not know this field, and leaves it aside',
    'application.json: Inputs[0].Taste: rowtime does not know this field, and leaves it aside',
    'application.json: Colour: rowtime does not know this field, and leaves it aside',
    'application.json: rowtime.sead: rowtime does not know this field, and leaves it aside',
  ]);
});

test('the rowtime section may be in a file beside it, which goes first', () => {
  const { rowtime, errors } = parse({ ...created, rowtime: { seed: 1, region: 'eu-west-1' } }, { seed: 2 });
  expect({ rowtime, errors }).toEqual({ rowtime: { seed: 2, region: 'eu-west-1' }, errors: [] });
  expect(errorsOf(created, { seed: 'two' })).toEqual([
    'application.rowtime.json:2: seed: expected number, received string',
  ]);
});

test('the published JSON Schema is the one that the section is validated with (pnpm --filter rowtime build-schema)', () => {
  const published = readFileSync(new URL('../schemas/rowtime.schema.json', import.meta.url), 'utf8');
  expect(published).toBe(rowtimeJsonSchema());
});
