import type { Millis } from './batch.ts';

/** Everything a job needs to go on where it was: nothing is in flight when it is taken. */
export interface Checkpoint {
  readonly version: 1;
  /** Fingerprint of the plan. A restore under another plan is refused, by name. */
  readonly plan: string;
  readonly position: unknown;
  readonly clock: Millis;
  /** By operator id: the pump's name and the operator's place in it, "STREAM_PUMP/2". */
  readonly operators: Readonly<Record<string, unknown>>;
  /** What each sink prepared, in the job's order. */
  readonly prepared: readonly unknown[];
}

export interface CheckpointStore {
  /** The last checkpoint that was saved whole; null if there is none. */
  load(): Promise<Checkpoint | null>;
  /** Replaces the last checkpoint whole or not at all. */
  save(checkpoint: Checkpoint): Promise<void>;
}
