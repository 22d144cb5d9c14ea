import type { Batch, Millis } from './batch.ts';
import type { Checkpoint, CheckpointStore } from './checkpoint.ts';
import type { Clock } from './clock.ts';
import { dealer } from './deal.ts';
import type { Graph } from './graph.ts';
import type { Participant, Sink } from './sink.ts';
import type { Source } from './source.ts';

/** A whole application: one source, the graph of its streams and pumps, and what takes the results. */
export interface Job {
  readonly source: Source;
  /** The in-application stream that the source feeds. Several: they take its partitions in turn (InputParallelism). */
  readonly stream: string | readonly string[];
  readonly clock: Clock;
  /** Adds to a polled batch, whose times are still those of arrival, the columns that the source does not have. */
  readonly complete?: (batch: Batch) => Batch;
  readonly graph: Graph;
  readonly sinks: readonly { readonly stream: string; readonly sink: Sink }[];
  /** What else takes part in checkpoints: a delivery stream that keeps the records, for one. */
  readonly participants?: readonly Participant[];
  readonly store: CheckpointStore;
  /** True when it is time for a checkpoint. Asked after every poll. */
  readonly checkpointDue: () => boolean;
  /** More than this many bytes taken and not yet durable make a checkpoint due. */
  readonly pendingBytesMax?: number;
  /** When the job is told to stop, what its participants hold open is published, because nobody will come back to it. */
  readonly publishOnStop?: boolean;
  /** A checkpoint could not be taken: nothing is lost by that, what was taken since the last one still waits. Resolves when
   *  the job may go on; `isBlocked`: when it may try again, because it cannot go on without one. Rejects to end the job.
   *  Left out: the first failure ends it. */
  readonly onCheckpointFailed?: (error: unknown, isBlocked: boolean) => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
}

/** What a job has done since it was started. */
export interface Progress {
  readonly rows: number;
  readonly rejected: number;
  readonly watermark: Millis;
  readonly checkpoints: number;
  /** True if it went on from a checkpoint. */
  readonly restored: boolean;
}

/** A checkpoint was taken by another program, or by another version of it. */
export class PlanMismatch extends Error {
  override readonly name = 'PlanMismatch';
  /** The plan of the checkpoint, and the one that should go on with it. */
  readonly saved: string;
  readonly current: string;

  constructor(saved: string, current: string) {
    super(
      'CHECKPOINT_PLAN: the checkpoint was taken by another program; start in an empty checkpoint folder, or run the program it belongs to',
    );
    this.saved = saved;
    this.current = current;
  }
}

/** Runs a job until its source ends or `signal` is aborted. The only loop: poll, stamp, push, advance, checkpoint.
 *  Between two polls nothing is in flight. After the end all windows are closed; after a stop they stay open in the
 *  last checkpoint. */
export async function run(job: Job, signal: AbortSignal): Promise<Progress> {
  const { source, stream, clock, graph, sinks } = job;
  const participants = [...sinks.map(({ sink }) => sink), ...(job.participants ?? [])];
  const limit = job.pendingBytesMax ?? 64 << 20;
  const streams = typeof stream === 'string' ? [stream] : stream;
  let [rows, rejected, checkpoints] = [0, 0, 0];
  for (const { stream: from, sink } of sinks) graph.listen(from, (batch, errors) => sink.write(batch, errors));
  const restored = await recover(job, participants);
  const progress = (): Progress => ({ rows, rejected, watermark: clock.snapshot(), checkpoints, restored });
  try {
    for (let over = false; !over; ) {
      const poll = await source.poll(signal);
      const polled = poll.batch && job.complete ? job.complete(poll.batch) : poll.batch;
      const deal = dealer(streams, poll.partition ?? 0);
      const batch = polled && clock.stamp(deal.mark(polled), graph.inputErrors);
      if (batch) for (const [to, rows] of deal.dealt(batch)) graph.push(to, rows);
      rows += poll.batch?.length ?? 0;
      rejected += poll.rejected.length;
      const watermark = clock.watermark(poll.caughtUpTo);
      graph.reject(poll.rejected, watermark);
      advance(graph, participants, poll.end ? Number.POSITIVE_INFINITY : watermark);
      over = poll.end || signal.aborted;
      if (over && !poll.end && job.publishOnStop) advanceAll(participants, Number.POSITIVE_INFINITY);
      const isBlocked = (): boolean => over || pendingBytes(participants) > limit;
      if (isBlocked() || job.checkpointDue()) checkpoints += await tryCheckpoint(job, participants, isBlocked);
      job.onProgress?.(progress());
    }
  } finally {
    await source.close();
    for (const participant of participants) await participant.close();
  }
  return progress();
}

function advance(graph: Graph, participants: readonly Participant[], watermark: Millis): void {
  graph.advance(watermark);
  advanceAll(participants, watermark);
}

function advanceAll(participants: readonly Participant[], watermark: Millis): void {
  for (const participant of participants) participant.advance(watermark);
}

function pendingBytes(participants: readonly Participant[]): number {
  return participants.reduce((sum, participant) => sum + participant.pendingBytes, 0);
}

/** How many were taken, one or none: without one the job goes on, unless it is blocked. */
async function tryCheckpoint(job: Job, participants: readonly Participant[], isBlocked: () => boolean): Promise<0 | 1> {
  for (;;) {
    try {
      await checkpoint(job, participants);
      return 1;
    } catch (error) {
      if (!job.onCheckpointFailed) throw error;
      const mustTryAgain = isBlocked();
      await job.onCheckpointFailed(error, mustTryAgain);
      if (!mustTryAgain) return 0;
    }
  }
}

// Prepare, save, commit. Dying before the save repeats the epoch from the last checkpoint; dying after it commits again
// what the checkpoint names, so a commit must be idempotent.
async function checkpoint({ source, clock, graph, store }: Job, participants: readonly Participant[]): Promise<void> {
  const prepared: unknown[] = [];
  for (const participant of participants) prepared.push(await participant.prepare());
  const saved: Checkpoint = {
    version: 1,
    plan: graph.plan,
    position: source.position(),
    clock: clock.snapshot(),
    operators: graph.snapshot(),
    prepared,
  };
  await store.save(saved);
  for (const [i, participant] of participants.entries()) await participant.commit(prepared[i]);
}

async function recover({ source, clock, graph, store }: Job, participants: readonly Participant[]): Promise<boolean> {
  const saved = await store.load();
  if (saved) {
    if (saved.plan !== graph.plan) throw new PlanMismatch(saved.plan, graph.plan);
    clock.restore(saved.clock);
    graph.restore(saved.operators);
  }
  for (const [i, participant] of participants.entries()) await participant.open(saved?.prepared[i] ?? null);
  await source.open(saved ? saved.position : null);
  return saved !== null;
}
