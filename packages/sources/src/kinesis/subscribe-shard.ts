import { backoffMs, errorName, isPassing } from '@rowtime/aws';
import { pause } from '../pause.ts';
import { after, restart, type ShardReading, type ShardReply } from './read-shard.ts';

/** The records of a shard by enhanced fan-out, to the end of the shard. A subscription ends after five minutes, or with
 *  the connection, and is renewed behind what it brought. */
export async function* subscribeShard(
  reading: ShardReading<'subscribe'>,
  consumer: string,
  random: () => number,
): AsyncGenerator<ShardReply> {
  const { stream, shard, now, signal } = reading;
  let start = reading.start;
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    const events = (await stream.subscribe(consumer, shard, start))[Symbol.asyncIterator]();
    try {
      for (;;) {
        const askedAt = now();
        const next = await untilAborted(events.next(), signal);
        if (next.done) break;
        const event = next.value.SubscribeToShardEvent;
        if (!event) throw Object.values(next.value)[0];
        failures = 0;
        const records = event.Records ?? [];
        // What was there at once may have waited for us: it says nothing about this moment.
        const isFresh = now() - askedAt >= freshMs;
        const millisBehindLatest = event.MillisBehindLatest ?? 0;
        const isAtTip = isFresh && (records.length === 0 || millisBehindLatest === 0);
        const caughtUpTo = isAtTip ? askedAt - millisBehindLatest : Number.NEGATIVE_INFINITY;
        yield { records, millisBehindLatest, caughtUpTo };
        if (event.ContinuationSequenceNumber) {
          start = { type: 'AFTER_SEQUENCE_NUMBER', sequence: event.ContinuationSequenceNumber };
        } else if (records.length > 0) {
          start = after(records);
        }
        if ((event.ChildShards?.length ?? 0) > 0) return;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      // A subscription that just ended may count as open for five seconds more.
      const baseMs = errorName(error) === 'ResourceInUseException' ? 5_000 : 200;
      await pause(backoffMs(++failures, random, { baseMs }), signal);
    } finally {
      void events.return?.(undefined)?.catch(() => {});
    }
    start = restart(start, reading.startedAt);
  }
}

const freshMs = 100;

function untilAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
