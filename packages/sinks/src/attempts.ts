import { type AwsCall, fatalError, judge } from './aws.ts';
import { backoffMs, type Pace, type Retry } from './backoff.ts';
import { Stopped } from './stopped.ts';

export interface AttemptOptions extends AwsCall {
  readonly pace: Pace;
  readonly stop?: AbortSignal | undefined;
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/** Calls until it works: service errors that pass are waited out, however long it takes ("continues to try indefinitely":
 *  AWS developer guide, "Configuring Application Output"). Rejects with what somebody must fix, or with Stopped. */
export async function untilDone<T>(call: () => Promise<T>, options: AttemptOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      // Not an error of the service: a defect, or a test that has the process die.
      if (!isServiceError(error)) throw error;
      if (judge(error) === 'fatal') throw fatalError(error, options);
      await pause(attempt, error, options);
    }
  }
}

/** Waits before the next attempt. Rejects with Stopped if there is none. */
export async function pause(attempt: number, error: unknown, options: AttemptOptions): Promise<void> {
  const { action, resource, pace, stop, onRetry } = options;
  const waitMs = backoffMs(attempt, pace.random);
  if (!stop?.aborted) {
    onRetry?.({ action, resource, attempt, waitMs, error });
    await pace.wait(waitMs, stop);
  }
  if (stop?.aborted) throw new Stopped(`${action} on ${resource}: stopped after ${attempt} attempts`, { cause: error });
}

/** What the SDK throws has metadata or a known name, what the network throws a code. All else (a full disk, a defect) is no
 *  reason to try again. */
export function isServiceError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return '$metadata' in error || sdkNames.has(error.name) || (typeof code === 'string' && networkCodes.has(code));
}

/** SyntaxError: half a reply. */
const sdkNames: ReadonlySet<string> = new Set([
  'TimeoutError',
  'SyntaxError',
  'CredentialsProviderError',
  'AbortError',
]);

const networkCodes: ReadonlySet<string> = new Set(
  `ECONNREFUSED ECONNRESET ECONNABORTED EPIPE EPROTO ETIMEDOUT ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH ENETDOWN
  EADDRNOTAVAIL EMFILE`.split(/\s+/),
);
