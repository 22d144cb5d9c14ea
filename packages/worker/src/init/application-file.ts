import { makeArn, parseArn } from '../application/arn.ts';
import type { InputSection, OutputSection } from '../application/rowtime-schema.ts';
import type { Answers } from './answers.ts';

/** Stands in an ARN where nobody said what account it is; the one of AWS's documentation. */
export const exampleAccount = '123456789012';

export interface Program {
  readonly text: string;
  readonly namePrefix: string;
  /** InputSchema of the API. */
  readonly inputSchema: unknown;
}

/** By stream. */
export type Outputs = Readonly<Record<string, OutputSection>>;

/** An application file: a CreateApplication request of version 1, and the section that is rowtime's own. */
export function applicationFile(
  answers: Answers,
  { text, namePrefix, inputSchema }: Program,
  outputs: Outputs,
): object {
  const service = answers.input === 'kinesis' ? 'kinesis' : 'firehose';
  const ResourceARN = arnOf(service, answers);
  return {
    ApplicationName: answers.name,
    ApplicationCode: text,
    Inputs: [
      {
        NamePrefix: namePrefix,
        [service === 'kinesis' ? 'KinesisStreamsInput' : 'KinesisFirehoseInput']: { ResourceARN },
        InputSchema: inputSchema,
      },
    ],
    rowtime: {
      inputs: { [namePrefix]: inputSection(answers) },
      outputs,
      region: answers.region,
    },
  };
}

function inputSection({ input, stream, bucket, paths }: Answers): InputSection {
  switch (input) {
    case 'directPut':
      return { from: input, ...(bucket !== null && { bucket }) };
    case 'kinesis':
      return { from: input, stream };
    case 's3':
      return { from: input, bucket: bucket! };
    case 'files':
      return { from: input, paths: [...paths] };
  }
}

function arnOf(service: 'kinesis' | 'firehose', { stream, region }: Answers): string {
  const given = parseArn(stream);
  if (given?.service === service) return given.text;
  return makeArn({ partition: 'aws', service, region, account: exampleAccount, name: given?.name ?? stream });
}

/** `SOURCE_SQL_STREAM` of a program that reads SOURCE_SQL_STREAM_001. */
export function namePrefixOf(sql: string): string {
  const [, quoted, plain] = /"([^"]+)_001"|\b([A-Za-z_]\w*)_001\b/.exec(sql) ?? [];
  return quoted ?? plain?.toUpperCase() ?? 'SOURCE_SQL_STREAM';
}
