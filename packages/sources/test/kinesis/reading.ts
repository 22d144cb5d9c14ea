import { type Row, toRows } from '@rowtime/core';
import { type KinesisSource, type KinesisSourceOptions, kinesisSource } from '../../src/kinesis/source.ts';
import { credentials } from './server.ts';

export const never = new AbortController().signal;

/** A source over a test server, without the waits that only the real service needs. */
export function sourceOf(url: string, stream: string, options: Partial<KinesisSourceOptions> = {}) {
  return kinesisSource({
    stream,
    columns: [{ name: 'n', type: { kind: 'integer' }, mapping: '$.n' }],
    start: 'TRIM_HORIZON',
    client: { region: 'us-east-1', endpoint: url, credentials },
    now: Date.now,
    random: seeded(1),
    intervalMs: 0,
    idleMs: 5,
    settleMs: 50,
    retryMsMax: 5,
    ...options,
  });
}

/** Polls until so many rows came. */
export async function rowsOf(source: KinesisSource, count: number): Promise<Row[]> {
  const rows: Row[] = [];
  while (rows.length < count) {
    const { batch } = await source.poll(never);
    if (batch) rows.push(...toRows(source.schema, batch).map(({ row }) => row));
  }
  return rows;
}

/** Random numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
