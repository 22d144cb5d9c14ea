import { errorStreamSchema, fromRows, RowErrors, type Schema, toRows } from '@rowtime/core';
import { sinkContract } from '@rowtime/core/testing';
import { type InvokeAnswer, seededRandom, startInvokeServer } from '@rowtime/testing';
import { describe, expect, test } from 'vitest';
import { type LambdaSinkOptions, lambdaSink } from '../src/lambda.ts';
import { unpaced } from './pace.ts';

// features: F205

/** What a function is called with (AWS developer guide, "Lambda Output data model"). */
interface OutputEvent {
  readonly invocationId: string;
  readonly applicationArn: string;
  readonly records: readonly {
    readonly recordId: string;
    readonly lambdaDeliveryRecordMetadata: { readonly retryHint: number };
    readonly data: string;
  }[];
}

describe('lambda sink', () => {
  for (const { name, run } of sinkContract) {
    test(name, async () => {
      const delivered = new Map<string, string[]>();
      const server = await startInvokeServer<OutputEvent>((storage, event) => {
        const rows = delivered.get(storage) ?? [];
        delivered.set(storage, rows.concat(event.records.map(({ data }) => Buffer.from(data, 'base64').toString())));
        return ok(event);
      });
      await run({
        delivers: 'at least once',
        create: (storage, schema, beforeStep) =>
          sinkTo(server.url, { functionName: storage.replaceAll(' ', '-'), schema, beforeStep }),
        delivered: async (storage) => delivered.get(storage.replaceAll(' ', '-')) ?? [],
      });
      await server.close();
    });
  }
});

test('a function is called as Kinesis Analytics called it', async () => {
  const events: OutputEvent[] = [];
  const server = await startInvokeServer<OutputEvent>((_, event) => {
    events.push(event);
    return ok(event);
  });
  const sink = sinkTo(server.url, { functionName: 'deliver' });
  await sink.open(null);
  sink.write(batch(0, 2));
  await sink.prepare();
  await sink.close();
  await server.close();
  expect(events).toEqual([
    {
      invocationId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      applicationArn: 'arn:aws:kinesisanalytics:us-east-1:000000000000:application/app',
      records: [0, 1].map((n) => ({
        recordId: String(n),
        lambdaDeliveryRecordMetadata: { retryHint: 0 },
        data: Buffer.from(`{"N":${n}}`).toString('base64'),
      })),
    },
  ]);
});

test('what is DeliveryFailed, or not answered for, is brought again, and nothing else', async () => {
  const hints: Record<string, number>[] = [];
  const server = await startInvokeServer<OutputEvent>((_, { records }) => {
    hints.push(
      Object.fromEntries(
        records.map(({ recordId, lambdaDeliveryRecordMetadata: { retryHint } }) => [recordId, retryHint]),
      ),
    );
    const results = records.map(({ recordId }) => ({ recordId, result: recordId === '1' ? 'DeliveryFailed' : 'Ok' }));
    // The second call is good.
    if (hints.length > 1) return { answer: { records: records.map(({ recordId }) => ({ recordId, result: 'Ok' })) } };
    return { answer: { records: results.filter(({ recordId }) => recordId !== '3') } };
  });
  const sink = sinkTo(server.url, { functionName: 'deliver' });
  await sink.open(null);
  sink.write(batch(0, 5));
  await sink.prepare();
  expect(hints).toEqual([
    { 0: 0, 1: 0, 2: 0, 3: 0, 4: 0 },
    { 1: 1, 3: 1 },
  ]);
  expect(sink.counters).toMatchObject({ recordsAcked: 5, recordsRetried: 2, duplicatesPossible: 0 });
  await sink.close();
  await server.close();
});

test('a function that fails, answers nonsense, is throttled or cannot be reached is called again with all of them', async () => {
  const answers: InvokeAnswer[] = [
    { throws: 'boom' },
    { answer: 'no JSON' },
    { answer: { other: [] } },
    { answer: null },
    { status: 429, type: 'TooManyRequestsException' },
    { status: 502, type: 'ResourceNotReadyException' },
    'reset',
  ];
  let calls = 0;
  const server = await startInvokeServer<OutputEvent>((_, event) => answers[calls++] ?? ok(event));
  const sink = sinkTo(server.url, { functionName: 'deliver' });
  await sink.open(null);
  sink.write(batch(0, 3));
  await sink.prepare();
  expect(calls).toBe(answers.length + 1);
  // All but the one that was throttled may have done their work.
  expect(sink.counters).toMatchObject({ recordsAcked: 3, duplicatesPossible: (answers.length - 1) * 3 });
  await sink.close();
  await server.close();
});

test('a call brings no more rows and bytes than it may', async () => {
  const calls: [number, number][] = [];
  const server = await startInvokeServer<OutputEvent>((_, event, bytes) => {
    calls.push([event.records.length, bytes]);
    return ok(event);
  });
  const sink = sinkTo(server.url, { functionName: 'deliver', recordsPerCall: 100, schema: texts });
  await sink.open(null);
  const errors = new RowErrors(null);
  const rows = Array.from({ length: 120 }, () => ({ rowtime: 0, row: { T: 'x' } }));
  const large = Array.from({ length: 5 }, () => ({ rowtime: 0, row: { T: 'x'.repeat(1_500_000) } }));
  const tooLarge = [{ rowtime: 0, row: { T: 'x'.repeat(5_000_000) } }];
  for (const part of [rows, large, tooLarge]) {
    sink.write(fromRows(texts, part), errors);
    await sink.prepare();
  }
  await sink.close();
  await server.close();
  expect(calls.map(([count]) => count)).toEqual([100, 20, 3, 2]);
  expect(Math.max(...calls.map(([, bytes]) => bytes))).toBeLessThanOrEqual(6 << 20);
  const [row] = toRows(errorStreamSchema, errors.take()!).map(({ row }) => row);
  expect(row).toMatchObject({ ERROR_NAME: 'OutputRecordTooLarge' });
  expect(row!.MESSAGE).toContain('a row of OUT has 5000008 bytes');
  expect(sink.counters).toMatchObject({ recordsIn: 126, recordsAcked: 125, recordsDead: 1 });
});

test('whatever the function answers, every row is Ok once in the end', async () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = seededRandom(seed);
    const done: string[] = [];
    const server = await startInvokeServer<OutputEvent>((_, event) => {
      const chance = random();
      if (chance < 0.1) return { throws: 'boom' };
      if (chance < 0.2) return { status: 500, type: 'ServiceException' };
      const records = event.records.map(({ recordId }) => ({
        recordId,
        result: random() < 0.5 ? 'Ok' : 'DeliveryFailed',
      }));
      done.push(...records.filter(({ result }) => result === 'Ok').map(({ recordId }) => recordId));
      return { answer: { records } };
    });
    const sink = sinkTo(server.url, { functionName: 'deliver', recordsPerCall: 7, pace: unpaced(seed) });
    await sink.open(null);
    for (let at = 0; at < 60; at += 12) {
      sink.write(batch(at, at + 12));
      await sink.prepare();
    }
    await sink.close();
    await server.close();
    expect(done.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n));
  }
});

test.each([
  [
    'AccessDeniedException',
    403,
    'allow lambda:InvokeFunction on arn:aws:lambda:us-east-1:*:function:deliver in the IAM policy',
  ],
  ['ResourceNotFoundException', 404, 'create it, or check the name'],
  ['ExpiredTokenException', 403, 'get new credentials'],
])('%s: says the action, the function and the fix', async (type, status, fix) => {
  const server = await startInvokeServer<OutputEvent>(() => ({ status, type }));
  const sink = sinkTo(server.url, { functionName: 'deliver' });
  await sink.open(null);
  sink.write(batch(0, 1));
  const error = await sink.prepare().catch((error: unknown) => error);
  expect(String(error)).toContain(`lambda:InvokeFunction on function deliver in us-east-1 failed: ${type}: `);
  expect(String(error)).toContain(fix);
  await sink.close();
  await server.close();
});

const numbers: Schema = [{ name: 'N', type: { kind: 'integer' }, nullable: false }];
const texts: Schema = [{ name: 'T', type: { kind: 'varchar', length: null }, nullable: false }];

function batch(from: number, to: number) {
  return fromRows(
    numbers,
    Array.from({ length: to - from }, (_, i) => ({ rowtime: from + i, row: { N: from + i } })),
  );
}

function ok({ records }: OutputEvent): InvokeAnswer {
  return { answer: { records: records.map(({ recordId }) => ({ recordId, result: 'Ok' })) } };
}

function sinkTo(url: string, options: Pick<LambdaSinkOptions, 'functionName'> & Partial<LambdaSinkOptions>) {
  return lambdaSink({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    endpoint: url,
    applicationArn: 'arn:aws:kinesisanalytics:us-east-1:000000000000:application/app',
    stream: 'OUT',
    schema: numbers,
    pace: unpaced(),
    ...options,
  });
}
