import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a function of the test is called with (AWS developer guide, "Lambda Output data model"). */
export interface OutputEvent {
  readonly invocationId: string;
  readonly applicationArn: string;
  readonly records: readonly {
    readonly recordId: string;
    readonly lambdaDeliveryRecordMetadata: { readonly retryHint: number };
    readonly data: string;
  }[];
}

/** What it gives back: an answer, an error inside the function, or an error of the service. */
export type Answer =
  | { readonly answer: unknown }
  | { readonly throws: string }
  | { readonly status: number; readonly type: string }
  | 'reset';

export interface InvokeServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Invoke of Lambda, on loopback: POST /2015-03-31/functions/{name}/invocations. */
export async function startInvokeServer(
  answer: (name: string, event: OutputEvent, bytes: number) => Answer,
): Promise<InvokeServer> {
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [, name = ''] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '') ?? [];
    const result = answer(decodeURIComponent(name), JSON.parse(body.toString()) as OutputEvent, body.length);
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
