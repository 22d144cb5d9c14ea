import { expect, test } from 'vitest';
import { fatalError, judge } from '../src/aws.ts';
import { backoffMs } from '../src/backoff.ts';

function error(name: string, httpStatusCode?: number, code?: string): Error {
  const metadata = httpStatusCode === undefined ? {} : { $metadata: { httpStatusCode } };
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
  ['fatal', error('AccessDeniedException', 400)],
  ['fatal', error('NoSuchBucket', 404)],
  ['fatal', error('PermanentRedirect', 301)],
  ['fatal', error('NotImplemented', 501)],
  ['fatal', error('SomethingNew', 400)],
  ['fatal', error('CredentialsProviderError')],
] as const)('%s: %o', (verdict, found) => expect(judge(found)).toBe(verdict));

test('what somebody must fix names the action, the resource, the region and the fix, and keeps its cause', () => {
  const cause = error('PermanentRedirect', 301);
  const made = fatalError(cause, { action: 's3:PutObject', resource: 's3://b/k', region: 'us-east-1' });
  expect(made.message).toBe(
    's3:PutObject on s3://b/k in us-east-1 failed: PermanentRedirect: text. To fix it: it is in another region: name that one.',
  );
  expect(made.cause).toBe(cause);
});

test('a pause is anything from nothing to a most that doubles from 200 ms to 30 s', () => {
  const most = [1, 2, 3, 8, 9, 100].map((attempt) => backoffMs(attempt, () => 1));
  expect(most).toEqual([200, 400, 800, 25_600, 30_000, 30_000]);
  expect(backoffMs(3, () => 0.25)).toBe(200);
});
