import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FirehoseFault, parseFirehoseRequest } from '@rowtime/sources/firehose-api';
import type { Call, Fault, FaultSchedule } from './faults.ts';
import { DeliveryStreams, type FirehoseQuotas, type PutFault } from './firehose/delivery-streams.ts';
import { header, type Reply, type Request, signedFor } from './http.ts';
import { S3Fault } from './s3/fault.ts';
import { handleS3, notImplemented, s3CallOf } from './s3/handler.ts';
import { S3Store } from './s3/store.ts';

export interface TestServerOptions {
  /** The server's time at first; it moves by `advance` only. Default 2024-01-01T00:00:00Z. */
  readonly start?: number;
  /** Requests signed for another are refused by S3. Default us-east-1. */
  readonly region?: string;
  /** Of all but the last part of an upload. Default 5 MiB, as in S3. */
  readonly partBytesMin?: number;
  /** Default: none. */
  readonly quotas?: FirehoseQuotas;
  /** False: delivery streams count what they accept and keep nothing, for benches. Default true. */
  readonly keepsRecords?: boolean;
}

/** Amazon S3 and Firehose on loopback, over real HTTP for real clients. */
export interface TestServer {
  readonly url: string;
  readonly s3: S3Store;
  readonly firehose: DeliveryStreams;
  /** What has been asked, in order. */
  readonly calls: readonly Call[];
  /** From now on. null: nothing goes wrong. */
  setFaults(schedule: FaultSchedule | null): void;
  /** Time passes, on the server. */
  advance(millis: number): void;
  close(): Promise<void>;
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { start = Date.UTC(2024, 0, 1), region = 'us-east-1', partBytesMin = 5 << 20, quotas = null } = options;
  let time = start;
  const now = (): number => time;
  const s3 = new S3Store(now, partBytesMin);
  const firehose = new DeliveryStreams({ store: s3, now, quotas, keepsData: options.keepsRecords ?? true });
  const calls: Call[] = [];
  let schedule: FaultSchedule | null = null;

  const serve = async (incoming: IncomingMessage, out: ServerResponse): Promise<void> => {
    const request = await received(incoming);
    const target = header(request, 'x-amz-target');
    const { call, answer } = target === undefined ? ofS3(request, s3, region) : ofFirehose(request, target, firehose);
    const made = { ...call, index: calls.length };
    calls.push(made);
    await answerWith(schedule?.(made) ?? null, answer, incoming.socket, out, call.service);
  };
  const server = createServer((incoming, out) => {
    // A client that went away is none of ours.
    serve(incoming, out).catch((error) => (out.headersSent ? out.destroy() : out.writeHead(500).end(String(error))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    s3,
    firehose,
    calls,
    setFaults(next) {
      schedule = next;
    },
    advance(millis) {
      time += millis;
      firehose.flushDue();
    },
    close: () => closed(server),
  };
}

type Answer = (fault: PutFault) => Reply;

interface Asked {
  readonly call: Omit<Call, 'index'>;
  readonly answer: Answer;
}

function ofFirehose(request: Request, target: string, streams: DeliveryStreams): Asked {
  const operation = target.split('.').at(-1) ?? target;
  const reply = (status: number, body: string): Reply => ({ status, headers: { 'content-type': jsonType }, body });
  try {
    if (signedFor(request)?.service !== 'firehose') {
      throw new FirehoseFault('MissingAuthenticationTokenException', 'Missing Authentication Token', 403);
    }
    const parsed = parseFirehoseRequest(target, request.body);
    return {
      call: { service: 'firehose', operation, resource: 'stream' in parsed ? parsed.stream : '' },
      answer: (fault) => faultless(() => reply(200, streams.handle(parsed, fault)), reply),
    };
  } catch (error) {
    const answer = (): Reply =>
      faultless(() => {
        throw error;
      }, reply);
    return { call: { service: 'firehose', operation, resource: '' }, answer };
  }
}

function faultless(answer: () => Reply, reply: (status: number, body: string) => Reply): Reply {
  try {
    return answer();
  } catch (error) {
    if (error instanceof FirehoseFault) return reply(error.status, error.body);
    throw error;
  }
}

function ofS3(request: Request, store: S3Store, region: string): Asked {
  const found = s3CallOf(request);
  const call = {
    service: 's3',
    operation: found?.operation ?? 'Unknown',
    resource: `${found?.bucket}/${found?.key}`,
  } as const;
  return {
    call,
    answer() {
      try {
        if (!found) throw notImplemented(`${request.method} ?${request.query}`);
        return handleS3(store, found, request, region);
      } catch (error) {
        if (error instanceof S3Fault) return s3ErrorReply(error, request.path, request.method);
        throw error;
      }
    },
  };
}

function s3ErrorReply(error: S3Fault, resource: string, method: string): Reply {
  const headers = { 'content-type': 'application/xml' };
  // A reply to HEAD has no body, and so no name: clients make one of the status.
  return { status: error.status, headers, ...(method !== 'HEAD' && { body: error.body(resource) }) };
}

const jsonType = 'application/x-amz-json-1.1';

async function answerWith(
  fault: Fault | null,
  answer: Answer,
  socket: Socket,
  out: ServerResponse,
  service: Call['service'],
): Promise<void> {
  switch (fault?.kind) {
    case undefined:
      return send(out, answer({}));
    case 'error':
      return send(out, errorReply(service, fault.status, fault.code));
    case 'fail records':
      return send(out, answer({ failed: fault.records, ...(fault.code !== undefined && { code: fault.code }) }));
    case 'store twice':
      return send(out, answer({ times: 2 }));
    case 'delay':
      await sleep(fault.millis);
      return send(out, answer({}));
    case 'hang':
      if (fault.done) answer({});
      return;
    case 'reset':
      if (fault.when !== 'before') {
        const reply = answer({});
        if (fault.when === 'mid reply') return sendHalf(out, reply, socket);
      }
      socket.resetAndDestroy();
      return;
    case 'truncate': {
      const reply = answer({});
      const body = Buffer.from(reply.body ?? '');
      return send(out, { ...reply, body: body.subarray(0, body.length >> 1) });
    }
  }
}

function errorReply(service: Call['service'], status: number, code: string): Reply {
  if (service === 's3') return s3ErrorReply(new S3Fault(status, code, 'As the test wants it.'), '/', 'GET');
  return { status, headers: { 'content-type': jsonType }, body: new FirehoseFault(code, 'As the test wants it.').body };
}

function send(out: ServerResponse, { status, headers, body }: Reply): void {
  const bytes = Buffer.from(body ?? '');
  out.writeHead(status, {
    'content-length': bytes.length,
    'x-amzn-requestid': 'test',
    'x-amz-request-id': 'test',
    ...headers,
  });
  out.end(bytes);
}

function sendHalf(out: ServerResponse, { status, headers, body }: Reply, socket: Socket): void {
  const bytes = Buffer.from(body ?? '');
  out.writeHead(status, { 'content-length': bytes.length, ...headers });
  out.write(bytes.subarray(0, bytes.length >> 1), () => socket.resetAndDestroy());
}

async function received(incoming: IncomingMessage): Promise<Request> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  const { method = 'GET', url = '/', headers } = incoming;
  const [path = '/', query = ''] = url.split('?');
  return { method, path, query: new URLSearchParams(query), headers, body: Buffer.concat(pieces) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
