import { setTimeout as timer } from 'node:timers/promises';
import { awsFailure, type Call, isRetryable } from './errors.ts';

export interface RetryOptions {
  /** In [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** The wait after the first failure is drawn from 0 to this, and doubles. Default 200 ms. */
  readonly baseMs?: number;
  /** Up to this. Default 30 s. */
  readonly maxMs?: number;
  readonly onRetry?: (call: Call, error: unknown, attempt: number) => void;
}

/** Calls until AWS answers or refuses for good: the client's own retries are off, because they give up after 126 ms and a
 *  long outage spends their quota. Rejects with what the operator must mend, or when the signal is aborted. */
export async function retried<T>(call: Call, send: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    options.signal.throwIfAborted();
    try {
      return await send();
    } catch (error) {
      options.signal.throwIfAborted();
      if (!isRetryable(error, call)) throw awsFailure(error, call);
      options.onRetry?.(call, error, attempt + 1);
      await sleep(fullJitter(attempt, options), options.signal);
    }
  }
}

/** Full jitter: retries of many shards do not come in waves. */
export function fullJitter(attempt: number, { random, baseMs = 200, maxMs = 30_000 }: Omit<RetryOptions, 'signal'>) {
  return Math.floor(random() * Math.min(maxMs, baseMs * 2 ** attempt));
}

/** Resolves after `millis`, or at once when the signal is aborted. */
export async function sleep(millis: number, signal: AbortSignal): Promise<void> {
  await timer(Math.max(0, millis), undefined, { signal }).catch(() => {});
}
