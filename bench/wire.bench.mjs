// node wire.bench.mjs <variant> <rows> <folder>: one sink against the test server, which runs in a process of its own. Writes
// result.json into the folder: wall time, and the CPU time of this process, from the first row to the last acknowledgement.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromRows } from '@rowtime/core';
import { firehoseSink } from '@rowtime/sinks/firehose';
import { s3Sink } from '@rowtime/sinks/s3';

const [variant, count, folder] = process.argv.slice(2);
const rows = Number(count);
const batchRows = 5_000;
const schema = [
  { name: 'TICKER', type: { kind: 'varchar', length: 4 }, nullable: false },
  { name: 'PRICE', type: { kind: 'double' }, nullable: true },
  { name: 'QUANTITY', type: { kind: 'integer' }, nullable: true },
];
const tickers = ['AMZN', 'MSFT', 'QXZ', 'WFC', 'TBV'];
const batch = fromRows(
  schema,
  Array.from({ length: batchRows }, (_, i) => ({
    rowtime: 1_704_067_200_000 + (i >> 3),
    row: { TICKER: tickers[i % 5], PRICE: (i % 9_973) / 100, QUANTITY: i % 500 },
  })),
);

const server = spawn(process.execPath, [join(import.meta.dirname, 'wire-server.mjs')], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(server.stdout, 'data');
const connection = {
  endpoint: String(line).trim(),
  region: 'us-east-1',
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  stream: 'OUT',
  schema,
};
try {
  const { ms, cpuMs } = variant === 'firehose, the bare client' ? await bare() : await throughSink(sinkOf(variant));
  writeFileSync(join(folder, 'result.json'), JSON.stringify({ ms, cpuMs }));
} finally {
  server.kill();
}

function sinkOf(name) {
  switch (name) {
    case 'firehose, a row a record':
      return firehoseSink({ ...connection, deliveryStream: 'bench' });
    case 'firehose, lines':
      return firehoseSink({ ...connection, deliveryStream: 'bench', pack: 'lines' });
    case 's3, lines of JSON':
      return s3Sink({ ...connection, bucket: 'bench', spool: join(folder, 'spool'), bufferBytes: 5 << 20 });
    case 's3, gzip':
      return s3Sink({
        ...connection,
        bucket: 'bench',
        spool: join(folder, 'spool'),
        bufferBytes: 5 << 20,
        compression: 'gzip',
      });
    default:
      throw new Error(`no variant ${name}`);
  }
}

/** As a job does it: a checkpoint whenever more than 16 MiB wait. */
async function throughSink(sink) {
  await sink.open(null);
  const stop = watch();
  for (let at = 0; at < rows; at += batchRows) {
    sink.write(batch);
    if (sink.pendingBytes > 16 << 20) await sink.commit(await sink.prepare());
    // A source is waited for: calls under way go on.
    await new Promise((resolve) => setImmediate(resolve));
  }
  sink.advance(Number.POSITIVE_INFINITY);
  await sink.commit(await sink.prepare());
  const measured = stop();
  await sink.close();
  return measured;
}

/** The same records in the same calls, eight at once, made of bytes that are there already. */
async function bare() {
  const { FirehoseClient, PutRecordBatchCommand } = await import('@aws-sdk/client-firehose');
  const client = new FirehoseClient({ ...connection, maxAttempts: 1 });
  const Records = Array.from({ length: 500 }, (_, i) => ({
    Data: Buffer.from(JSON.stringify({ TICKER: tickers[i % 5], PRICE: (i % 9_973) / 100, QUANTITY: i % 500 })),
  }));
  const stop = watch();
  let left = rows / 500;
  const sender = async () => {
    while (left-- > 0) await client.send(new PutRecordBatchCommand({ DeliveryStreamName: 'bench', Records }));
  };
  await Promise.all(Array.from({ length: 8 }, sender));
  const measured = stop();
  client.destroy();
  return measured;
}

function watch() {
  const from = performance.now();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - from, cpuMs: (user + system) / 1_000 };
  };
}
