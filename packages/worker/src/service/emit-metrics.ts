import type { RowtimeSection } from '../application/rowtime-schema.ts';
import { connection } from './aws.ts';
import { cloudWatchMetrics, emfLines, type MetricDatum } from './cloudwatch.ts';
import type { Status } from './status.ts';

export interface MetricsContext {
  readonly rowtime: RowtimeSection;
  readonly status: () => Status;
  readonly now: () => number;
  readonly warn: (message: string) => void;
}

type Write = (metrics: readonly MetricDatum[], time: number) => Promise<void>;

const everyMs = 60_000;

/** Metrics for CloudWatch, once a minute and at the end: as EMF lines between those of the log, by PutMetricData, or both. null:
 *  neither is wanted. Resolves with what ends it. */
export async function emitMetrics(context: MetricsContext): Promise<(() => Promise<void>) | null> {
  const { rowtime, status, now, warn } = context;
  const { emf = false, cloudWatch = false, namespace = 'rowtime' } = rowtime.metrics ?? {};
  const writers: Write[] = [];
  if (emf) writers.push(async (metrics, time) => void process.stdout.write(emfLines(metrics, namespace, time)));
  if (cloudWatch) {
    const { metricWriter } = await import('@rowtime/sinks/cloudwatch');
    writers.push(await metricWriter(namespace, connection(rowtime, 'cloudwatch', null)));
  }
  if (writers.length === 0) return null;
  let before = status();
  const emit = async (): Promise<void> => {
    const current = status();
    const metrics = cloudWatchMetrics(before, current);
    before = current;
    for (const write of writers) {
      // Metrics that cannot be told stop nobody; the next minute has its own.
      await write(metrics, now()).catch((error: unknown) => warn(`metrics were not taken: ${String(error)}`));
    }
  };
  const timer = setInterval(emit, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await emit();
  };
}
