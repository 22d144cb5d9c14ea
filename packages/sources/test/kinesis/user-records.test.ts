import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { userRecords } from '../../src/kinesis/user-records.ts';
import { aggregated, aggregator } from './aggregate.ts';

// The aggregator keeps keys as names of an object, so that those like 7 change places.
const record = fc.record({
  partitionKey: fc.string({ maxLength: 20 }).map((text) => `key ${text}`),
  data: fc.uint8Array({ minLength: 1, maxLength: 300 }),
});

describe('records that the Kinesis Producer Library aggregated', () => {
  test('come apart as they were put together', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 40 }), async (records) => {
        const read = (await aggregated(records)).flatMap((bytes) => userRecords(bytes) ?? []);
        expect(read.map(({ partitionKey, data }) => [partitionKey, [...data]])).toEqual(
          records.map(({ partitionKey, data }) => [partitionKey, [...data]]),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('are read as the published reader reads them', async () => {
    const [bytes] = await aggregated(
      [1, 2, 3].map((n) => ({ partitionKey: `k${n % 2}`, data: Buffer.from(`{"n":${n}}`) })),
    );
    const theirs = await new Promise<unknown[]>((resolve, reject) => {
      const kinesis = { data: Buffer.from(bytes).toString('base64'), partitionKey: 'k', sequenceNumber: '1' };
      aggregator.deaggregateSync(kinesis, true, (error, records) => (error ? reject(error) : resolve(records ?? [])));
    });
    const ours = userRecords(bytes)?.map(({ partitionKey, data }) => ({
      partitionKey,
      data: Buffer.from(data).toString('base64'),
    }));
    expect(theirs).toMatchObject(ours ?? []);
    expect(ours).toHaveLength(3);
  });

  test('that are damaged anywhere, or are ordinary, are ordinary records', async () => {
    const [bytes] = await aggregated([{ partitionKey: 'k', data: Buffer.from('{"n":1}') }]);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Uint8Array.from(bytes);
      damaged[at]! ^= 1;
      expect(userRecords(damaged)).toBeNull();
      expect(userRecords(bytes.subarray(0, at))).toBeNull();
    }
    expect(userRecords(Buffer.from('{"n":1}'))).toBeNull();
  });

  test('whose message is no such message, or names keys that are not there, are ordinary records', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (message) => {
        const read = userRecords(signed(message));
        for (const { partitionKey } of read ?? []) expect(typeof partitionKey).toBe('string');
      }),
      { numRuns: 5_000 },
    );
    // Record { key index 7 }, and no keys.
    expect(userRecords(signed(Uint8Array.of(0x1a, 0x02, 0x08, 0x07)))).toBeNull();
  });
});

function signed(message: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(0xf3, 0x89, 0x9a, 0xc2), message, createHash('md5').update(message).digest()]);
}
