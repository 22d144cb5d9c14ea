// A job whose sink is gone, and which dies while the sink publishes what it has left.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  arrivalClock,
  type Batch,
  fromRows,
  Graph,
  type Job,
  run,
  type Schema,
  stateless,
  streamId,
} from '@rowtime/core';
import { memoryStore, scriptedSource } from '@rowtime/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileSink } from '../src/file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rowtime-retired-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const schema: Schema = [{ name: 'N', type: { kind: 'integer' }, nullable: true }];
const batch = (from: number, to: number): Batch =>
  fromRows(
    schema,
    Array.from({ length: to - from }, (_, i) => ({ rowtime: from + i, row: { N: from + i } })),
  );

function lines(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.rowtime-parts') && statSync(join(folder, path)).isFile())
    .flatMap((path) => readFileSync(join(folder, path), 'utf8').trim().split('\n'))
    .sort(); // objects of one second are in no order of their names
}

test('wherever it dies, the next one publishes the rest, once', async () => {
  const rows = Array.from({ length: 60 }, (_, N) => JSON.stringify({ ROWTIME: new Date(N).toISOString(), N }));
  const sink = (beforeStep: (step: string) => void) =>
    fileSink({ folder, stream: 'S', schema, bufferBytes: 1_000, beforeStep });
  let deaths = 0;
  for (let dieAt = 0; ; dieAt++) {
    rmSync(folder, { recursive: true });
    const store = memoryStore();
    const jobOf = (more: Partial<Job>): Job => {
      const pass = stateless(schema, (rowsOf, out) => out(rowsOf));
      return {
        // The first job sees the first batch, and leaves its last object open.
        source: scriptedSource(schema, [batch(0, 60), 'idle', 'idle']),
        stream: 'S',
        clock: arrivalClock(),
        graph: new Graph([{ id: streamId('S'), operator: pass, from: [] }], 'plan'),
        sinks: [],
        store,
        checkpointDue: () => true,
        ...more,
      };
    };
    const stop = new AbortController();
    stop.abort();
    await run(jobOf({ sinks: [{ stream: 'S', sink: sink(() => {}) }] }), stop.signal);
    expect(lines().length).toBeLessThan(rows.length);

    let steps = 0;
    const dying = (): void => {
      if (steps++ === dieAt) throw new Error('it dies here');
    };
    const died = await run(jobOf({ retire: async () => sink(dying) }), new AbortController().signal).then(
      () => false,
      (error: Error) => error.message === 'it dies here' || Promise.reject(error),
    );
    if (died) {
      deaths++;
      await run(jobOf({ retire: async () => sink(() => {}) }), new AbortController().signal);
    }
    expect(lines()).toEqual(rows);
    if (!died) break;
  }
  expect(deaths).toBeGreaterThan(3);
});
