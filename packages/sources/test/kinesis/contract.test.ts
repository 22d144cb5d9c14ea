import { sourceContract } from '@rowtime/core/testing';
import { startKinesalite } from '@rowtime/testing';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { aggregated } from './aggregate.ts';
import { sourceOf } from './reading.ts';
import { type KinesisServer, kinesisServer, type Put } from './server.ts';

let server: KinesisServer;
beforeAll(async () => {
  server = kinesisServer(await startKinesalite());
  await server.createStream('contract', 3);
  for (let from = 0; from < 48; from += 12) {
    const packed = await aggregated(
      numbers(from, from + 4).map((data) => ({ partitionKey: 'k', data: Buffer.from(data) })),
    );
    const records: Put[] = [
      ...packed.map((data) => ({ data, key: `packed ${from}` })),
      ...numbers(from + 4, from + 8).map((data) => ({ data })),
      // Several documents in one record, one of them broken, and a record that is none.
      { data: `${numbers(from + 8, from + 10).join('')}{"n": tru\n${numbers(from + 10, from + 12).join('\n')}` },
      { data: 'garbage' },
    ];
    await server.put('contract', records);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
});
afterAll(() => server.close());

describe('Kinesis source', () => {
  for (const { name, run } of sourceContract) {
    test(name, () => run({ create: () => sourceOf(server.url, 'contract', { batchRows: 3 }), rows: 48, rejected: 8 }));
  }
});

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `{"n": ${from + i}}`);
}
