import type { Millis } from './batch.ts';

/** Everything a job needs to go on where it was: nothing is in flight when it is taken. */
export interface Checkpoint {
  readonly version: 2;
  /** The program as text, for people. What of the state another program can go on with, `nodes` says. */
  readonly plan: string;
  readonly position: unknown;
  readonly clock: Millis;
  /** The graph, each node after those it reads. */
  readonly nodes: readonly SavedNode[];
  /** The states of its operators, by the id of their node. */
  readonly operators: Readonly<Record<string, unknown>>;
  /** What sinks and other participants prepared. */
  readonly parts: readonly SavedPart[];
}

/** What a node of a graph is, so that another program can tell whether its own is the same. */
export interface NodeIdentity {
  /** Whose it is: "pump STREAM_PUMP", "stream S". A state goes on with the same owner only. */
  readonly owner: string;
  /** `gather`: a stream that several pumps write; `constant`: of its inputs only the time counts. */
  readonly kind: 'input' | 'stream' | 'gather' | 'errors' | 'operator' | 'constant';
  /** What it is for people: "tumbling window of 1 minute". */
  readonly what: string;
  /** All of what it does: two with one text are in one state after the same rows. */
  readonly text: string;
}

/** A node of the graph that a checkpoint was taken of. */
export interface SavedNode extends NodeIdentity {
  readonly id: string;
  /** The ids of the nodes it reads. */
  readonly from: readonly string[];
  /** What would be lost without its state: "52 keys open"; null: nothing. */
  readonly remembers: string | null;
}

/** What a participant prepared. */
export interface SavedPart {
  /** One of a kind in its job. */
  readonly name: string;
  /** The columns of the stream that a sink takes, as text; null for others. */
  readonly columns: string | null;
  /** What its job said about it, in plain data: enough to make it again when the job has no place for it any more. */
  readonly about: unknown;
  /** The job had no place for it: it was only there to publish what it had left. */
  readonly isRetired: boolean;
  readonly prepared: unknown;
}

export interface CheckpointStore {
  /** The last checkpoint that was saved whole; null if there is none. */
  load(): Promise<Checkpoint | null>;
  /** Replaces the last checkpoint whole or not at all. */
  save(checkpoint: Checkpoint): Promise<void>;
}
