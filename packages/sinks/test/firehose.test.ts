import type { Pace, Retry } from '@rowtime/aws';
import {
  decodeCheckpoint,
  encodeCheckpoint,
  errorStreamSchema,
  fromRows,
  RowErrors,
  type Schema,
  toRows,
} from '@rowtime/core';
import { type FaultSchedule, scripted, startTestServer, storm, type TestServer } from '@rowtime/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FirehoseSink, FirehoseSinkOptions } from '../src/firehose.ts';
import { atOnce, firehoseTo, makeDeliveryStream, numbers } from './wire.ts';

// features: F203 F209

let server: TestServer;
let name = '';
let made = 0;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.setFaults(null);
  name = `stream-${made++}`;
  makeDeliveryStream(server, name);
});

const rows = (from: number, to: number, text: string | null = null) =>
  fromRows(
    numbers,
    Array.from({ length: to - from }, (_, i) => ({ rowtime: from + i, row: { N: from + i, TEXT: text } })),
  );

async function opened(options: Partial<FirehoseSinkOptions> = {}, prepared: unknown = null): Promise<FirehoseSink> {
  const sink = firehoseTo(server, { deliveryStream: name, schema: numbers, ...options });
  await sink.open(prepared);
  return sink;
}

const records = (): string[] => server.firehose.ledger(name).entries.map(({ data }) => data.toString());
const calls = (): number => server.calls.filter(({ resource }) => resource === name).length;

async function sent(
  faults: FaultSchedule | null,
  options: Partial<FirehoseSinkOptions> = {},
  count = 10,
): Promise<FirehoseSink> {
  server.setFaults(faults);
  const sink = await opened({ callsAtOnce: 1, ...options });
  sink.write(rows(0, count));
  await sink.commit(await sink.prepare());
  await sink.close();
  return sink;
}

describe('a call', () => {
  test('holds a row a record, nothing after it, as Kinesis Analytics wrote them', async () => {
    await sent(null, {}, 2);
    expect(records()).toEqual(['{"N":0,"TEXT":null}', '{"N":1,"TEXT":null}']);
  });

  test('holds 500 records at most', async () => {
    await sent(null, {}, 1_001);
    expect(records()).toHaveLength(1_001);
    expect(calls()).toBe(3);
  });

  test('stays under 4 MiB with what base64 adds', async () => {
    const sink = await opened({ callsAtOnce: 1 });
    sink.write(rows(0, 7, 'x'.repeat(1_000_000)));
    await sink.prepare();
    await sink.close();
    // Three of them are 4,000,000 bytes of base64.
    expect(records()).toHaveLength(7);
    expect(calls()).toBe(3);
  });

  test('holds records of many lines where asked to', async () => {
    await sent(null, { pack: 'lines', recordBytes: 100 }, 1_000);
    const found = records();
    expect(found.join('')).toBe(Array.from({ length: 1_000 }, (_, N) => `{"N":${N},"TEXT":null}\n`).join(''));
    expect(found.every((record) => record.length <= 100 && record.endsWith('\n'))).toBe(true);
    expect(found.length).toBeLessThan(260);
  });

  test('holds CSV where asked to', async () => {
    await sent(null, { format: { type: 'CSV' } }, 2);
    expect(records()).toEqual(['0,\n', '1,\n']);
  });
});

describe('of a call that failed in part', () => {
  test('only the failed records are sent again', async () => {
    const sink = await sent(
      scripted([
        { kind: 'fail records', records: [1, 7] },
        { kind: 'fail records', records: [0], code: 'InternalFailure' },
      ]),
    );
    const expected = Array.from({ length: 10 }, (_, N) => `{"N":${N},"TEXT":null}`);
    expect(server.firehose.ledger(name).compare(expected, records())).toEqual({ lost: 0, duplicated: 0, foreign: 0 });
    expect(calls()).toBe(3);
    expect(sink.counters).toMatchObject({
      recordsIn: 10,
      recordsAcked: 10,
      recordsRetried: 3,
      duplicatesPossible: 0,
      inFlight: 0,
    });
  });
});

describe('is sent until it works', () => {
  test('through more refusals than the retry budget of the SDK has', async () => {
    const retries: Retry[] = [];
    const sink = await sent(storm(100, { kind: 'error', status: 503, code: 'ServiceUnavailableException' }), {
      onRetry: (retry) => retries.push(retry),
    });
    expect(records()).toHaveLength(10);
    expect(calls()).toBe(101);
    expect(sink.counters).toMatchObject({ recordsAcked: 10, recordsRetried: 1_000, duplicatesPossible: 0 });
    expect(retries[0]).toMatchObject({
      action: 'firehose:PutRecordBatch',
      resource: `delivery stream ${name}`,
      attempt: 1,
    });
    // Full jitter: never more than 30 s, and with 100 tries at times nearly so.
    expect(Math.max(...retries.map(({ waitMs }) => waitMs))).toBeLessThanOrEqual(30_000);
    expect(Math.max(...retries.map(({ waitMs }) => waitMs))).toBeGreaterThan(20_000);
    expect(retries[0]?.waitMs).toBeLessThanOrEqual(200);
  });

  test.each([
    ['stored, and the reply lost', { kind: 'reset', when: 'after' }],
    ['stored, and the reply cut off', { kind: 'reset', when: 'mid reply' }],
    ['stored, and half of the reply given as the whole', { kind: 'truncate' }],
    ['stored, and never answered', { kind: 'hang', done: true }],
  ] as const)('%s: twice, and counted', async (_, fault) => {
    const sink = await sent(scripted([fault]), { requestTimeoutMs: 300 });
    expect(records()).toHaveLength(20);
    expect(sink.counters).toMatchObject({ recordsAcked: 10, duplicatesPossible: 10 });
  });

  test('refused before it was stored: once', async () => {
    const sink = await sent(
      scripted([
        { kind: 'error', status: 400, code: 'LimitExceededException' },
        { kind: 'delay', millis: 1 },
      ]),
    );
    expect(records()).toHaveLength(10);
    expect(sink.counters.duplicatesPossible).toBe(0);
  });
});

/** A pace under which nobody wakes before he is told to. */
function held(): { pace: Pace; asleep: Promise<void>; wake: () => void; pass: (millis: number) => void } {
  let now = 0;
  let wake = (): void => {};
  let fellAsleep = (): void => {};
  const asleep = new Promise<void>((resolve) => {
    fellAsleep = resolve;
  });
  const slept = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const wait: Pace['wait'] = async (_, signal) => {
    fellAsleep();
    await Promise.race([slept, new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))]);
  };
  const pass = (millis: number): void => {
    now += millis;
  };
  return { pace: { ...atOnce(), now: () => now, wait }, asleep, wake, pass };
}

const unavailable = { kind: 'error', status: 503, code: 'ServiceUnavailableException' } as const;

test('while Firehose refuses, what waits is counted, and for how long', async () => {
  server.setFaults(storm(1, unavailable));
  const { pace, asleep, wake, pass } = held();
  const sink = await opened({ pace, callsAtOnce: 1 });
  sink.write(rows(0, 700));
  const { pendingBytes } = sink;
  await asleep;
  pass(60_000);
  sink.write(rows(700, 800));
  expect(sink.pendingBytes).toBeGreaterThan(pendingBytes);
  expect(sink.counters).toMatchObject({ recordsIn: 800, recordsAcked: 0, inFlight: 800, oldestUnackedMs: 60_000 });
  wake();
  await sink.prepare();
  expect(sink.pendingBytes).toBe(0);
  expect(sink.counters).toMatchObject({
    recordsAcked: 800,
    inFlight: 0,
    oldestUnackedMs: 0,
    bytes: records().join('').length,
  });
  await sink.close();
});

test('told to stop while Firehose is away, it leaves what is not delivered in the checkpoint', async () => {
  server.setFaults(storm(1_000, unavailable));
  const stop = new AbortController();
  const { pace, asleep } = held();
  const sink = await opened({ pace, stop: stop.signal, callsAtOnce: 2 });
  sink.write(rows(0, 1_600));
  await asleep;
  stop.abort();
  const prepared = decodeCheckpoint(encodeCheckpoint(await sink.prepare()));
  await sink.commit(prepared);
  await sink.close();
  expect(records()).toEqual([]);

  server.setFaults(null);
  const next = await opened({}, prepared);
  next.write(rows(1_600, 1_700));
  expect(await next.prepare()).toEqual({ deliveryStream: name, unsent: [] });
  await next.close();
  const expected = Array.from({ length: 1_700 }, (_, N) => `{"N":${N},"TEXT":null}`);
  expect(records().sort()).toEqual(expected.sort());
});

test('a row larger than a record goes to the errors, and the others on', async () => {
  const schema: Schema = [{ name: 'T', type: { kind: 'varchar', length: null }, nullable: false }];
  const texts = ['a', 'x'.repeat(1_024_000 - '{"T":""}'.length), 'x'.repeat(1_024_001 - '{"T":""}'.length), 'b'];
  const errors = new RowErrors(null);
  const sink = await opened({ schema });
  sink.write(
    fromRows(
      schema,
      texts.map((T, i) => ({ rowtime: 5 + i, row: { T } })),
    ),
    errors,
  );
  await sink.prepare();
  await sink.close();
  expect(
    records()
      .map(({ length }) => length)
      .sort(),
  ).toEqual([1_024_000, 9, 9]);
  const reported = toRows(errorStreamSchema, errors.take()!);
  expect(reported).toHaveLength(1);
  expect(reported[0]).toMatchObject({ rowtime: 7, row: { ERROR_NAME: 'OutputRecordTooLarge' } });
  expect(reported[0]?.row['MESSAGE']).toBe(
    `a row of OUT has 1024001 bytes; Firehose takes at most 1024000 in a record (delivery stream ${name})`,
  );
  expect(sink.counters).toMatchObject({ recordsIn: 4, recordsAcked: 3, recordsDead: 1, inFlight: 0 });
});

describe('says what to do about', () => {
  test('a delivery stream that is not there', async () => {
    const sink = await opened({ deliveryStream: 'never-made' });
    sink.write(rows(0, 1));
    await expect(sink.prepare()).rejects.toThrow(
      'firehose:PutRecordBatch on delivery stream never-made in us-east-1 failed: ResourceNotFoundException: Firehose ' +
        'never-made under account 000000000000 not found. To fix it: create it, or check the name, the account, and that it is in region us-east-1.',
    );
    await sink.close();
  });

  test('a permission that is missing', async () => {
    server.setFaults(scripted([{ kind: 'error', status: 400, code: 'AccessDeniedException' }]));
    const sink = await opened();
    sink.write(rows(0, 1));
    await expect(sink.prepare()).rejects.toThrow(
      /PutRecordBatch on delivery stream .* failed: AccessDeniedException.* allow firehose:PutRecordBatch on arn:aws:firehose:us-east-1:\*:deliverystream\//,
    );
    // And again: what is broken stays so.
    await expect(sink.prepare()).rejects.toThrow('AccessDeniedException');
    await sink.close();
    expect(records()).toEqual([]);
  });

  test('lines that nobody could tell apart', () => {
    const format = { type: 'JSON', delimiter: '' } as const;
    expect(() => firehoseTo(server, { deliveryStream: name, schema: numbers, pack: 'lines', format })).toThrow(
      'ends in \\n',
    );
  });

  test('a checkpoint that is of something else', async () => {
    await expect(opened({}, { stream: 'x', next: 0 })).rejects.toThrow('not hold what a Firehose sink prepared');
  });
});

test('sends the service its own faults: a record stored twice is in the ledger twice', async () => {
  await sent(scripted([{ kind: 'store twice' }]), {}, 3);
  const expected = [0, 1, 2].map((N) => `{"N":${N},"TEXT":null}`);
  expect(server.firehose.ledger(name).compare(expected, records())).toEqual({ lost: 0, duplicated: 3, foreign: 0 });
});
