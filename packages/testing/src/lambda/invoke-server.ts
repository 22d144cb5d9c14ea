import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a function of a test gives back: an answer, an error inside the function, or an error of the service. */
export type InvokeAnswer =
  | { readonly answer: unknown }
  | { readonly throws: string }
  | { readonly status: number; readonly type: string }
  | 'reset';

export interface InvokeServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Invoke of Lambda, on loopback: POST /2015-03-31/functions/{name}/invocations. `answer` is the functions: it is given the
 *  name or ARN that is called, the event, and how many bytes it came in. */
export async function startInvokeServer<Event>(
  answer: (name: string, event: Event, bytes: number) => InvokeAnswer | Promise<InvokeAnswer>,
): Promise<InvokeServer> {
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [, name = ''] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '') ?? [];
    const result = await answer(decodeURIComponent(name), JSON.parse(body.toString()) as Event, body.length);
    if (result === 'reset') return void request.socket.destroy();
    if ('status' in result) {
      reply.writeHead(result.status, { 'content-type': 'application/json', 'x-amzn-errortype': result.type });
      return void reply.end('{"Message":"no"}');
    }
    const headers = { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST' };
    if ('throws' in result) {
      reply.writeHead(200, { ...headers, 'x-amz-function-error': 'Unhandled' });
      return void reply.end(JSON.stringify({ errorMessage: result.throws }));
    }
    reply.writeHead(200, headers);
    return void reply.end(typeof result.answer === 'string' ? result.answer : JSON.stringify(result.answer));
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
