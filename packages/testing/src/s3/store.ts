import { crc32 } from 'node:zlib';
import { base64, type Checksum, md5 } from './checksums.ts';
import { S3Fault } from './fault.ts';

export interface StoredObject {
  readonly content: Buffer;
  /** With its quotes. */
  readonly etag: string;
  /** Those that a reader gets back: Content-Type, Content-Encoding, x-amz-meta-…. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum: Checksum | null;
  readonly modified: number;
}

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly started: number;
  readonly parts: Map<number, StoredPart>;
}

export interface StoredPart {
  readonly content: Buffer;
  readonly etag: string;
  readonly checksum: Checksum | null;
}

/** What a write demands of what is there. */
export interface Condition {
  readonly ifNoneMatch?: string | undefined;
  readonly ifMatch?: string | undefined;
}

export interface PartName {
  readonly number: number;
  readonly etag: string | null;
  readonly checksum: string | null;
}

/** Buckets in memory, with the rules of S3 for objects, conditions and uploads in parts. */
export class S3Store {
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  readonly #uploads = new Map<string, Map<string, Upload>>();
  readonly #now: () => number;
  readonly #partBytesMin: number;
  #nextUpload = 1;

  constructor(now: () => number, partBytesMin: number) {
    this.#now = now;
    this.#partBytesMin = partBytesMin;
  }

  get buckets(): string[] {
    return [...this.#buckets.keys()].sort();
  }

  createBucket(name: string): void {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
      throw new S3Fault(400, 'InvalidBucketName', 'The specified bucket is not valid.');
    }
    if (this.#buckets.has(name)) {
      throw new S3Fault(409, 'BucketAlreadyOwnedByYou', 'The bucket exists and is yours.');
    }
    this.#buckets.set(name, new Map());
    this.#uploads.set(name, new Map());
  }

  deleteBucket(name: string): void {
    if (this.#objects(name).size > 0) throw new S3Fault(409, 'BucketNotEmpty', 'The bucket is not empty.');
    this.#buckets.delete(name);
    this.#uploads.delete(name);
  }

  /** Throws if there is no such bucket. */
  expectBucket(name: string): void {
    this.#objects(name);
  }

  put(
    bucket: string,
    key: string,
    content: Buffer,
    headers: Readonly<Record<string, string>> = {},
    checksum: Checksum | null = null,
    condition: Condition = {},
  ): StoredObject {
    const objects = this.#objects(bucket);
    if (Buffer.byteLength(key) > 1024) throw new S3Fault(400, 'KeyTooLongError', 'Your key is too long');
    expectCondition(objects.get(key), condition);
    const object = { content, etag: `"${md5(content)}"`, headers, checksum, modified: this.#now() };
    objects.set(key, object);
    return object;
  }

  /** Throws if there is none. */
  get(bucket: string, key: string): StoredObject {
    const object = this.#objects(bucket).get(key);
    if (!object) throw new S3Fault(404, 'NoSuchKey', 'The specified key does not exist.');
    return object;
  }

  delete(bucket: string, key: string): void {
    this.#objects(bucket).delete(key);
  }

  /** In the order of their bytes in UTF-8. */
  keys(bucket: string): string[] {
    return inByteOrder(this.#objects(bucket).keys());
  }

  createUpload(bucket: string, key: string, headers: Readonly<Record<string, string>>): Upload {
    this.expectBucket(bucket);
    const id = `upload-${this.#nextUpload++}`;
    const upload = { id, key, headers, started: this.#now(), parts: new Map() };
    this.#uploadsOf(bucket).set(id, upload);
    return upload;
  }

  uploads(bucket: string): Upload[] {
    const uploads = [...this.#uploadsOf(bucket).values()];
    const order = inByteOrder(uploads.map(({ key }) => key));
    return uploads.sort((a, b) => order.indexOf(a.key) - order.indexOf(b.key));
  }

  upload(bucket: string, key: string, id: string): Upload {
    const upload = this.#uploadsOf(bucket).get(id);
    if (upload?.key === key) return upload;
    throw new S3Fault(
      404,
      'NoSuchUpload',
      'The specified upload does not exist. It may have been aborted or completed.',
    );
  }

  abortUpload(bucket: string, key: string, id: string): void {
    this.#uploadsOf(bucket).delete(this.upload(bucket, key, id).id);
  }

  completeUpload(
    bucket: string,
    key: string,
    id: string,
    names: readonly PartName[],
    condition: Condition,
  ): StoredObject {
    const upload = this.upload(bucket, key, id);
    const parts = names.map(({ number, etag, checksum }, i) => {
      if (i > 0 && number <= names[i - 1]!.number) {
        throw new S3Fault(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
      }
      const part = upload.parts.get(number);
      const isNamed = part && unquoted(part.etag) === unquoted(etag ?? '');
      if (!isNamed || (checksum !== null && part.checksum?.value !== checksum)) {
        throw new S3Fault(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
      }
      return part;
    });
    if (parts.length === 0) throw new S3Fault(400, 'MalformedXML', 'An upload has at least one part.');
    if (parts.slice(0, -1).some(({ content }) => content.length < this.#partBytesMin)) {
      throw new S3Fault(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed object size.');
    }
    expectCondition(this.#objects(bucket).get(key), condition);
    const object = {
      content: Buffer.concat(parts.map(({ content }) => content)),
      etag: `"${md5(Buffer.concat(parts.map(({ etag }) => Buffer.from(unquoted(etag), 'hex'))))}-${parts.length}"`,
      headers: upload.headers,
      checksum: compositeChecksum(parts),
      modified: this.#now(),
    };
    this.#objects(bucket).set(key, object);
    this.#uploadsOf(bucket).delete(id);
    return object;
  }

  #objects(bucket: string): Map<string, StoredObject> {
    const objects = this.#buckets.get(bucket);
    if (objects) return objects;
    throw new S3Fault(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: bucket });
  }

  #uploadsOf(bucket: string): Map<string, Upload> {
    this.expectBucket(bucket);
    return this.#uploads.get(bucket)!;
  }
}

// S3 user guide, "Conditional writes".
function expectCondition(found: StoredObject | undefined, { ifNoneMatch, ifMatch }: Condition): void {
  const failed = (condition: string): S3Fault =>
    new S3Fault(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
      Condition: condition,
    });
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== '*') throw new S3Fault(501, 'NotImplemented', 'If-None-Match of a write is *');
    if (found) throw failed('If-None-Match');
  }
  if (ifMatch !== undefined) {
    if (!found) throw new S3Fault(404, 'NoSuchKey', 'The specified key does not exist.');
    if (unquoted(found.etag) !== unquoted(ifMatch)) throw failed('If-Match');
  }
}

/** The CRC32 of the parts' CRC32s, and their number. */
function compositeChecksum(parts: readonly StoredPart[]): Checksum | null {
  if (!parts.every(({ checksum }) => checksum?.algorithm === 'crc32')) return null;
  const all = Buffer.concat(parts.map(({ checksum }) => Buffer.from(checksum!.value, 'base64')));
  return { algorithm: 'crc32', value: `${base64(crc32(all))}-${parts.length}` };
}

function unquoted(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}

function inByteOrder(keys: Iterable<string>): string[] {
  const encoded = Array.from(keys, (key) => Buffer.from(key));
  return encoded.sort(Buffer.compare).map((key) => key.toString());
}
