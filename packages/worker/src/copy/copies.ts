import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint } from '@rowtime/core';
import type { S3Store } from '@rowtime/sinks/s3-store';
import { pack, unpack, unpackAny } from '../checkpoint-files.ts';
import { CommandError, exitCodes } from '../exit.ts';

/** A checkpoint as another machine needs it. */
export interface Copied {
  /** The file of it, as it is. */
  readonly file: Uint8Array;
  /** What participants have on this machine's disk for it, by their names. */
  readonly local: Readonly<Record<string, unknown>>;
}

/** A copy that was read back. */
export interface FoundCopy extends Pick<Copied, 'local'> {
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

/** Those of the run with this epoch come after those of all runs before it, whatever their numbers are: a worker that should
 *  be dead writes copies that are never the newest. */
export interface CopyNumber {
  readonly epoch: number;
  readonly number: number;
}

export interface CopiesOptions {
  readonly store: Pick<S3Store, 'list' | 'get' | 'put' | 'remove' | 'locate'>;
  /** A copy that is not whole. The one before is used. */
  readonly onRefused: (place: string, reason: string) => void;
  readonly onRetry: (error: unknown) => void;
  readonly wait?: (millis: number) => Promise<unknown>;
}

/** Copies of checkpoints in S3, the last three, each written once (`If-None-Match: *`), whole or not at all. */
export class CheckpointCopies {
  readonly #options: CopiesOptions;

  constructor(options: CopiesOptions) {
    this.#options = options;
  }

  /** Newest first. */
  async list(): Promise<CopyNumber[]> {
    const names = await this.#untilDone(() => this.#options.store.list('checkpoint-'));
    return names.flatMap((name) => numberOf(name) ?? []).reverse();
  }

  /** The newest that is whole; null: there are none. Rejects with nothing but damaged ones. */
  async newest(): Promise<FoundCopy | null> {
    const { store, onRefused } = this.#options;
    const refused: string[] = [];
    for (const number of await this.list()) {
      const name = nameOf(number);
      const found = await this.#untilDone(() => store.get(name));
      if (!found) continue; // a worker that should be dead has removed it
      try {
        const { file, local } = copiedOf(unpackAny(found.bytes));
        return { name, local, checkpoint: unpack(Buffer.from(file.buffer, file.byteOffset, file.length)) };
      } catch (error) {
        const reason = (error as Error).message;
        onRefused(store.locate(name), reason);
        refused.push(`  ${store.locate(name)}: ${reason}`);
      }
    }
    if (refused.length === 0) return null;
    throw new CommandError(
      `no whole copy of a checkpoint is left; to start from the beginning, remove them\n${refused.join('\n')}`,
      exitCodes.checkpoint,
    );
  }

  /** Resolves when the copy is there, and those before the last three are not. */
  async save(number: CopyNumber, copied: Copied, signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    const bytes = Buffer.concat(pack(copied));
    // Of this name there is none, or it is ours, from a call whose answer was lost: an epoch is one process's.
    await this.#untilDone(() => store.put(nameOf(number), bytes, 'none'), signal);
    const old = (await this.list()).slice(kept);
    for (const one of old) await this.#untilDone(() => store.remove(nameOf(one)), signal);
  }

  async #untilDone<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { onRetry, wait = sleep } = this.#options;
    for (let waitMs = 500; ; waitMs = Math.min(2 * waitMs, 30_000)) {
      signal?.throwIfAborted();
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'Unavailable') throw error;
        onRetry(error);
        await wait(waitMs * (0.5 + Math.random() / 2));
      }
    }
  }
}

const kept = 3;

function nameOf({ epoch, number }: CopyNumber): string {
  return `checkpoint-${String(epoch).padStart(12, '0')}-${String(number).padStart(12, '0')}`;
}

function numberOf(name: string): CopyNumber | null {
  const [, epoch, number] = /^checkpoint-(\d{12})-(\d{12})$/.exec(name) ?? [];
  return epoch === undefined ? null : { epoch: Number(epoch), number: Number(number) };
}

function copiedOf(value: unknown): Copied {
  const { file, local } = (value ?? {}) as Partial<Copied>;
  if (file instanceof Uint8Array && typeof local === 'object' && local !== null) return { file, local };
  throw new Error('it holds something else than a copy of a checkpoint');
}
