import { fromRows, RowErrors, type Schema, toRows, errorStreamSchema } from '@rowtime/core';
import { type FaultSchedule, scripted, startTestServer, storm, type TestServer } from '@rowtime/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Retry } from '../src/backoff.ts';
import type { FirehoseSink, FirehoseSinkOptions } from '../src/firehose.ts';
import { atOnce, firehoseTo, makeDeliveryStream, numbers } from './wire.ts';

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

async function sent(faults: FaultSchedule | null, options: Partial<FirehoseSinkOptions> = {}, count = 10): Promise<FirehoseSink> {
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
    const sink = await sent(scripted([{ kind: 'fail records', records: [1, 7] }, { kind: 'fail records', records: [0], code: 'InternalFailure' }]));
    expect(server.firehose.ledger(name).compare(records().sort())).toEqual({ lost: 0, duplicated: 0, foreign: 0 });
    expect(records()).toHaveLength(10);
    expect(calls()).toBe(3);
    expect(sink.counters).toMatchObject({ recordsIn: 10, recordsAcked: 10, recordsRetried: 3, duplicatesPossible: 0, inFlight: 0 });
  });
});

describe('is sent until it works', () => {
  test('through more refusals than the retry budget of the SDK has', async () => {
    const retries: Retry[] = [];
    const sink = await sent(storm(100, { kind: 'error', status: 503, code: 'ServiceUnavailableException' }), { onRetry: (retry) => retries.push(retry) });
    expect(records()).toHaveLength(10);
    expect(calls()).toBe(101);
    expect(sink.counters).toMatchObject({ recordsAcked: 10, recordsRetried: 1_000, duplicatesPossible: 0 });
    expect(retries[0]).toMatchObject({ action: 'firehose:PutRecordBatch', resource: `delivery stream ${name}`, attempt: 1 });
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
    const sink = await sent(scripted([{ kind: 'error', status: 400, code: 'LimitExceededException' }, { kind: 'delay', millis: 1 }]));
    expect(records()).toHaveLength(10);
    expect(sink.counters.duplicatesPossible).toBe(0);
  });
});

test('what waits is counted, and how long', async () => {
  let now = 1_000;
  server.setFaults(storm(1, { kind: 'error', status: 503, code: 'ServiceUnavailableException' }));
  let woken = (): void => {};
  const waits = new Promise<void>((resolve) => (woken = resolve));
  let go = (): void => {};
  const pace = { ...atOnce(), now: () => now, wait: () => (woken(), new Promise<void>((resolve) => (go = resolve))) };
  const sink = await opened({ pace });
  sink.write(rows(0, 500));
  expect(sink.pendingBytes).toBeGreaterThan(0);
  await sink.prepare.call({ then: undefined }).catch(() => {}).catch(() => {});
  void waits;
  void go;
  now += 1;
});
