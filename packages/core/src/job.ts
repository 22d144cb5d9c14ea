import type { Batch, Millis } from './batch.ts';
import type { Checkpoint, CheckpointStore, SavedPart } from './checkpoint.ts';
import type { Clock } from './clock.ts';
import { dealer } from './deal.ts';
import type { Graph } from './graph.ts';
import type { Participant, Sink } from './sink.ts';
import type { Source } from './source.ts';
import { type LostUnit, type Upgrade, upgrade } from './upgrade.ts';

/** A whole application: one source, the graph of its streams and pumps, and what takes the results. */
export interface Job {
  readonly source: Source;
  /** The in-application stream that the source feeds. Several: they take its partitions in turn (InputParallelism). */
  readonly stream: string | readonly string[];
  readonly clock: Clock;
  /** Adds to a polled batch, whose times are still those of arrival, the columns that the source does not have. */
  readonly complete?: (batch: Batch) => Batch;
  readonly graph: Graph;
  readonly sinks: readonly JobSink[];
  /** What else takes part in checkpoints: a delivery stream that keeps the records, for one. */
  readonly participants?: readonly Participant[];
  readonly store: CheckpointStore;
  /** True when it is time for a checkpoint. Asked after every poll. */
  readonly checkpointDue: () => boolean;
  /** More than this many bytes taken and not yet durable make a checkpoint due. */
  readonly pendingBytesMax?: number;
  /** When the job is told to stop, what its participants hold open is published, because nobody will come back to it. */
  readonly publishOnStop?: boolean;
  /** The checkpoint may be of another program: state that has no place in this one is given up. Without it the job does not
   *  start. */
  readonly allowStateDrop?: boolean;
  /** The checkpoint is of another program, and the job goes on with it. Called before anything is opened. */
  readonly onUpgrade?: (change: StateChange) => void;
  /** Makes what the job has no place for any more, to publish what it has left; null: nothing is left. Where it cannot be
   *  made, it says what is lost. */
  readonly retire?: (part: SavedPart) => Promise<Participant | { readonly lost: string } | null>;
  /** A checkpoint could not be taken: nothing is lost by that, what was taken since the last one still waits. Resolves when
   *  the job may go on; `isBlocked`: when it may try again, because it cannot go on without one. Rejects to end the job.
   *  Left out: the first failure ends it. */
  readonly onCheckpointFailed?: (error: unknown, isBlocked: boolean) => Promise<void>;
  readonly onProgress?: (progress: Progress) => void;
}

/** A sink, and the stream it takes. */
export interface JobSink {
  readonly stream: string;
  readonly sink: Sink;
  /** What checkpoints call it; one of a kind. Default: its stream. */
  readonly name?: string;
  /** For `retire`, in plain data. */
  readonly about?: unknown;
}

/** What a job did not find in its checkpoint as it is itself. */
export interface StateChange extends Pick<Upgrade, 'kept' | 'inputs'> {
  /** State of operators, and what sinks had not published. */
  readonly lost: readonly LostUnit[];
  /** Names of sinks that are gone, and publish what they have left. */
  readonly retired: readonly string[];
  /** The programs as text: that of the checkpoint, and the one that should go on with it. */
  readonly saved: string;
  readonly current: string;
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

/** A checkpoint was taken by another program, and holds state that this one cannot go on with. */
export class PlanMismatch extends Error {
  override readonly name = 'PlanMismatch';
  readonly change: StateChange;

  constructor(change: StateChange) {
    super(
      change.inputs.length > 0
        ? 'CHECKPOINT_INPUT: the checkpoint was taken with another input; start in an empty checkpoint folder, or run the program it belongs to'
        : 'CHECKPOINT_PLAN: the checkpoint was taken by another program, and some of its state has no place in this one',
    );
    this.change = change;
  }
}

/** Runs a job until its source ends or `signal` is aborted. The only loop: poll, stamp, push, advance, checkpoint.
 *  Between two polls nothing is in flight. After the end all windows are closed; after a stop they stay open in the
 *  last checkpoint. */
export async function run(job: Job, signal: AbortSignal): Promise<Progress> {
  const { source, stream, clock, graph, sinks } = job;
  const parts = partsOf(job);
  const limit = job.pendingBytesMax ?? 64 << 20;
  const streams = typeof stream === 'string' ? [stream] : stream;
  let [rows, rejected, checkpoints] = [0, 0, 0];
  for (const { stream: from, sink } of sinks) graph.listen(from, (batch, errors) => sink.write(batch, errors));
  const restored = await recover(job, parts);
  const participants = parts.map(({ participant }) => participant);
  const progress = (): Progress => ({ rows, rejected, watermark: clock.snapshot(), checkpoints, restored });
  try {
    for (let over = false; !over; ) {
      const poll = await source.poll(signal);
      const polled = poll.batch && job.complete ? job.complete(poll.batch) : poll.batch;
      const deal = dealer(streams, poll.partition ?? 0);
      const batch = polled && clock.stamp(deal.mark(polled), graph.inputErrors, poll.rejected);
      if (batch) for (const [to, rows] of deal.dealt(batch)) graph.push(to, rows);
      rows += poll.batch?.length ?? 0;
      rejected += poll.rejected.length;
      if (!polled) for (const record of poll.rejected) graph.reject([record], clock.watermark(record.time));
      const watermark = clock.watermark(poll.caughtUpTo);
      graph.reject([], watermark);
      advance(graph, participants, poll.end ? Number.POSITIVE_INFINITY : watermark);
      over = poll.end || signal.aborted;
      if (over && !poll.end && job.publishOnStop) advanceAll(participants, Number.POSITIVE_INFINITY);
      const isBlocked = (): boolean => over || pendingBytes(participants) > limit;
      if (isBlocked() || job.checkpointDue()) checkpoints += await tryCheckpoint(job, parts, isBlocked);
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
async function tryCheckpoint(job: Job, parts: readonly Part[], isBlocked: () => boolean): Promise<0 | 1> {
  for (;;) {
    try {
      await checkpoint(job, parts);
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
async function checkpoint({ source, clock, graph, store }: Job, parts: readonly Part[]): Promise<void> {
  const saved: SavedPart[] = [];
  for (const { participant, ...part } of parts) saved.push({ ...part, prepared: await participant.prepare() });
  await store.save({
    version: 2,
    plan: graph.plan,
    position: source.position(),
    clock: clock.snapshot(),
    nodes: graph.describe(),
    operators: graph.snapshot(),
    parts: saved,
  });
  for (const [i, { participant }] of parts.entries()) await participant.commit(saved[i].prepared);
}

/** Whatever takes part in checkpoints, with what they say of it. */
interface Part extends Omit<SavedPart, 'prepared'> {
  readonly participant: Participant;
}

function partsOf({ sinks, participants = [], graph }: Job): Part[] {
  const parts = [
    ...sinks.map(({ stream, sink, name = stream, about = null }): Part => {
      return { name, columns: JSON.stringify(graph.schema(stream)), about, isRetired: false, participant: sink };
    }),
    ...participants.map((participant): Part => {
      return { name: participant.name ?? 'participant', columns: null, about: null, isRetired: false, participant };
    }),
  ];
  const seen = new Map<string, number>();
  return parts.map((part) => {
    const count = (seen.get(part.name) ?? 0) + 1;
    seen.set(part.name, count);
    return count === 1 ? part : { ...part, name: `${part.name} (${count})` };
  });
}

/** Has everything go on where the checkpoint is, or begin. `parts` gets what is only there to publish what it has left. */
async function recover(job: Job, parts: Part[]): Promise<boolean> {
  const { source, clock, graph, store } = job;
  const saved = await store.load();
  if (!saved) {
    for (const { participant } of parts) await participant.open(null);
    await source.open(null);
    return false;
  }
  const { isSame, operators, ...found } = upgrade(saved, graph.describe());
  const { retired, lost } = await partsLeft(job, saved, parts);
  const isNews = ({ name }: Part): boolean => saved.parts.some((part) => part.name === name && !part.isRetired);
  const news = retired.filter(isNews);
  const change: StateChange = {
    ...found,
    lost: [...found.lost, ...lost],
    retired: news.map(({ name }) => name),
    saved: saved.plan,
    current: graph.plan,
  };
  const isLossless = change.lost.length === 0 || job.allowStateDrop === true;
  if (change.inputs.length > 0 || !isLossless) throw new PlanMismatch(change);
  if (!isSame || news.length > 0 || lost.length > 0) job.onUpgrade?.(change);
  clock.restore(saved.clock);
  graph.adopt(operators);
  for (const { name, columns, isRetired, participant } of [...parts, ...retired]) {
    const part = saved.parts.find((one) => one.name === name);
    await participant.open(part?.prepared ?? null);
    // What it holds open is of other columns, or the last of it: rows that come belong to the next.
    if (part && (part.columns !== columns || isRetired)) participant.advance(Number.POSITIVE_INFINITY);
  }
  parts.push(...retired);
  await source.open(saved.position);
  return true;
}

/** What the checkpoint holds of participants that the job does not have. */
async function partsLeft({ retire }: Job, saved: Checkpoint, parts: readonly Part[]) {
  const retired: Part[] = [];
  const lost: LostUnit[] = [];
  for (const { prepared, ...part } of saved.parts) {
    if (prepared === null || parts.some(({ name }) => name === part.name)) continue;
    const left = retire ? await retire({ ...part, prepared }) : { lost: 'what it had not published' };
    if (left === null) continue;
    if ('lost' in left) lost.push({ owner: 'output', what: part.name, remembers: left.lost, why: 'is gone' });
    else retired.push({ ...part, isRetired: true, participant: left });
  }
  return { retired, lost };
}
