import { SinkError } from './errors.ts';

/** Where a service is and who asks. What is left out comes from the SDK's own chain: environment, profile, instance role. */
export interface AwsConnection {
  readonly region?: string;
  /** Another address than AWS's: a test server, an S3-compatible store. */
  readonly endpoint?: string;
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>);
  /** Of one request. Default 30 s. */
  readonly requestTimeoutMs?: number;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** As every client of ours is made. One attempt a call: the sinks have their own loop, which does not give up and which must
 *  know of each call that may have been stored. A timeout only warns unless it is told to throw. */
export function clientConfig({ region, endpoint, credentials, requestTimeoutMs = 30_000 }: AwsConnection) {
  return {
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
  };
}

/** Rejects where neither the options nor the SDK's chain name a region: better said at the start than by the first call. */
export async function expectRegion(
  client: { config: { region: () => Promise<string> } },
  resource: string,
): Promise<void> {
  try {
    await client.config.region();
  } catch (cause) {
    throw new SinkError(`${resource}: no region. To fix it: give the option region, or set AWS_REGION.`, { cause });
  }
}

/** What an action was done to, for messages. */
export interface AwsCall {
  /** As IAM names it: "firehose:PutRecordBatch". */
  readonly action: string;
  /** "delivery stream captains-kfh". */
  readonly resource: string;
  readonly region?: string;
}

/** 'refused': nothing was done, try again. 'unknown': it may have been done; try again and expect it twice. 'fatal': trying
 *  again changes nothing until somebody does something. */
export type Verdict = 'refused' | 'unknown' | 'fatal';

/** What an error of an SDK v3 client means for the call that threw it. */
export function judge(error: unknown): Verdict {
  const { name, status, code, isSaid } = facts(error);
  if (refusedNames.has(name) || status === 429 || status === 503) return 'refused';
  if (neverSent.has(code)) return 'refused';
  if (unknownNames.has(name)) return 'unknown';
  if (Object.hasOwn(fixes, name) || (isSaid && status >= 300 && status < 500)) return 'fatal';
  // What no service said is a broken connection, a timeout, or half of a reply, whatever its status.
  return 'unknown';
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
  'InternalFailure',
  'InternalError',
]);
const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Names of errors that somebody must act on, and what to do. */
const fixes: Readonly<Record<string, string>> = {
  AccessDeniedException: 'allow the action on this resource in the policy of the role that runs the worker',
  AccessDenied: 'allow the action on this resource in the policy of the role that runs the worker',
  Forbidden: 'allow the action on this resource in the policy of the role that runs the worker',
  AllAccessDisabled: 'the account or bucket is closed to all access',
  UnrecognizedClientException: 'the credentials are not those of an account known there: check the keys and the region',
  InvalidClientTokenId: 'the credentials are not those of an account known there: check the keys and the region',
  InvalidAccessKeyId: 'the credentials are not those of an account known there: check the keys and the endpoint',
  InvalidSignatureException: 'the secret key does not belong to the access key, or the clock of this machine is wrong',
  SignatureDoesNotMatch: 'the secret key does not belong to the access key, or the clock of this machine is wrong',
  ExpiredTokenException: 'the credentials are too old: give the worker a role instead of copied session keys',
  ExpiredToken: 'the credentials are too old: give the worker a role instead of copied session keys',
  CredentialsProviderError: 'there are no credentials: give the machine a role, or set AWS_PROFILE or the AWS keys',
  ResourceNotFoundException: 'create it, or name the region that it is in',
  NoSuchBucket: 'create it, or check the name',
  PermanentRedirect: 'it is in another region: name that one',
  AuthorizationHeaderMalformed: 'it is in another region: name that one',
  IllegalLocationConstraintException: 'it is in another region: name that one',
  InvalidKMSResourceException: 'the delivery stream cannot use its KMS key: check the key and its policy',
  InvalidSourceException: 'the delivery stream reads a Kinesis stream: it must be one with Direct PUT as its source',
  InvalidArgumentException: 'the service does not take the request as it is',
  NotImplemented: 'the store does not know what S3 does here: see the options checksums and conditionalWrites',
  EntityTooLarge: 'the object is larger than the store takes: lower bufferBytes',
  QuotaExceeded: 'the store is full',
};

/** Says who could not do what to which resource, what was answered, and the fix. */
export function fatalError(error: unknown, { action, resource, region }: AwsCall): Error {
  const { name, status, message } = facts(error);
  const place = region === undefined ? '' : ` in ${region}`;
  const fix = fixes[name] ?? (status === 301 ? fixes['PermanentRedirect'] : undefined);
  const said = message === '' ? '' : `: ${message.replace(/\.$/, '')}`;
  const text = `${action} on ${resource}${place} failed: ${name}${said}`;
  return new SinkError(fix === undefined ? text : `${text}. To fix it: ${fix}.`, { cause: error });
}

interface Facts {
  readonly name: string;
  readonly message: string;
  /** Of HTTP; 0 if there was no reply. */
  readonly status: number;
  /** Of the system call that failed, or ''. */
  readonly code: string;
  /** It was read out of a reply, which came whole. */
  readonly isSaid: boolean;
}

function facts(error: unknown): Facts {
  if (!(error instanceof Error)) return { message: String(error), name: 'Error', status: 0, code: '', isSaid: false };
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown };
  // For a name it does not know the SDK takes the status: "301".
  return {
    name: error.name,
    message: error.message,
    status: $metadata?.httpStatusCode ?? 0,
    code: typeof code === 'string' ? code : '',
    isSaid: '$fault' in error,
  };
}

export function statusOf(error: unknown): number {
  return facts(error).status;
}

export function nameOf(error: unknown): string {
  return facts(error).name;
}
