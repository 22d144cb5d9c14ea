import { join } from 'node:path';
import type { Participant, Source } from '@rowtime/core';
import { ObjectWriter } from '@rowtime/sinks/objects';
import { createDecoder, type InputSchema } from '@rowtime/sources/decoder';
import { fileSource } from '@rowtime/sources/file';
import { DeliveryStreams, deliveryStreamSource, firehoseEndpoint, listen } from '@rowtime/sources/firehose';
import { parseArn } from '../application/arn.ts';
import type { InputSection } from '../application/rowtime-schema.ts';
import { durationOf } from '../duration.ts';
import { CommandError } from '../exit.ts';
import { isLoopback } from '../loopback.ts';

/** An input of an application, ready to be opened by a job. */
export interface ConnectedInput {
  readonly source: Source;
  /** What else of it takes part in checkpoints. */
  readonly participants: readonly Participant[];
  /** null: it cannot tell. */
  millisBehindLatest(): number | null;
  /** Where records come from, for people. */
  readonly from: string;
  /** After the job has closed the source. */
  close(): Promise<void>;
}

export interface InputContext {
  /** What says so in messages. */
  readonly name: string;
  readonly schema: InputSchema;
  /** By column: whether anyone reads it. */
  readonly used: readonly boolean[];
  readonly isPartitioned: boolean;
  /** The ARN of KinesisFirehoseInput. */
  readonly deliveryStream: string | null;
  readonly state: string;
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
    default:
      throw new CommandError(`${context.name}: from ${section.from} is not supported yet`);
  }
}

type Section<From extends InputSection['from']> = Extract<InputSection, { from: From }>;

async function connectFiles(
  { paths }: Section<'files'>,
  { schema, used, isPartitioned, now }: InputContext,
): Promise<ConnectedInput> {
  const source = await fileSource({ input: paths, now, isPartitioned, ...schema });
  source.use(used);
  return { source, participants: [], millisBehindLatest: () => null, from: paths.join(', '), close: async () => {} };
}

/** The worker is a delivery stream itself: producers, or a delivery stream in AWS, send it records over HTTP. */
async function connectDeliveryStream(
  section: Section<'directPut' | 'httpEndpoint'>,
  { name, schema, used, deliveryStream, state, now, log }: InputContext,
): Promise<ConnectedInput> {
  const { host = '127.0.0.1', port = portDefault, bucket } = section;
  const accessKey = section.from === 'httpEndpoint' ? accessKeyOf(section) : null;
  if (accessKey === null && !isLoopback(host)) {
    throw new CommandError(
      `${name}: host ${host}: the Firehose API does not check who calls it and is there on 127.0.0.1 only; httpEndpoint takes records from elsewhere`,
    );
  }
  if (bucket?.startsWith('s3://'))
    throw new CommandError(`${name}: bucket ${bucket}: landing in S3 is not supported yet`);
  const stream = (deliveryStream === null ? null : parseArn(deliveryStream)?.name) ?? 'input';
  const bufferBytes = section.bufferSize === undefined ? bufferBytesDefault : Math.round(section.bufferSize * 2 ** 20);
  const bufferMs = section.bufferInterval === undefined ? bufferMsDefault : durationOf(section.bufferInterval)!;
  const landing = bucket === undefined ? null : new ObjectWriter({ folder: bucket, stream, bufferBytes, bufferMs });
  const streams = new DeliveryStreams({
    folder: join(state, 'delivery-streams'),
    now,
    onTorn: (file, bytes) => log(`${file}: cut off ${bytes} bytes that were being written when the process died`),
  });
  const { journal } = await streams.open({
    name: stream,
    created: now(),
    bucketArn: 'arn:aws:s3:::bucket',
    roleArn: 'arn:aws:iam::123456789012:role/firehose',
    prefix: '',
    errorOutputPrefix: '',
    bufferBytes,
    bufferMs,
    compression: 'UNCOMPRESSED',
  });
  const app = firehoseEndpoint({
    streams,
    now,
    api: section.from === 'directPut',
    canCreate: false,
    ...(accessKey !== null && { accessKey }),
    onError: (error) => log(error instanceof Error ? error.message : String(error)),
  });
  const source = deliveryStreamSource({
    journal,
    decoder: createDecoder(schema, { used }),
    stream,
    ...(landing && { landing }),
  });
  const server = await listen(app, { host, port });
  return {
    source,
    participants: [...(landing ? [landing] : []), source.participant],
    millisBehindLatest: () => source.millisBehindLatest(),
    from: `${server.url}${section.from === 'httpEndpoint' ? `/firehose/${stream}` : ` (delivery stream ${stream})`}`,
    async close() {
      await server.close();
      await streams.close();
    },
  };
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
