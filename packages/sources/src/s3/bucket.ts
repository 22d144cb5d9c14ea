import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import {
  type AwsConnection,
  clientConfig,
  errorName,
  type Pace,
  type Retry,
  realPace,
  regionOf,
  untilDone,
} from '@rowtime/aws';
import type { ObjectEntry } from './listing.ts';
import type { ObjectStore } from './source.ts';

/** How to reach the service. What is left out is found where every AWS program finds it. */
export interface S3ClientOptions extends AwsConnection {
  /** Paths instead of host names, `http://host/bucket/key`. Default: with an endpoint. */
  readonly forcePathStyle?: boolean;
}

export interface S3BucketOptions {
  readonly bucket: string;
  /** What keys begin with. Default: nothing. */
  readonly prefix?: string;
  readonly client?: S3ClientOptions;
  readonly random: () => number;
  readonly onRetry?: (retry: Retry) => void;
}

type Sdk = typeof import('@aws-sdk/client-s3');

/** The objects of an S3 bucket under a prefix.
 *
 *  IAM: s3:ListBucket on the bucket (condition `s3:prefix`), s3:GetObject on `bucket/prefix*`. */
export class S3Objects implements ObjectStore {
  readonly name: string;
  readonly #options: S3BucketOptions;
  readonly #client: S3Client;
  readonly #sdk: Sdk;
  readonly #region: string;
  readonly #pace: Pace;
  readonly #closed = new AbortController();
  #isReached = false;

  private constructor(sdk: Sdk, client: S3Client, region: string, options: S3BucketOptions) {
    this.name = `s3://${options.bucket}/`;
    this.#sdk = sdk;
    this.#client = client;
    this.#options = options;
    this.#region = region;
    this.#pace = { ...realPace, random: options.random };
  }

  /** The SDK is loaded here: who reads no bucket does not wait for it. */
  static async connect(options: S3BucketOptions): Promise<S3Objects> {
    const sdk = await import('@aws-sdk/client-s3');
    const { client: connection = {} } = options;
    const { forcePathStyle = connection.endpoint !== undefined } = connection;
    const client = new sdk.S3Client({ ...clientConfig(connection), forcePathStyle });
    const region = await regionOf(client, `s3://${options.bucket}`);
    return new S3Objects(sdk, client, region, options);
  }

  async list(after: string): Promise<{ readonly entries: readonly ObjectEntry[]; readonly isLast: boolean }> {
    const { bucket, prefix = '' } = this.#options;
    const command = new this.#sdk.ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ...(after !== '' && { StartAfter: after }),
    });
    const { Contents = [], IsTruncated } = await this.#send('ListBucket', prefix, () => this.#client.send(command));
    const entries = Contents.flatMap(({ Key, ETag, Size, LastModified }) =>
      Key === undefined
        ? []
        : [{ key: Key, etag: ETag ?? '', size: Size ?? 0, modified: LastModified?.getTime() ?? 0 }],
    );
    return { entries, isLast: IsTruncated !== true };
  }

  async read({ key, etag }: Pick<ObjectEntry, 'key' | 'etag'>): Promise<Readable | null> {
    const { bucket } = this.#options;
    const input = { Bucket: bucket, Key: key, ...(etag !== '' && { IfMatch: etag }) };
    return this.#send('GetObject', key, async () => {
      try {
        const { Body } = await this.#client.send(new this.#sdk.GetObjectCommand(input));
        return Body as Readable;
      } catch (error) {
        if (gone.has(errorName(error))) return null;
        throw error;
      }
    });
  }

  close(): void {
    this.#closed.abort();
    this.#client.destroy();
  }

  async #send<T>(action: string, key: string, send: () => Promise<T>): Promise<T> {
    const { bucket, prefix = '', onRetry } = this.#options;
    this.#closed.signal.throwIfAborted();
    const reply = await untilDone(send, {
      action: `s3:${action}`,
      resource: `${this.name}${key}`,
      arn: action === 'ListBucket' ? `arn:aws:s3:::${bucket}` : `arn:aws:s3:::${bucket}/${prefix}*`,
      region: this.#region,
      isFirst: !this.#isReached,
      pace: this.#pace,
      stop: this.#closed.signal,
      onRetry,
    });
    this.#isReached = true;
    return reply;
  }
}

/** Deleted, or replaced: another ETag. */
const gone = new Set(['NoSuchKey', 'NotFound', 'PreconditionFailed']);
