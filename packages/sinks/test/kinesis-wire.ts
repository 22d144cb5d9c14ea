// Kinesis sinks against a server of Kinesis, over HTTP and the real client.
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { type Batch, fromRows, type Row, type Schema } from '@rowtime/core';
import type { ProxiedRequest, ServerProcess } from '@rowtime/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type KinesisSinkOptions, kinesisSink } from '../src/kinesis.ts';
import { unpaced } from './pace.ts';

const connection = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

export const schema: Schema = [
  { name: 'N', type: { kind: 'integer' }, nullable: false },
  { name: 'K', type: { kind: 'varchar', length: null }, nullable: true },
];

export function batch(from: number, to: number, keyOf: (n: number) => string | null): Batch {
  const rows = Array.from({ length: to - from }, (_, i): { rowtime: number; row: Row } => ({
    rowtime: from + i,
    row: { N: from + i, K: keyOf(from + i) },
  }));
  return fromRows(schema, rows);
}

export function sinkTo(
  url: string,
  options: Pick<KinesisSinkOptions, 'dataStream' | 'schema'> & Partial<KinesisSinkOptions>,
) {
  return kinesisSink({ ...connection, endpoint: url, stream: 'OUT', pace: unpaced(), ...options });
}

export function clientOf({ url }: Pick<ServerProcess, 'url'>): KinesisClient {
  return new KinesisClient({ ...connection, endpoint: url, requestHandler: new NodeHttpHandler() });
}

export async function createStream(client: KinesisClient, name: string, shards: number): Promise<void> {
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
  await active(client, name);
}

/** Waits until a stream takes changes again. */
export async function active(client: KinesisClient, name: string): Promise<void> {
  for (;;) {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }));
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return;
  }
}

export interface Found {
  readonly shard: string;
  readonly key: string;
  readonly data: string;
  readonly n: number;
}

/** All records, shard by shard, in order. */
export async function recordsOf(client: KinesisClient, stream: string): Promise<Found[]> {
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: stream }));
  const found: Found[] = [];
  for (const { ShardId } of Shards) {
    const start = { StreamName: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    let { ShardIterator } = await client.send(new GetShardIteratorCommand(start));
    for (let more = true; more && ShardIterator !== undefined; ) {
      const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator }));
      for (const { PartitionKey, Data } of Records) {
        const data = Buffer.from(Data!).toString('utf8');
        found.push({ shard: ShardId!, key: PartitionKey!, data, n: (JSON.parse(data) as { N: number }).N });
      }
      ShardIterator = NextShardIterator;
      more = Records.length > 0;
    }
  }
  return found;
}

export interface PutRequest {
  readonly StreamName: string;
  readonly Records: readonly { readonly Data: string }[];
}

/** The records of a request that is a PutRecords. */
export function recordsIn({ headers, body }: ProxiedRequest): PutRequest['Records'] | null {
  return String(headers['x-amz-target']).endsWith('.PutRecords')
    ? (JSON.parse(body.toString()) as PutRequest).Records
    : null;
}
