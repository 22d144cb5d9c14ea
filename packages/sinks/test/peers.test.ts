// The Firehose sink against a second implementation, where scripts/test-peers.mjs has started one: that our own test server does
// what it wants proves less. The others are in packages/testing/test/account.test.ts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateDeliveryStreamCommand, DeleteDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { Sink } from '@rowtime/core';
import { sinkContract } from '@rowtime/core/testing';
import { afterAll, afterEach, beforeEach, describe, test } from 'vitest';
import { firehoseTo } from './wire.ts';

const url = process.env['ROWTIME_MOTO_URL'];

describe.skipIf(url === undefined)('against moto', () => {
  const connection = {
    endpoint: url ?? 'http://127.0.0.1:1',
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const s3 = new S3Client({ ...connection, forcePathStyle: true });
  const firehose = new FirehoseClient(connection);
  afterAll(() => {
    s3.destroy();
    firehose.destroy();
  });
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rowtime-peers-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  let places = 0;

  for (const { name, run } of sinkContract) {
    test(`firehose sink: ${name}`, { timeout: 300_000 }, () => {
      const streamOf = named(`fh-${places++}`);
      return run({
        delivers: 'at least once',
        create(storage, schema, beforeStep) {
          const deliveryStream = streamOf(storage);
          const sink = firehoseTo({ url: connection.endpoint }, { deliveryStream, schema, pack: 'lines', beforeStep });
          return after(() => streamMade(deliveryStream), sink);
        },
        // moto makes an object of each call, in the bucket of the stream's own name.
        async delivered(storage) {
          const objects = await objectsIn(streamOf(storage));
          return objects.flatMap((object) => object.split('\n').slice(1, -1)).sort();
        },
      });
    });
  }

  function named(prefix: string): (storage: string) => string {
    const known = new Map<string, string>();
    return (storage) => {
      const name = known.get(storage) ?? `peers-${process.pid}-${prefix}-${known.size}`;
      known.set(storage, name);
      return name;
    };
  }

  async function bucketMade(Bucket: string): Promise<void> {
    await s3.send(new CreateBucketCommand({ Bucket }));
  }

  const streams: string[] = [];

  async function streamMade(name: string): Promise<void> {
    if (streams.includes(name)) return;
    // moto has room for 50. Its objects stay.
    const [oldest] = streams.length === 30 ? streams.splice(0, 1) : [];
    if (oldest) await firehose.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: oldest }));
    streams.push(name);
    await bucketMade(name);
    const destination = { BucketARN: `arn:aws:s3:::${name}`, RoleARN: 'arn:aws:iam::000000000000:role/x' };
    const command = { DeliveryStreamName: name, ExtendedS3DestinationConfiguration: destination };
    await firehose.send(new CreateDeliveryStreamCommand(command));
  }

  async function objectsIn(Bucket: string): Promise<string[]> {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    return Promise.all(
      Contents.map(async ({ Key }) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        return `${Key}\n${await Body?.transformToString()}`;
      }),
    );
  }

  /** The sink, opened after something else. */
  function after(first: () => Promise<void>, sink: Sink): Sink {
    return {
      async open(prepared) {
        await first();
        await sink.open(prepared);
      },
      get pendingBytes() {
        return sink.pendingBytes;
      },
      write: (batch) => sink.write(batch),
      advance: (watermark) => sink.advance(watermark),
      prepare: () => sink.prepare(),
      commit: (prepared) => sink.commit(prepared),
      close: () => sink.close(),
    };
  }
});
