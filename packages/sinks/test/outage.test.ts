// A whole job, while the service that its sink writes to is away for ten minutes of its own time.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arrivalClock, type Batch, fromRows, Graph, run, type Sink, stateless, streamId } from '@rowtime/core';
import { memoryStore, scriptedSource } from '@rowtime/core/testing';
import { faultProxy, startInvokeServer, startTestServer } from '@rowtime/testing';
import { expect, test } from 'vitest';
import { kinesisSink } from '../src/kinesis.ts';
import { lambdaSink } from '../src/lambda.ts';
import { startPutRecordsServer } from './put-records-server.ts';
import { atOnce, firehoseTo, makeDeliveryStream, numbers, objectsIn, s3To } from './wire.ts';

const rowsPerBatch = 400;
const text = 'x'.repeat(80);
const batches: Batch[] = Array.from({ length: 60 }, (_, at) =>
  fromRows(
    numbers,
    Array.from({ length: rowsPerBatch }, (_, i) => {
      const N = at * rowsPerBatch + i;
      return { rowtime: N, row: { N, TEXT: text } };
    }),
  ),
);
const rowBytes = JSON.stringify({ N: 10_000, TEXT: text }).length;
const pendingBytesMax = 200_000;
/** What a checkpoint was not due for yet, and the batch that made it due. */
const heldRowsMax = Math.ceil(pendingBytesMax / (rowBytes - 5)) + rowsPerBatch;
const minutes = 60_000;

/** A service that can be away, and the sink that writes to it. */
interface Service {
  readonly sink: Sink;
  /** The numbers of the rows that it has taken, as they came. */
  taken(): number[];
  close(): Promise<void>;
}

type Pace = ReturnType<typeof atOnce>;
type Start = (isAway: () => boolean, pace: Pace, folder: string) => Promise<Service>;

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const connection = { region: 'us-east-1', credentials, stream: 'OUT', schema: numbers };
const numberOf = (row: string): number => (JSON.parse(row) as { N: number }).N;

const services: readonly (readonly [string, Start])[] = [
  [
    'a delivery stream',
    async (isAway, pace) => {
      const server = await startTestServer();
      makeDeliveryStream(server, 'out');
      server.setFaults(() => (isAway() ? { kind: 'error', status: 503, code: 'ServiceUnavailableException' } : null));
      return {
        sink: firehoseTo(server, { deliveryStream: 'out', schema: numbers, pace, callsAtOnce: 2 }),
        taken: () => server.firehose.ledger('out').entries.map(({ data }) => numberOf(data.toString())),
        close: () => server.close(),
      };
    },
  ],
  [
    'a bucket',
    async (isAway, pace, spool) => {
      const server = await startTestServer();
      server.s3.createBucket('out');
      server.setFaults(() => (isAway() ? { kind: 'error', status: 503, code: 'ServiceUnavailable' } : null));
      return {
        sink: s3To(server, { bucket: 'out', spool, schema: numbers, pace, bufferBytes: 30_000 }),
        taken: () => objectsIn(server, 'out').flatMap((object) => object.split('\n').slice(1, -1).map(numberOf)),
        close: () => server.close(),
      };
    },
  ],
  [
    'a data stream',
    async (isAway, pace) => {
      const server = await startPutRecordsServer();
      const proxy = await faultProxy(server.url, () => (isAway() ? { status: 503, body: '' } : 'pass'));
      return {
        sink: kinesisSink({ ...connection, endpoint: proxy.url, dataStream: 'out', pace }),
        taken: () => server.taken('out').map(({ data }) => numberOf(data)),
        async close() {
          await proxy.close();
          await server.close();
        },
      };
    },
  ],
  [
    'a function',
    async (isAway, pace) => {
      const taken: number[] = [];
      const server = await startInvokeServer<{ records: { recordId: string; data: string }[] }>((_, { records }) => {
        if (isAway()) return { status: 503, type: 'ServiceException' };
        taken.push(...records.map(({ data }) => numberOf(Buffer.from(data, 'base64').toString())));
        return { answer: { records: records.map(({ recordId }) => ({ recordId, result: 'Ok' })) } };
      });
      const applicationArn = 'arn:aws:kinesisanalytics:us-east-1:000000000000:application/app';
      return {
        sink: lambdaSink({ ...connection, endpoint: server.url, functionName: 'out', applicationArn, pace }),
        taken: () => taken,
        close: () => server.close(),
      };
    },
  ],
];

test.each(services)(
  '%s that is away for ten minutes holds the source back, and then gets all',
  async (_, start) => {
    const folder = await mkdtemp(join(tmpdir(), 'rowtime-outage-'));
    // Away from the tenth batch on.
    let awayFrom = Number.POSITIVE_INFINITY;
    let now = 0;
    const isAway = () => now >= awayFrom && now < awayFrom + 10 * minutes;
    const pace: Pace = {
      ...atOnce(),
      now: () => now,
      async wait(millis) {
        now += millis;
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    const { sink, taken, close } = await start(isAway, pace, folder);
    let written = 0;
    let writtenWhileAway = 0;
    let takenBefore = 0;
    let [heldRows, heldBytes] = [0, 0];
    const watched: Sink = {
      open: (prepared) => sink.open(prepared),
      get pendingBytes() {
        return sink.pendingBytes;
      },
      write(batch, errors) {
        if (written === 10 * rowsPerBatch) {
          awayFrom = now;
          takenBefore = taken().length;
        }
        sink.write(batch, errors);
        written += batch.length;
        if (!isAway()) return;
        writtenWhileAway += batch.length;
        heldRows = Math.max(heldRows, written - taken().length);
        heldBytes = Math.max(heldBytes, sink.pendingBytes);
      },
      advance: (watermark) => sink.advance(watermark),
      prepare: () => sink.prepare(),
      commit: (prepared) => sink.commit(prepared),
      close: () => sink.close(),
    };
    const pass = stateless(numbers, (batch, out) => out(batch));
    await run(
      {
        source: scriptedSource(numbers, batches),
        stream: 'S',
        clock: arrivalClock(),
        graph: new Graph([{ id: streamId('S'), operator: pass, from: [] }], 'plan'),
        sinks: [{ stream: 'S', sink: watched }],
        store: memoryStore(),
        checkpointDue: () => false,
        pendingBytesMax,
      },
      new AbortController().signal,
    );
    const found = taken();
    await close();
    await rm(folder, { recursive: true });

    expect(now).toBeGreaterThanOrEqual(awayFrom + 10 * minutes);
    expect(takenBefore).toBeLessThan(batches.length * rowsPerBatch);
    // Neither what the sink says that it holds, nor what it was given and has not delivered, is more than a checkpoint's worth.
    expect(heldBytes).toBeGreaterThan(pendingBytesMax / 4);
    expect(heldBytes).toBeLessThan(pendingBytesMax + rowsPerBatch * (rowBytes + 5));
    expect(heldRows).toBeLessThanOrEqual(2 * heldRowsMax);
    // The rest of the input was not taken before the service was back.
    expect(writtenWhileAway).toBeGreaterThan(0);
    expect(writtenWhileAway).toBeLessThanOrEqual(heldRowsMax);
    // Refused calls are told from lost ones: nothing came twice.
    expect(found.sort((a, b) => a - b)).toEqual(Array.from({ length: batches.length * rowsPerBatch }, (_, N) => N));
  },
  60_000,
);
