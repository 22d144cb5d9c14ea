import { Counter, Gauge, Registry } from 'prom-client';
import type { ShadowStatus } from '../mirror/shadow.ts';
import type { Status } from './status.ts';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  /** What it is now, one line for each set of labels. */
  readonly values: (status: Status) => readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

const one = (value: (status: Status) => number | null) => (status: Status) => {
  const now = value(status);
  return now === null ? [] : [[{}, now] as const];
};
const each = (value: (output: Status['outputs'][number]) => number) => (status: Status) =>
  status.outputs.map((output) => [{ stream: output.stream, to: output.to }, value(output)] as const);

const mirrored =
  (
    values: (
      mirror: ShadowStatus,
    ) => readonly (readonly [labels: Readonly<Record<string, string>>, value: number | null])[],
  ) =>
  ({ mirror }: Status) =>
    (mirror ? values(mirror) : []).flatMap(([labels, value]) =>
      value === null ? [] : [[{ stream: mirror!.stream, ...labels }, value] as const],
    );

/** The metrics of a worker, by the conventions of Prometheus: base units, `_total` for what only grows. */
const families: readonly Family[] = [
  {
    name: 'rowtime_up',
    help: '1 while the application runs.',
    kind: 'gauge',
    values: one(({ state }) => (state === 'running' ? 1 : 0)),
  },
  {
    name: 'rowtime_input_records_total',
    help: 'Rows read from the source.',
    kind: 'counter',
    values: one(({ input }) => input.records),
  },
  {
    name: 'rowtime_input_rejected_total',
    help: 'Records that gave no row and are in error_stream.',
    kind: 'counter',
    values: one(({ input }) => input.rejected),
  },
  {
    name: 'rowtime_behind_latest_seconds',
    help: 'How far the application is behind its source (MillisBehindLatest).',
    kind: 'gauge',
    values: one(({ input }) => (input.millisBehindLatest === null ? null : input.millisBehindLatest / 1_000)),
  },
  {
    name: 'rowtime_watermark_timestamp_seconds',
    help: 'The ROWTIME before which no row will come.',
    kind: 'gauge',
    values: one(({ watermark }) => (watermark === null ? null : watermark / 1_000)),
  },
  {
    name: 'rowtime_output_rows_total',
    help: 'Rows that an output was given.',
    kind: 'counter',
    values: each(({ rows }) => rows),
  },
  {
    name: 'rowtime_output_retried_total',
    help: 'Records sent again after a failure.',
    kind: 'counter',
    values: each(({ retried }) => retried),
  },
  {
    name: 'rowtime_output_dead_total',
    help: 'Rows that cannot be delivered and are in error_stream.',
    kind: 'counter',
    values: each(({ dead }) => dead),
  },
  {
    name: 'rowtime_output_duplicates_possible_total',
    help: 'Records that were perhaps delivered twice.',
    kind: 'counter',
    values: each(({ duplicatesPossible }) => duplicatesPossible),
  },
  {
    name: 'rowtime_output_pending_bytes',
    help: 'Taken by an output and not yet durable.',
    kind: 'gauge',
    values: each(({ pendingBytes }) => pendingBytes),
  },
  {
    name: 'rowtime_output_oldest_pending_seconds',
    help: 'How long the oldest row has waited to be delivered.',
    kind: 'gauge',
    values: each(({ oldestPendingMs }) => oldestPendingMs / 1_000),
  },
  {
    name: 'rowtime_checkpoints_total',
    help: 'Checkpoints taken.',
    kind: 'counter',
    values: one(({ checkpoints }) => checkpoints.taken),
  },
  {
    name: 'rowtime_checkpoints_failed_total',
    help: 'Checkpoints that could not be taken.',
    kind: 'counter',
    values: one(({ checkpoints }) => checkpoints.failed),
  },
  {
    name: 'rowtime_checkpoint_copies_failed_total',
    help: 'Copies of checkpoints in S3 that could not be made.',
    kind: 'counter',
    values: one(({ checkpoints }) => checkpoints.copy?.failed ?? null),
  },
  {
    name: 'rowtime_last_checkpoint_copy_timestamp_seconds',
    help: 'When the last copy of a checkpoint was in S3.',
    kind: 'gauge',
    values: one(({ checkpoints }) => (checkpoints.copy?.last ? checkpoints.copy.last / 1_000 : null)),
  },
  {
    name: 'rowtime_last_checkpoint_timestamp_seconds',
    help: 'When the last checkpoint was taken.',
    kind: 'gauge',
    values: one(({ checkpoints }) => (checkpoints.last ? checkpoints.last.time / 1_000 : null)),
  },
  {
    name: 'rowtime_last_checkpoint_duration_seconds',
    help: 'How long the last checkpoint took.',
    kind: 'gauge',
    values: one(({ checkpoints }) => (checkpoints.last ? checkpoints.last.durationMs / 1_000 : null)),
  },
  {
    name: 'rowtime_mirror_agreement',
    help: 'Of the windows judged last, the part of their rows that agrees with the recorded ones, 0 to 1.',
    kind: 'gauge',
    values: mirrored(({ agreement }) => [[{}, agreement]]),
  },
  {
    name: 'rowtime_mirror_alarm',
    help: '1 while the agreement is below alarmBelow.',
    kind: 'gauge',
    values: mirrored(({ isAlarming }) => [[{}, isAlarming ? 1 : 0]]),
  },
  {
    name: 'rowtime_mirror_comparing',
    help: '1 while results are compared with recorded ones; 0 while there are none, or after a failure.',
    kind: 'gauge',
    values: mirrored(({ state }) => [[{}, state === 'comparing' ? 1 : 0]]),
  },
  {
    name: 'rowtime_mirror_windows_total',
    help: 'Windows judged.',
    kind: 'counter',
    values: mirrored(({ windows }) => Object.entries(windows).map(([result, count]) => [{ result }, count])),
  },
  {
    name: 'rowtime_mirror_rows_total',
    help: 'Rows compared with recorded ones, and those of one side.',
    kind: 'counter',
    values: mirrored(({ rows }) =>
      Object.entries(rows).map(([kind, count]) => [
        { result: kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) },
        count,
      ]),
    ),
  },
  {
    name: 'rowtime_mirror_judged_timestamp_seconds',
    help: 'The time of the last window judged.',
    kind: 'gauge',
    values: mirrored(({ judgedTo }) => [[{}, judgedTo === null ? null : judgedTo / 1_000]]),
  },
  {
    name: 'rowtime_mirror_errors_total',
    help: 'Errors while reading or comparing recorded results.',
    kind: 'counter',
    values: mirrored(({ errors }) => [[{}, errors]]),
  },
  {
    name: 'rowtime_mirror_dropped_rows_total',
    help: 'Rows that were not compared, since too many waited.',
    kind: 'counter',
    values: mirrored(({ dropped }) => [[{}, dropped]]),
  },
  {
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    kind: 'gauge',
    values: one(({ process }) => process.rssBytes),
  },
  {
    name: 'rowtime_heap_used_bytes',
    help: 'Heap in use.',
    kind: 'gauge',
    values: one(({ process }) => process.heapUsedBytes),
  },
  {
    name: 'rowtime_event_loop_lag_seconds',
    help: 'The longest that the event loop was held up lately.',
    kind: 'gauge',
    values: one(({ process }) => process.eventLoopLagMs / 1_000),
  },
  {
    name: 'process_start_time_seconds',
    help: 'When the process started.',
    kind: 'gauge',
    values: one(({ started }) => started / 1_000),
  },
];

/** A registry that asks for the status once for each scrape. */
export function prometheus(status: () => Status): Registry {
  const registry = new Registry();
  let now = status();
  registry.setDefaultLabels({ application: now.application });
  const [first] = families;
  for (const family of families) {
    const { name, help, kind, values } = family;
    const labelNames = ['stream', 'to', 'result'].filter((label) =>
      values(example).some(([labels]) => label in labels),
    );
    const options = { name, help, labelNames, registers: [registry] };
    // They are collected in the order in which they were made.
    const refresh = (): readonly (readonly [Readonly<Record<string, string>>, number])[] => {
      if (family === first) now = status();
      return values(now);
    };
    if (kind === 'gauge') {
      new Gauge({
        ...options,
        collect() {
          this.reset();
          const lines = refresh();
          // Without labels a reset leaves a 0, which would be a lie.
          if (lines.length === 0 && labelNames.length === 0) this.remove();
          for (const [labels, value] of lines) this.set(labels, value);
        },
      });
    } else {
      new Counter({
        ...options,
        collect() {
          this.reset();
          for (const [labels, value] of refresh()) this.inc(labels, value);
        },
      });
    }
  }
  return registry;
}

/** Has a line of each kind. */
const example: Status = {
  application: '',
  version: '',
  started: 0,
  time: 0,
  state: 'running',
  input: { stream: '', records: 0, rejected: 0, millisBehindLatest: 0 },
  outputs: [
    { stream: '', to: '', rows: 0, pendingBytes: 0, retried: 0, dead: 0, duplicatesPossible: 0, oldestPendingMs: 0 },
  ],
  watermark: 0,
  checkpoints: {
    taken: 0,
    failed: 0,
    last: { time: 0, durationMs: 0 },
    intervalMs: 0,
    restored: false,
    copy: { last: 0, failed: 0 },
  },
  process: { pid: 0, rssBytes: 0, heapUsedBytes: 0, heapLimitBytes: 0, cpuPercent: 0, eventLoopLagMs: 0 },
  mirror: {
    stream: '',
    recorded: '',
    state: 'comparing',
    agreement: 1,
    alarmBelow: null,
    isAlarming: false,
    windows: { equal: 0, different: 0 },
    rows: { equal: 0, moved: 0, different: 0, onlyRecorded: 0, onlyOurs: 0 },
    judgedTo: 0,
    errors: 0,
    dropped: 0,
  },
};
