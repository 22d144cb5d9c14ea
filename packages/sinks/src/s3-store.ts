import type { S3Client } from '@aws-sdk/client-s3';
import {
  type AwsConnection,
  awsError,
  clientConfig,
  errorName,
  errorStatus,
  isServiceError,
  judge,
  regionOf,
} from '@rowtime/aws';

export interface S3StoreOptions extends AwsConnection {
  readonly bucket: string;
  /** What all keys begin with: '' or with a `/` at its end. */
  readonly prefix: string;
  /** Paths instead of host names: most S3-compatible stores want it. Default false. */
  readonly forcePathStyle?: boolean;
}

export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** What must hold of an object for it to be written: there is none, or it is this one. */
export type WriteCondition = 'none' | { readonly etag: string };

/** The service was not reached, or said that it cannot now. What was asked may have been done. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** Small objects under one prefix, written under conditions (S3 guide, "Conditional writes"): what a lease and copies of
 *  checkpoints are made of. One attempt a call: its caller knows how long it may wait. Rejects with Unavailable, or with what
 *  somebody must mend.
 *
 *  IAM: s3:GetObject, s3:PutObject and s3:DeleteObject on `bucket/prefix*`; s3:ListBucket on the bucket (condition
 *  `s3:prefix`), without which an object that is not there looks like one that may not be read. */
export class S3Store {
  readonly #options: S3StoreOptions;
  readonly #sdk: typeof import('@aws-sdk/client-s3');
  readonly #client: S3Client;

  private constructor(options: S3StoreOptions, sdk: typeof import('@aws-sdk/client-s3'), client: S3Client) {
    this.#options = options;
    this.#sdk = sdk;
    this.#client = client;
  }

  /** The SDK is loaded here: who needs no bucket does not wait for it. */
  static async connect(options: S3StoreOptions): Promise<S3Store> {
    const sdk = await import('@aws-sdk/client-s3');
    const client = new sdk.S3Client({ ...clientConfig(options), forcePathStyle: options.forcePathStyle ?? false });
    await regionOf(client, `s3://${options.bucket}`);
    return new S3Store(options, sdk, client);
  }

  locate(name: string): string {
    return `s3://${this.#options.bucket}/${this.#options.prefix}${name}`;
  }

  /** null: there is none. */
  async get(name: string): Promise<StoredObject | null> {
    const command = new this.#sdk.GetObjectCommand(this.#object(name));
    return this.#call('s3:GetObject', name, async () => {
      try {
        const { Body, ETag = '' } = await this.#client.send(command);
        return { bytes: Buffer.from(await Body!.transformToByteArray()), etag: ETag };
      } catch (error) {
        if (errorName(error) === 'NoSuchKey') return null;
        throw error;
      }
    });
  }

  /** The ETag of what was written; null: the condition does not hold, and nothing was. */
  async put(name: string, bytes: Uint8Array, condition: WriteCondition): Promise<string | null> {
    const conditions = condition === 'none' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag };
    const command = new this.#sdk.PutObjectCommand({ ...this.#object(name), ...conditions, Body: bytes });
    return this.#call('s3:PutObject', name, async () => {
      try {
        return (await this.#client.send(command)).ETag ?? '';
      } catch (error) {
        // If-Match of an object that is gone.
        if (errorStatus(error) === 412 || errorName(error) === 'NoSuchKey') return null;
        throw error;
      }
    });
  }

  /** The names below the prefix that begin so, in the order of their bytes. */
  async list(start: string): Promise<string[]> {
    const { bucket, prefix } = this.#options;
    const names: string[] = [];
    for (let after: string | undefined; ; ) {
      const command = new this.#sdk.ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix + start,
        ...(after !== undefined && { StartAfter: after }),
      });
      const { Contents = [], IsTruncated } = await this.#call('s3:ListBucket', start, () => this.#client.send(command));
      for (const { Key = '' } of Contents) names.push(Key.slice(prefix.length));
      after = Contents.at(-1)?.Key;
      if (IsTruncated !== true || after === undefined) return names;
    }
  }

  async remove(name: string): Promise<void> {
    const command = new this.#sdk.DeleteObjectCommand(this.#object(name));
    await this.#call('s3:DeleteObject', name, () => this.#client.send(command));
  }

  close(): void {
    this.#client.destroy();
  }

  #object(name: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#options.prefix + name };
  }

  async #call<T>(action: string, name: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!isServiceError(error)) throw error;
      const { region, bucket, prefix } = this.#options;
      const resource = this.locate(name);
      const arn = `arn:aws:s3:::${bucket}${action === 's3:ListBucket' ? '' : `/${prefix}*`}`;
      if (judge(error) === 'fatal') throw awsError(error, { action, resource, arn, region });
      throw new Unavailable(`${action} on ${resource}: ${String(error)}`, { cause: error });
    }
  }
}
