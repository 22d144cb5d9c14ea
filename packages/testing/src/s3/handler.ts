import { createHash } from 'node:crypto';
import { header, type Reply, type Request, signedFor } from '../http.ts';
import { elements, printXml, textOf, type Xml } from '../xml.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { type Checksum, verifiedChecksum } from './checksums.ts';
import { S3Fault } from './fault.ts';
import { listObjects } from './list.ts';
import type { Condition, PartName, S3Store, StoredObject } from './store.ts';

/** A request, and what of S3 it asks for. */
export interface S3Call {
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
}

/** The operation that a request means; null for one that is not known here. */
export function s3CallOf({ method, path: whole, query }: Request): S3Call | null {
  const [, bucket = '', path = ''] = /^\/([^/]*)\/?(.*)$/s.exec(whole) ?? [];
  const operation = operationOf(method, bucket, path, query);
  return operation === null ? null : { operation, bucket, key: decodeURIComponent(path) };
}

function operationOf(method: string, bucket: string, path: string, query: URLSearchParams): string | null {
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : null;
  if (path === '') return ofBucket(method, query);
  return ofObject(method, query);
}

function ofBucket(method: string, query: URLSearchParams): string | null {
  switch (method) {
    case 'PUT':
      return 'CreateBucket';
    case 'HEAD':
      return 'HeadBucket';
    case 'DELETE':
      return 'DeleteBucket';
    case 'POST':
      return query.has('delete') ? 'DeleteObjects' : null;
    case 'GET':
      if (query.has('uploads')) return 'ListMultipartUploads';
      if (query.has('location')) return 'GetBucketLocation';
      return query.get('list-type') === '2' ? 'ListObjectsV2' : null;
    default:
      return null;
  }
}

function ofObject(method: string, query: URLSearchParams): string | null {
  switch (method) {
    case 'PUT':
      return query.has('uploadId') ? 'UploadPart' : 'PutObject';
    case 'POST':
      if (query.has('uploads')) return 'CreateMultipartUpload';
      return query.has('uploadId') ? 'CompleteMultipartUpload' : null;
    case 'GET':
      return query.has('uploadId') ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'DELETE':
      return query.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
    default:
      return null;
  }
}

/** Does what a request asks for. Throws an S3Fault for what S3 would refuse. */
export function handleS3(store: S3Store, { operation, bucket, key }: S3Call, request: Request, region: string): Reply {
  expectSigned(request, region);
  const { query } = request;
  const uploadId = query.get('uploadId') ?? '';
  switch (operation) {
    case 'ListBuckets':
      return xml([
        'ListAllMyBucketsResult',
        [['Buckets', store.buckets.map((name) => ['Bucket', [['Name', name]]] as const)]],
      ]);
    case 'CreateBucket':
      store.createBucket(bucket);
      return { status: 200, headers: { location: `/${bucket}` } };
    case 'HeadBucket':
      store.expectBucket(bucket);
      return { status: 200, headers: { 'x-amz-bucket-region': region } };
    case 'DeleteBucket':
      store.deleteBucket(bucket);
      return { status: 204 };
    case 'GetBucketLocation':
      store.expectBucket(bucket);
      return xml(['LocationConstraint', region === 'us-east-1' ? '' : region]);
    case 'ListObjectsV2':
      return xml(listObjects(store, bucket, query));
    case 'DeleteObjects':
      return deleteObjects(store, bucket, request);
    case 'ListMultipartUploads':
      return xml(listUploads(store, bucket, query));
    case 'PutObject': {
      if (header(request, 'x-amz-copy-source')) throw notImplemented('a copy');
      const { content, checksum } = contentOf(request);
      const stored = store.put(bucket, key, content, keptHeaders(request), checksum, conditionOf(request));
      return { status: 200, headers: { etag: stored.etag, ...checksumHeader(checksum) } };
    }
    case 'GetObject':
      return getObject(store.get(bucket, key), request);
    case 'HeadObject': {
      const object = store.get(bucket, key);
      return {
        status: 200,
        headers: { ...objectHeaders(object, request), 'content-length': String(object.content.length) },
      };
    }
    case 'DeleteObject':
      store.delete(bucket, key);
      return { status: 204 };
    case 'CreateMultipartUpload': {
      const { id } = store.createUpload(bucket, key, keptHeaders(request));
      return xml([
        'InitiateMultipartUploadResult',
        [
          ['Bucket', bucket],
          ['Key', key],
          ['UploadId', id],
        ],
      ]);
    }
    case 'UploadPart': {
      const { content, checksum } = contentOf(request);
      const etag = `"${createHash('md5').update(content).digest('hex')}"`;
      store.upload(bucket, key, uploadId).parts.set(partNumber(query), { content, etag, checksum });
      return { status: 200, headers: { etag, ...checksumHeader(checksum) } };
    }
    case 'ListParts': {
      const { parts } = store.upload(bucket, key, uploadId);
      const listed = [...parts].sort(([a], [b]) => a - b);
      const rows = listed.map(
        ([number, { etag, content }]): Xml => [
          'Part',
          [
            ['PartNumber', number],
            ['ETag', etag],
            ['Size', content.length],
          ],
        ],
      );
      return xml([
        'ListPartsResult',
        [['Bucket', bucket], ['Key', key], ['UploadId', uploadId], ['IsTruncated', false], ...rows],
      ]);
    }
    case 'AbortMultipartUpload':
      store.abortUpload(bucket, key, uploadId);
      return { status: 204 };
    case 'CompleteMultipartUpload': {
      const names = elements(request.body.toString(), 'Part').map(partName);
      const stored = store.completeUpload(bucket, key, uploadId, names, conditionOf(request));
      const checksum: Xml | null = stored.checksum
        ? [`Checksum${stored.checksum.algorithm.toUpperCase()}`, stored.checksum.value]
        : null;
      return xml([
        'CompleteMultipartUploadResult',
        [['Bucket', bucket], ['Key', key], ['ETag', stored.etag], checksum],
      ]);
    }
    default:
      throw notImplemented(operation);
  }
}

export function notImplemented(what: string): S3Fault {
  return new S3Fault(
    501,
    'NotImplemented',
    `A header or query you provided implies functionality that is not implemented: ${what}`,
  );
}

function expectSigned(request: Request, region: string): void {
  const signed = signedFor(request);
  if (!signed) throw new S3Fault(403, 'AccessDenied', 'Access Denied');
  if (signed.region === region) return;
  const message = `The authorization header is malformed; the region '${signed.region}' is wrong; expecting '${region}'`;
  throw new S3Fault(400, 'AuthorizationHeaderMalformed', message, { Region: region });
}

/** What the body means, decoded, and verified where the request says what it should be. */
function contentOf(request: Request): { content: Buffer; checksum: Checksum | null } {
  const payload = header(request, 'x-amz-content-sha256') ?? '';
  if (payload.startsWith('STREAMING-')) {
    const { content, trailers } = decodeAwsChunked(request.body);
    const length = header(request, 'x-amz-decoded-content-length');
    if (length !== undefined && Number(length) !== content.length) {
      throw new S3Fault(400, 'IncompleteBody', 'You did not provide the number of bytes specified by the header');
    }
    return { content, checksum: verifiedChecksum(trailers, content) };
  }
  if (/^[0-9a-f]{64}$/.test(payload) && payload !== createHash('sha256').update(request.body).digest('hex')) {
    throw new S3Fault(
      400,
      'XAmzContentSHA256Mismatch',
      'The provided x-amz-content-sha256 does not match what was computed.',
    );
  }
  const given = header(request, 'content-md5');
  if (given !== undefined && given !== createHash('md5').update(request.body).digest('base64')) {
    throw new S3Fault(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const checksums = Object.fromEntries(Object.keys(request.headers).map((name) => [name, header(request, name)]));
  return { content: request.body, checksum: verifiedChecksum(checksums, request.body) };
}

const kept =
  /^(?:content-type|content-encoding|content-language|content-disposition|cache-control|expires|x-amz-meta-.+)$/;

/** `aws-chunked` is of the transfer, not of the object. */
function keptHeaders(request: Request): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of Object.keys(request.headers).filter((name) => kept.test(name))) {
    const value = header(request, name) ?? '';
    const own =
      name === 'content-encoding'
        ? value
            .split(/, */)
            .filter((part) => part !== 'aws-chunked')
            .join(',')
        : value;
    if (own !== '') found[name] = own;
  }
  return { 'content-type': 'binary/octet-stream', ...found };
}

function conditionOf(request: Request): Condition {
  return { ifNoneMatch: header(request, 'if-none-match'), ifMatch: header(request, 'if-match') };
}

function checksumHeader(checksum: Checksum | null): Record<string, string> {
  return checksum ? { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value } : {};
}

function objectHeaders({ etag, headers, modified, checksum }: StoredObject, request: Request): Record<string, string> {
  const shown = header(request, 'x-amz-checksum-mode') === 'ENABLED' ? checksumHeader(checksum) : {};
  return { ...headers, etag, 'last-modified': new Date(modified).toUTCString(), 'accept-ranges': 'bytes', ...shown };
}

function getObject(object: StoredObject, request: Request): Reply {
  const { content } = object;
  const range = header(request, 'range');
  if (range === undefined) return { status: 200, headers: objectHeaders(object, request), body: content };
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  const from = first === '' ? Math.max(0, content.length - Number(last)) : Number(first);
  const to = first === '' || last === '' ? content.length : Math.min(Number(last) + 1, content.length);
  if (from >= to) throw new S3Fault(416, 'InvalidRange', 'The requested range is not satisfiable');
  // The checksum is that of the whole.
  const headers = {
    ...objectHeaders({ ...object, checksum: null }, request),
    'content-range': `bytes ${from}-${to - 1}/${content.length}`,
  };
  return { status: 206, headers, body: content.subarray(from, to) };
}

function deleteObjects(store: S3Store, bucket: string, request: Request): Reply {
  const { content } = contentOf(request);
  const text = content.toString();
  const keys = elements(text, 'Object').map((object) => textOf(object, 'Key') ?? '');
  if (keys.length < 1 || keys.length > 1000)
    throw new S3Fault(400, 'MalformedXML', 'One to a thousand keys are deleted.');
  for (const key of keys) store.delete(bucket, key);
  const deleted = textOf(text, 'Quiet') === 'true' ? [] : keys;
  return xml(['DeleteResult', deleted.map((key) => ['Deleted', [['Key', key]]] as const)]);
}

function listUploads(store: S3Store, bucket: string, query: URLSearchParams): Xml {
  const prefix = query.get('prefix') ?? '';
  const found = store.uploads(bucket).filter(({ key }) => key.startsWith(prefix));
  const rows = found.map(({ key, id, started }): Xml => {
    return [
      'Upload',
      [
        ['Key', key],
        ['UploadId', id],
        ['Initiated', new Date(started).toISOString()],
      ],
    ];
  });
  return ['ListMultipartUploadsResult', [['Bucket', bucket], ['Prefix', prefix], ['IsTruncated', false], ...rows]];
}

function partNumber(query: URLSearchParams): number {
  const number = Number(query.get('partNumber'));
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new S3Fault(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
}

function partName(part: string): PartName {
  const checksum = textOf(part, 'ChecksumCRC32');
  return { number: Number(textOf(part, 'PartNumber')), etag: textOf(part, 'ETag'), checksum };
}

function xml(content: Xml): Reply {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: printXml(content) };
}
