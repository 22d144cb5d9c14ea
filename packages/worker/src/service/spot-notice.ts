/** What EC2 says some two minutes before it takes a spot instance back. */
export interface SpotNotice {
  /** terminate, stop or hibernate. */
  readonly action: string;
  /** When, in ISO 8601. */
  readonly time: string;
}

export interface SpotOptions {
  readonly onNotice: (notice: SpotNotice) => void;
  /** The metadata service does not answer as it should: said once, until it has answered again. */
  readonly onUnknown: (reason: string) => void;
  /** The instance metadata service. Default: the address of every instance, or the variable that the SDKs know. */
  readonly base?: string;
  readonly everyMs?: number;
}

/** Asks for the notice every five seconds, as EC2 recommends, until there is one or until it is released. By IMDSv2: a token,
 *  then the question (EC2 user guide, "Spot Instance interruption notices" and "Use the Instance Metadata Service"). */
export function watchSpot({ onNotice, onUnknown, base = address(), everyMs = 5_000 }: SpotOptions): {
  release(): void;
} {
  const released = new AbortController();
  const ask = asking(base, released.signal);
  let isKnown = true;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    try {
      const notice = await ask();
      isKnown = true;
      if (released.signal.aborted) return;
      if (notice) {
        onNotice(notice);
        return;
      }
    } catch (error) {
      if (released.signal.aborted) return;
      if (isKnown) onUnknown(`${base}: ${reasonOf(error)}`);
      isKnown = false;
    }
    timer = setTimeout(() => void look(), everyMs).unref();
  };
  void look();
  return {
    release() {
      clearTimeout(timer);
      released.abort();
    },
  };
}

function address(): string {
  return process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] || 'http://169.254.169.254';
}

const tokenSeconds = 21_600;
const answerMs = 2_000;

/** Returns null while there is no notice. */
function asking(base: string, released: AbortSignal): () => Promise<SpotNotice | null> {
  let token: string | null = null;
  const request = (path: string, method: string, headers: Record<string, string>): Promise<Response> => {
    const signal = AbortSignal.any([released, AbortSignal.timeout(answerMs)]);
    return fetch(new URL(`/latest/${path}`, base), { method, headers, signal });
  };
  const newToken = async (): Promise<string> => {
    const response = await request('api/token', 'PUT', {
      'x-aws-ec2-metadata-token-ttl-seconds': String(tokenSeconds),
    });
    if (!response.ok) throw new Error(`it gives no token: ${response.status}`);
    return response.text();
  };
  return async () => {
    token ??= await newToken();
    const response = await request('meta-data/spot/instance-action', 'GET', { 'x-aws-ec2-metadata-token': token });
    const text = await response.text();
    if (response.status === 404) return null;
    // Expired, or of the machine before this one was hibernated.
    if (response.status === 401) token = null;
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    const { action, time } = JSON.parse(text) as Partial<SpotNotice>;
    return { action: String(action), time: String(time) };
  };
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
