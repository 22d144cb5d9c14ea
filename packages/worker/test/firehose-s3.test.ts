import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordCommand,
} from '@aws-sdk/client-firehose';
import { startTestServer, type TestServer } from '@rowtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printed, putRecords } from './put-records.ts';
import { filesIn, rowtimeIn, temporaryFolder } from './rowtime.ts';

// features: F198

const region = 'us-east-1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const environment = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const firstLine = (text: string) => /^(.+)\n/.exec(text)?.[1];

let aws: TestServer;
beforeAll(async () => {
  aws = await startTestServer();
  aws.s3.createBucket('captains');
});
afterAll(() => aws.close());

function firehose(bucket: string, state: string, ...more: string[]) {
  const flags = ['--buffer-interval', '1s', '--port', '0', '--region', region, '--endpoint', aws.url, '--state', state];
  return rowtimeIn(environment, 'firehose', '--bucket', bucket, ...flags, ...more);
}

function objects(prefix: string): { readonly key: string; readonly content: Buffer }[] {
  const keys = aws.s3.keys('captains').filter((key) => key.startsWith(prefix));
  return keys.map((key) => ({ key, content: aws.s3.get('captains', key).content }));
}

test('records that were acknowledged land in S3 once, in order, however often the process is killed', async () => {
  const state = join(temporaryFolder(), 'state');
  const acknowledged: number[] = [];
  let sent = 0;
  for (let kills = 0; kills < 3; kills++) {
    const { process, finished } = firehose('s3://captains/raw/', state);
    const url = await printed(process, firstLine);
    const killed = new Promise((resolve) => setTimeout(resolve, 500 + 400 * kills)).then(() => process.kill('SIGKILL'));
    for (;;) {
      const batch = Array.from({ length: 20 }, () => sent++);
      const texts = batch.map((i) => `{"i":${i}}`);
      if (!(await putRecords(url, 'captains-kfh', texts))) break;
      acknowledged.push(...batch);
    }
    await killed;
    expect((await finished).signal).toBe('SIGKILL');
  }
  const { process, finished } = firehose('s3://captains/raw/', state);
  await printed(process, firstLine);
  process.kill('SIGTERM');
  expect(await finished).toMatchObject({ code: 0, stderr: expect.stringContaining('into s3://captains/raw/') });
  const found = objects('raw/').flatMap(({ key, content }) => {
    expect(key).toMatch(/^raw\/\d{4}\/\d\d\/\d\d\/\d\d\/captains-kfh-1-/);
    return JSON.parse(`[${content.toString().replaceAll('}{', '},{')}]`).map(({ i }: { i: number }) => i);
  });
  // Objects of one second are listed by their hash.
  const kept = new Set(found);
  expect(kept.size).toBe(found.length);
  expect(acknowledged.filter((i) => !kept.has(i))).toEqual([]);
  expect(found.length - acknowledged.length).toBeLessThanOrEqual(3 * 20);
  expect(acknowledged.length).toBeGreaterThan(100);
}, 60_000);

const destination = {
  BucketARN: 'arn:aws:s3:::captains',
  RoleARN: 'arn:aws:iam::123456789012:role/firehose',
  Prefix: 'day=!{timestamp:yyyy-MM-dd}/',
  ErrorOutputPrefix: 'failed/!{firehose:error-output-type}/',
  CompressionFormat: 'GZIP' as const,
  BufferingHints: { SizeInMBs: 2, IntervalInSeconds: 1 },
  CustomTimeZone: 'Asia/Tokyo',
};

const inTokyo = (): string => new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10);

test.each(['S3', 'a folder'])(
  'a created delivery stream lands in %s as CreateDeliveryStream said, and says so again after a restart',
  async (where) => {
    const folder = temporaryFolder();
    const began = inTokyo();
    const bucket = where === 'S3' ? 's3://captains/created/' : join(folder, 'bucket');
    const start = () =>
      where === 'S3'
        ? firehose(bucket, join(folder, 'state'))
        : rowtimeIn({}, 'firehose', '--bucket', bucket, '--port', '0');
    const stop = async ({ process, finished }: ReturnType<typeof start>) => {
      process.kill('SIGTERM');
      expect(await finished).toMatchObject({ code: 0 });
    };
    const connected = async ({ process }: ReturnType<typeof start>) =>
      new FirehoseClient({ region, credentials, endpoint: await printed(process, firstLine), maxAttempts: 1 });

    const first = start();
    const client = await connected(first);
    const create = (name: string, changes = {}) => {
      const ExtendedS3DestinationConfiguration = { ...destination, ...changes };
      return client.send(
        new CreateDeliveryStreamCommand({ DeliveryStreamName: name, ExtendedS3DestinationConfiguration }),
      );
    };
    await create('packed');
    for (const Prefix of ['!{firehose:nothing}/', 'x/!{timestamp:yyyy', '!{firehose:error-output-type}/']) {
      const refused = create('refused', { Prefix });
      await expect(refused).rejects.toMatchObject({ name: 'InvalidArgumentException' });
      await expect(refused).rejects.toThrow(Prefix);
    }
    await expect(create('refused', { FileExtension: '.json' })).rejects.toThrow('FileExtension is not supported');
    for (const text of ['{"a":1}', '{"a":2}']) {
      await client.send(new PutRecordCommand({ DeliveryStreamName: 'packed', Record: { Data: Buffer.from(text) } }));
    }
    await stop(first);

    const landed =
      where === 'S3'
        ? objects('created/').map(({ key, content }) => [key.slice('created/'.length), content] as const)
        : [...filesIn(bucket).keys()].map((path) => [path, readFileSync(join(bucket, path))] as const);
    expect(landed.map(([key]) => key)).toEqual([
      expect.stringMatching(/^day=\d{4}-\d\d-\d\d\/packed-1-\d{4}-[-\d]+-[0-9a-f-]{36}\.gz$/),
    ]);
    expect(gunzipSync(landed[0]![1]).toString()).toBe('{"a":1}{"a":2}');
    expect([began, inTokyo()]).toContain(landed[0]![0].slice(4, 14));

    const second = start();
    const again = await connected(second);
    const { DeliveryStreamDescription } = await again.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'packed' }),
    );
    expect(DeliveryStreamDescription?.Destinations?.[0]?.ExtendedS3DestinationDescription).toMatchObject(destination);
    await expect(
      again.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'refused' })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await stop(second);
    client.destroy();
    again.destroy();
  },
  60_000,
);

test('a bucket that is not there ends it, with the action, the resource and the fix; the records stay', async () => {
  const state = join(temporaryFolder(), 'state');
  const { process, finished } = firehose('s3://never-made/raw/', state);
  const url = await printed(process, firstLine);
  expect(await putRecords(url, 'captains-kfh', ['{"i":1}'])).toBe(true);
  const { code, stderr } = await finished;
  expect(code).toBe(3);
  expect(stderr).toMatch(/s3:PutObject on s3:\/\/never-made\/raw\/.* failed: NoSuchBucket.*To fix it: create it/);
  expect(existsSync(state)).toBe(true);
  aws.s3.createBucket('never-made');
  const again = firehose('s3://never-made/raw/', state);
  await printed(again.process, firstLine);
  again.process.kill('SIGTERM');
  expect((await again.finished).code).toBe(0);
  const contents = aws.s3.keys('never-made').map((key) => aws.s3.get('never-made', key).content.toString());
  expect(contents).toEqual(['{"i":1}']);
}, 30_000);

test('while S3 is away records are taken; a stop does not wait for ever, and the next start delivers them', async () => {
  const state = join(temporaryFolder(), 'state');
  aws.setFaults(() => ({ kind: 'error', status: 503, code: 'SlowDown' }));
  const first = firehose('s3://captains/away/', state, '--stop-timeout', '500ms');
  const url = await printed(first.process, firstLine);
  for (const i of [1, 2]) expect(await putRecords(url, 'captains-kfh', [`{"i":${i}}`])).toBe(true);
  first.process.kill('SIGTERM');
  expect(await first.finished).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('the next start delivers it'),
  });
  aws.setFaults(null);
  const second = firehose('s3://captains/away/', state);
  await printed(second.process, firstLine);
  second.process.kill('SIGTERM');
  expect((await second.finished).code).toBe(0);
  expect(objects('away/').map(({ content }) => content.toString())).toEqual(['{"i":1}{"i":2}']);
}, 30_000);

test('flags of S3 without a bucket of S3, and a prefix that cannot be evaluated, are mistakes', async () => {
  const folder = temporaryFolder();
  const refused = await rowtimeIn({}, 'firehose', '--bucket', join(folder, 'b'), '--region', region).finished;
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('are for --bucket s3://') });
  const unknown = await firehose('s3://captains/!{firehose:nothing}/', join(folder, 'state')).finished;
  expect(unknown).toMatchObject({ code: 3, stderr: expect.stringContaining('!{firehose:nothing} is not known') });
});
