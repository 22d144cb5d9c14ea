import type { IncomingHttpHeaders } from 'node:http';

export interface Request {
  readonly method: string;
  /** As it was sent: nothing decoded, no `..` resolved. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** A header as one text. */
export function header({ headers }: Request, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/** Of a request signed with version 4: the region and service it was signed for. The secret is not known here. */
export function signedFor(request: Request): { region: string; service: string } | null {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=[^/,]+\/\d{8}\/([\w-]+)\/([\w-]+)\/aws4_request, ?SignedHeaders=[\w;-]+, ?Signature=[0-9a-f]{64}$/;
  const [, region, service] = pattern.exec(header(request, 'authorization') ?? '') ?? [];
  return region !== undefined && service !== undefined ? { region, service } : null;
}
