import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toRows } from '@rowtime/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJsonDecoder } from '../src/decode/json.ts';
import { deliveryStreamSource, Journal } from '../src/firehose.ts';

// features: F198

let folder: string;
let journal: Journal;
let time = 1_000;
const landed: string[] = [];
const never = new AbortController().signal;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'firehose-source-'));
  time = 1_000;
  landed.length = 0;
  journal = new Journal({ folder, now: () => time, segmentBytes: 60 });
  await journal.open();
});
afterEach(async () => {
  await journal.close();
  rmSync(folder, { recursive: true });
});

const source = (isPartitioned = false) =>
  deliveryStreamSource({
    isPartitioned,
    journal,
    decoder: createJsonDecoder({ columns: [{ name: 'a', type: { kind: 'integer' }, mapping: '$.a' }] }),
    stream: 'captains-kfh',
    landing: { append: (bytes, at) => void landed.push(`${at} ${Buffer.from(bytes)}`) },
  });
const append = (...records: string[]) => journal.append(records.map((text) => Buffer.from(text)));

test('records become rows with the time at which they were accepted; a broken one does not touch the next', async () => {
  const { schema, open, poll } = source();
  await open(null);
  await append('{"a":1}', '{"a":', '{"a":2}{"a":3}');
  time = 2_000;
  await append('{"a":4}\n');
  const { batch, rejected, caughtUpTo, end } = await poll(never);
  expect(toRows(schema, batch!).map(({ rowtime, row }) => [rowtime, row['a']])).toEqual([
    [1_000, 1],
    [1_000, 2],
    [1_000, 3],
    [2_000, 4],
  ]);
  expect(rejected).toMatchObject([{ time: 1_000, message: expect.stringContaining('captains-kfh') }]);
  expect({ caughtUpTo, end }).toEqual({ caughtUpTo: 2_000, end: false });
  expect(landed).toEqual(['1000 {"a":1}', '1000 {"a":', '1000 {"a":2}{"a":3}', '2000 {"a":4}\n']);
});

test('while nothing comes time goes on, and a poll ends when it is told to', async () => {
  const { open, poll } = source();
  await open(null);
  time = 5_000;
  const stopped = new AbortController();
  stopped.abort();
  expect(await poll(stopped.signal)).toMatchObject({ batch: null, caughtUpTo: 5_000 });
});

test('from a position the rows after it come again, and what old checkpoints cover is removed', async () => {
  const first = source();
  await first.open(null);
  await first.participant.open(null);
  const positions: unknown[] = [];
  for (let i = 0; i < 6; i++) {
    await append(`{"a":${i}}`);
    await first.poll(never);
    positions.push(structuredClone(await first.participant.prepare()));
    await first.participant.commit(positions.at(-1));
  }
  expect(journal.start.segment).toBeGreaterThan(0);
  // The newest checkpoint may be damaged: the two before it still find their records.
  for (const [back, expected] of [
    [1, []],
    [2, [5]],
    [3, [4, 5]],
  ] as const) {
    const again = source();
    await again.open(positions.at(-back) as never);
    const { batch } = await again.poll(AbortSignal.abort());
    expect(batch ? toRows(again.schema, batch).map(({ row }) => row['a']) : []).toEqual(expected);
  }
});

test('for several input streams each row says which record it is from, after a restart as well', async () => {
  await append('{"a":1}', '{"a":2}{"a":3}', 'x', '{"a":4}');
  const first = source(true);
  await first.open(null);
  const { batch, partition } = await first.poll(never);
  expect(batch?.length).toBe(4);
  expect(partition).toEqual(Float64Array.of(0, 1, 1, 3));
  const again = source(true);
  await again.open(structuredClone(first.position()));
  await append('{"a":5}', '{"a":6}');
  expect((await again.poll(never)).partition).toEqual(Float64Array.of(4, 5));
});
