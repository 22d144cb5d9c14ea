import type { Checkpoint, CheckpointStore, LocalPart } from '@rowtime/core';
import { pack } from '../checkpoint-files.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { CheckpointCopies, FoundCopy } from './copies.ts';

export interface CopiedStoreOptions {
  /** The checkpoints of this machine. */
  readonly own: CheckpointStore;
  /** The number of the newest of them; 0: there is none. */
  readonly newest: () => Promise<number>;
  readonly copies: Pick<CheckpointCopies, 'newest' | 'save'>;
  readonly epoch: number;
  /** Another machine would not read the same records again, or not with the same times: nothing is published before it is in
   *  a copy, or what the next machine publishes under that name is something else. */
  readonly isCopiedFirst: boolean;
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

/** Checkpoints of this machine, and copies of them in S3. Where another machine would do the same again, the job does not
 *  wait for S3: while a copy is on its way none is made of the next checkpoints, but always one of the last. Elsewhere each
 *  checkpoint is in S3 first. */
export class CopiedStore implements CheckpointStore {
  readonly #options: CopiedStoreOptions;
  #copying: Promise<void> | null = null;
  /** Of the last copy. Its own count: a checkpoint that could not be saved here may be in S3. */
  #number = 0;

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
    const { own, isCopiedFirst, isStopping, expectHeld } = this.#options;
    expectHeld();
    if (isCopiedFirst) await this.#inTime(this.#copy(checkpoint));
    expectHeld();
    await own.save(checkpoint);
    if (!isCopiedFirst) {
      if (isStopping()) await this.settle();
      // What it needs is read now: the commit that follows removes what it publishes.
      if (!this.#copying) await this.#begin(checkpoint);
      if (isStopping()) await this.settle();
    }
    expectHeld();
  }

  /** Resolves when no copy is on its way, or nobody has the time to wait for it. */
  async settle(): Promise<void> {
    if (this.#copying) await this.#inTime(this.#copying).catch(() => {});
  }

  /** Resolves when the copy has all it needs, and is on its way. */
  async #begin(checkpoint: Checkpoint): Promise<void> {
    const local = await this.#local();
    const copying = this.#send(checkpoint, local).catch(() => {}); // said by onFailed
    this.#copying = copying.finally(() => {
      this.#copying = null;
    });
  }

  async #copy(checkpoint: Checkpoint): Promise<void> {
    await this.#send(checkpoint, await this.#local());
  }

  async #local(): Promise<Record<string, unknown>> {
    const local: Record<string, unknown> = {};
    for (const [name, part] of this.#options.parts) local[name] = await part.copy();
    return local;
  }

  async #send(checkpoint: Checkpoint, local: Readonly<Record<string, unknown>>): Promise<void> {
    const { copies, epoch, newest, isCopiedFirst, hurry, onCopied, onFailed } = this.#options;
    try {
      const file = Buffer.concat(pack(checkpoint));
      // As the checkpoint of this machine, where nothing has failed.
      this.#number = Math.max(this.#number + 1, (await newest()) + (isCopiedFirst ? 1 : 0));
      await copies.save({ epoch, number: this.#number }, { file, local }, hurry);
      onCopied();
    } catch (error) {
      onFailed(error);
      throw error;
    }
  }

  /** Rejects when there is no time left. */
  async #inTime<T>(work: Promise<T>): Promise<T> {
    const { hurry } = this.#options;
    const late = new Promise<never>((_, reject) => {
      const giveUp = (): void => reject(new CommandError('the last checkpoint is not in S3', exitCodes.undelivered));
      if (hurry.aborted) giveUp();
      else hurry.addEventListener('abort', giveUp, { once: true });
      work.finally(() => hurry.removeEventListener('abort', giveUp)).catch(() => {});
    });
    return Promise.race([work, late]);
  }
}

/** None of its own is whole: a copy is then better than nothing. */
function damageOf(error: unknown): CommandError {
  if (error instanceof CommandError && error.exitCode === exitCodes.checkpoint) return error;
  throw error;
}
