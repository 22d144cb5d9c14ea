import { AwsError } from '@rowtime/aws';
import { scripted, startTestServer, type TestServer } from '@rowtime/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { S3Store, Unavailable } from '../src/s3-store.ts';

let server: TestServer;
let store: S3Store;
beforeAll(async () => {
  server = await startTestServer();
  server.s3.createBucket('copies');
  store = await S3Store.connect(options('copies'));
});
afterAll(async () => {
  store.close();
  await server.close();
});
beforeEach(() => {
  server.setFaults(null);
  for (const key of server.s3.keys('copies')) server.s3.delete('copies', key);
});

function options(bucket: string, requestTimeoutMs = 30_000) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const place = { endpoint: server.url, region: 'us-east-1', forcePathStyle: true, requestTimeoutMs };
  return { ...place, credentials, bucket, prefix: 'a/b/' };
}

const bytes = (text: string) => Buffer.from(text);

test('an object that is not to be there is written once', async () => {
  const etag = await store.put('one', bytes('1'), 'none');
  expect(await store.put('one', bytes('2'), 'none')).toBe(null);
  expect(await store.get('one')).toEqual({ bytes: bytes('1'), etag });
  expect(server.s3.keys('copies')).toEqual(['a/b/one']);
  expect(store.locate('one')).toBe('s3://copies/a/b/one');
});

test('an object is replaced if it is the one that was meant, and not if it is another or gone', async () => {
  const first = (await store.put('one', bytes('1'), 'none'))!;
  const second = await store.put('one', bytes('2'), { etag: first });
  expect(second).not.toBe(null);
  expect(await store.put('one', bytes('3'), { etag: first })).toBe(null);
  expect((await store.get('one'))!.bytes.toString()).toBe('2');
  await store.remove('one');
  expect(await store.put('one', bytes('3'), { etag: second! })).toBe(null);
  expect(await store.get('one')).toBe(null);
});

test('lists all names that begin so, however many, in their order', async () => {
  for (let i = 0; i < 1_003; i++) server.s3.put('copies', `a/b/n-${String(i).padStart(4, '0')}`, bytes(''));
  await store.put('other', bytes(''), 'none');
  const names = await store.list('n-');
  expect({ count: names.length, first: names[0], last: names.at(-1) }).toEqual({
    count: 1_003,
    first: 'n-0000',
    last: 'n-1002',
  });
  expect(await store.list('none')).toEqual([]);
});

test.each([
  ['a refusal', { kind: 'error', status: 503, code: 'SlowDown' }],
  ['a conflict of writes', { kind: 'error', status: 409, code: 'ConditionalRequestConflict' }],
  ['an answer that is lost', { kind: 'reset', when: 'after' }],
] as const)('%s is for the caller to wait out: one attempt a call', async (_, fault) => {
  server.setFaults(scripted([fault]));
  const before = server.calls.length;
  await expect(store.put('one', bytes('1'), 'none')).rejects.toThrow(Unavailable);
  expect(server.calls.length - before).toBe(1);
});

test('no answer in time is one that is lost', async () => {
  const hasty = await S3Store.connect(options('copies', 100));
  server.setFaults(() => ({ kind: 'hang', done: false }));
  await expect(hasty.get('one')).rejects.toThrow(Unavailable);
  hasty.close();
});

test('what somebody must mend says so', async () => {
  server.setFaults(scripted([{ kind: 'error', status: 403, code: 'AccessDenied' }]));
  await expect(store.get('one')).rejects.toThrow(
    /s3:GetObject on s3:\/\/copies\/a\/b\/one in us-east-1 failed: AccessDenied.*allow s3:GetObject on arn:aws:s3:::copies\/a\/b\/\* in the IAM policy/,
  );
  const nowhere = await S3Store.connect(options('nowhere'));
  await expect(nowhere.list('')).rejects.toThrow(AwsError);
  nowhere.close();
});
