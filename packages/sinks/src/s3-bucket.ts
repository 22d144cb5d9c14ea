import type { S3Client } from '@aws-sdk/client-s3';
import {
  type AwsConnection,
  clientConfig,
  errorName,
  errorStatus,
  isServiceError,
  judge,
  type Pace,
  type Retry,
  realPace,
  regionOf,
  untilDone,
} from '@rowtime/aws';
import { assert } from '@rowtime/core';
import type { Bucket, Sealed } from './bucket.ts';
import { type Compression, type Packing, packingOf } from './packing.ts';
import { type Measure, measure, type RootedFolder } from './rooted-folder.ts';

export interface S3BucketOptions extends AwsConnection {
  readonly bucket: string;
  /** Paths instead of host names, `http://host/bucket/key`: most S3-compatible stores want it. Default false. */
  readonly forcePathStyle?: boolean;
  /** 'when required': leave out the CRC32 of each upload, which some S3-compatible stores refuse. Default 'always'. */
  readonly checksums?: 'always' | 'when required';
  /** Whether `If-None-Match: *` guards each upload. Without it a zombie process can overwrite an object, with the same
   *  content. Only for stores that answer 501 to it. Default true. */
  readonly conditionalWrites?: boolean;
  /** Objects above this go up in parts of this size, from 5 MiB. Default 8 MiB. */
  readonly partBytes?: number;
  /** Default `application/octet-stream`, as Firehose. */
  readonly contentType?: string;
  /** Aborted: uploads that fail are not tried again, and what is sealed is left to the next process. */
  readonly stop?: AbortSignal;
  readonly onRetry?: (retry: Retry) => void;
  readonly pace?: Pace;
}

/** An S3 bucket, or one of a store that speaks S3. Each object goes up whole and under `If-None-Match: *`, so that neither a
 *  repeated upload nor a process that should be dead can change what is there. Size and CRC32 of the content are kept in its
 *  metadata: that is how a repeat knows its own object.
 *
 *  IAM: s3:PutObject, s3:AbortMultipartUpload and s3:GetObject (HEAD after a 412) on `bucket/prefix*`. For objects above
 *  `partBytes` also s3:ListBucketMultipartUploads on the bucket, to abort what a dead process left; a lifecycle rule
 *  AbortIncompleteMultipartUpload of one day does the same, later. */
export class S3Bucket implements Bucket {
  readonly publishedAtOnce = 4;
  readonly #options: S3BucketOptions;
  readonly #packing: Packing | null;
  readonly #spool: RootedFolder;
  readonly #partBytes: number;
  readonly #beforeStep: (step: string) => void;
  #s3: Sdk | null = null;

  /** `beforeStep` is called before each request that changes something. */
  constructor(
    options: S3BucketOptions,
    packing: Compression | Packing | null,
    spool: RootedFolder,
    beforeStep: (step: string) => void,
  ) {
    this.#options = options;
    this.#packing = typeof packing === 'string' ? packingOf(packing) : packing;
    this.#spool = spool;
    this.#partBytes = options.partBytes ?? 8 << 20;
    this.#beforeStep = beforeStep;
  }

  async open(): Promise<void> {
    const { forcePathStyle = false, checksums = 'always' } = this.#options;
    const wanted = checksums === 'always' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
    const sdk = await import('@aws-sdk/client-s3');
    const client = new sdk.S3Client({
      ...clientConfig(this.#options),
      forcePathStyle,
      requestChecksumCalculation: wanted,
      responseChecksumValidation: wanted,
    });
    await regionOf(client, `s3://${this.#options.bucket}`);
    this.#s3 = { ...sdk, client };
  }

  async publish(key: string, sealed: Sealed): Promise<Outcome> {
    const isLarge = sealed.size > this.#partBytes;
    const packed = isLarge && this.#packing ? `${sealed.part}.packed` : null;
    if (packed) await this.#spool.writeAll(packed, this.#packing!.pack(this.#spool.read(sealed.part)));
    try {
      return isLarge
        ? await this.#uploadParts(key, packed ?? sealed.part, sealed)
        : await this.#put(key, await this.#contentOf(sealed), sealed);
    } finally {
      if (packed) await this.#spool.remove(packed);
    }
  }

  async settle(): Promise<void> {}

  async measure(key: string): Promise<Measure | null> {
    const { client, HeadObjectCommand } = this.#sdk();
    const found = await this.#ask(key, () =>
      client.send(new HeadObjectCommand({ Bucket: this.#options.bucket, Key: key })),
    );
    if (!found) return null;
    const { [bytesKey]: size, [crcKey]: crc } = found.Metadata ?? {};
    if (size && crc) return { size: Number(size), crc32: Number.parseInt(crc, 16) };
    // Not ours, or a store that does not keep metadata.
    const content = await this.read(key);
    return content && measure(content);
  }

  async read(key: string): Promise<AsyncIterable<Uint8Array> | null> {
    const { client, GetObjectCommand } = this.#sdk();
    const found = await this.#ask(key, () =>
      client.send(new GetObjectCommand({ Bucket: this.#options.bucket, Key: key })),
    );
    if (!found) return null;
    const bytes = found.Body as AsyncIterable<Uint8Array>;
    return this.#packing ? this.#packing.unpack(bytes) : bytes;
  }

  locate(key: string): string {
    return `s3://${this.#options.bucket}/${key}`;
  }

  async close(): Promise<void> {
    this.#s3?.client.destroy();
  }

  async #put(key: string, Body: Buffer, sealed: Sealed): Promise<Outcome> {
    const { client, PutObjectCommand } = this.#sdk();
    const command = new PutObjectCommand({
      ...this.#object(key),
      ...headers(sealed, this.#options),
      ...this.#encoding(),
      ...this.#condition(),
      Body,
    });
    return this.#untilDone('s3:PutObject', key, () => {
      this.#beforeStep(`put ${key}`);
      return published(client.send(command));
    });
  }

  async #uploadParts(key: string, file: string, sealed: Sealed): Promise<Outcome> {
    for (;;) {
      const uploadId = await this.#beginUpload(key, sealed);
      const outcome = await this.#completeUpload(key, uploadId, await this.#sendParts(key, uploadId, file));
      if (outcome !== 'published') await this.#abort(key, uploadId);
      if (outcome === 'gone') continue;
      await this.#abortLeftovers(key);
      return outcome;
    }
  }

  async #beginUpload(key: string, sealed: Sealed): Promise<string> {
    const { client, CreateMultipartUploadCommand } = this.#sdk();
    const algorithm = this.#options.checksums === 'when required' ? {} : { ChecksumAlgorithm: 'CRC32' as const };
    const command = { ...this.#object(key), ...headers(sealed, this.#options), ...this.#encoding(), ...algorithm };
    const { UploadId = '' } = await this.#untilDone('s3:PutObject', key, () => {
      this.#beforeStep(`begin upload of ${key}`);
      return client.send(new CreateMultipartUploadCommand(command));
    });
    return UploadId;
  }

  async #sendParts(key: string, UploadId: string, file: string): Promise<UploadedPart[]> {
    const { client, UploadPartCommand } = this.#sdk();
    const parts: UploadedPart[] = [];
    for (let at = 0; ; at += this.#partBytes) {
      const Body = await this.#spool.readBytes(file, at, at + this.#partBytes);
      if (Body.length === 0) return parts;
      const PartNumber = parts.length + 1;
      const part = await this.#untilDone('s3:PutObject', key, async () => {
        this.#beforeStep(`upload part ${PartNumber} of ${key}`);
        const command = new UploadPartCommand({ ...this.#object(key), UploadId, PartNumber, Body });
        return client.send(command).catch(goneIf(isGone));
      });
      // The completion will say the same.
      if (part === 'gone') return parts;
      const { ETag, ChecksumCRC32 } = part;
      parts.push({
        PartNumber,
        ...(ETag !== undefined && { ETag }),
        ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }),
      });
    }
  }

  /** 'gone': the upload is no more, because this call had worked before its reply was lost, or because it lost a race. Both
   *  times the whole upload is to be begun again (S3 guide, "Conditional writes"). */
  async #completeUpload(key: string, UploadId: string, Parts: UploadedPart[]): Promise<Outcome | 'gone'> {
    const { client, CompleteMultipartUploadCommand } = this.#sdk();
    return this.#untilDone('s3:PutObject', key, () => {
      this.#beforeStep(`complete upload of ${key}`);
      const command = { ...this.#object(key), ...this.#condition(), UploadId, MultipartUpload: { Parts } };
      const sent = published(client.send(new CompleteMultipartUploadCommand(command)));
      return sent.catch(goneIf((error) => isGone(error) || errorStatus(error) === 409));
    });
  }

  /** Uploads of this object that came to no end, here or in a process that died: they cost until somebody aborts them. */
  async #abortLeftovers(key: string): Promise<void> {
    const { client, ListMultipartUploadsCommand } = this.#sdk();
    const command = new ListMultipartUploadsCommand({ Bucket: this.#options.bucket, Prefix: key });
    const found = await this.#tried('s3:ListBucketMultipartUploads', key, () => client.send(command));
    for (const { Key, UploadId } of found?.Uploads ?? []) {
      if (Key === key && UploadId !== undefined) await this.#abort(key, UploadId);
    }
  }

  async #abort(key: string, UploadId: string): Promise<void> {
    const { client, AbortMultipartUploadCommand } = this.#sdk();
    await this.#tried('s3:AbortMultipartUpload', key, () => {
      this.#beforeStep(`abort upload of ${key}`);
      return client.send(new AbortMultipartUploadCommand({ ...this.#object(key), UploadId }));
    });
  }

  /** A courtesy: where it is not allowed or not known, a lifecycle rule does it later. */
  #tried<T>(action: string, key: string, call: () => Promise<T>): Promise<T | null> {
    return this.#untilDone(action, key, () =>
      call().catch((error) => {
        if (isServiceError(error) && judge(error) === 'fatal') return null;
        throw error;
      }),
    );
  }

  /** What is said about an object; null if there is none. */
  #ask<T>(key: string, call: () => Promise<T>): Promise<T | null> {
    return this.#untilDone('s3:GetObject', key, () =>
      call().catch((error) => {
        const isMissing = judge(error) === 'fatal' && errorStatus(error) === 404 && errorName(error) !== 'NoSuchBucket';
        if (isMissing) return null;
        throw error;
      }),
    );
  }

  #untilDone<T>(action: string, key: string, call: () => Promise<T>): Promise<T> {
    const { region, pace = realPace, stop, onRetry } = this.#options;
    const arn = `arn:aws:s3:::${this.#options.bucket}/${key}`;
    return untilDone(call, { action, resource: this.locate(key), arn, region, pace, stop, onRetry });
  }

  async #contentOf({ part, size }: Sealed): Promise<Buffer> {
    const content = await this.#spool.readBytes(part, 0, size);
    if (!this.#packing) return content;
    const packed: Uint8Array[] = [];
    for await (const bytes of this.#packing.pack(onePiece(content))) packed.push(bytes);
    return Buffer.concat(packed);
  }

  #object(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: key };
  }

  #encoding(): { ContentEncoding?: 'gzip' } {
    const encoding = this.#packing?.contentEncoding;
    return encoding ? { ContentEncoding: encoding } : {};
  }

  #condition(): { IfNoneMatch?: '*' } {
    return this.#options.conditionalWrites === false ? {} : { IfNoneMatch: '*' };
  }

  #sdk(): Sdk {
    assert(this.#s3, 'open comes first');
    return this.#s3;
  }
}

type Sdk = typeof import('@aws-sdk/client-s3') & { readonly client: S3Client };
type Outcome = 'published' | 'exists';

interface UploadedPart {
  readonly PartNumber: number;
  readonly ETag?: string;
  readonly ChecksumCRC32?: string;
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Metadata of an object: the size and CRC32 of its content. */
const bytesKey = 'rowtime-bytes';
const crcKey = 'rowtime-crc32';

function headers({ size, crc32 }: Measure, { contentType = 'application/octet-stream' }: S3BucketOptions) {
  const Metadata = { [bytesKey]: String(size), [crcKey]: crc32.toString(16).padStart(8, '0') };
  return { ContentType: contentType, Metadata };
}

function published(sent: Promise<unknown>): Promise<Outcome> {
  return sent.then(
    () => 'published',
    (error) => {
      if (errorStatus(error) === 412) return 'exists';
      throw error;
    },
  );
}

function isGone(error: unknown): boolean {
  return errorName(error) === 'NoSuchUpload';
}

function goneIf(matches: (error: unknown) => boolean): (error: unknown) => 'gone' {
  return (error) => {
    if (matches(error)) return 'gone';
    throw error;
  };
}
