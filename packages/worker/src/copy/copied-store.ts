import type { Checkpoint, CheckpointStore, LocalPart } from '@rowtime/core';
import { CommandError, exitCodes } from '../exit.ts';
import type { CheckpointCopies, Copied, FoundCopy } from './copies.ts';

export interface CopiedStoreOptions {
  /** The checkpoints of this machine. */
  readonly own: CheckpointStore;
  /** The file of the newest of them. */
  readonly newestFile: () => Promise<{ readonly number: number; readonly bytes: Uint8Array }>;
  readonly copies: Pick<CheckpointCopies, 'newest' | 'save'>;
  readonly epoch: number;
  /** Throws when another worker may run the application: a checkpoint is published after it is saved, and only then. */
  readonly expectHeld: () => void;
  /** What participants keep on this disk, by name. */
  readonly parts: ReadonlyMap<string, LocalPart>;
  /** Where the source goes on that was at a position on another machine. */
  readonly relocate: (position: unknown) => unknown;
  /** True: the job takes its last checkpoint. */
  readonly isStopping: () => boolean;
  /** Aborted: what is not copied by now is left. */
  readonly hurry: AbortSignal;
  /** Every checkpoint from here on goes on from what the copy holds. */
  readonly onRestored: (found: FoundCopy, missing: readonly string[]) => void;
  readonly onCopied: () => void;
  readonly onFailed: (error: unknown) => void;
}

/** Checkpoints of this machine, and a copy of one after the other in S3. The job waits for its own disk only: while a copy is
 *  on its way none is made of the next checkpoints, but always one of the last. */
export class CopiedStore implements CheckpointStore {
  readonly #options: CopiedStoreOptions;
  #copying: Promise<void> | null = null;

  constructor(options: CopiedStoreOptions) {
    this.#options = options;
  }

  /** Its own, and on a machine that has none the newest copy. */
  async load(): Promise<Checkpoint | null> {
    const { own, copies, parts, relocate, onRestored, expectHeld } = this.#options;
    const found = await own.load().catch(damageOf);
    expectHeld();
    if (found !== null && !(found instanceof CommandError)) return found;
    const copy = await copies.newest();
    if (!copy && found) throw found;
    if (!copy) return null;
    const names = Object.keys(copy.local);
    for (const name of names) await parts.get(name)?.paste(copy.local[name]);
    const checkpoint = { ...copy.checkpoint, position: relocate(copy.checkpoint.position) };
    await own.save(checkpoint);
    expectHeld();
    onRestored(
      copy,
      names.filter((name) => !parts.has(name)),
    );
    return checkpoint;
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    const { own, isStopping, expectHeld } = this.#options;
    expectHeld();
    await own.save(checkpoint);
    if (isStopping()) await this.settle();
    // Read now: the commit that follows removes what it publishes.
    this.#copying ??= this.#copy(await this.#copied());
    if (isStopping()) await this.settle();
    expectHeld();
  }

  /** Resolves when no copy is on its way, or nobody has the time to wait for it. */
  async settle(): Promise<void> {
    const { hurry } = this.#options;
    if (!this.#copying || hurry.aborted) return;
    const aborted = new Promise<void>((resolve) => hurry.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([this.#copying, aborted]);
  }

  async #copied(): Promise<Copied & { readonly number: number }> {
    const { newestFile, parts } = this.#options;
    const { number, bytes } = await newestFile();
    const local: Record<string, unknown> = {};
    for (const [name, part] of parts) local[name] = await part.copy();
    return { number, file: bytes, local };
  }

  async #copy({ number, file, local }: Copied & { readonly number: number }): Promise<void> {
    const { copies, epoch, hurry, onCopied, onFailed } = this.#options;
    try {
      await copies.save({ epoch, number }, { file, local }, hurry);
      onCopied();
    } catch (error) {
      onFailed(error);
    } finally {
      this.#copying = null;
    }
  }
}

/** None of its own is whole: a copy is then better than nothing. */
function damageOf(error: unknown): CommandError {
  if (error instanceof CommandError && error.exitCode === exitCodes.checkpoint) return error;
  throw error;
}
