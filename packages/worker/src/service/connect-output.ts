import { join } from 'node:path';
import type { Schema, Sink } from '@rowtime/core';
import { nameAndRegion, parseS3Url } from '../application/arn.ts';
import type { OutputConnection } from '../application/connections.ts';
import type { OutputSection, RowtimeSection } from '../application/rowtime-schema.ts';
import { durationOf } from '../duration.ts';
import { CommandError } from '../exit.ts';
import { bucketConnection, connection } from './aws.ts';

export interface OutputContext {
  readonly rowtime: RowtimeSection;
  readonly applicationArn: string;
  /** What says so in messages. */
  readonly name: string;
  readonly state: string;
  /** Aborted: what cannot be delivered now goes into the last checkpoint. */
  readonly hurry: AbortSignal;
  readonly onRetry: (retry: {
    readonly action: string;
    readonly resource: string;
    readonly attempt: number;
    readonly error: unknown;
  }) => void;
}

/** Makes the sink of an output. Rejects with what somebody has to mend. A client of AWS is loaded by what needs it. */
export async function connectOutput(
  { stream, to, format: type }: OutputConnection,
  schema: Schema,
  { rowtime, applicationArn, name, state, hurry, onRetry }: OutputContext,
): Promise<Sink> {
  const common = { stream, schema, stop: hurry, onRetry };
  switch (to.to) {
    case 'files': {
      const { fileSink } = await import('@rowtime/sinks/file');
      return fileSink({ folder: to.folder, stream, schema, ...cut(to), ...formatOf(to.format ?? type, true) });
    }
    case 's3': {
      const { s3Sink } = await import('@rowtime/sinks/s3');
      const url = parseS3Url(to.bucket);
      if (!url) throw new CommandError(`${name}: bucket ${to.bucket} is not s3://bucket/prefix`);
      return s3Sink({
        ...common,
        ...bucketConnection(rowtime),
        ...url,
        ...cut(to),
        spool: join(state, 'spool'),
        ...(to.compression && { compression: to.compression === 'GZIP' ? 'gzip' : 'none' }),
        ...formatOf(to.format ?? type, false),
      });
    }
    case 'firehose': {
      const { firehoseSink } = await import('@rowtime/sinks/firehose');
      const { name: deliveryStream, region } = named(to.stream, name, 'the delivery stream');
      return firehoseSink({
        ...common,
        ...connection(rowtime, 'firehose', region),
        deliveryStream,
        format: { type },
        ...(to.pack && { pack: to.pack }),
      });
    }
    case 'kinesis': {
      const { kinesisSink } = await import('@rowtime/sinks/kinesis');
      const { name: dataStream, region } = named(to.stream, name, 'the data stream');
      const partitionKey = partitionKeyOf(to, schema, name);
      return kinesisSink({
        ...common,
        ...connection(rowtime, 'kinesis', region),
        dataStream,
        format: { type },
        ...partitionKey,
      });
    }
    case 'lambda': {
      const { lambdaSink } = await import('@rowtime/sinks/lambda');
      const { name: functionName, region } = named(to.function, name, 'the function');
      return lambdaSink({
        ...common,
        ...connection(rowtime, 'lambda', region),
        functionName,
        applicationArn,
        format: { type },
      });
    }
  }
}

/** JSON is what a sink writes anyway, in its own way. `rowtime`: files show it. */
function formatOf(type: 'JSON' | 'CSV' | 'PARQUET', rowtime: boolean) {
  if (type === 'PARQUET') return { format: { type, rowtime } };
  return type === 'CSV' ? { format: { type } } : {};
}

function cut({ bufferSize, bufferInterval }: Extract<OutputSection, { to: 'files' | 's3' }>) {
  return {
    ...(bufferSize !== undefined && { bufferBytes: Math.round(bufferSize * 2 ** 20) }),
    ...(bufferInterval !== undefined && { bufferMs: durationOf(bufferInterval)! }),
  };
}

function named(nameOrArn: string | undefined, where: string, what: string): ReturnType<typeof nameAndRegion> {
  if (nameOrArn !== undefined) return nameAndRegion(nameOrArn);
  throw new CommandError(`${where}: ${what} is not named, and the application has no output of that kind for it`);
}

function partitionKeyOf({ partitionKey }: Extract<OutputSection, { to: 'kinesis' }>, schema: Schema, where: string) {
  if (partitionKey === undefined) return {};
  if (schema.some(({ name }) => name === partitionKey)) return { partitionKey };
  const names = schema.map(({ name }) => name).join(', ');
  throw new CommandError(`${where}: partitionKey ${partitionKey}: the stream has no such column; it has ${names}`);
}
