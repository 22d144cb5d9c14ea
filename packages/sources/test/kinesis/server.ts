import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import type { ServerProcess } from '@rowtime/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';

export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

export interface KinesisServer {
  readonly url: string;
  readonly client: KinesisClient;
  createStream(name: string, shards: number): Promise<void>;
  /** Waits until the stream takes calls again after it was made or changed. */
  active(name: string): Promise<void>;
  shards(name: string): Promise<string[]>;
  put(name: string, records: readonly Put[]): Promise<void>;
  close(): Promise<void>;
}

export interface Put {
  readonly data: string | Uint8Array;
  readonly key?: string;
}

/** What a test does to a server. */
export function kinesisServer({ url, close }: ServerProcess): KinesisServer {
  const client = new KinesisClient({
    region: 'us-east-1',
    endpoint: url,
    credentials,
    requestHandler: new NodeHttpHandler(),
  });
  const active = async (name: string): Promise<void> => {
    for (;;) {
      const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }));
      if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return {
    url,
    client,
    active,
    async createStream(name, shards) {
      await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
      await active(name);
    },
    async shards(name) {
      const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: name }));
      return Shards.map(({ ShardId }) => ShardId!);
    },
    async put(name, records) {
      for (let from = 0; from < records.length; from += 500) {
        const Records = records.slice(from, from + 500).map(({ data, key }, i) => ({
          Data: typeof data === 'string' ? Buffer.from(data) : data,
          PartitionKey: key ?? `key ${from + i}`,
        }));
        const { FailedRecordCount } = await client.send(new PutRecordsCommand({ StreamName: name, Records }));
        if (FailedRecordCount) throw new Error(`${FailedRecordCount} records were not taken`);
      }
    },
    async close() {
      client.destroy();
      await close();
    },
  };
}
