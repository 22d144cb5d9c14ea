import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Store } from '@rowtime/sinks/s3-store';
import type { Logger } from 'pino';
import { parseS3Url } from '../application/arn.ts';
import type { RowtimeSection } from '../application/rowtime-schema.ts';
import { durationOf } from '../duration.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { bucketConnection } from '../service/aws.ts';
import { bootId } from '../service/lock.ts';
import type { CopyStatus } from '../service/status.ts';
import { CheckpointCopies } from './copies.ts';
import { acquireLease, type Lease, type LeaseTime } from './lease.ts';

export interface OpenCopyOptions {
  readonly section: NonNullable<RowtimeSection['checkpointCopy']>;
  readonly rowtime: RowtimeSection;
  readonly application: string;
  /** The state folder, locked by this process. */
  readonly state: string;
  readonly log: Logger;
}

/** The copies of an application's checkpoints in S3, and the right to run it. */
export interface Copy {
  readonly lease: Lease;
  readonly copies: CheckpointCopies;
  readonly status: () => CopyStatus;
  /** A copy was made (null), or could not be. */
  count(error: unknown): void;
  /** The state folder holds what the newest copy holds, or more. */
  markCurrent(): void;
  close(): Promise<void>;
}

const leaseMsDefault = 30_000;

/** Waits until no other worker runs the application. After that the state folder is current, or it is empty: what a worker on
 *  another machine has overtaken is put aside. Resolves to null when it is told to stop while it waits. */
export async function openCopy(options: OpenCopyOptions, signal: AbortSignal): Promise<Copy | null> {
  const { section, rowtime, application, state, log } = options;
  const url = parseS3Url(section.bucket);
  if (!url) throw new CommandError(`rowtime.checkpointCopy: bucket ${section.bucket} is not s3://bucket/prefix`);
  const leaseMs = section.lease === undefined ? leaseMsDefault : durationOf(section.lease)!;
  const prefix = url.prefix === '' || url.prefix.endsWith('/') ? url.prefix : `${url.prefix}/`;
  const place = { ...bucketConnection(rowtime), bucket: url.bucket, prefix };
  // A call for the lease that takes longer is of no use; a copy may be large.
  const forLease = await S3Store.connect({ ...place, requestTimeoutMs: Math.min(leaseMs / 3, 10_000) });
  const forCopies = await S3Store.connect({ ...place, requestTimeoutMs: 300_000 });
  const close = (): void => {
    forLease.close();
    forCopies.close();
  };
  const used = usedBefore(state);
  const owner = randomUUID();
  // Written first: should this process die before it knows that the lease is its own, the next knows it by this.
  const owners = used.boot === bootId() ? used.owners : [];
  use(state, { ...used, boot: bootId(), owners: [...owners, owner] });
  const copies = new CheckpointCopies({
    store: forCopies,
    onRefused: (copy, reason) => log.warn({ copy, reason }, 'a copy of a checkpoint is not used'),
    onRetry: (error) => log.warn({ reason: String(error) }, 'retry'),
  });
  const lease = await acquireLease(
    {
      store: forLease,
      application,
      owner,
      predecessors: owners,
      machine: hostname(),
      leaseMs,
      epochBefore: async () => (await copies.list())[0]?.epoch ?? 0,
      time: realTime(),
      onWaiting: (holder) =>
        log.warn({ holder, lease: section.bucket }, 'another worker runs this application: waiting until it ends'),
      onUnreached: (error) => log.warn({ reason: String(error) }, 'the lease in S3 was not reached'),
      onLost: (reason) => {
        log.fatal({ reason }, 'the lease is lost: nothing more is published');
        process.exit(exitCodes.fenced);
      },
    },
    signal,
  ).catch((error: unknown) => {
    close();
    throw error;
  });
  if (!lease) {
    close();
    return null;
  }
  const markCurrent = (): void => use(state, { owners: [owner], boot: bootId(), epoch: lease.epoch });
  try {
    const [newest] = await copies.list();
    if (newest === undefined || newest.epoch <= used.epoch) markCurrent();
    else putAside(state, used.epoch, log);
  } catch (error) {
    await lease.release();
    close();
    throw error;
  }
  let counted: CopyStatus = { last: null, failed: 0 };
  return {
    lease,
    copies,
    markCurrent,
    status: () => counted,
    count(error) {
      counted = error === null ? { ...counted, last: Date.now() } : { ...counted, failed: counted.failed + 1 };
    },
    async close() {
      await lease.release();
      close();
    },
  };
}

/** Who has used a state folder. */
interface Used {
  /** Processes that hold the lease, or may have got it; all of them dead. */
  readonly owners: readonly string[];
  /** Of the machine's start: another machine could have the folder too, on a volume of the network, and nobody knows then
   *  whether they are dead. */
  readonly boot: string;
  /** The epoch that it is current for; 0: of none. */
  readonly epoch: number;
}

const usedName = 'lease.json';

function usedBefore(state: string): Used {
  const file = join(state, usedName);
  const nobody: Used = { owners: [], boot: '', epoch: 0 };
  if (!existsSync(file)) return nobody;
  try {
    const { owners, boot, epoch } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Used>;
    const isWhole = Array.isArray(owners) && typeof boot === 'string' && Number.isSafeInteger(epoch);
    return isWhole ? ({ owners, boot, epoch } as Used) : nobody;
  } catch {
    return nobody; // cut off when the machine died
  }
}

function use(state: string, used: Used): void {
  mkdirSync(state, { recursive: true });
  const file = join(state, usedName);
  writeFileSync(`${file}.tmp`, JSON.stringify(used), { flush: true });
  renameSync(`${file}.tmp`, file);
}

/** A worker on another machine has gone on from a copy: what is here is of the past. Nobody reads it again, and nobody
 *  removes it: its journal may hold records that were not in the copy. */
function putAside(state: string, epoch: number, log: Logger): void {
  const past = readdirSync(state).filter((name) => !/^(lock-\d+|lease\.json|superseded-.*)$/.test(name));
  if (past.length === 0) return;
  let to = join(state, `superseded-${epoch}`);
  for (let n = 2; existsSync(to); n++) to = join(state, `superseded-${epoch}-${n}`);
  mkdirSync(to);
  for (const name of past) renameSync(join(state, name), join(to, name));
  log.warn({ to }, 'another machine has gone on from a copy since this state was written: it is put aside');
}

function realTime(): LeaseTime {
  const [monotonic, wall] = [performance.now(), Date.now()];
  return {
    waited: () => performance.now() - monotonic,
    held: () => Math.max(performance.now() - monotonic, Date.now() - wall),
    wait: async (millis, signal) => {
      await sleep(millis, undefined, { signal }).catch(() => {});
    },
  };
}
