import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { serve } from '@hono/node-server';
import type { Millis } from '@rowtime/core';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { FirehoseFault } from '../firehose-api.ts';
import { type ApiContext, answer } from './api.ts';
import type { DeliveryStreams } from './streams.ts';

export interface FirehoseEndpointOptions {
  readonly streams: DeliveryStreams;
  readonly now: () => Millis;
  /** Whether the Firehose API is there. It does not check signatures: for addresses of this machine only. Default true. */
  readonly api?: boolean;
  /** Whether the API makes and removes streams. Default true. */
  readonly canCreate?: boolean;
  /** Turns the HTTP endpoint destination on, at `/firehose/<stream>`: the access key that the delivery stream in AWS was
   *  given. Without it, that path is not there. */
  readonly accessKey?: string;
  /** Told of what went wrong in a request that is answered with 5xx. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Two ways for records to come to a delivery stream, over HTTP:
 *
 *     POST /                        the Firehose API (JSON 1.1): producers and their SDKs, with an endpoint URL
 *     POST /firehose/<stream>       the HTTP endpoint destination of a delivery stream in AWS
 *
 * A request is answered with success once its records are durable in the stream's journal.
 */
export function firehoseEndpoint(options: FirehoseEndpointOptions): Hono {
  const { streams, now, api = true, canCreate = true, accessKey } = options;
  const context: ApiContext = { streams, now, canCreate };
  const app = new Hono();
  if (api) {
    app.post(
      '/',
      bodyLimit({ maxSize: apiBodyBytesMax, onError: (c) => apiError(c, tooLarge(apiBodyBytesMax)) }),
      async (c) => {
        try {
          return c.body(await call(c, context), 200, apiHeaders);
        } catch (error) {
          if (!(error instanceof FirehoseFault) || error.status >= 500) options.onError?.(error);
          return apiError(
            c,
            error instanceof FirehoseFault ? error : new FirehoseFault('InternalFailure', 'the request failed', 500),
          );
        }
      },
    );
  }
  if (accessKey !== undefined) {
    const limit = bodyLimit({
      maxSize: deliveryBodyBytesMax,
      onError: (c) =>
        deliveryReply(c, now(), c.req.header('x-amz-firehose-request-id') ?? '', 413, 'Payload too large'),
    });
    app.post('/firehose/:stream', limit, (c) => deliver(c, options, accessKey));
  }
  return app;
}

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** No new requests; those under way are answered. */
  close(): Promise<void>;
}

/** Listens; port 0 takes a free one. */
export function listen(
  app: Hono,
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number } = {},
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    let isClosing = false;
    const answering = new Set<ServerResponse>();
    const server = serve({ fetch: app.fetch, hostname: host, port }, ({ port: bound }) =>
      resolve({
        url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
        port: bound,
        close: () =>
          new Promise((closed) => {
            isClosing = true;
            for (const response of answering) response.shouldKeepAlive = false;
            server.close(() => closed());
            if ('closeIdleConnections' in server) server.closeIdleConnections();
          }),
      }),
    );
    // A producer that never rests would keep its connection, and with it the server, for ever.
    server.prependListener('request', (_: IncomingMessage, response: ServerResponse) => {
      response.shouldKeepAlive &&= !isClosing;
      answering.add(response);
      response.once('close', () => {
        answering.delete(response);
        if (isClosing && 'closeIdleConnections' in server) server.closeIdleConnections();
      });
    });
    server.once('error', reject);
  });
}

/** 4 MiB of records in base64, and their JSON. */
const apiBodyBytesMax = 8 << 20;
const apiHeaders = { 'content-type': 'application/x-amz-json-1.1' };

async function call(c: Context, context: ApiContext): Promise<string> {
  // A page in a browser cannot send this header without asking first, and is not answered.
  if (!c.req.header('authorization')?.startsWith('AWS4-HMAC-SHA256 ')) {
    throw new FirehoseFault('MissingAuthenticationTokenException', 'the request is not signed (AWS4-HMAC-SHA256)', 403);
  }
  return answer(c.req.header('x-amz-target'), new Uint8Array(await c.req.arrayBuffer()), context);
}

function apiError(c: Context, fault: FirehoseFault): Response {
  const headers = { ...apiHeaders, 'x-amzn-errortype': fault.name };
  return c.body(fault.body, fault.status as 400 | 403 | 413 | 500 | 503, headers);
}

function tooLarge(bytes: number): FirehoseFault {
  return new FirehoseFault('InvalidArgumentException', `the body is over ${bytes} bytes`, 413);
}

// Firehose developer guide, "HTTP endpoint delivery request and response specifications".

/** Firehose sends 64 MiB of records at the most; base64 makes them a third larger. */
const deliveryBodyBytesMax = 96 << 20;
const inflate = promisify(gunzip);

async function deliver(
  c: Context,
  { streams, now, onError }: FirehoseEndpointOptions,
  accessKey: string,
): Promise<Response> {
  const id = c.req.header('x-amz-firehose-request-id') ?? '';
  const reply = (status: 200 | 400 | 401 | 404 | 500 | 503, message?: string) =>
    deliveryReply(c, now(), id, status, message);
  if (!sameText(c.req.header('x-amz-firehose-access-key') ?? '', accessKey))
    return reply(401, 'the access key is another one');
  if (id === '') return reply(400, 'X-Amz-Firehose-Request-Id is missing');
  const stream = streams.get(c.req.param('stream') ?? '');
  if (!stream) return reply(404, 'there is no such delivery stream here');
  let records: Buffer[];
  try {
    const sent = Buffer.from(await c.req.arrayBuffer());
    const isGzip = c.req.header('content-encoding') === 'gzip';
    const body: unknown = JSON.parse(
      (isGzip ? await inflate(sent, { maxOutputLength: deliveryBodyBytesMax }) : sent).toString(),
    );
    if (!isObject(body) || body['requestId'] !== id) return reply(400, 'requestId is not that of the header');
    if (!Array.isArray(body['records'])) return reply(400, 'records is not a list');
    records = body['records'].map((record) => {
      if (!isObject(record) || typeof record['data'] !== 'string') throw new SyntaxError('a record has no data');
      return Buffer.from(record['data'], 'base64');
    });
  } catch (error) {
    return reply(400, `the body cannot be read: ${(error as Error).message}`);
  }
  try {
    await stream.journal.append(records, id);
  } catch (error) {
    onError?.(error);
    return reply(503, 'the records could not be kept; send them again');
  }
  return reply(200);
}

function deliveryReply(
  c: Context,
  timestamp: Millis,
  requestId: string,
  status: 200 | 400 | 401 | 404 | 413 | 500 | 503,
  errorMessage?: string,
): Response {
  const body = JSON.stringify({ requestId, timestamp, ...(errorMessage !== undefined && { errorMessage }) });
  // Content-Length is asked for by the protocol, and "application/json" without a charset.
  return c.body(body, status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  });
}

/** In a time that does not tell where they differ. */
function sameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
