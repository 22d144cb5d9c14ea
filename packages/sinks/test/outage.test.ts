// A whole job, while the service that its sink writes to is away for ten minutes of its own time.
import { arrivalClock, type Batch, fromRows, Graph, run, type Sink, stateless, streamId } from '@rowtime/core';
import { memoryStore, scriptedSource } from '@rowtime/core/testing';
import { type FaultSchedule, startTestServer, type TestServer } from '@rowtime/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { atOnce, firehoseTo, makeDeliveryStream, numbers } from './wire.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  makeDeliveryStream(server, 'out');
});
afterEach(() => server.close());

const rowsPerBatch = 400;
const batches: Batch[] = Array.from({ length: 60 }, (_, at) =>
  fromRows(
    numbers,
    Array.from({ length: rowsPerBatch }, (_, i) => {
      const N = at * rowsPerBatch + i;
      return { rowtime: N, row: { N, TEXT: 'x'.repeat(80) } };
    }),
  ),
);

test('a delivery stream that is away holds the source back, and loses nothing', async () => {
  let now = 0;
  const pace = {
    ...atOnce(),
    now: () => now,
    async wait(millis: number) {
      now += millis;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const away: FaultSchedule = () =>
    now < 600_000 ? { kind: 'error', status: 503, code: 'ServiceUnavailableException' } : null;
  server.setFaults(away);
  const sink = firehoseTo(server, { deliveryStream: 'out', schema: numbers, pace, callsAtOnce: 2 });
  const pendingBytesMax = 200_000;
  let most = 0;
  let polledWhileAway = 0;
  const watched: Sink = {
    open: (prepared) => sink.open(prepared),
    get pendingBytes() {
      return sink.pendingBytes;
    },
    write(batch) {
      sink.write(batch);
      most = Math.max(most, sink.pendingBytes);
      if (now < 600_000) polledWhileAway++;
    },
    advance: (watermark) => sink.advance(watermark),
    prepare: () => sink.prepare(),
    commit: (prepared) => sink.commit(prepared),
    close: () => sink.close(),
  };
  const pass = stateless(numbers, (batch, out) => out(batch));
  const graph = new Graph([{ id: streamId('S'), operator: pass, from: [] }], 'plan');
  await run(
    {
      source: scriptedSource(numbers, batches),
      stream: 'S',
      clock: arrivalClock(),
      graph,
      sinks: [{ stream: 'S', sink: watched }],
      store: memoryStore(),
      checkpointDue: () => false,
      pendingBytesMax,
    },
    new AbortController().signal,
  );
  const batchBytes = rowsPerBatch * 110;
  expect(most).toBeGreaterThan(pendingBytesMax);
  expect(most).toBeLessThan(pendingBytesMax + batchBytes);
  // The rest of the input was not taken before the service was back.
  expect(polledWhileAway).toBeLessThan(batches.length / 2);
  expect(now).toBeGreaterThanOrEqual(600_000);
  expect(server.firehose.ledger('out').count).toBe(batches.length * rowsPerBatch);
  expect(sink.counters).toMatchObject({
    recordsAcked: batches.length * rowsPerBatch,
    duplicatesPossible: 0,
    inFlight: 0,
  });
});
