import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sinkContract } from '@rowtime/core/testing';
import { startTestServer, type TestServer } from '@rowtime/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest';
import { firehoseTo, makeDeliveryStream, objectsIn, s3To } from './wire.ts';

let server: TestServer;
let root = '';
beforeAll(async () => {
  server = await startTestServer({ partBytesMin: 1 });
});
afterAll(() => server.close());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rowtime-wire-'));
});
afterEach(() => rm(root, { recursive: true }));

let cases = 0;

/** Names of storages as names that the services take. */
function named(prefix: string): (storage: string) => string {
  const run = cases++;
  const known = new Map<string, string>();
  return (storage) => {
    const name = known.get(storage) ?? `${prefix}-${run}-${known.size}`;
    known.set(storage, name);
    return name;
  };
}

describe.each([
  ['plain', { bufferBytes: 500 }],
  ['gzip, in parts', { compression: 'gzip', bufferBytes: 1800, partBytes: 300 }],
] as const)('s3 sink, %s', (_, more) => {
  for (const { name, run } of sinkContract) {
    test(name, () => {
      const bucketOf = named('contract');
      return run({
        delivers: 'exactly once',
        create(storage, schema, beforeStep) {
          const bucket = bucketOf(storage);
          if (!server.s3.buckets.includes(bucket)) server.s3.createBucket(bucket);
          const spool = join(root, bucket);
          return s3To(server, { bucket, spool, schema, bufferMs: 90_000, beforeStep, ...more });
        },
        delivered: async (storage) => objectsIn(server, bucketOf(storage)),
      });
    });
  }
});

describe.each(['row', 'lines'] as const)('firehose sink, packing by %s', (pack) => {
  for (const { name, run } of sinkContract) {
    test(name, () => {
      const streamOf = named('contract');
      const made = new Set<string>();
      return run({
        delivers: 'at least once',
        create(storage, schema, beforeStep) {
          const deliveryStream = streamOf(storage);
          if (!made.has(deliveryStream)) makeDeliveryStream(server, deliveryStream);
          made.add(deliveryStream);
          const format = { type: 'JSON', delimiter: '\n' } as const;
          return firehoseTo(server, {
            deliveryStream,
            schema,
            pack,
            format,
            recordBytes: 300,
            callsAtOnce: 2,
            beforeStep,
          });
        },
        // Firehose keeps no order.
        delivered: async (storage) => server.firehose.ledger(streamOf(storage)).lines().sort(),
      });
    });
  }
});
