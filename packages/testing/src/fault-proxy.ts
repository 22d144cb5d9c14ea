import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a proxy does with one request. `reset`: the connection breaks before the server sees it; `lose reply`: after the
 *  server has done it; `cut reply`: in the middle of the reply; `no reply`: the server has done it, and the connection stays
 *  open, so that the client must grow tired of it. A reply of one's own: the server does not see the request; or it sees
 *  another one, and its reply is changed. */
export type ProxyFault =
  | 'pass'
  | 'reset'
  | 'lose reply'
  | 'cut reply'
  | 'no reply'
  | { readonly body: Buffer; readonly changed: (reply: Buffer) => Buffer }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string };

export interface ProxiedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface FaultProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** A server on loopback that hands requests on to another one, and breaks those that `decide` says. */
export async function faultProxy(target: string, decide: (request: ProxiedRequest) => ProxyFault): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const server = createServer(async (incoming, reply) => {
    const body = await wholeOf(incoming);
    const fault = decide({ headers: incoming.headers, body });
    if (fault === 'reset') return void incoming.socket.destroy();
    if (typeof fault === 'object' && 'status' in fault) {
      reply.writeHead(fault.status, { 'content-type': 'application/x-amz-json-1.1', ...fault.headers });
      return void reply.end(fault.body);
    }
    const changed = typeof fault === 'object' ? fault : null;
    const { method, url: path } = incoming;
    const sent = changed?.body ?? body;
    const headers = { ...incoming.headers, 'content-length': String(sent.length) };
    const forwarded = httpRequest({ hostname, port, method, path, headers }, async (answer) => {
      const bytes = await wholeOf(answer);
      if (fault === 'lose reply') return void incoming.socket.destroy();
      if (fault === 'no reply') return;
      if (changed) {
        const answered = changed.changed(bytes);
        reply.writeHead(answer.statusCode ?? 500, { ...answer.headers, 'content-length': String(answered.length) });
        return void reply.end(answered);
      }
      reply.writeHead(answer.statusCode ?? 500, answer.headers);
      if (fault === 'pass') return void reply.end(bytes);
      reply.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => incoming.socket.destroy());
    });
    forwarded.on('error', () => incoming.socket.destroy());
    forwarded.end(sent);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function wholeOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer);
  } catch {
    // Cut off by whoever sent it.
  }
  return Buffer.concat(chunks);
}
