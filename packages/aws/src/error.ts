import { facts } from './facts.ts';

/** A call to AWS, as its errors name it. */
export interface AwsCall {
  /** As IAM spells it: "firehose:PutRecordBatch". */
  readonly action: string;
  /** What it is about, for people: "delivery stream captains-kfh". */
  readonly resource: string;
  /** What the policy has to name: "arn:aws:kinesis:us-east-1:*:stream/captains". */
  readonly arn?: string | undefined;
  readonly region?: string | undefined;
  /** Nothing has been heard of the service yet: a host that is not found is then a mistake, not an outage. */
  readonly isFirst?: boolean | undefined;
}

/** What somebody must mend: a permission, a name, a Region, credentials. Never an outage, which is waited out. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
}

/** Says who could not do what to which resource, what was answered, and the fix. */
export function awsError(error: unknown, call: AwsCall): AwsError {
  const { action, resource, region } = call;
  const { name, status, code, message } = facts(error);
  const place = region === undefined ? '' : ` in ${region}`;
  const known = fixes[name] ?? (status === 301 ? fixes['PermanentRedirect'] : undefined);
  const fix = code === 'ENOTFOUND' ? unknownHost : known;
  const said = message === '' ? '' : `: ${message.replace(/\.$/, '')}`;
  const text = `${action} on ${resource}${place} failed: ${name}${said}`;
  return new AwsError(fix === undefined ? text : `${text}. To fix it: ${fix(call)}.`, { cause: error });
}

/** Whether an error of that name is one that somebody must act on, whatever its status. */
export function isForSomebody(name: string): boolean {
  return Object.hasOwn(fixes, name);
}

type Fix = (call: AwsCall) => string;

const allow: Fix = ({ action, arn = 'this resource' }) =>
  `allow ${action} on ${arn} in the IAM policy of this role or user`;
const allowKey: Fix = () =>
  'allow kms:Decrypt (to write: kms:GenerateDataKey) on the key in its policy and in that of this role or user';
const otherKeys: Fix = () =>
  'the credentials are not those of an account known there: check the access key, the region and the endpoint';
const otherSecret: Fix = () =>
  'the secret key does not belong to the access key, or the clock of this machine is wrong';
const renew: Fix = () =>
  'get new credentials (a role of the machine renews its own; copied session keys end; for SSO: aws sso login)';
const otherRegion: Fix = () => 'it is in another region: name that one';
const unknownHost: Fix = ({ region = 'named' }) =>
  `region ${region} has no such service, or this machine has no DNS: check the region and the endpoint`;

/** Names of errors that somebody must act on, and what to do. Some come with status 500 from test servers and gateways. */
const fixes: Readonly<Record<string, Fix>> = {
  AccessDeniedException: allow,
  AccessDenied: allow,
  UnauthorizedOperation: allow,
  Forbidden: allow,
  KMSAccessDeniedException: allowKey,
  AllAccessDisabled: () => 'the account or bucket is closed to all access',
  UnrecognizedClientException: otherKeys,
  InvalidClientTokenId: otherKeys,
  InvalidAccessKeyId: otherKeys,
  MissingAuthenticationTokenException: otherKeys,
  InvalidSignatureException: otherSecret,
  SignatureDoesNotMatch: otherSecret,
  IncompleteSignatureException: otherSecret,
  ExpiredTokenException: renew,
  ExpiredToken: renew,
  TokenRefreshRequired: renew,
  CredentialsProviderError: () =>
    'there are no credentials: give the machine a role, or set AWS_PROFILE or the AWS keys',
  ResourceNotFoundException: ({ region = 'used' }) =>
    `create it, or check the name, the account, and that it is in region ${region}`,
  NoSuchBucket: () => 'create it, or check the name',
  PermanentRedirect: otherRegion,
  AuthorizationHeaderMalformed: otherRegion,
  IllegalLocationConstraintException: otherRegion,
  InvalidKMSResourceException: () => 'the delivery stream cannot use its KMS key: check the key and its policy',
  InvalidSourceException: () =>
    'the delivery stream reads a Kinesis stream: it must be one with Direct PUT as its source',
  InvalidArgumentException: () => 'the service does not take the request as it is',
  NotImplemented: () => 'the store does not know what S3 does here: see the options checksums and conditionalWrites',
  EntityTooLarge: () => 'the object is larger than the store takes: lower bufferBytes',
  QuotaExceeded: () => 'the store is full',
};
