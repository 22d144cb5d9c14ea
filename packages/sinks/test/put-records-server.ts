import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PutEntry {
  readonly key: string;
  readonly data: string;
}

export interface PutRecordsServer {
  readonly url: string;
  /** How many records each call brought. */
  readonly sizes: readonly number[];
  /** What streams have taken, in order. */
  taken(stream: string): readonly PutEntry[];
  close(): Promise<void>;
}

/** PutRecords of Kinesis for streams of any name, that takes records one by one: entries whose place in their call
 *  `isRefused` says are refused, as those of a shard are that is throttled. */
export async function startPutRecordsServer(
  isRefused: (place: number) => boolean = () => false,
): Promise<PutRecordsServer> {
  const streams = new Map<string, PutEntry[]>();
  const sizes: number[] = [];
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { StreamName, Records } = JSON.parse(Buffer.concat(chunks).toString()) as {
      StreamName: string;
      Records: readonly { PartitionKey: string; Data: string }[];
    };
    sizes.push(Records.length);
    const taken = streams.get(StreamName) ?? [];
    streams.set(StreamName, taken);
    let failed = 0;
    const outcome = Records.map(({ PartitionKey, Data }, place) => {
      if (isRefused(place)) {
        failed++;
        return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded' };
      }
      taken.push({ key: PartitionKey, data: Buffer.from(Data, 'base64').toString() });
      return { ShardId: 'shardId-000000000000', SequenceNumber: String(taken.length) };
    });
    reply.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    reply.end(JSON.stringify({ FailedRecordCount: failed, Records: outcome }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sizes,
    taken: (stream) => streams.get(stream) ?? [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
