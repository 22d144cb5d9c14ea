import type { Status } from './status.ts';

// Developer guide, "Monitoring with Amazon CloudWatch Metrics": the names, dimensions and units of Kinesis Analytics, so that
// an alarm moves by changing its namespace. `AWS/…` is reserved.

type Unit = 'Count' | 'Milliseconds' | 'Bytes' | 'Percent' | 'None';
type Dimensions = Readonly<Record<string, string>>;

export interface MetricDatum {
  readonly name: string;
  readonly unit: Unit;
  readonly value: number;
  readonly dimensions: Dimensions;
}

/** What happened between two statuses, as CloudWatch metrics. */
export function cloudWatchMetrics(before: Status, now: Status): MetricDatum[] {
  const application = { Application: now.application };
  const flow = (Flow: 'Input' | 'Output', Id: string) => ({ ...application, Flow, Id });
  const metric = (
    name: string,
    unit: Unit,
    value: number | null,
    dimensions: Dimensions = application,
  ): MetricDatum[] => (value === null ? [] : [{ name, unit, value, dimensions }]);
  const input = flow('Input', now.input.stream);
  return [
    ...metric('MillisBehindLatest', 'Milliseconds', now.input.millisBehindLatest),
    ...metric('Records', 'Count', now.input.records - before.input.records, input),
    ...metric('ErrorStreamRecords', 'Count', now.input.rejected - before.input.rejected, input),
    ...now.outputs.flatMap((output) => {
      const earlier = before.outputs.find(({ stream, to }) => stream === output.stream && to === output.to);
      const since = (value: (status: typeof output) => number): number =>
        value(output) - (earlier ? value(earlier) : 0);
      const dimensions = flow('Output', output.stream);
      return [
        ...metric(
          'Records',
          'Count',
          since(({ rows }) => rows),
          dimensions,
        ),
        ...metric('Success', 'None', since(({ retried, dead }) => retried + dead) === 0 ? 1 : 0, dimensions),
        ...metric(
          'RecordsRetried',
          'Count',
          since(({ retried }) => retried),
          dimensions,
        ),
        ...metric(
          'RecordsDead',
          'Count',
          since(({ dead }) => dead),
          dimensions,
        ),
        ...metric('OldestUnackedMs', 'Milliseconds', output.oldestPendingMs, dimensions),
      ];
    }),
    ...metric('MirrorAgreement', 'Percent', percentOf(now.mirror?.agreement), flow('Output', now.mirror?.stream ?? '')),
    ...metric('WatermarkLagMs', 'Milliseconds', now.watermark === null ? null : Math.max(0, now.time - now.watermark)),
    ...metric('lastCheckpointDuration', 'Milliseconds', now.checkpoints.last?.durationMs ?? null),
    ...metric('numberOfFailedCheckpoints', 'Count', now.checkpoints.failed - before.checkpoints.failed),
    // A Kinesis Processing Unit is one virtual CPU with 4 GB: what one process uses.
    ...metric('KPUs', 'Count', 1),
    ...metric('CpuUtilization', 'Percent', now.process.cpuPercent),
    ...metric('HeapUsedBytes', 'Bytes', now.process.heapUsedBytes),
    ...metric('EventLoopLagMs', 'Milliseconds', now.process.eventLoopLagMs),
  ];
}

function percentOf(part: number | null | undefined): number | null {
  return part === null || part === undefined ? null : part * 100;
}

/** Metrics as lines of the embedded metric format: CloudWatch makes metrics of them where the log of the worker goes to
 *  CloudWatch Logs. One line for each set of dimensions. */
export function emfLines(metrics: readonly MetricDatum[], namespace: string, time: number): string {
  const groups = new Map<string, MetricDatum[]>();
  for (const metric of metrics) {
    const key = JSON.stringify(metric.dimensions);
    groups.set(key, [...(groups.get(key) ?? []), metric]);
  }
  return [...groups.values()]
    .map((group) => {
      const { dimensions } = group[0]!;
      const line = {
        _aws: {
          Timestamp: time,
          CloudWatchMetrics: [
            {
              Namespace: namespace,
              Dimensions: [Object.keys(dimensions)],
              Metrics: group.map(({ name, unit }) => ({ Name: name, Unit: unit })),
            },
          ],
        },
        ...dimensions,
        ...Object.fromEntries(group.map(({ name, value }) => [name, value])),
      };
      return `${JSON.stringify(line)}\n`;
    })
    .join('');
}
