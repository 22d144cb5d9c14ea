export { type Attempts, pause, untilDone } from './attempts.ts';
export { type Backoff, backoffMs, type Pace, type Retry, realPace } from './backoff.ts';
export { type AwsConnection, type AwsCredentials, clientConfig, http1, regionOf } from './connection.ts';
export { type AwsCall, AwsError, awsError } from './error.ts';
export { errorName, errorStatus } from './facts.ts';
export { Stopped } from './stopped.ts';
export { isPassing, isServiceError, judge, LostReply, type Verdict } from './verdict.ts';
