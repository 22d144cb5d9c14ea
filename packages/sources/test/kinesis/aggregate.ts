import { createRequire } from 'node:module';
import aggregator from 'aws-kinesis-agg';

export { aggregator };

// Under vitest's import conditions protobufjs gets the ES module of its `long`, whose class is the default export.
const requireFrom = createRequire(createRequire(import.meta.url).resolve('aws-kinesis-agg'));
const { util } = requireFrom('protobufjs') as { util: { Long: { default?: object } } };
if (util.Long.default) util.Long = util.Long.default;

/** Records as the published aggregator, a port of the Kinesis Producer Library, writes them. */
export function aggregated(records: readonly { partitionKey: string; data: Uint8Array }[]): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    aggregator.aggregate(
      records.map(({ partitionKey, data }) => ({ partitionKey, data: Buffer.from(data) })),
      ({ data }, done) => {
        found.push(data);
        done();
      },
      () => resolve(found),
      reject,
    );
  });
}
