import type { _Record } from '@aws-sdk/client-kinesis';
import { errorName } from '@rowtime/aws';
import type { Millis } from '@rowtime/core';
import { pause } from '../pause.ts';
import type { KinesisStream, ShardStart } from './client.ts';

/** What one call, or one event of a subscription, brought. */
export interface ShardReply {
  readonly records: readonly _Record[];
  /** How far behind the newest record of the shard. */
  readonly millisBehindLatest: Millis;
  /** All records up to it and no later than this were there when it was asked for; -Infinity: not known. */
  readonly caughtUpTo: Millis;
}

export interface ShardReading<Calls extends keyof KinesisStream = keyof KinesisStream> {
  readonly stream: Pick<KinesisStream, Calls>;
  readonly shard: string;
  readonly start: ShardStart;
  /** When `start` was LATEST: what to begin with again as long as nothing came. */
  readonly startedAt: Millis;
  readonly now: () => Millis;
  readonly signal: AbortSignal;
}

export interface PollPace {
  /** From call to call of a shard. All consumers of a shard together may make five calls a second. */
  readonly intervalMs: number;
  /** The same while there is nothing new. */
  readonly idleMs: number;
  /** How many records the next call may bring. */
  readonly limit: () => number;
}

/** The records of a shard by GetRecords, to the end of the shard. The next call is made when the reader asks for more. */
export async function* pollShard(
  reading: ShardReading<'iterator' | 'getRecords'>,
  pace: PollPace,
): AsyncGenerator<ShardReply> {
  const { stream, shard, now, signal } = reading;
  let start = reading.start;
  let iterator: string | undefined = await stream.iterator(shard, start);
  while (iterator !== undefined) {
    const askedAt = now();
    const limit = pace.limit();
    let reply: Awaited<ReturnType<KinesisStream['getRecords']>>;
    try {
      reply = await stream.getRecords(iterator, limit);
    } catch (error) {
      // Five minutes old: while we retried, or while nobody took what was read before.
      if (!(error instanceof Error) || errorName(error.cause) !== 'ExpiredIteratorException') throw error;
      iterator = await stream.iterator(shard, restart(start, reading.startedAt));
      continue;
    }
    const records = reply.Records ?? [];
    const millisBehindLatest = reply.MillisBehindLatest ?? 0;
    if (records.length > 0) start = after(records);
    iterator = reply.NextShardIterator ?? undefined;
    yield { records, millisBehindLatest, caughtUpTo: caughtUpTo(askedAt, records.length, limit, millisBehindLatest) };
    if (iterator === undefined) return;
    const isIdle = records.length === 0 && millisBehindLatest === 0;
    const wait = askedAt + (isIdle ? pace.idleMs : pace.intervalMs) - now();
    if (wait > 0) await pause(wait, signal);
    signal.throwIfAborted();
  }
}

// Not every server counts what a full reply leaves behind.
function caughtUpTo(askedAt: Millis, records: number, limit: number, behind: Millis): Millis {
  if (records === 0) return askedAt - behind;
  return records < limit && behind === 0 ? askedAt : Number.NEGATIVE_INFINITY;
}

/** LATEST again would pass over what came since. */
export function restart(start: ShardStart, startedAt: Millis): ShardStart {
  return start.type === 'LATEST' ? { type: 'AT_TIMESTAMP', time: startedAt } : start;
}

export function after(records: readonly _Record[]): ShardStart {
  return { type: 'AFTER_SEQUENCE_NUMBER', sequence: records.at(-1)!.SequenceNumber! };
}
