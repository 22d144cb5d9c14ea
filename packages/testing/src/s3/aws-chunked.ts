import { S3Fault } from './fault.ts';

/** A body in the `aws-chunked` encoding: chunks of `size[;chunk-signature=…]\r\n bytes \r\n`, one of size 0, and trailers. */
export function decodeAwsChunked(body: Buffer): { content: Buffer; trailers: Readonly<Record<string, string>> } {
  const chunks: Buffer[] = [];
  let at = 0;
  const line = (): string => {
    const end = body.indexOf('\r\n', at);
    if (end < 0) throw incomplete();
    const text = body.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const [digits = ''] = line().split(';');
    if (!/^[0-9a-f]+$/i.test(digits)) throw incomplete();
    const size = Number.parseInt(digits, 16);
    if (size === 0) break;
    if (at + size + 2 > body.length) throw incomplete();
    chunks.push(body.subarray(at, at + size));
    at += size + 2;
  }
  const trailers: Record<string, string> = {};
  while (at < body.length) {
    const [, name, value] = /^([^:]+):(.*)$/.exec(line()) ?? [];
    if (name !== undefined && value !== undefined) trailers[name.toLowerCase()] = value.trim();
  }
  return { content: Buffer.concat(chunks), trailers };
}

function incomplete(): S3Fault {
  return new S3Fault(400, 'IncompleteBody', 'The request body terminated unexpectedly');
}
