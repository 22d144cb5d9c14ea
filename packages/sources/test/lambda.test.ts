import { type InvokeAnswer, type InvokeServer, startInvokeServer } from '@rowtime/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { type LambdaProcessorOptions, lambdaProcessor, type UnprocessedRecord } from '../src/lambda.ts';

// features: F195

/** What a function is called with (developer guide, "Data Preprocessing Event Input Data Model"). */
interface InputEvent {
  readonly invocationId: string;
  readonly records: readonly { readonly recordId: string; readonly data: string }[];
}

const never = new AbortController().signal;
const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:tidy';
const guid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

let server: InvokeServer;
afterEach(() => server.close());

async function processorOver(
  answer: (event: InputEvent, bytes: number, name: string) => InvokeAnswer | Promise<InvokeAnswer>,
  options: Partial<LambdaProcessorOptions> = {},
) {
  server = await startInvokeServer<InputEvent>((name, event, bytes) => answer(event, bytes, name));
  return lambdaProcessor({
    functionName: functionArn,
    applicationArn: 'arn:aws:kinesisanalytics:us-east-1:123456789012:application/app',
    streamArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/captains',
    client: { endpoint: server.url, credentials },
    random: () => 0,
    ...options,
  });
}

const record = (text: string, arrival = 7): UnprocessedRecord => ({ data: Buffer.from(text), arrival });
const base64 = (text: string) => Buffer.from(text).toString('base64');
const textOf = (data: string) => Buffer.from(data, 'base64').toString();
const echo = ({ records }: InputEvent): InvokeAnswer => ({
  answer: { records: records.map(({ recordId, data }) => ({ recordId, result: 'Ok', data })) },
});

describe('a function is called as Kinesis Analytics called it', () => {
  test('for records of a data stream', async () => {
    const events: unknown[] = [];
    const processor = await processorOver((event, _, name) => {
      events.push({ name, event });
      return echo(event);
    });
    const place = { shardId: 'shardId-000000000003', sequenceNumber: '4957', partitionKey: 'a"b' };
    const outcomes = await processor.process(
      [{ data: Buffer.from('hello'), arrival: 1_520_280_173_000, place }],
      never,
    );
    processor.close();
    expect(events).toEqual([
      {
        name: functionArn,
        event: {
          invocationId: guid,
          applicationArn: 'arn:aws:kinesisanalytics:us-east-1:123456789012:application/app',
          streamArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/captains',
          records: [
            {
              recordId: '4957',
              kinesisStreamRecordMetadata: {
                sequenceNumber: '4957',
                partitionKey: 'a"b',
                shardId: 'shardId-000000000003',
                approximateArrivalTimestamp: 1_520_280_173_000,
              },
              data: base64('hello'),
            },
          ],
        },
      },
    ]);
    expect(outcomes).toEqual([{ result: 'Ok', data: Buffer.from('hello') }]);
  });

  test('for records of a delivery stream', async () => {
    const records: unknown[] = [];
    const processor = await processorOver((event) => {
      records.push(...event.records);
      return echo(event);
    });
    await processor.process([record('a', 1), record('b', 2)], never);
    processor.close();
    expect(records).toEqual([
      { recordId: guid, kinesisFirehoseRecordMetadata: { approximateArrivalTimestamp: 1 }, data: base64('a') },
      { recordId: guid, kinesisFirehoseRecordMetadata: { approximateArrivalTimestamp: 2 }, data: base64('b') },
    ]);
  });
});

test('what the function answers is what becomes of a record, in the order of the records', async () => {
  const results: Record<string, object | null> = {
    ok: { result: 'Ok', data: base64('{"a":1}{"a":2}') },
    wrapped: { result: 'Ok', data: `${base64('abcdef').slice(0, 4)}\r\n${base64('abcdef').slice(4)}\n` },
    dropped: { result: 'Dropped' },
    failed: { result: 'ProcessingFailed', data: base64('x') },
    missing: null,
    'no data': { result: 'Ok' },
    'no base64': { result: 'Ok', data: '{"a":1}' },
    'cut base64': { result: 'Ok', data: 'QUFBQ' },
    'no result': { data: base64('x') },
    'other result': { result: 'OK', data: base64('x') },
  };
  const strays: string[] = [];
  const processor = await processorOver(
    ({ records }) => {
      const answers = records.flatMap(({ recordId, data }) => {
        const answer = results[textOf(data)];
        return answer ? [{ recordId, ...answer }] : [];
      });
      return { answer: { records: [{ recordId: 'who?', result: 'Ok' }, null, 7, ...answers.reverse()] } };
    },
    { onStray: (message) => strays.push(message) },
  );
  const outcomes = await processor.process(
    Object.keys(results).map((text) => record(text)),
    never,
  );
  processor.close();
  const rejected = (message: string) => ({ result: 'Rejected', name: 'ProcessingFailed', message });
  const noBase64 = rejected('the function answered Ok, with data that is not base64 text');
  expect(outcomes).toEqual([
    { result: 'Ok', data: Buffer.from('{"a":1}{"a":2}') },
    { result: 'Ok', data: Buffer.from('abcdef') },
    { result: 'Dropped' },
    rejected('the function answered ProcessingFailed'),
    rejected('the function did not answer for the record'),
    noBase64,
    noBase64,
    noBase64,
    rejected('the function answered with result undefined: expected Ok, Dropped or ProcessingFailed'),
    rejected('the function answered with result "OK": expected Ok, Dropped or ProcessingFailed'),
  ]);
  expect(strays).toEqual([`function ${functionArn} answered for 1 records that it was not given: who?`]);
});

test('two answers for a record are none: nobody knows which one is meant', async () => {
  const processor = await processorOver(({ records: [first, second] }) => ({
    answer: {
      records: [first, first, second].map(({ recordId }) => ({ recordId, result: 'Ok', data: base64(recordId) })),
    },
  }));
  const outcomes = await processor.process([record('a'), record('b')], never);
  processor.close();
  expect(outcomes).toMatchObject([
    { result: 'Rejected', message: 'the function answered twice for the record' },
    { result: 'Ok' },
  ]);
});

test('a call that fails is made again, the same, until there is an answer', async () => {
  const failures: InvokeAnswer[] = [
    { throws: 'Task timed out after 3.00 seconds' },
    { status: 429, type: 'TooManyRequestsException' },
    { status: 500, type: 'ServiceException' },
    { status: 409, type: 'ResourceConflictException' },
    'reset',
    { answer: 'garbage' },
    { answer: 'null' },
    { answer: { record: [] } },
  ];
  const events: InputEvent[] = [];
  const retries: string[] = [];
  const processor = await processorOver(
    (event) => {
      events.push(event);
      return failures[events.length - 1] ?? echo(event);
    },
    { onRetry: ({ action, error }) => retries.push(`${action}: ${String(error)}`) },
  );
  expect(await processor.process([record('a')], never)).toEqual([{ result: 'Ok', data: Buffer.from('a') }]);
  processor.close();
  expect(events).toHaveLength(failures.length + 1);
  for (const event of events) expect(event).toEqual(events[0]);
  expect(retries).toHaveLength(failures.length);
  expect(retries[0]).toBe(
    'lambda:InvokeFunction: FunctionFailed: Unhandled: {"errorMessage":"Task timed out after 3.00 seconds"}',
  );
  expect(retries[5]).toMatch('FunctionFailed: it answered with what is no JSON: garbage');
  expect(retries[7]).toMatch('it answered without { records: [{ recordId, result, data }] }: {"record":[]}');
});

test('calls that wait to be made again end with the signal', async () => {
  const stop = new AbortController();
  const processor = await processorOver(() => ({ throws: 'no' }), {
    random: () => 0.999,
    onRetry: () => stop.abort(new Error('stopped')),
  });
  await expect(processor.process([record('a')], stop.signal)).rejects.toThrow('stopped');
  processor.close();
});

test.each([
  [404, 'ResourceNotFoundException', 'create it, or check the name, the account, and that it is in region us-east-1'],
  [
    403,
    'AccessDeniedException',
    `allow lambda:InvokeFunction on ${functionArn} in the IAM policy of this role or user`,
  ],
])('%i %s is for somebody to mend', async (status, type, fix) => {
  let calls = 0;
  const processor = await processorOver(() => {
    calls++;
    return { status, type };
  });
  await expect(processor.process([record('a')], never)).rejects.toMatchObject({
    name: 'AwsError',
    message: `lambda:InvokeFunction on function ${functionArn} in us-east-1 failed: ${type}: no. To fix it: ${fix}.`,
  });
  processor.close();
  expect(calls).toBe(1);
});

test('a call brings what Lambda takes, 6 MB, and so many records; a record that is longer alone is rejected', async () => {
  const calls: { readonly bytes: number; readonly records: number }[] = [];
  const processor = await processorOver(
    ({ records }, bytes) => {
      calls.push({ bytes, records: records.length });
      return { answer: { records: records.map(({ recordId }) => ({ recordId, result: 'Dropped' })) } };
    },
    { recordsPerCall: 7 },
  );
  const sizes = [...Array(10).fill(1 << 20), 5 << 20, ...Array(20).fill(1)];
  const outcomes = await processor.process(
    sizes.map((size, i) => ({
      data: new Uint8Array(size),
      arrival: 1,
      place: { shardId: 's', sequenceNumber: String(i), partitionKey: '\u0001'.repeat(256) },
    })),
    never,
  );
  processor.close();
  expect(outcomes.map(({ result }) => result)).toEqual(
    sizes.map((size) => (size === 5 << 20 ? 'Rejected' : 'Dropped')),
  );
  expect(outcomes[10]).toMatchObject({ message: expect.stringContaining('the record has 5242880 bytes') });
  expect(calls.map(({ records }) => records)).toEqual([4, 4, 2, 7, 7, 6]);
  for (const { bytes } of calls) expect(bytes).toBeLessThanOrEqual(6 << 20);
});
