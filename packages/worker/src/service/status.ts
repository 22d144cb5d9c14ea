import type { Millis } from '@rowtime/core';
import type { ShadowStatus } from '../mirror/shadow.ts';

/** What a worker is doing, as plain data: the one place that /statusz, /metrics, CloudWatch metrics and `rowtime top` read. */
export interface Status {
  readonly application: string;
  readonly version: string;
  readonly started: Millis;
  /** When this was taken. */
  readonly time: Millis;
  readonly state: State;
  readonly input: InputStatus;
  /** Rows that came out of streams with an output. */
  readonly outputs: readonly OutputStatus[];
  readonly watermark: Millis | null;
  readonly checkpoints: CheckpointStatus;
  readonly process: ProcessStatus;
  /** How the results compare with recorded ones; left out where nothing is compared. */
  readonly mirror?: ShadowStatus;
}

/** Stopping: nothing is polled any more, and what is under way is delivered. */
export type State = 'starting' | 'running' | 'stopping' | 'stopped';

export interface InputStatus {
  readonly stream: string;
  readonly records: number;
  /** Records that gave no row. */
  readonly rejected: number;
  /** Milliseconds between now and what was read last; 0 when the source was read to its end; null where it cannot tell. */
  readonly millisBehindLatest: number | null;
}

export interface OutputStatus {
  readonly stream: string;
  /** files, s3, firehose, kinesis, lambda. */
  readonly to: string;
  readonly rows: number;
  readonly pendingBytes: number;
  /** Sent again after a failure. */
  readonly retried: number;
  /** Never deliverable, and in error_stream. */
  readonly dead: number;
  /** Perhaps delivered twice, because an answer was lost. */
  readonly duplicatesPossible: number;
  /** How long the oldest row has been waiting to be delivered. */
  readonly oldestPendingMs: number;
}

export interface CheckpointStatus {
  readonly taken: number;
  /** That could not be taken, since the start. */
  readonly failed: number;
  readonly last: { readonly time: Millis; readonly durationMs: number } | null;
  readonly intervalMs: number;
  /** True if this process went on from one. */
  readonly restored: boolean;
  /** Of those in S3; null: none are made. `last`: when the last was there. */
  readonly copy: CopyStatus | null;
}

export interface CopyStatus {
  readonly last: Millis | null;
  readonly failed: number;
}

export interface ProcessStatus {
  readonly pid: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  /** Of one core, since the status before. */
  readonly cpuPercent: number;
  /** The longest that the event loop was held up since the status before. */
  readonly eventLoopLagMs: number;
}

/** Why a worker is not ready for work; empty: it is. */
export function notReady({ state, time, checkpoints, outputs }: Status): string[] {
  const reasons: string[] = [];
  if (state !== 'running') reasons.push(`it is ${state}`);
  const { last, intervalMs } = checkpoints;
  const late = last && time - last.time;
  if (late !== null && late > 3 * intervalMs + last!.durationMs) {
    reasons.push(
      `the last checkpoint is ${Math.round(late / 1_000)} s old, and one is due every ${intervalMs / 1_000} s`,
    );
  }
  for (const { stream, to, oldestPendingMs } of outputs) {
    if (oldestPendingMs > blockedMsMax) {
      reasons.push(`rows of ${stream} have waited ${Math.round(oldestPendingMs / 1_000)} s for ${to}`);
    }
  }
  return reasons;
}

const blockedMsMax = 60_000;
