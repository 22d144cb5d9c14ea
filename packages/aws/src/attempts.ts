import { type Backoff, backoffMs, type Pace, type Retry } from './backoff.ts';
import { type AwsCall, awsError } from './error.ts';
import { Stopped } from './stopped.ts';
import { isServiceError, judge } from './verdict.ts';

export interface Attempts extends AwsCall, Backoff {
  readonly pace: Pick<Pace, 'wait' | 'random'>;
  /** Aborted: a call that fails is not made again. */
  readonly stop?: AbortSignal | undefined;
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/** Calls until it works: service errors that pass are waited out, however long it takes ("continues to try indefinitely":
 *  AWS developer guide, "Configuring Application Output"). Rejects with what somebody must fix, or with Stopped. */
export async function untilDone<T>(call: () => Promise<T>, attempts: Attempts): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      // Not an error of the service: a defect, or a test that has the process die.
      if (!isServiceError(error)) throw error;
      if (judge(error, attempts) === 'fatal') throw awsError(error, attempts);
      await pause(attempt, error, attempts);
    }
  }
}

/** Waits before the next attempt. Rejects with Stopped if there is none. */
export async function pause(attempt: number, error: unknown, attempts: Attempts): Promise<void> {
  const { action, resource, pace, stop, onRetry } = attempts;
  const waitMs = backoffMs(attempt, pace.random, attempts);
  if (!stop?.aborted) {
    onRetry?.({ action, resource, attempt, waitMs, error });
    await pace.wait(waitMs, stop);
  }
  if (stop?.aborted) throw new Stopped(`${action} on ${resource}: stopped after ${attempt} attempts`, { cause: error });
}
