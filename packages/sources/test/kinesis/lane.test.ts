import type { _Record } from '@aws-sdk/client-kinesis';
import { expect, test } from 'vitest';
import { Lane } from '../../src/kinesis/lane.ts';
import { aggregated } from './aggregate.ts';

const start = { shard: 'shardId-0', from: null, sequence: null, sub: null, offset: 0 };
const none = Number.NEGATIVE_INFINITY;

test('a queue that is never empty gives records in order, and counts the bytes that wait', async () => {
  const [packed] = await aggregated([1, 2, 3].map((n) => ({ partitionKey: 'k', data: Buffer.of(n) })));
  const lane = new Lane(start, none, true);
  const found: string[] = [];
  const take = () => {
    found.push(`${lane.head!.sequence}/${lane.head!.sub}`);
    lane.shift();
  };
  for (let n = 0; n < 6000; n++) {
    lane.add(
      { records: [record(n, n % 2 === 0 ? packed! : Buffer.of(n))], millisBehindLatest: 0, caughtUpTo: none },
      0,
    );
    if (n > 2) for (let i = 0; i < (n % 2 === 0 ? 3 : 1); i++) take();
  }
  expect(lane.bytes).toBeGreaterThan(0);
  while (lane.head) take();
  expect(lane.bytes).toBe(0);
  const expected = Array.from({ length: 6000 }, (_, n) => (n % 2 === 0 ? [`${n}/0`, `${n}/1`, `${n}/2`] : [`${n}/0`]));
  expect(found).toEqual(expected.flat());
  expect(lane.position).toEqual({ ...start, sequence: '5999' });
});

test('times do not go back, and an empty queue vouches for the time up to which nothing came', () => {
  const lane = new Lane(start, 50, true);
  expect(lane.time).toBe(50);
  lane.add(
    { records: [record(1, Buffer.of(1), 100), record(2, Buffer.of(2), 90)], millisBehindLatest: 5, caughtUpTo: none },
    10,
  );
  expect(lane.head).toMatchObject({ time: 100, arrival: 100 });
  lane.shift();
  expect(lane.head).toMatchObject({ time: 100, arrival: 90 });
  lane.shift();
  lane.add({ records: [], millisBehindLatest: 0, caughtUpTo: 500 }, 10);
  expect(lane.time).toBe(490);
});

test('a closed shard vouches for nothing: what came after its end is in its children', () => {
  const lane = new Lane(start, 50, false);
  lane.add({ records: [], millisBehindLatest: 0, caughtUpTo: 500 }, 10);
  expect(lane.time).toBe(50);
});

test('a record that is gone when reading goes on inside it is not cut from the next one', () => {
  const lane = new Lane({ ...start, sequence: '7', sub: 2, offset: 5 }, none, true);
  lane.add({ records: [record(8, Buffer.from('{"n": 1}'))], millisBehindLatest: 0, caughtUpTo: none }, 0);
  expect(lane.head).toMatchObject({ sequence: '8', sub: 0 });
  expect(lane.offset).toBe(0);
});

function record(n: number, data: Uint8Array, arrival = n): _Record {
  return { SequenceNumber: String(n), PartitionKey: 'k', Data: data, ApproximateArrivalTimestamp: new Date(arrival) };
}
