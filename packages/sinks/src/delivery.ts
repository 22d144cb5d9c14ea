import {
  type Attempts,
  type AwsCall,
  awsError,
  isServiceError,
  judge,
  LostReply,
  type Pace,
  pause,
  type Retry,
  realPace,
  Stopped,
} from '@rowtime/aws';
import type { SinkCounters } from './counters.ts';

/** A row on its way. Plain data, but for the time. */
export interface Outgoing {
  /** Rows of one key stay in order. */
  readonly key: string;
  readonly data: Uint8Array;
  /** How often it was sent before. */
  attempts: number;
  readonly since: number;
}

export interface DeliveryOptions {
  readonly call: AwsCall;
  /** Rows of one key are in one group, and of each group one call is under way. */
  readonly groups: number;
  /** How many of the first waiting rows go into one call: at least one. */
  readonly cut: (waiting: readonly Outgoing[]) => number;
  /** Sends rows; resolves to why each was not taken, null for one that was. */
  readonly send: (records: readonly Outgoing[], signal: AbortSignal) => Promise<readonly (string | null)[]>;
  /** Aborted: calls that fail are not tried again. */
  readonly stop?: AbortSignal | undefined;
  readonly onRetry?: ((retry: Retry) => void) | undefined;
  readonly pace?: Pace | undefined;
  /** Called before each call. A test that throws here has the process die at that point. */
  readonly beforeStep?: ((step: string) => void) | undefined;
}

/** Sends rows at least once, in order of each key, for as long as it takes: only what was not taken is sent again. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #pace: Pace;
  readonly #ending = new AbortController();
  readonly #attempts: Attempts;
  readonly #groups: Group[];
  #failure: { readonly error: unknown } | null = null;
  #pendingBytes = 0;
  #recordsIn = 0;
  #recordsAcked = 0;
  #recordsRetried = 0;
  #recordsDead = 0;
  #bytesAcked = 0;
  #duplicatesPossible = 0;

  constructor(options: DeliveryOptions) {
    const { call, stop, onRetry, groups, pace = realPace } = options;
    this.#options = options;
    this.#pace = pace;
    const ending = this.#ending.signal;
    this.#attempts = { ...call, pace, stop: stop ? AbortSignal.any([stop, ending]) : ending, onRetry };
    this.#groups = Array.from({ length: groups }, () => ({ waiting: [], calling: [], running: null }));
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get counters(): SinkCounters {
    const oldest = this.#groups.map(({ calling, waiting }) => Math.min(sinceOf(calling), sinceOf(waiting)));
    const since = Math.min(...oldest);
    return {
      recordsIn: this.#recordsIn,
      recordsAcked: this.#recordsAcked,
      recordsRetried: this.#recordsRetried,
      recordsDead: this.#recordsDead,
      bytes: this.#bytesAcked,
      inFlight: this.#recordsIn - this.#recordsAcked - this.#recordsDead,
      oldestUnackedMs: Number.isFinite(since) ? this.#pace.now() - since : 0,
      duplicatesPossible: this.#duplicatesPossible,
    };
  }

  /** Takes a row; `send` begins to send it. */
  add(key: string, data: Uint8Array, attempts = 0): void {
    const group = this.#groups[hash(key) % this.#groups.length]!;
    group.waiting.push({ key, data, attempts, since: this.#pace.now() });
    this.#recordsIn++;
    this.#pendingBytes += data.length;
  }

  /** A row that cannot be sent at all. */
  bury(): void {
    this.#recordsIn++;
    this.#recordsDead++;
  }

  /** Begins calls for the groups that have none. Throws what somebody must fix. */
  send(): void {
    if (this.#failure) throw this.#failure.error;
    for (const group of this.#groups) {
      if (group.waiting.length > 0) group.running ??= this.#run(group);
    }
  }

  /** Resolves when all rows are delivered, or those that are not are returned, because it was told to stop. */
  async flush(): Promise<Outgoing[]> {
    this.send();
    await this.#idle();
    if (this.#failure) throw this.#failure.error;
    return this.#groups.flatMap(({ waiting }) => waiting);
  }

  /** Nothing is sent any more. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#idle();
  }

  async #idle(): Promise<void> {
    await Promise.all(this.#groups.map(({ running }) => running));
  }

  async #run(group: Group): Promise<void> {
    try {
      for (let attempt = 1; group.waiting.length > 0 && !this.#attempts.stop?.aborted; ) {
        group.calling = group.waiting.splice(0, this.#options.cut(group.waiting));
        const { length } = group.calling;
        const error = await this.#attempt(group);
        // In front: rows of the same key that came later wait behind them.
        const left = group.calling;
        group.waiting.unshift(...left);
        group.calling = [];
        if (left.length === 0) {
          attempt = 1;
          continue;
        }
        this.#recordsRetried += left.length;
        // Where some were taken the service is alive: it is asked again soon.
        if (left.length < length) attempt = 1;
        await pause(attempt++, error, this.#attempts);
      }
    } catch (error) {
      group.waiting.unshift(...group.calling);
      group.calling = [];
      if (!(error instanceof Stopped)) {
        this.#failure ??= { error };
        this.#ending.abort();
      }
    } finally {
      group.running = null;
    }
  }

  /** Sends what a group is calling with, and keeps what was not taken. Returns why it was not. */
  async #attempt(group: Group): Promise<unknown> {
    const records = group.calling;
    const { beforeStep, send, call } = this.#options;
    beforeStep?.(`send ${records.length} rows`);
    let outcome: readonly (string | null)[];
    try {
      outcome = await send(records, this.#ending.signal);
      if (outcome.length !== records.length)
        throw new LostReply(`${outcome.length} results for ${records.length} rows`);
    } catch (error) {
      if (!isServiceError(error)) throw error;
      if (judge(error) === 'fatal' && !this.#ending.signal.aborted) throw awsError(error, call);
      if (judge(error) === 'unknown') this.#duplicatesPossible += records.length;
      for (const record of records) record.attempts++;
      return error;
    }
    const left: Outgoing[] = [];
    for (const [i, record] of records.entries()) {
      if (outcome[i] === null) {
        this.#recordsAcked++;
        this.#bytesAcked += record.data.length;
        this.#pendingBytes -= record.data.length;
      } else {
        record.attempts++;
        left.push(record);
      }
    }
    group.calling = left;
    return new Error(`${left.length} of ${records.length} rows refused: ${outcome.find((code) => code !== null)}`);
  }
}

interface Group {
  /** In order. */
  waiting: Outgoing[];
  calling: Outgoing[];
  running: Promise<void> | null;
}

function sinceOf(records: readonly Outgoing[]): number {
  return records[0]?.since ?? Number.POSITIVE_INFINITY;
}

/** FNV-1a. */
function hash(key: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
