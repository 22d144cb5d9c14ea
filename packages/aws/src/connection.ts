import { AwsError } from './error.ts';

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

/** As every client of ours is made. One attempt a call: sources and sinks have their own loop, which does not give up and which
 *  must know of each call that may have been stored. A timeout only warns unless it is told to throw. */
export function clientConfig({ region, endpoint, credentials, requestTimeoutMs }: AwsConnection) {
  return {
    maxAttempts: 1,
    requestHandler: timeouts(requestTimeoutMs),
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
  };
}

/** For clients of Kinesis, whose own handler opens an HTTP/2 session for every call (aws-sdk-js-v3 #8279): HTTP/1.1 with up to
 *  so many connections that stay. */
export async function http1({ requestTimeoutMs }: AwsConnection, connectionsMax = 50) {
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  const agent = { keepAlive: true, maxSockets: connectionsMax };
  return new NodeHttpHandler({ ...timeouts(requestTimeoutMs), httpAgent: agent, httpsAgent: agent });
}

/** The region of a client. Rejects where neither the options nor the SDK's chain name one: better said at the start than by
 *  the first call. */
export async function regionOf(
  client: { readonly config: { readonly region: () => Promise<string> } },
  resource: string,
): Promise<string> {
  try {
    return await client.config.region();
  } catch (cause) {
    throw new AwsError(`${resource}: no region. To fix it: give the option region, or set AWS_REGION.`, { cause });
  }
}

function timeouts(requestTimeout = 30_000) {
  return { connectionTimeout: 3_000, requestTimeout, throwOnRequestTimeout: true };
}
