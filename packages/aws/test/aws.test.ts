import { describe, expect, test } from 'vitest';
import {
  type Attempts,
  AwsError,
  awsError,
  backoffMs,
  judge,
  LostReply,
  regionOf,
  Stopped,
  untilDone,
} from '../src/index.ts';

function error(name: string, httpStatusCode?: number, code?: string): Error {
  // As the SDK has it: $fault where the reply could be read.
  const said = code === undefined && name !== 'SyntaxError' && { $fault: 'client' };
  const metadata = httpStatusCode === undefined ? {} : { $metadata: { httpStatusCode }, ...said };
  return Object.assign(new Error('text'), { name, ...metadata, ...(code !== undefined && { code }) });
}

test.each([
  ['refused', error('ServiceUnavailableException', 503)],
  ['refused', error('SlowDown', 503)],
  ['refused', error('LimitExceededException', 400)],
  ['refused', error('ThrottlingException', 400)],
  ['refused', error('TooMany', 429)],
  ['refused', error('ConditionalRequestConflict', 409)],
  ['refused', error('RequestTimeTooSkewed', 403)],
  ['refused', error('Error', undefined, 'ECONNREFUSED')],
  ['refused', error('Error', undefined, 'ENOTFOUND')],
  ['unknown', error('InternalFailure', 500)],
  ['unknown', error('Unknown', 502)],
  ['unknown', error('TimeoutError', undefined, 'ECONNRESET')],
  ['unknown', error('RequestTimeout', 400)],
  ['unknown', error('SyntaxError', 200)],
  ['unknown', error('Error', 404, 'ECONNRESET')],
  ['unknown', error('SyntaxError', 403)],
  ['fatal', error('AccessDeniedException', 400)],
  ['fatal', error('NoSuchBucket', 404)],
  ['fatal', error('PermanentRedirect', 301)],
  ['fatal', error('NotImplemented', 501)],
  ['fatal', error('SomethingNew', 400)],
  ['fatal', error('CredentialsProviderError')],
] as const)('%s: %o', (verdict, found) => expect(judge(found)).toBe(verdict));

test('a reply that cannot be one may have been acted on', () => {
  expect(judge(new LostReply('no JSON'))).toBe('unknown');
});

test('a host that is not found is a mistake as long as nothing was heard of the service', () => {
  const found = error('Error', undefined, 'ENOTFOUND');
  expect(judge(found, { isFirst: true })).toBe('fatal');
  expect(judge(found)).toBe('refused');
});

const call = { action: 's3:PutObject', resource: 's3://b/k', arn: 'arn:aws:s3:::b/k', region: 'us-east-1' };

test.each([
  ['PermanentRedirect', undefined, 'it is in another region: name that one'],
  ['AccessDenied', undefined, 'allow s3:PutObject on arn:aws:s3:::b/k in the IAM policy of this role or user'],
  [
    'ResourceNotFoundException',
    undefined,
    'create it, or check the name, the account, and that it is in region us-east-1',
  ],
  [
    'ExpiredToken',
    undefined,
    'get new credentials (a role of the machine renews its own; copied session keys end; for SSO: aws sso login)',
  ],
  [
    'Error',
    'ENOTFOUND',
    'region us-east-1 has no such service, or this machine has no DNS: check the region and the endpoint',
  ],
])(
  'what somebody must fix (%s) names the action, the resource, the region and the fix, and keeps its cause',
  (name, code, fix) => {
    const cause = error(name, code === undefined ? 400 : undefined, code);
    const made = awsError(cause, call);
    expect(made.message).toBe(`s3:PutObject on s3://b/k in us-east-1 failed: ${name}: text. To fix it: ${fix}.`);
    expect(made.cause).toBe(cause);
  },
);

test('of an error without a known fix only what was said is passed on', () => {
  const made = awsError(error('SomethingNew', 400), { action: 'a:B', resource: 'it' });
  expect(made.message).toBe('a:B on it failed: SomethingNew: text');
});

test('a client without a region is an error before the first call', async () => {
  const client = { config: { region: () => Promise.reject(new Error('Region is missing')) } };
  await expect(regionOf(client, 'stream s')).rejects.toThrow(
    new AwsError('stream s: no region. To fix it: give the option region, or set AWS_REGION.'),
  );
});

test('a pause is anything from nothing to a most that doubles from 200 ms to 30 s', () => {
  const most = [1, 2, 3, 8, 9, 100].map((attempt) => backoffMs(attempt, () => 1));
  expect(most).toEqual([200, 400, 800, 25_600, 30_000, 30_000]);
  expect(backoffMs(3, () => 0.25)).toBe(200);
  expect([1, 9].map((attempt) => backoffMs(attempt, () => 1, { baseMs: 5_000, waitMsMax: 6_000 }))).toEqual([
    5_000, 6_000,
  ]);
});

describe('untilDone', () => {
  const failing = (...errors: readonly Error[]) => {
    const left = [...errors];
    return async () => {
      const next = left.shift();
      if (next) throw next;
      return 'done';
    };
  };
  const attempts = (rest: Partial<Attempts> = {}): Attempts & { readonly waits: number[] } => {
    const waits: number[] = [];
    const pace = { wait: async (millis: number) => void waits.push(millis), random: () => 0.5 };
    return { ...call, pace, ...rest, waits };
  };

  test('calls again what passes, with longer and longer pauses, and tells of each', async () => {
    const told: string[] = [];
    const some = attempts({ onRetry: ({ action, attempt, waitMs }) => told.push(`${action} ${attempt} ${waitMs}`) });
    const done = untilDone(failing(error('SlowDown', 503), error('Error', undefined, 'ECONNRESET')), some);
    expect(await done).toBe('done');
    expect(some.waits).toEqual([100, 200]);
    expect(told).toEqual(['s3:PutObject 1 100', 's3:PutObject 2 200']);
  });

  test('rejects with what somebody must fix', async () => {
    const some = attempts();
    await expect(untilDone(failing(error('AccessDenied', 403)), some)).rejects.toThrow(AwsError);
    expect(some.waits).toEqual([]);
  });

  test('rejects with a defect as it is', async () => {
    const defect = new TypeError('x is not a function');
    await expect(untilDone(failing(defect), attempts())).rejects.toBe(defect);
  });

  test('told to stop, it does not call again', async () => {
    const stop = new AbortController();
    const some = attempts({ stop: stop.signal, onRetry: () => stop.abort() });
    const found = error('SlowDown', 503);
    const stopped = untilDone(failing(found), some);
    await expect(stopped).rejects.toThrow(new Stopped('s3:PutObject on s3://b/k: stopped after 1 attempts'));
    await expect(stopped).rejects.toMatchObject({ cause: found });
  });
});
