// Sinks against the test server, over HTTP and the real clients. No test waits: pauses between attempts are not taken.
import { gunzipSync } from 'node:zlib';
import type { Pace } from '@rowtime/aws';
import type { Schema } from '@rowtime/core';
import { seededRandom, type TestServer } from '@rowtime/testing';
import { type FirehoseSinkOptions, firehoseSink } from '../src/firehose.ts';
import { type S3SinkOptions, s3Sink } from '../src/s3.ts';

const connection = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

export const atOnce = (seed = 1): Pace => ({
  wait: () => new Promise((resolve) => setImmediate(resolve)),
  random: seededRandom(seed),
  now: () => 0,
});

export function s3To(
  server: Pick<TestServer, 'url'>,
  options: Pick<S3SinkOptions, 'bucket' | 'spool' | 'schema'> & Partial<S3SinkOptions>,
) {
  return s3Sink({ ...connection, endpoint: server.url, stream: 'OUT', pace: atOnce(), ...options });
}

export function firehoseTo(
  server: Pick<TestServer, 'url'>,
  options: Pick<FirehoseSinkOptions, 'deliveryStream' | 'schema'> & Partial<FirehoseSinkOptions>,
) {
  return firehoseSink({ ...connection, endpoint: server.url, stream: 'OUT', pace: atOnce(), ...options });
}

/** Names and contents of all objects, uncompressed. */
export function objectsIn({ s3 }: Pick<TestServer, 's3'>, bucket: string): string[] {
  return s3.keys(bucket).map((key) => {
    const { content } = s3.get(bucket, key);
    return `${key}\n${key.endsWith('.gz') ? gunzipSync(content) : content}`;
  });
}

export function makeDeliveryStream({ firehose, s3 }: TestServer, name: string): void {
  if (!s3.buckets.includes('landing')) s3.createBucket('landing');
  const more = { prefix: '', errorPrefix: null, bufferBytes: 5 << 20, bufferMs: 300_000, timeZone: 'UTC' } as const;
  firehose.create(name, {
    bucket: 'landing',
    roleArn: 'arn:aws:iam::000000000000:role/x',
    compression: 'UNCOMPRESSED',
    ...more,
  });
}

export const numbers: Schema = [
  { name: 'N', type: { kind: 'integer' }, nullable: false },
  { name: 'TEXT', type: { kind: 'varchar', length: null }, nullable: true },
];
