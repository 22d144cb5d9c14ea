import type { Progress } from '@rowtime/core';
import type { Shadow } from '../mirror/shadow.ts';
import type { ConnectedInput } from './connect-input.ts';
import type { ObservedSink } from './observed-sink.ts';
import { processStatus } from './process-status.ts';
import type { CopyStatus, State, Status } from './status.ts';

/** Follows a job and says how it is. */
export interface Observer {
  state: State;
  progress(progress: Progress, checkpointDueAt: number): void;
  readonly status: () => Status;
}

export interface Observed {
  readonly application: string;
  readonly version: string;
  /** The first in-application stream of the input. */
  readonly stream: string;
  readonly input: Pick<ConnectedInput, 'millisBehindLatest'>;
  readonly outputs: readonly ObservedSink[];
  readonly mirror: Pick<Shadow, 'status'> | null;
  readonly checkpointMs: number;
  /** Checkpoints that could not be taken. */
  readonly failedCheckpoints: () => number;
  readonly copy: () => CopyStatus | null;
  readonly now: () => number;
}

export function observe({
  application,
  version,
  stream,
  input,
  outputs,
  mirror,
  checkpointMs,
  failedCheckpoints,
  copy,
  now,
}: Observed): Observer {
  const started = now();
  const measure = processStatus();
  let current: Progress | null = null;
  let last: Status['checkpoints']['last'] = null;
  const observer: Observer = {
    state: 'starting',
    progress(progress, dueAt) {
      if (progress.checkpoints > (current?.checkpoints ?? 0))
        last = { time: now(), durationMs: Math.max(0, now() - dueAt) };
      current = progress;
    },
    status: () => ({
      application,
      version,
      started,
      time: now(),
      state: observer.state,
      input: {
        stream,
        records: current?.rows ?? 0,
        rejected: current?.rejected ?? 0,
        millisBehindLatest: input.millisBehindLatest(),
      },
      outputs: outputs.map(({ status }) => status()),
      watermark: current && Number.isFinite(current.watermark) ? current.watermark : null,
      checkpoints: {
        taken: current?.checkpoints ?? 0,
        failed: failedCheckpoints(),
        last,
        intervalMs: checkpointMs,
        restored: current?.restored ?? false,
        copy: copy(),
      },
      process: measure(),
      ...(mirror && { mirror: mirror.status() }),
    }),
  };
  return observer;
}
