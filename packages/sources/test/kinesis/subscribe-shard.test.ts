import type { SubscribeToShardEventStream } from '@aws-sdk/client-kinesis';
import { expect, test } from 'vitest';
import type { ShardStart } from '../../src/kinesis/client.ts';
import { subscribeShard } from '../../src/kinesis/subscribe-shard.ts';

type Script = readonly (SubscribeToShardEventStream | Error)[];

/** Subscriptions that go by scripts, one after the other, as kinesis-local's do not: its shards never end. */
async function read(start: ShardStart, scripts: readonly Script[]) {
  const starts: ShardStart[] = [];
  const stream = {
    async subscribe(_consumer: string, _shard: string, from: ShardStart) {
      const script = scripts[starts.push(from) - 1] ?? [];
      return (async function* () {
        for (const step of script) {
          if (step instanceof Error) throw step;
          yield step;
        }
      })();
    },
  };
  const { signal } = new AbortController();
  const reading = { stream, shard: 'shardId-0', start, startedAt: 77, now: () => 0, signal };
  const sequences: (string | undefined)[] = [];
  for await (const { records } of subscribeShard(reading, 'arn', () => 0)) {
    for (const { SequenceNumber } of records) sequences.push(SequenceNumber);
  }
  return { sequences, starts };
}

test('a subscription is renewed behind what it brought, until the shard has children', async () => {
  const { sequences, starts } = await read({ type: 'TRIM_HORIZON' }, [
    [event(['1', '2'], '2'), event([], '5')],
    [],
    [event(['6'], '6'), last(['7'])],
  ]);
  expect(sequences).toEqual(['1', '2', '6', '7']);
  expect(starts).toEqual([
    { type: 'TRIM_HORIZON' },
    { type: 'AFTER_SEQUENCE_NUMBER', sequence: '5' },
    { type: 'AFTER_SEQUENCE_NUMBER', sequence: '5' },
  ]);
});

test('one that breaks, or is taken by the one before, is renewed; LATEST stays where it was', async () => {
  const { sequences, starts } = await read({ type: 'LATEST' }, [
    [Object.assign(new Error('aborted'), { code: 'ECONNRESET' })],
    [named('ResourceInUseException')],
    [{ InternalFailureException: named('InternalFailureException') } as unknown as SubscribeToShardEventStream],
    [event(['1'], '1'), Object.assign(new Error('closed'), { code: 'ERR_HTTP2_STREAM_ERROR' })],
    [last([])],
  ]);
  expect(sequences).toEqual(['1']);
  const again = { type: 'AT_TIMESTAMP', time: 77 };
  expect(starts).toEqual([{ type: 'LATEST' }, again, again, again, { type: 'AFTER_SEQUENCE_NUMBER', sequence: '1' }]);
});

test('one that is refused for good ends the reading', async () => {
  await expect(read({ type: 'TRIM_HORIZON' }, [[named('KMSAccessDeniedException')]])).rejects.toThrow(
    'KMSAccessDenied',
  );
});

function event(sequences: readonly string[], continuation: string): SubscribeToShardEventStream {
  const Records = sequences.map((SequenceNumber) => ({ SequenceNumber, PartitionKey: 'k', Data: new Uint8Array(0) }));
  return {
    SubscribeToShardEvent: { Records, ContinuationSequenceNumber: continuation, MillisBehindLatest: 0 },
  };
}

function last(sequences: readonly string[]): SubscribeToShardEventStream {
  const { SubscribeToShardEvent } = event(sequences, '');
  const ChildShards = [{ ShardId: 'shardId-1', ParentShards: ['shardId-0'], HashKeyRange: undefined }];
  return { SubscribeToShardEvent: { ...SubscribeToShardEvent!, ChildShards } };
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}
