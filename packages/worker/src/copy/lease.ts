import type { WriteCondition } from '@rowtime/sinks/s3-store';
import { CommandError, exitCodes } from '../exit.ts';

/** Where a lease is: S3Store of @rowtime/sinks. Rejections are taken as "not reached". */
export interface LeaseStore {
  locate(name: string): string;
  get(name: string): Promise<{ readonly bytes: Buffer; readonly etag: string } | null>;
  put(name: string, bytes: Uint8Array, condition: WriteCondition): Promise<string | null>;
}

export interface LeaseOptions {
  readonly store: LeaseStore;
  readonly application: string;
  /** One of a kind among all processes that ever were. */
  readonly owner: string;
  /** Processes that are known to be dead, and may have held it. */
  readonly predecessors: readonly string[];
  /** Of this machine, for people. */
  readonly machine: string;
  readonly leaseMs: number;
  /** The last epoch that is known from elsewhere, should the object have been removed. */
  readonly epochBefore: () => Promise<number>;
  readonly time: LeaseTime;
  /** Somebody else holds it. */
  readonly onWaiting: (holder: string) => void;
  /** S3 was not reached, and is asked again. */
  readonly onUnreached: (error: unknown) => void;
  /** It is another's, or may be by now. Called once. */
  readonly onLost: (reason: string) => void;
}

export interface LeaseTime {
  /** Milliseconds of a clock that is never ahead of true time: who waits for another's lease to end goes by it. */
  readonly waited: () => number;
  /** Milliseconds of a clock that is never behind: who holds a lease goes by it. A machine that slept has let it pass. */
  readonly held: () => number;
  readonly wait: (millis: number, signal: AbortSignal) => Promise<void>;
}

export interface Lease {
  /** Above that of every holder before. */
  readonly epoch: number;
  /** Throws unless it is still this process's. */
  expectHeld(): void;
  /** The next may have it at once. */
  release(): Promise<void>;
}

/**
 * The right to run an application, for one process at a time, wherever it is: an object of S3 that its holder writes again
 * every third of its length, each time on condition that it is the one it wrote last. Who wants it waits until it has seen the
 * same object for its whole length, by its own clock, and then writes its own on condition that it is still that one; so the
 * clocks of two machines are never compared. A holder that could not write it in time stops before the other one begins.
 *
 * Resolves to null when it is told to stop while it waits.
 */
export async function acquireLease(options: LeaseOptions, signal: AbortSignal): Promise<Lease | null> {
  const { store, owner, predecessors, application, leaseMs, time } = options;
  let seen = { etag: '', since: 0 };
  let [from, isTold] = [time.held(), false];
  while (!signal.aborted) {
    try {
      const found = await store.get(leaseName);
      const record = found && parseRecord(found.bytes, store.locate(leaseName));
      if (record && record.application !== application) throw foreign(record.application, store.locate(''));
      // The answer to a write of ours was lost.
      if (found && record?.owner === owner) return new HeldLease(options, record.epoch, found.etag, from);
      if (found && seen.etag !== found.etag) seen = { etag: found.etag, since: time.waited() };
      const isFree =
        !record ||
        record.isReleased ||
        predecessors.includes(record.owner) ||
        time.waited() - seen.since >= record.leaseMs;
      if (isFree) {
        const epoch = 1 + (record ? record.epoch : await options.epochBefore());
        from = time.held();
        const etag = await store.put(leaseName, recordOf(options, epoch, 0), found ? { etag: found.etag } : 'none');
        if (etag !== null) return new HeldLease(options, epoch, etag, from);
        continue; // somebody was faster
      }
      if (!isTold) options.onWaiting(record.machine);
      isTold = true;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      options.onUnreached(error);
    }
    await time.wait(leaseMs / 10, signal);
  }
  return null;
}

const leaseName = 'lease.json';

class HeldLease implements Lease {
  readonly epoch: number;
  readonly #options: LeaseOptions;
  readonly #closing = new AbortController();
  readonly #renewing: Promise<void>;
  #etag: string;
  #until: number;
  #writes = 0;
  #lost: string | null = null;

  /** `from`: before the request that wrote it was sent. */
  constructor(options: LeaseOptions, epoch: number, etag: string, from: number) {
    this.#options = options;
    this.epoch = epoch;
    this.#etag = etag;
    this.#until = this.#end(from);
    this.#renewing = this.#renew();
  }

  expectHeld(): void {
    const { store, time } = this.#options;
    if (this.#lost === null && time.held() < this.#until) return;
    const reason = this.#lost ?? 'it could not be renewed in time';
    throw new CommandError(`${store.locate(leaseName)} is lost: ${reason}`, exitCodes.fenced);
  }

  async release(): Promise<void> {
    this.#closing.abort();
    await this.#renewing;
    if (this.#lost !== null) return;
    const { store, onUnreached } = this.#options;
    const record = recordOf(this.#options, this.epoch, ++this.#writes, true);
    // Who comes next waits for its end if this does not work.
    await store.put(leaseName, record, { etag: this.#etag }).catch(onUnreached);
  }

  async #renew(): Promise<void> {
    const { leaseMs, time } = this.#options;
    const { signal } = this.#closing;
    let waitMs = leaseMs / 3;
    for (;;) {
      await time.wait(Math.min(waitMs, Math.max(0, this.#until - time.held())), signal);
      if (signal.aborted) return;
      const from = time.held();
      if (from >= this.#until) return this.#lose('it could not be renewed in time');
      const outcome = await this.#within(this.#write(), this.#until - from);
      if (signal.aborted) return;
      if (outcome === 'taken') return this.#lose('another worker has it, or somebody removed it');
      if (outcome === 'written') this.#until = this.#end(from);
      waitMs = outcome === 'written' ? leaseMs / 3 : outcome === 'ours' ? 0 : leaseMs / 30;
    }
  }

  /** 'ours': the one that is there is of a write of ours whose answer was lost; when that was is not known. */
  async #write(): Promise<'written' | 'ours' | 'taken' | 'unreached'> {
    const { store, owner, onUnreached } = this.#options;
    try {
      const record = recordOf(this.#options, this.epoch, ++this.#writes);
      const etag = await store.put(leaseName, record, { etag: this.#etag });
      if (etag !== null) {
        this.#etag = etag;
        return 'written';
      }
      const found = await store.get(leaseName);
      if (!found || parseRecord(found.bytes, store.locate(leaseName)).owner !== owner) return 'taken';
      this.#etag = found.etag;
      return 'ours';
    } catch (error) {
      onUnreached(error);
      return 'unreached';
    }
  }

  async #within<T>(answer: Promise<T>, millis: number): Promise<T | 'unreached'> {
    const done = new AbortController();
    const late = this.#options.time.wait(millis, done.signal).then(() => 'unreached' as const);
    return Promise.race([answer, late]).finally(() => done.abort());
  }

  #lose(reason: string): void {
    this.#lost = reason;
    this.#options.onLost(reason);
  }

  // Clocks of two machines do not run at the very same speed.
  #end(from: number): number {
    return from + this.#options.leaseMs * 0.9;
  }
}

interface LeaseRecord {
  readonly application: string;
  readonly epoch: number;
  readonly owner: string;
  readonly machine: string;
  readonly leaseMs: number;
  readonly isReleased: boolean;
}

/** `writes` makes each another object, with another ETag. */
function recordOf(options: LeaseOptions, epoch: number, writes: number, isReleased = false): Buffer {
  const { application, owner, machine, leaseMs } = options;
  return Buffer.from(JSON.stringify({ application, epoch, owner, machine, leaseMs, isReleased, writes }));
}

function parseRecord(bytes: Buffer, place: string): LeaseRecord {
  let value: unknown = null;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    // Said below.
  }
  if (isRecord(value)) return value;
  throw new CommandError(`${place} is no lease; name another prefix, or remove it if no worker uses it`);
}

function isRecord(value: unknown): value is LeaseRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { application, epoch, owner, machine, leaseMs, isReleased } = value as Partial<Record<string, unknown>>;
  return (
    [application, owner, machine].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(epoch) &&
    Number(epoch) >= 1 &&
    typeof leaseMs === 'number' &&
    leaseMs > 0 &&
    typeof isReleased === 'boolean'
  );
}

function foreign(application: string, place: string): CommandError {
  return new CommandError(`${place} belongs to the application ${application}; give this one another prefix`);
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && error.name === 'Unavailable';
}
