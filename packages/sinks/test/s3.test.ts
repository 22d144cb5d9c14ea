import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fromRows, type Sink } from '@rowtime/core';
import { type FaultSchedule, scripted, startTestServer, storm, type TestServer } from '@rowtime/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { S3SinkOptions } from '../src/s3.ts';
import { numbers, objectsIn, s3To } from './wire.ts';

let server: TestServer;
let root = '';
let bucket = '';
let made = 0;
beforeAll(async () => {
  server = await startTestServer({ partBytesMin: 1 });
});
afterAll(() => server.close());
beforeEach(async () => {
  server.setFaults(null);
  root = await mkdtemp(join(tmpdir(), 'rowtime-s3-'));
  bucket = `bucket-${made++}`;
  server.s3.createBucket(bucket);
});
afterEach(() => rm(root, { recursive: true }));

const start = Date.UTC(2024, 11, 31, 23, 30, 5);
const rows = (count: number) =>
  fromRows(
    numbers,
    Array.from({ length: count }, (_, N) => ({ rowtime: start, row: { N, TEXT: null } })),
  );
const lines = (count: number): string => Array.from({ length: count }, (_, N) => `{"N":${N},"TEXT":null}\n`).join('');

async function opened(options: Partial<S3SinkOptions> = {}, prepared: unknown = null): Promise<Sink> {
  const sink = s3To(server, { bucket, spool: root, schema: numbers, ...options });
  await sink.open(prepared);
  return sink;
}

/** One object of that many rows, published. */
async function published(
  options: Partial<S3SinkOptions> = {},
  faults: FaultSchedule | null = null,
  count = 3,
): Promise<void> {
  server.setFaults(faults);
  const sink = await opened(options);
  sink.write(rows(count));
  sink.advance(Number.POSITIVE_INFINITY);
  await sink.commit(await sink.prepare());
  await sink.close();
}

describe('an object', () => {
  test('is named and written as Firehose does it, and leaves nothing in the spool', async () => {
    await published({ prefix: 'results/' });
    const [key = ''] = server.s3.keys(bucket);
    expect(key).toMatch(/^results\/2024\/12\/31\/23\/OUT-1-2024-12-31-23-30-05-[0-9a-f-]{36}$/);
    const { content, headers, checksum } = server.s3.get(bucket, key);
    expect(content.toString()).toBe(lines(3));
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-amz-meta-rowtime-bytes': String(content.length),
    });
    expect(checksum?.algorithm).toBe('crc32');
    expect(await readdir(root)).toEqual([]);
  });

  test('goes where the expressions of its prefix say', async () => {
    await published({ prefix: 'y=!{timestamp:yyyy}/d=!{timestamp:yyyy-MM-dd}/', timeZone: 'Europe/Berlin' });
    expect(server.s3.keys(bucket)[0]).toMatch(/^y=2025\/d=2025-01-01\/OUT-1-2024-12-31-23-30-05-/);
  });

  test.each([
    ['at once', {}],
    ['in parts', { partBytes: 100 }],
  ])('is gzip where asked to, %s', async (_, more) => {
    await published({ compression: 'gzip', ...more }, null, 200);
    const [key = ''] = server.s3.keys(bucket);
    const { content, headers } = server.s3.get(bucket, key);
    expect(key).toMatch(/\.gz$/);
    expect(headers).toMatchObject({
      'content-encoding': 'gzip',
      'x-amz-meta-rowtime-bytes': String(lines(200).length),
    });
    expect(gunzipSync(content).toString()).toBe(lines(200));
  });

  test('is CSV where asked to', async () => {
    await published({ format: { type: 'CSV' } });
    expect(objectsIn(server, bucket)[0]?.split('\n').slice(1)).toEqual(['0,', '1,', '2,', '']);
  });

  test('above partBytes goes up in parts, and no upload is left', async () => {
    const cutOff = { kind: 'reset', when: 'after' } as const;
    for (const operation of ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload']) {
      await published({ partBytes: 100, stream: operation }, scripted([cutOff], operation), 20);
      expect(server.s3.uploads(bucket)).toEqual([]);
    }
    expect(objectsIn(server, bucket).map((object) => object.slice(object.indexOf('\n') + 1))).toEqual([
      lines(20),
      lines(20),
      lines(20),
    ]);
    expect(server.calls.filter(({ operation }) => operation === 'UploadPart').length).toBeGreaterThan(10);
  });
});

describe('is tried again', () => {
  test('through more refusals than the retry budget of the SDK has', async () => {
    await published({}, storm(100, { kind: 'error', status: 503, code: 'SlowDown' }));
    expect(objectsIn(server, bucket)).toHaveLength(1);
  });

  test('after S3 found two writers in a race', async () => {
    await published({}, scripted([{ kind: 'error', status: 409, code: 'ConditionalRequestConflict' }]));
    expect(objectsIn(server, bucket)).toHaveLength(1);
  });

  test('and known for its own, where it was stored and the reply lost', async () => {
    await published({}, scripted([{ kind: 'reset', when: 'after' }]));
    expect(objectsIn(server, bucket)).toHaveLength(1);
    expect(server.calls.slice(-3).map(({ operation }) => operation)).toEqual(['PutObject', 'PutObject', 'HeadObject']);
  });
});

test('told to stop while S3 is away, it leaves the object to the next process', async () => {
  const stop = new AbortController();
  const sink = await opened({ stop: stop.signal, onRetry: () => stop.abort() });
  sink.write(rows(3));
  sink.advance(Number.POSITIVE_INFINITY);
  const prepared = await sink.prepare();
  server.setFaults(storm(5, { kind: 'error', status: 503, code: 'SlowDown' }));
  await sink.commit(prepared);
  await sink.close();
  expect(objectsIn(server, bucket)).toEqual([]);

  server.setFaults(null);
  const next = await opened({}, prepared);
  await next.close();
  expect(objectsIn(server, bucket)).toHaveLength(1);
});

test('goes on from an older checkpoint with what it had published since', async () => {
  for (const compression of ['none', 'gzip'] as const) {
    const options = { compression, stream: compression, bufferBytes: 100 };
    const sink = await opened(options);
    sink.write(rows(3));
    const older = await sink.prepare();
    sink.write(rows(3));
    sink.advance(Number.POSITIVE_INFINITY);
    await sink.commit(await sink.prepare());
    await sink.close();
    const before = objectsIn(server, bucket);

    const next = await opened(options, older);
    next.write(rows(3));
    next.advance(Number.POSITIVE_INFINITY);
    await next.commit(await next.prepare());
    await next.close();
    expect(objectsIn(server, bucket)).toEqual(before);
  }
});

describe('says what to do about', () => {
  test('an object that is there with other content, and leaves it', async () => {
    await published();
    const [key = ''] = server.s3.keys(bucket);
    server.s3.put(bucket, key, Buffer.from('other'));
    await expect(published()).rejects.toThrow(
      new RegExp(
        `^s3://${bucket}/${key} exists with other content: found 5 bytes .* expected 60 bytes .* belongs to another run`,
      ),
    );
    expect(server.s3.get(bucket, key).content.toString()).toBe('other');
  });

  test('a bucket that is not there', async () => {
    await expect(published({ bucket: 'never-made' })).rejects.toThrow(
      /^s3:PutObject on s3:\/\/never-made\/.* in us-east-1 failed: NoSuchBucket: The specified bucket does not exist\. To fix it: create it, or check the name\.$/,
    );
  });

  test('another region', async () => {
    await expect(published({ region: 'eu-west-1' })).rejects.toThrow(
      /in eu-west-1 failed: AuthorizationHeaderMalformed.*it is in another region/,
    );
  });

  test('a permission that is missing', async () => {
    await expect(published({}, scripted([{ kind: 'error', status: 403, code: 'AccessDenied' }]))).rejects.toThrow(
      /^s3:PutObject on .* failed: AccessDenied.*allow s3:PutObject on arn:aws:s3:::/,
    );
  });

  test('a store that does not know conditional writes, and does without where told to', async () => {
    const refused = scripted([{ kind: 'error', status: 501, code: 'NotImplemented' }]);
    await expect(published({}, refused)).rejects.toThrow('see the options checksums and conditionalWrites');
    await published({ conditionalWrites: false, checksums: 'when required' });
    const [key = ''] = server.s3.keys(bucket);
    expect(server.s3.get(bucket, key).checksum).toBeNull();
  });
});
