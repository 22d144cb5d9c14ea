import { startInvokeServer, startKinesalite } from '@rowtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KinesisPosition } from '../../src/kinesis/source.ts';
import { lambdaProcessor, type Outcome, type RecordProcessor, type UnprocessedRecord } from '../../src/lambda.ts';
import { aggregated } from './aggregate.ts';
import { never, rowsOf, sourceOf } from './reading.ts';
import { credentials, type KinesisServer, kinesisServer } from './server.ts';

// features: F195

let server: KinesisServer;
beforeAll(async () => {
  server = kinesisServer(await startKinesalite());
});
afterAll(() => server.close());

/** Of n, two documents, none, no JSON, or a failure. */
function outcomeOf({ data }: UnprocessedRecord): Outcome {
  const { n } = JSON.parse(String(Buffer.from(data)));
  if (n % 4 === 1) return { result: 'Dropped' };
  if (n % 4 === 2) return { result: 'Rejected', name: 'ProcessingFailed', message: `not ${n}` };
  return { result: 'Ok', data: Buffer.from(n % 4 === 3 ? `no JSON ${n}` : `{"n":${10 * n}}{"n":${10 * n + 1}}`) };
}

function processorOf(outcome: (record: UnprocessedRecord) => Outcome): RecordProcessor {
  return { recordsMax: 500, process: async (records) => records.map(outcome), close() {} };
}

test('rows and failures of processed records come once and in order, wherever the source is restarted', async () => {
  const count = 40;
  await server.createStream('processed', 2);
  for (let n = 0; n < count; n++) {
    await server.put('processed', [{ data: `{"n":${n}}`, key: `k${n}` }]);
    // So that arrival times differ, and the order of the numbers is that of the records.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const rows = Array.from({ length: count / 4 }, (_, i) => [40 * i, 40 * i + 1]).flat();
  const failures = Array.from({ length: count / 4 }, (_, i) => [4 * i + 2, 4 * i + 3]).flat();

  for (const { batchRows, isRestarted } of [
    { batchRows: 1000, isRestarted: false },
    { batchRows: 3, isRestarted: true },
    { batchRows: 1, isRestarted: true },
  ]) {
    const found: number[] = [];
    const failed: string[] = [];
    const open = async (position: KinesisPosition | null) => {
      const source = await sourceOf(server.url, 'processed', { batchRows, processor: processorOf(outcomeOf) });
      await source.open(position);
      return source;
    };
    let source = await open(null);
    while (found.length < rows.length || failed.length < failures.length) {
      const { batch, rejected } = await source.poll(never);
      found.push(
        ...Array.from(
          { length: batch?.length ?? 0 },
          (_, i) => (batch!.columns[0] as { values: Float64Array }).values[i]!,
        ),
      );
      failed.push(...rejected.map(({ name, message, record }) => `${name} ${message} ${Buffer.from(record)}`));
      if (!isRestarted || (!batch && rejected.length === 0)) continue;
      const position = structuredClone(source.position());
      await source.close();
      source = await open(position);
    }
    await source.close();
    expect(found).toEqual(rows);
    for (const [i, n] of failures.entries()) {
      expect(failed[i]).toMatch(
        n % 4 === 2
          ? new RegExp(`^ProcessingFailed not ${n}; record with sequence number \\d+ in shardId-\\d+ {"n":${n}}$`)
          : new RegExp(`^MalformedRecord .* in shardId-\\d+ no JSON ${n}$`),
      );
    }
    expect(failed).toHaveLength(failures.length);
  }
}, 60_000);

test('a function is given an aggregated record whole, with its place, and what it gives back comes apart', async () => {
  await server.createStream('packed', 1);
  const [packed] = await aggregated(
    ['a', 'b'].map((partitionKey, n) => ({ partitionKey, data: Buffer.from(`{"n":${n}}`) })),
  );
  await server.put('packed', [{ data: packed, key: 'outer' }]);
  const given: unknown[] = [];
  const invoke = await startInvokeServer<{ records: { recordId: string; data: string }[] }>((_, { records }) => {
    given.push(...records);
    return { answer: { records: records.map(({ recordId, data }) => ({ recordId, result: 'Ok', data })) } };
  });
  const processor = await lambdaProcessor({
    functionName: 'tidy',
    applicationArn: 'application',
    streamArn: 'stream',
    client: { region: 'us-east-1', endpoint: invoke.url, credentials },
    random: () => 0,
  });
  const source = await sourceOf(server.url, 'packed', { processor });
  await source.open(null);
  expect(await rowsOf(source, 2)).toEqual([{ n: 0 }, { n: 1 }]);
  await source.close();
  await invoke.close();
  const sequenceNumber = expect.stringMatching(/^\d+$/);
  expect(given).toEqual([
    {
      recordId: sequenceNumber,
      data: Buffer.from(packed).toString('base64'),
      kinesisStreamRecordMetadata: {
        sequenceNumber,
        partitionKey: 'outer',
        shardId: 'shardId-000000000000',
        approximateArrivalTimestamp: expect.any(Number),
      },
    },
  ]);
});

test('what somebody must mend about the function ends the source', async () => {
  await server.createStream('refused', 1);
  await server.put('refused', [{ data: '{"n":1}' }]);
  const processor: RecordProcessor = {
    recordsMax: 500,
    process: () => Promise.reject(new Error('not allowed')),
    close() {},
  };
  const source = await sourceOf(server.url, 'refused', { processor });
  await source.open(null);
  await expect(rowsOf(source, 1)).rejects.toThrow('not allowed');
  await source.close();
});
