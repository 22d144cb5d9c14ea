// An account of AWS, or what stands for one, to run the suites of sources and sinks against. Whatever is made has a name of this
// run and is deleted at its end.
import { randomBytes } from 'node:crypto';
import {
  CreateDeliveryStreamCommand,
  DeleteDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
} from '@aws-sdk/client-firehose';
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  KinesisClient,
} from '@aws-sdk/client-kinesis';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { type AwsConnection, http1 } from '@rowtime/aws';

/** What CONFORMANCE_AWS=1 and the variables beside it say (docs/conformance-aws.md); null: nothing. */
export function accountOf(environment: NodeJS.ProcessEnv): Account | null {
  if (environment['CONFORMANCE_AWS'] !== '1') return null;
  const endpoint = environment['CONFORMANCE_AWS_ENDPOINT'];
  if (endpoint === undefined && environment['CI'])
    throw new Error('CONFORMANCE_AWS=1 makes things in an account that cost: it is never run in CI');
  const region = environment['AWS_REGION'] ?? (endpoint === undefined ? undefined : 'us-east-1');
  if (region === undefined) throw new Error('CONFORMANCE_AWS=1: say in AWS_REGION where');
  return new Account(
    { region, ...(endpoint !== undefined && { endpoint, credentials }) },
    environment['CONFORMANCE_AWS_FIREHOSE_ROLE'] ?? null,
  );
}

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

export class Account {
  readonly connection: AwsConnection & { readonly region: string };
  /** False: another implementation stands for it. */
  readonly isReal: boolean;
  /** The role with which a delivery stream writes; null: there is none, and no delivery stream is made. */
  readonly firehoseRole: string | null;
  readonly run = `rowtime-conformance-${randomBytes(4).toString('hex')}`;
  readonly s3: S3Client;
  readonly firehose: FirehoseClient;
  #kinesis: KinesisClient | null = null;
  #names = 0;
  readonly #undo: (() => Promise<unknown>)[] = [];

  constructor(connection: Account['connection'], firehoseRole: string | null) {
    this.connection = connection;
    this.isReal = connection.endpoint === undefined;
    this.firehoseRole = firehoseRole ?? (this.isReal ? null : 'arn:aws:iam::123456789012:role/firehose');
    this.s3 = new S3Client({ ...connection, forcePathStyle: !this.isReal });
    this.firehose = new FirehoseClient(connection);
  }

  /** For options of sources and sinks. */
  get s3Connection() {
    return { ...this.connection, forcePathStyle: !this.isReal };
  }

  name(): string {
    return `${this.run}-${this.#names++}`;
  }

  async kinesis(): Promise<KinesisClient> {
    this.#kinesis ??= new KinesisClient({ ...this.connection, requestHandler: await http1(this.connection) });
    return this.#kinesis;
  }

  async bucket(): Promise<string> {
    const Bucket = this.name();
    this.#undo.push(() => this.#empty(Bucket));
    await this.s3.send(new CreateBucketCommand({ Bucket }));
    return Bucket;
  }

  /** Deletes a bucket that a step made by itself. */
  adoptBucket(bucket: string): void {
    this.#undo.push(() => this.#empty(bucket));
  }

  async stream(ShardCount: number): Promise<string> {
    const kinesis = await this.kinesis();
    const StreamName = this.name();
    this.#undo.push(() => kinesis.send(new DeleteStreamCommand({ StreamName, EnforceConsumerDeletion: true })));
    await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount }));
    await this.active(StreamName);
    return StreamName;
  }

  /** Waits until a stream takes calls again after it was made or changed. */
  async active(StreamName: string): Promise<void> {
    const kinesis = await this.kinesis();
    await until(async () => {
      const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
      return StreamDescriptionSummary?.StreamStatus === 'ACTIVE';
    });
  }

  /** With the shortest buffer that there is. */
  async deliveryStream(bucket: string, RoleARN: string): Promise<string> {
    const DeliveryStreamName = this.name();
    this.#undo.push(() =>
      this.firehose.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName, AllowForceDelete: true })),
    );
    const ExtendedS3DestinationConfiguration = {
      BucketARN: `arn:aws:s3:::${bucket}`,
      RoleARN,
      BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 },
    };
    await this.firehose.send(
      new CreateDeliveryStreamCommand({ DeliveryStreamName, ExtendedS3DestinationConfiguration }),
    );
    await until(async () => {
      const described = await this.firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }));
      return described.DeliveryStreamDescription?.DeliveryStreamStatus === 'ACTIVE';
    });
    return DeliveryStreamName;
  }

  /** Names and contents of the objects under a prefix, which is not part of the names. */
  async objects(Bucket: string, Prefix = ''): Promise<{ readonly key: string; readonly content: string }[]> {
    const keys: string[] = [];
    for (let ContinuationToken: string | undefined; ; ) {
      const page = await this.s3.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }));
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key!));
      ContinuationToken = page.NextContinuationToken;
      if (ContinuationToken === undefined) break;
    }
    return Promise.all(
      keys.map(async (Key) => {
        const { Body } = await this.s3.send(new GetObjectCommand({ Bucket, Key }));
        return { key: Key.slice(Prefix.length), content: (await Body?.transformToString()) ?? '' };
      }),
    );
  }

  /** Deletes what this run has made, the last first. Throws what could not be, after all else is. */
  async release(): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.#undo.reverse()) await undo().catch((error: unknown) => failures.push(error));
    this.s3.destroy();
    this.firehose.destroy();
    this.#kinesis?.destroy();
    if (failures.length > 0)
      throw new AggregateError(failures, `not all of ${this.run}-* is deleted: ${failures.join('; ')}`);
  }

  async #empty(Bucket: string): Promise<void> {
    try {
      for (;;) {
        const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket }));
        if (Contents.length === 0) break;
        const Objects = Contents.map(({ Key }) => ({ Key: Key! }));
        await this.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
      }
      const { Uploads = [] } = await this.s3.send(new ListMultipartUploadsCommand({ Bucket }));
      for (const { Key, UploadId } of Uploads)
        await this.s3.send(new AbortMultipartUploadCommand({ Bucket, Key: Key!, UploadId: UploadId! }));
      await this.s3.send(new DeleteBucketCommand({ Bucket }));
    } catch (error) {
      if ((error as Error).name !== 'NoSuchBucket') throw error;
    }
  }
}

/** Asks again until it is so, for ten minutes at most. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, tries < 20 ? 100 : 1_000));
  }
  throw new Error('it was not so within ten minutes');
}
