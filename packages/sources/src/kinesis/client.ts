import type { KinesisClient } from '@aws-sdk/client-kinesis';
import {
  type Attempts,
  type AwsCall,
  type AwsConnection,
  clientConfig,
  http1,
  regionOf,
  untilDone,
} from '@rowtime/aws';
import type { Millis } from '@rowtime/core';
import type { Shard } from './shards.ts';

/** How to reach the service. What is left out is found where every AWS program finds it. */
export type KinesisClientOptions = AwsConnection;

/** How calls are made again. */
export type Patience = Omit<Attempts, keyof AwsCall> & { readonly stop: AbortSignal };

/** Where in a shard reading begins. */
export type ShardStart =
  | { readonly type: 'TRIM_HORIZON' | 'LATEST' }
  | { readonly type: 'AT_TIMESTAMP'; readonly time: Millis }
  | { readonly type: 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER'; readonly sequence: string };

type Sdk = typeof import('@aws-sdk/client-kinesis');

/** One stream, through the SDK, with our retries. */
export class KinesisStream {
  readonly name: string;
  readonly region: string;
  readonly client: KinesisClient;
  readonly #arn: string | null;
  readonly #options: KinesisClientOptions;
  readonly #retry: Patience;
  readonly #sdk: Sdk;
  #subscriber: KinesisClient | null = null;
  #isReached = false;

  private constructor(
    sdk: Sdk,
    client: KinesisClient,
    region: string,
    stream: string,
    options: KinesisClientOptions,
    retry: Patience,
  ) {
    this.#sdk = sdk;
    this.client = client;
    this.region = region;
    this.#arn = stream.startsWith('arn:') ? stream : null;
    this.name = stream.slice(stream.lastIndexOf('/') + 1);
    this.#options = options;
    this.#retry = retry;
  }

  /** `stream`: its name, or its ARN. The SDK is loaded here: who reads no stream does not wait for it. */
  static async connect(stream: string, options: KinesisClientOptions, retry: Patience): Promise<KinesisStream> {
    const sdk = await import('@aws-sdk/client-kinesis');
    const given = stream.startsWith('arn:') ? { region: stream.split(':')[3]!, ...options } : options;
    const client = new sdk.KinesisClient({
      ...clientConfig(given),
      // A call of each shard is under way.
      requestHandler: await http1(given, 512),
    });
    const region = await regionOf(client, `stream ${stream}`);
    return new KinesisStream(sdk, client, region, stream, given, retry);
  }

  /** All shards, closed ones too while their records are kept. */
  async shards(): Promise<Shard[]> {
    const shards: Shard[] = [];
    for (let token: string | undefined; ; ) {
      const input = token === undefined ? this.#stream() : { NextToken: token };
      const reply = await this.#send('ListShards', () => this.client.send(new this.#sdk.ListShardsCommand(input)));
      for (const { ShardId, ParentShardId, AdjacentParentShardId, SequenceNumberRange } of reply.Shards ?? []) {
        const parents = [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined);
        shards.push({ id: ShardId!, parents, isOpen: SequenceNumberRange?.EndingSequenceNumber === undefined });
      }
      token = reply.NextToken;
      if (token === undefined) return shards;
    }
  }

  async iterator(shard: string, start: ShardStart): Promise<string> {
    const command = new this.#sdk.GetShardIteratorCommand({
      ...this.#stream(),
      ShardId: shard,
      ShardIteratorType: start.type,
      ...('sequence' in start && { StartingSequenceNumber: start.sequence }),
      ...('time' in start && { Timestamp: new Date(start.time) }),
    });
    const reply = await this.#send('GetShardIterator', () => this.client.send(command));
    return reply.ShardIterator!;
  }

  getRecords(iterator: string, limit: number) {
    const command = new this.#sdk.GetRecordsCommand({
      ...(this.#arn !== null && { StreamARN: this.#arn }),
      ShardIterator: iterator,
      Limit: limit,
    });
    return this.#send('GetRecords', () => this.client.send(command, { abortSignal: this.#retry.stop }));
  }

  /** The consumer of that name for enhanced fan-out, registered if it is not yet. */
  async consumer(name: string): Promise<string> {
    const { DescribeStreamSummaryCommand, DescribeStreamConsumerCommand, RegisterStreamConsumerCommand } = this.#sdk;
    const streamArn =
      this.#arn ??
      (
        await this.#send('DescribeStreamSummary', () =>
          this.client.send(new DescribeStreamSummaryCommand({ StreamName: this.name })),
        )
      ).StreamDescriptionSummary!.StreamARN!;
    const input = { StreamARN: streamArn, ConsumerName: name };
    for (;;) {
      const found = await this.#send('DescribeStreamConsumer', () =>
        this.client.send(new DescribeStreamConsumerCommand(input)).catch((error: Error) => {
          if (error.name === 'ResourceNotFoundException') return null;
          throw error;
        }),
      );
      const description = found?.ConsumerDescription;
      if (description?.ConsumerStatus === 'ACTIVE') return description.ConsumerARN!;
      if (!description) {
        await this.#send('RegisterStreamConsumer', () =>
          this.client.send(new RegisterStreamConsumerCommand(input)).catch((error: Error) => {
            if (error.name !== 'ResourceInUseException') throw error; // registered meanwhile
          }),
        );
      }
      await new Promise((resolve) => setTimeout(resolve, consumerWaitMs));
      this.#retry.stop.throwIfAborted();
    }
  }

  /** Records as they come, for five minutes at most. */
  async subscribe(consumer: string, shard: string, start: ShardStart) {
    const command = new this.#sdk.SubscribeToShardCommand({
      ConsumerARN: consumer,
      ShardId: shard,
      StartingPosition: {
        Type: start.type,
        ...('sequence' in start && { SequenceNumber: start.sequence }),
        ...('time' in start && { Timestamp: new Date(start.time) }),
      },
    });
    const client = await this.#forSubscriptions();
    const reply = await this.#send('SubscribeToShard', () => client.send(command, { abortSignal: this.#retry.stop }));
    return reply.EventStream!;
  }

  call(action: string): AwsCall {
    const account = this.#arn?.split(':')[4] ?? '*';
    return {
      action: `kinesis:${action}`,
      resource: `stream ${this.name}`,
      arn: this.#arn ?? `arn:aws:kinesis:${this.region}:${account}:stream/${this.name}`,
      region: this.region,
      isFirst: !this.#isReached,
    };
  }

  destroy(): void {
    this.client.destroy();
    this.#subscriber?.destroy();
  }

  // The service pushes over HTTP/2 alone, which is what the SDK's own handler speaks; servers on plain HTTP push over 1.1.
  async #forSubscriptions(): Promise<KinesisClient> {
    const endpoint = await this.client.config.endpoint?.();
    if (endpoint?.protocol === 'http:') return this.client;
    this.#subscriber ??= new this.#sdk.KinesisClient({ ...this.#options, maxAttempts: 1 });
    return this.#subscriber;
  }

  #stream() {
    return { StreamName: this.name, ...(this.#arn !== null && { StreamARN: this.#arn }) };
  }

  async #send<T>(action: string, send: () => Promise<T>): Promise<T> {
    this.#retry.stop.throwIfAborted();
    const reply = await untilDone(send, { ...this.call(action), ...this.#retry });
    this.#isReached = true;
    return reply;
  }
}

const consumerWaitMs = 500;
