import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../exit.ts';

export interface CheckpointFailuresOptions {
  /** So many in a row are survived. */
  readonly tolerable: number;
  readonly now: () => number;
  readonly wait?: (millis: number) => Promise<unknown>;
  readonly onFailed?: (error: Error, inARow: number, againInMs: number) => void;
}

/** Checkpoints that could not be taken: a disk that is full or fails for a while is no reason to end the job, as long as
 *  memory holds what waits. Flink's `tolerable-failed-checkpoints`, which counts those in a row too. */
export class CheckpointFailures {
  readonly #options: CheckpointFailuresOptions;
  #total = 0;
  #inARow = 0;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: CheckpointFailuresOptions) {
    this.#options = options;
  }

  /** Since the start. */
  get total(): number {
    return this.#total;
  }

  /** null: the last one was taken, and the next is due when it is due. Else: whether it is time to try again. */
  get isTimeAgain(): boolean | null {
    return this.#inARow === 0 ? null : this.#options.now() >= this.#notBefore;
  }

  taken(): void {
    this.#inARow = 0;
  }

  /** `onCheckpointFailed` of a job. */
  async failed(error: unknown, isBlocked: boolean): Promise<void> {
    const { tolerable, now, wait = sleep, onFailed } = this.#options;
    if (!isOfTheSystem(error)) throw error;
    this.#total++;
    this.#inARow++;
    if (this.#inARow > tolerable) {
      throw new CommandError(`${this.#inARow} checkpoints in a row could not be taken: ${error.message}`);
    }
    const againInMs = Math.min(waitMaxMs, waitMs * 2 ** (this.#inARow - 1));
    onFailed?.(error, this.#inARow, againInMs);
    this.#notBefore = now() + againInMs;
    if (isBlocked) await wait(againInMs);
  }
}

export const tolerableDefault = 10;

const waitMs = 1_000;
const waitMaxMs = 30_000;

/** No space, an error of the device, too many open files. All else (a permission in AWS, a defect) does not pass. */
function isOfTheSystem(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
