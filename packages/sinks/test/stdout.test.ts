import { fromRows, type Schema } from '@rowtime/core';
import { expect, test } from 'vitest';
import { stdoutSink } from '../src/stdout.ts';

const schema: Schema = [{ name: 'N', type: { kind: 'integer' }, nullable: false }];
const row = (N: number) => fromRows(schema, [{ rowtime: Date.UTC(2024, 0, 1, 0, N), row: { N } }]);

test('prints a line a row with the name of the stream, at commit', async () => {
  const printed: string[] = [];
  const sink = stdoutSink({ stream: 'A "B"', schema, write: (text) => void printed.push(text) });
  await sink.open(null);
  sink.write(row(1));
  sink.write(row(2));
  const prepared = await sink.prepare();
  sink.write(row(3));
  expect(printed).toEqual([]);
  await sink.commit(prepared);
  expect(printed).toEqual([
    '{"stream":"A \\"B\\"","row":{"ROWTIME":"2024-01-01T00:01:00.000Z","N":1}}\n' +
      '{"stream":"A \\"B\\"","row":{"ROWTIME":"2024-01-01T00:02:00.000Z","N":2}}\n',
  ]);
  expect(sink.pendingBytes).toBe(Buffer.byteLength(printed[0]!) / 2);
});

test('waits until the lines are taken', async () => {
  let take = () => {};
  const sink = stdoutSink({ stream: 'S', schema, write: () => new Promise((resolve) => (take = resolve)) });
  await sink.open(null);
  sink.write(row(1));
  let done = false;
  const committed = sink.commit(await sink.prepare()).then(() => {
    done = true;
  });
  await Promise.resolve();
  expect(done).toBe(false);
  take();
  await committed;
});
