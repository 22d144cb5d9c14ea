import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Time and chance of a retry loop, given in so that a test has its own. That, full jitter and no last attempt are why no
 *  library does this. */
export interface Pace {
  /** Resolves after so many milliseconds, or as soon as the signal is aborted. */
  readonly wait: (millis: number, signal?: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  /** A clock that never goes back, in milliseconds. */
  readonly now: () => number;
}

export const realPace: Pace = {
  wait: async (millis, signal) => {
    try {
      await sleep(millis, undefined, signal ? { signal } : {});
    } catch {
      // Woken early.
    }
  },
  random: () => randomInt(2 ** 32) / 2 ** 32,
  now: () => performance.now(),
};

export interface Backoff {
  /** The wait after the first failure is anything up to this. Default 200 ms. */
  readonly baseMs?: number | undefined;
  /** And after many. Default 30 s. */
  readonly waitMsMax?: number | undefined;
}

/** Before attempt 1, 2, … after a failure: anything up to 200 ms, 400 ms, … 30 s ("full jitter": AWS Architecture Blog,
 *  "Exponential Backoff And Jitter"). Retries of many callers then do not come in waves. */
export function backoffMs(
  attempt: number,
  random: () => number,
  { baseMs = 200, waitMsMax = 30_000 }: Backoff = {},
): number {
  return random() * Math.min(waitMsMax, baseMs * 2 ** (attempt - 1));
}

/** A call that failed and will be tried again, for logs. */
export interface Retry {
  /** "firehose:PutRecordBatch" */
  readonly action: string;
  /** "delivery stream captains-kfh" */
  readonly resource: string;
  /** How many attempts have failed without any progress. */
  readonly attempt: number;
  readonly waitMs: number;
  readonly error: unknown;
}
