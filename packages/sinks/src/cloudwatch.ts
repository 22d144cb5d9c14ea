import { type AwsConnection, clientConfig } from '@rowtime/aws';

export interface Metric {
  readonly name: string;
  readonly unit: 'Count' | 'Milliseconds' | 'Bytes' | 'Percent' | 'None';
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** AWS CloudWatch API reference, PutMetricData. */
const metricsPerCall = 1_000;

/** Tells CloudWatch metrics of one moment. Once: who is not heard tells it anew the next time.
 *
 *  IAM: cloudwatch:PutMetricData, under the condition of the namespace. */
export async function metricWriter(
  namespace: string,
  options: AwsConnection,
): Promise<(metrics: readonly Metric[], time: number) => Promise<void>> {
  const { CloudWatchClient, PutMetricDataCommand } = await import('@aws-sdk/client-cloudwatch');
  const client = new CloudWatchClient(clientConfig(options));
  return async (metrics, time) => {
    const MetricData = metrics.map(({ name, unit, value, dimensions }) => ({
      MetricName: name,
      Unit: unit,
      Value: value,
      Timestamp: new Date(time),
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    }));
    for (let from = 0; from < MetricData.length; from += metricsPerCall) {
      const part = MetricData.slice(from, from + metricsPerCall);
      await client.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: part }));
    }
  };
}
