import { type AwsCall, isForSomebody } from './error.ts';
import { facts } from './facts.ts';

/** 'refused': nothing was done, try again. 'unknown': it may have been done; try again and expect it twice. 'fatal': trying
 *  again changes nothing until somebody does something. */
export type Verdict = 'refused' | 'unknown' | 'fatal';

/** The reply cannot be told from one that is lost: what was sent may have been taken, or not. A function that failed is one. */
export class LostReply extends Error {
  override readonly name: string = 'LostReply';
}

/** What an error of an SDK v3 client means for the call that threw it. `isFirst`: nothing has been heard of the service yet, so
 *  that a host that is not found is a mistake, not an outage. */
export function judge(error: unknown, { isFirst = false }: Pick<AwsCall, 'isFirst'> = {}): Verdict {
  const { name, status, code, isSaid } = facts(error);
  if (error instanceof LostReply) return 'unknown';
  if (refusedNames.has(name) || status === 429 || status === 503) return 'refused';
  if (code === 'ENOTFOUND' && isFirst) return 'fatal';
  if (neverSent.has(code)) return 'refused';
  if (unknownNames.has(name)) return 'unknown';
  if (isForSomebody(name) || (isSaid && status >= 300 && status < 500)) return 'fatal';
  // What no service said is a broken connection, a timeout, or half of a reply, whatever its status.
  return 'unknown';
}

/** Whether the same call may work later: throttling, errors inside the service, the network. */
export function isPassing(error: unknown): boolean {
  return isServiceError(error) && judge(error) !== 'fatal';
}

/** What the SDK throws has metadata or a known name, what the network throws a code. All else (a full disk, a defect) is no
 *  reason to try again. */
export function isServiceError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return (
    error instanceof LostReply ||
    '$metadata' in error ||
    [sdkNames, refusedNames, unknownNames].some((names) => names.has(error.name)) ||
    isForSomebody(error.name) ||
    (typeof code === 'string' && networkCodes.has(code))
  );
}

const refusedNames: ReadonlySet<string> = new Set([
  'ServiceUnavailableException',
  'ServiceUnavailable',
  'SlowDown',
  'ThrottlingException',
  'Throttling',
  'ProvisionedThroughputExceededException',
  'KMSThrottlingException',
  'LimitExceededException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'ConditionalRequestConflict',
  'OperationAborted',
  // A stream or a subscription that is being made or changed; a function that is.
  'ResourceInUseException',
  'ResourceConflictException',
  // The client has learnt the server's time from the reply.
  'RequestTimeTooSkewed',
  'RequestExpired',
  'RequestInTheFuture',
  // The request came damaged or not whole.
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'IncompleteBody',
]);
const unknownNames: ReadonlySet<string> = new Set([
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'InternalFailure',
  'InternalFailureException',
  'InternalError',
]);
const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** SyntaxError: half a reply. */
const sdkNames: ReadonlySet<string> = new Set([
  'TimeoutError',
  'SyntaxError',
  'CredentialsProviderError',
  'AbortError',
]);
const networkCodes: ReadonlySet<string> = new Set(
  `ECONNREFUSED ECONNRESET ECONNABORTED EPIPE EPROTO ETIMEDOUT ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH ENETDOWN
  EADDRNOTAVAIL EMFILE ERR_HTTP2_STREAM_ERROR ERR_HTTP2_SESSION_ERROR ERR_HTTP2_STREAM_CANCEL
  ERR_HTTP2_GOAWAY_SESSION`.split(/\s+/),
);
