import { SourceError } from '../errors.ts';

/** A call to AWS, as its errors name it. */
export interface Call {
  /** As IAM spells it: `kinesis:GetRecords`. */
  readonly action: string;
  /** What it is about, for people: `stream captains`. */
  readonly resource: string;
  /** The resource of the IAM policy: `arn:aws:kinesis:us-east-1:*:stream/captains`. */
  readonly arn: string;
  readonly region: string;
  /** Nothing has been heard of the service yet: a host that is not found is then a mistake, not an outage. */
  readonly isFirst?: boolean;
}

/** Whether the same call may succeed later: throttling, errors inside the service, the network. */
export function isRetryable(error: unknown, { isFirst = false }: Pick<Call, 'isFirst'> = {}): boolean {
  const { name, code, status } = facts(error);
  if (unknownHost.has(code)) return !isFirst;
  if (fatal.has(name)) return false;
  return passing.has(name) || network.has(code) || status >= 500 || status === 429;
}

/** What the operator must mend, with the action, the resource and the fix. */
export function awsFailure(error: unknown, call: Call): SourceError {
  const { name, code, message } = facts(error);
  const { action, resource, arn, region } = call;
  const fix = (): string => {
    if (denied.has(name)) return `allow ${action} on ${arn} in the IAM policy of this role or user`;
    if (name === 'NoSuchBucket') return 'create it, or check the name';
    if (name === 'PermanentRedirect' || name === 'AuthorizationHeaderMalformed')
      return 'it is in another Region: name that one';
    if (name === 'ResourceNotFoundException') return `check the name, the account, and that it is in Region ${region}`;
    if (expired.has(name)) return 'get new credentials (a role of the machine renews its own; for SSO: aws sso login)';
    if (refused.has(name)) return 'check the access key, its secret, and the clock of this machine';
    if (name === 'CredentialsProviderError')
      return 'give the machine a role, or set AWS_PROFILE or the AWS_… variables';
    if (message.startsWith('Region is missing')) return 'name the Region: in the options, or in AWS_REGION';
    if (unknownHost.has(code))
      return `Region ${region} has no such service, or this machine has no DNS: check the Region`;
    return 'see the message of the service';
  };
  return new SourceError(`${action} on ${resource} failed: ${name}: ${message} (${fix()})`, { cause: error });
}

/** The name of the error that the service, or the client, gave. */
export function errorName(error: unknown): string {
  return facts(error).name;
}

const denied = new Set(['AccessDeniedException', 'AccessDenied', 'UnauthorizedOperation', 'KMSAccessDeniedException']);
const expired = new Set(['ExpiredTokenException', 'ExpiredToken', 'TokenRefreshRequired']);
const refused = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
]);
// Some of these come with status 500 from test servers and gateways, and stay.
const fatal = new Set([
  ...denied,
  ...expired,
  ...refused,
  'ResourceNotFoundException',
  'NoSuchBucket',
  'CredentialsProviderError',
]);
const passing = new Set([
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'SlowDown',
  'KMSThrottlingException',
  'ResourceInUseException',
  // A function that is being changed, or that failed inside.
  'ResourceConflictException',
  'FunctionFailed',
  'InternalFailure',
  'InternalFailureException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'RequestTimeout',
  'RequestTimeoutException',
  'TimeoutError',
  // A reply that was cut off.
  'SyntaxError',
]);
const network = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_CANCEL',
  'ERR_HTTP2_GOAWAY_SESSION',
]);
const unknownHost = new Set(['ENOTFOUND']);

interface Facts {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly status: number;
}

function facts(error: unknown): Facts {
  const known = error as { name?: string; message?: string; code?: string; $metadata?: { httpStatusCode?: number } };
  return {
    name: known?.name ?? 'Error',
    message: known?.message ?? String(error),
    code: known?.code ?? '',
    status: known?.$metadata?.httpStatusCode ?? 0,
  };
}
