import { toRows } from '@rowtime/core';
import { seededRandom, startTestServer, type TestServer } from '@rowtime/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { S3Objects, s3Source } from '../src/s3.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

const client = () => ({
  endpoint: server.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});
const inputSchema = { columns: [{ name: 'a', type: { kind: 'integer' as const }, mapping: '$.a' }] };
const now = () => Date.UTC(2024, 0, 2);

async function put(key: string, body: string): Promise<void> {
  const { S3Client, CreateBucketCommand, PutObjectCommand } = await import('@aws-sdk/client-s3');
  const s3 = new S3Client({ ...client(), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'captains' })).catch(() => {});
  await s3.send(new PutObjectCommand({ Bucket: 'captains', Key: key, Body: body }));
  s3.destroy();
}

test('objects under a prefix are read over the wire, page by page, also while calls fail', async () => {
  for (let i = 0; i < 25; i++) await put(`raw/2024/01/01/${String(i).padStart(2, '0')}/x`, `{"a":${i}}`);
  await put('other/1', '{"a":99}');
  const chance = seededRandom(1);
  let failed = 0;
  server.setFaults(({ operation }) => {
    if (!/^(List|Get)/.test(operation) || chance() > 0.4) return null;
    failed++;
    const faults = [
      { kind: 'error', status: 503, code: 'SlowDown' },
      { kind: 'reset', when: 'before' },
      { kind: 'reset', when: 'mid reply' },
    ] as const;
    return faults[failed % 3]!;
  });
  const retries: string[] = [];
  const source = await s3Source({
    bucket: 'captains',
    prefix: 'raw/',
    client: client(),
    random: () => 0,
    onRetry: ({ action }) => void retries.push(action),
    inputSchema,
    now,
    since: null,
    follow: false,
  });
  await source.open(null);
  const found: unknown[] = [];
  for (let end = false; !end; ) {
    const poll = await source.poll(new AbortController().signal);
    end = poll.end;
    if (poll.batch) found.push(...toRows(source.schema, poll.batch).map(({ row }) => row['a']));
  }
  await source.close();
  expect(found).toEqual(Array.from({ length: 25 }, (_, i) => i));
  expect(failed).toBeGreaterThan(3);
  expect(retries.length).toBeGreaterThan(3);
});

test('a bucket that is not there is an error that says what to do', async () => {
  const objects = await S3Objects.connect({ bucket: 'nope', client: client(), random: () => 0 });
  await expect(objects.list('')).rejects.toThrow(/s3:ListBucket on s3:\/\/nope\/ in us-east-1 failed: NoSuchBucket/);
  objects.close();
});
