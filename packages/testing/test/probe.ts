// What a server must do to stand for S3 and Firehose in our tests, step by step, asked through the real clients. Runs
// against our own server and, where one is given, against a second implementation.

import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import {
  CreateDeliveryStreamCommand,
  type CreateDeliveryStreamCommandInput,
  DeleteDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  type FirehoseClient,
  ListDeliveryStreamsCommand,
  PutRecordBatchCommand,
  PutRecordCommand,
} from '@aws-sdk/client-firehose';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { refusal } from './clients.ts';

export interface Probed {
  readonly s3: S3Client;
  readonly firehose: FirehoseClient;
  /** One that the step has for itself. */
  readonly bucket: string;
  /** Delivers what delivery streams hold, where a test can say so. */
  readonly flush: () => void;
}

export interface Step {
  readonly name: string;
  run(probed: Probed): Promise<void>;
  /** Why a second implementation is not asked: what it does instead. */
  readonly notIn?: { readonly moto: string };
}

export const s3Steps: readonly Step[] = [
  {
    name: 'gives back the bytes that were put',
    async run(probed) {
      const bytes = Buffer.from(Array.from({ length: 300_054 }, (_, i) => (i * 7) % 256));
      await put(probed, 'all', bytes);
      expect((await content(probed, 'all')).equals(bytes)).toBe(true);
    },
  },
  {
    name: 'takes an empty object',
    async run(probed) {
      await put(probed, 'empty', '');
      expect(await content(probed, 'empty')).toHaveLength(0);
    },
  },
  {
    name: 'decodes aws-chunked bodies with a checksum trailer',
    async run(probed) {
      const pieces = ['hello', ' ', 'world', 'x'.repeat(100_000)];
      const length = pieces.join('').length;
      await put(probed, 'chunked', Readable.from(pieces.map((text) => Buffer.from(text))), { ContentLength: length });
      expect((await content(probed, 'chunked')).toString()).toBe(pieces.join(''));
    },
  },
  {
    name: 'keeps metadata, Content-Type and Content-Encoding, and does not inflate',
    async run(probed) {
      await put(probed, 'meta', 'abc', {
        Metadata: { 'rowtime-crc32': '352441c2' },
        ContentType: 'text/x',
        ContentEncoding: 'gzip',
      });
      const { s3, bucket: Bucket } = probed;
      for (const found of [await head(probed, 'meta'), await s3.send(new GetObjectCommand({ Bucket, Key: 'meta' }))]) {
        expect(found).toMatchObject({
          Metadata: { 'rowtime-crc32': '352441c2' },
          ContentType: 'text/x',
          ContentEncoding: 'gzip',
        });
        expect(found.ContentLength).toBe(3);
      }
    },
  },
  {
    name: 'names an object by the MD5 of its bytes',
    async run(probed) {
      const { ETag } = await put(probed, 'md5', 'abc');
      expect(ETag).toBe('"900150983cd24fb0d6963f7d28e17f72"');
      expect((await head(probed, 'md5')).ETag).toBe(ETag);
    },
  },
  {
    name: 'refuses a body that is not that of its CRC32',
    notIn: { moto: 'does not verify checksums' },
    async run(probed) {
      expect(await refusal(put(probed, 'crc', 'abc', { ChecksumCRC32: 'AAAAAA==' }))).toEqual({
        name: 'BadDigest',
        status: 400,
      });
      expect(await refusal(head(probed, 'crc'))).toEqual({ name: 'NotFound', status: 404 });
    },
  },
  {
    name: 'verifies CRC32C, SHA-1 and SHA-256 too',
    notIn: { moto: 'does not verify checksums' },
    async run(probed) {
      for (const ChecksumAlgorithm of ['CRC32C', 'SHA1', 'SHA256'] as const) {
        await put(probed, ChecksumAlgorithm, 'abc', { ChecksumAlgorithm });
      }
      const wrong = [
        { ChecksumCRC32C: 'AAAAAA==' },
        { ChecksumSHA1: 'qZk+NkcGgWq6PiVxeFDCbJzQ2J0=' },
        { ChecksumSHA256: 'AAAA' },
      ];
      const refusals = await Promise.all(wrong.map((input) => refusal(put(probed, 'wrong', 'abd', input))));
      expect(refusals.map(({ name }) => name)).toEqual(['BadDigest', 'BadDigest', 'BadDigest']);
    },
  },
  {
    name: 'writes under If-None-Match once, and keeps what is there',
    async run(probed) {
      await put(probed, 'once', 'first', { IfNoneMatch: '*' });
      expect(await refusal(put(probed, 'once', 'second', { IfNoneMatch: '*' }))).toEqual({
        name: 'PreconditionFailed',
        status: 412,
      });
      expect((await content(probed, 'once')).toString()).toBe('first');
    },
  },
  {
    name: 'lets one of twenty racing writers win',
    async run(probed) {
      const writers = Array.from({ length: 20 }, (_, i) => refusal(put(probed, 'race', `${i}`, { IfNoneMatch: '*' })));
      const statuses = (await Promise.all(writers)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      // 409 is S3's other answer to a race.
      expect(statuses.filter((status) => status !== 200 && status !== 412 && status !== 409)).toEqual([]);
    },
  },
  {
    name: 'swaps under If-Match what has the tag, and nothing else',
    async run(probed) {
      const { ETag } = await put(probed, 'swap', 'a');
      await put(probed, 'swap', 'b', { IfMatch: ETag });
      expect((await refusal(put(probed, 'swap', 'c', { IfMatch: ETag }))).status).toBe(412);
      expect((await content(probed, 'swap')).toString()).toBe('b');
    },
  },
  {
    name: 'says which object is not there',
    async run(probed) {
      expect(await refusal(head(probed, 'none'))).toEqual({ name: 'NotFound', status: 404 });
      expect(await refusal(content(probed, 'none'))).toEqual({ name: 'NoSuchKey', status: 404 });
    },
  },
  {
    name: 'says which bucket is not there',
    async run(probed) {
      expect((await refusal(put({ ...probed, bucket: 'never-made' }, 'x', 'x'))).name).toBe('NoSuchBucket');
    },
  },
  {
    name: 'gives a range, from either end',
    async run(probed) {
      await put(probed, 'range', '0123456789');
      expect((await content(probed, 'range', 'bytes=2-4')).toString()).toBe('234');
      expect((await content(probed, 'range', 'bytes=7-')).toString()).toBe('789');
      expect((await content(probed, 'range', 'bytes=-2')).toString()).toBe('89');
      expect((await refusal(content(probed, 'range', 'bytes=10-12'))).status).toBe(416);
    },
  },
  {
    name: 'takes keys with spaces, slashes, signs and letters of all kinds',
    async run(probed) {
      const keys = ['a b', 'a+b', 'a%20b', "it's", 'x/../y', 'é/ü', '漢字', 'a&b=c?d#e', '<tag>', 'dir//file'];
      for (const key of keys) await put(probed, key, key);
      for (const key of keys) expect((await content(probed, key)).toString()).toBe(key);
      expect((await list(probed)).sort()).toEqual([...keys].sort());
    },
    notIn: { moto: 'resolves `..` and `//` in paths' },
  },
  {
    name: 'lists in the order of the bytes of UTF-8',
    async run(probed) {
      const keys = ['a', 'B', '_', 'é', '~', 'a/b', 'a-b', '\u{1f600}', '\uffee'];
      for (const key of keys) await put(probed, key, '');
      const inBytes = keys.map((key) => Buffer.from(key)).sort(Buffer.compare);
      expect(await list(probed)).toEqual(inBytes.map((key) => key.toString()));
    },
  },
  {
    name: 'lists in pages',
    async run(probed) {
      const keys = ['p/1', 'p/2', 'p/3', 'p/4', 'p/5'];
      for (const key of keys) await put(probed, key, '');
      const { s3, bucket: Bucket } = probed;
      const found: string[] = [];
      let token: string | undefined;
      let pages = 0;
      do {
        const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2, ContinuationToken: token }));
        found.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
        expect(page.KeyCount).toBe(page.Contents?.length);
        token = page.NextContinuationToken;
        pages++;
      } while (token !== undefined);
      expect(found).toEqual(keys);
      expect(pages).toBe(3);
    },
  },
  {
    name: 'lists what is after a key, and what has a prefix',
    async run(probed) {
      for (const key of ['x/1', 'x/2', 'x/3', 'y/1']) await put(probed, key, '');
      expect(await list(probed, { StartAfter: 'x/1' })).toEqual(['x/2', 'x/3', 'y/1']);
      expect(await list(probed, { Prefix: 'x/', StartAfter: 'x/2' })).toEqual(['x/3']);
      expect(await list(probed, { Prefix: 'z' })).toEqual([]);
    },
  },
  {
    name: 'folds keys at a delimiter, over pages too',
    async run(probed) {
      for (const key of ['2024/01/a', '2024/01/b', '2024/02/c', '2024/top', '2025/d']) await put(probed, key, '');
      const { s3, bucket: Bucket } = probed;
      const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: '2024/', Delimiter: '/' }));
      expect(page.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['2024/01/', '2024/02/']);
      expect(page.Contents?.map(({ Key }) => Key)).toEqual(['2024/top']);
      const first = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 1 }));
      expect(first.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['2024/']);
      const second = await s3.send(
        new ListObjectsV2Command({
          Bucket,
          Delimiter: '/',
          MaxKeys: 1,
          ContinuationToken: first.NextContinuationToken,
        }),
      );
      expect(second.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['2025/']);
      expect(second.IsTruncated).toBe(false);
    },
  },
  {
    name: 'puts an object together from its parts, in their order',
    async run(probed) {
      const { UploadId, part } = await upload(probed, 'whole', { Metadata: { a: 'b' }, ContentEncoding: 'gzip' });
      const last = await part(2, 'tail');
      const first = await part(1, bigPart);
      await complete(probed, 'whole', UploadId, [first, last]);
      expect((await content(probed, 'whole')).equals(Buffer.concat([bigPart, Buffer.from('tail')]))).toBe(true);
      expect(await head(probed, 'whole')).toMatchObject({ Metadata: { a: 'b' }, ContentEncoding: 'gzip' });
      expect((await head(probed, 'whole')).ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    },
  },
  {
    name: 'completes an upload under If-None-Match once',
    async run(probed) {
      await put(probed, 'taken', 'mine');
      const { UploadId, part } = await upload(probed, 'taken');
      const one = await part(1, 'other');
      const refused = await refusal(complete(probed, 'taken', UploadId, [one], { IfNoneMatch: '*' }));
      expect(refused).toEqual({ name: 'PreconditionFailed', status: 412 });
      expect((await content(probed, 'taken')).toString()).toBe('mine');
      const free = await upload(probed, 'free');
      await complete(probed, 'free', free.UploadId, [await free.part(1, 'new')], { IfNoneMatch: '*' });
      expect((await content(probed, 'free')).toString()).toBe('new');
    },
  },
  {
    name: 'refuses parts that are unknown or too small',
    async run(probed) {
      const { UploadId, part } = await upload(probed, 'bad');
      const one = await part(1, 'small');
      const two = await part(2, 'tail');
      expect((await refusal(complete(probed, 'bad', UploadId, [one, two]))).name).toBe('EntityTooSmall');
      const wrong = { ...one, ETag: '"00000000000000000000000000000000"' };
      expect((await refusal(complete(probed, 'bad', UploadId, [wrong]))).name).toBe('InvalidPart');
      expect(await refusal(head(probed, 'bad'))).toMatchObject({ status: 404 });
    },
  },
  {
    name: 'lists uploads under way, and forgets one that is aborted',
    async run(probed) {
      const { s3, bucket: Bucket } = probed;
      const { UploadId } = await upload(probed, 'left/over');
      const { UploadId: gone } = await upload(probed, 'left/gone');
      await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'left/gone', UploadId: gone }));
      const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'left/' }));
      expect(Uploads?.map((found) => found.UploadId)).toEqual([UploadId]);
    },
  },
  {
    name: 'refuses a part of an upload that is no more',
    notIn: { moto: 'answers 500' },
    async run(probed) {
      const { s3, bucket: Bucket } = probed;
      const { UploadId, part } = await upload(probed, 'gone');
      await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'gone', UploadId }));
      expect(await refusal(part(1, 'x'))).toEqual({ name: 'NoSuchUpload', status: 404 });
    },
  },
  {
    name: 'deletes one and several, there or not',
    async run(probed) {
      const { s3, bucket: Bucket } = probed;
      for (const key of ['d1', 'd2', 'd3']) await put(probed, key, '');
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'd1' }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'never' }));
      const { Deleted } = await s3.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'd2' }, { Key: 'never' }] } }),
      );
      expect(Deleted?.map(({ Key }) => Key).sort()).toEqual(['d2', 'never']);
      expect(await list(probed)).toEqual(['d3']);
    },
  },
];

export const firehoseSteps: readonly Step[] = [
  {
    name: 'makes, describes, lists and deletes delivery streams',
    async run(probed) {
      const { firehose } = probed;
      const name = await deliveryStream(probed);
      const { DeliveryStreamDescription: found } = await firehose.send(
        new DescribeDeliveryStreamCommand({ DeliveryStreamName: name }),
      );
      expect(found).toMatchObject({
        DeliveryStreamName: name,
        DeliveryStreamStatus: 'ACTIVE',
        DeliveryStreamType: 'DirectPut',
      });
      expect((await firehose.send(new ListDeliveryStreamsCommand({}))).DeliveryStreamNames).toContain(name);
      await firehose.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: name }));
      expect((await firehose.send(new ListDeliveryStreamsCommand({}))).DeliveryStreamNames).not.toContain(name);
    },
  },
  {
    name: 'takes a record, with an id',
    async run(probed) {
      const DeliveryStreamName = await deliveryStream(probed);
      const { RecordId } = await probed.firehose.send(
        new PutRecordCommand({ DeliveryStreamName, Record: { Data: Buffer.from('x') } }),
      );
      expect(RecordId).toMatch(/./);
    },
  },
  {
    name: 'takes 500 records, each with an id of its own',
    async run(probed) {
      const { FailedPutCount, RequestResponses = [] } = await putBatch(
        probed,
        Array.from({ length: 500 }, (_, i) => `${i}`),
      );
      expect(FailedPutCount).toBe(0);
      expect(new Set(RequestResponses.map(({ RecordId }) => RecordId)).size).toBe(500);
    },
  },
  {
    name: 'refuses 501 records',
    notIn: { moto: 'has no limits' },
    async run(probed) {
      expect(
        await refusal(
          putBatch(
            probed,
            Array.from({ length: 501 }, () => 'x'),
          ),
        ),
      ).toEqual(invalid);
    },
  },
  {
    name: 'takes a record of 1,024,000 bytes and refuses one of a byte more',
    notIn: { moto: 'has no limits' },
    async run(probed) {
      expect((await putBatch(probed, ['x'.repeat(1_024_000)])).FailedPutCount).toBe(0);
      expect(await refusal(putBatch(probed, ['x'.repeat(1_024_001)]))).toEqual(invalid);
    },
  },
  {
    name: 'refuses more than 4 MiB in a call',
    notIn: { moto: 'has no limits' },
    async run(probed) {
      expect(
        (
          await putBatch(
            probed,
            Array.from({ length: 4 }, () => 'x'.repeat(1_000_000)),
          )
        ).FailedPutCount,
      ).toBe(0);
      expect(
        await refusal(
          putBatch(
            probed,
            Array.from({ length: 5 }, () => 'x'.repeat(1_000_000)),
          ),
        ),
      ).toEqual(invalid);
    },
  },
  {
    name: 'says which delivery stream is not there',
    async run({ firehose }) {
      const command = new PutRecordCommand({ DeliveryStreamName: 'never-made', Record: { Data: Buffer.from('x') } });
      expect(await refusal(firehose.send(command))).toEqual({ name: 'ResourceNotFoundException', status: 400 });
    },
  },
  {
    name: 'makes a delivery stream once',
    async run(probed) {
      const name = await deliveryStream(probed);
      expect(await refusal(deliveryStream(probed, {}, name))).toEqual({ name: 'ResourceInUseException', status: 400 });
    },
  },
  {
    name: 'refuses hints that are half, or none that it has',
    notIn: { moto: 'has no limits' },
    async run(probed) {
      const hints = [
        { SizeInMBs: 5 },
        { IntervalInSeconds: 60 },
        { SizeInMBs: 0, IntervalInSeconds: 60 },
        { SizeInMBs: 1, IntervalInSeconds: 901 },
      ];
      for (const BufferingHints of hints) {
        expect(await refusal(deliveryStream(probed, { BufferingHints }))).toEqual(invalid);
      }
    },
  },
  {
    name: 'delivers the records as they are, one after the other, under the hour',
    async run(probed) {
      const DeliveryStreamName = await deliveryStream(probed);
      await putBatch(probed, ['{"a":1}', '{"a":2}'], DeliveryStreamName);
      probed.flush();
      const [key = '', ...more] = await list(probed);
      expect(more).toEqual([]);
      expect((await content(probed, key)).toString()).toBe('{"a":1}{"a":2}');
      expect(key).toMatch(
        new RegExp(`^\\d{4}/\\d\\d/\\d\\d/\\d\\d/${DeliveryStreamName}-1-\\d{4}(?:-\\d\\d){5}-[0-9a-f-]{36}$`),
      );
    },
  },
  {
    name: 'adds the hour to a prefix, and no slash',
    notIn: { moto: 'adds a slash' },
    async run(probed) {
      await putBatch(probed, ['x'], await deliveryStream(probed, { Prefix: 'pre' }));
      probed.flush();
      expect((await list(probed))[0]).toMatch(/^pre\d{4}\/\d\d\/\d\d\/\d\d\//);
    },
  },
  {
    name: 'delivers gzip objects that say so',
    notIn: { moto: 'does not compress' },
    async run(probed) {
      await putBatch(probed, ['abc', 'def'], await deliveryStream(probed, { CompressionFormat: 'GZIP' }));
      probed.flush();
      const [key = ''] = await list(probed);
      expect(key).toMatch(/\.gz$/);
      expect(gunzipSync(await content(probed, key)).toString()).toBe('abcdef');
      expect((await head(probed, key)).ContentEncoding).toBe('gzip');
    },
  },
];

const invalid = { name: 'InvalidArgumentException', status: 400 };
const bigPart = Buffer.alloc(5 << 20, 'abcdefg');

export async function makeBucket({ s3, bucket: Bucket }: Probed): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket }));
}

function put(
  { s3, bucket: Bucket }: Probed,
  Key: string,
  Body: string | Buffer | Readable,
  more: Partial<PutObjectCommandInput> = {},
) {
  return s3.send(
    new PutObjectCommand({ Bucket, Key, Body: typeof Body === 'string' ? Buffer.from(Body) : Body, ...more }),
  );
}

function head({ s3, bucket: Bucket }: Probed, Key: string) {
  return s3.send(new HeadObjectCommand({ Bucket, Key }));
}

async function content({ s3, bucket: Bucket }: Probed, Key: string, Range?: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...(Range !== undefined && { Range }) }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function list(
  { s3, bucket: Bucket }: Probed,
  more: { Prefix?: string; StartAfter?: string } = {},
): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, ...more }));
  return Contents.map(({ Key = '' }) => Key);
}

async function upload(
  { s3, bucket: Bucket }: Probed,
  Key: string,
  more: { Metadata?: Record<string, string>; ContentEncoding?: string } = {},
) {
  const { UploadId = '' } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  const part = async (PartNumber: number, Body: string | Buffer) => {
    const { ETag = '' } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    return { PartNumber, ETag };
  };
  return { UploadId, part };
}

function complete(
  { s3, bucket: Bucket }: Probed,
  Key: string,
  UploadId: string,
  Parts: { PartNumber: number; ETag: string }[],
  more: { IfNoneMatch?: string } = {},
) {
  return s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }));
}

let streams = 0;

async function deliveryStream(
  { firehose, bucket }: Probed,
  more: Partial<CreateDeliveryStreamCommandInput['ExtendedS3DestinationConfiguration']> = {},
  name = `probe-${process.pid}-${streams++}`,
): Promise<string> {
  const destination = { BucketARN: `arn:aws:s3:::${bucket}`, RoleARN: 'arn:aws:iam::000000000000:role/probe', ...more };
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: name,
      DeliveryStreamType: 'DirectPut',
      ExtendedS3DestinationConfiguration: destination,
    }),
  );
  return name;
}

async function putBatch(probed: Probed, records: readonly string[], name?: string) {
  const DeliveryStreamName = name ?? (await deliveryStream(probed));
  return probed.firehose.send(
    new PutRecordBatchCommand({ DeliveryStreamName, Records: records.map((text) => ({ Data: Buffer.from(text) })) }),
  );
}
