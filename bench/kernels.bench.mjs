// The parts of the captains program that fit one process, side by side with JSON.parse. Prints one JSON object.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createJsonDecoder } from '@rowtime/sources/json';
import { compile } from '@rowtime/sql';
import { Bench } from 'tinybench';
import { ratings } from './w1/data.mjs';

const rows = 100_000;
const batchRows = 8192;
const bytes = readFileSync(ratings(join(import.meta.dirname, '.cache'), rows));
const lines = bytes.toString('utf8').trimEnd().split('\n');
const text = { kind: 'varchar', length: 32 };
const columns = [
  { name: 'COL_user', type: text, mapping: '$.user' },
  { name: 'favoritecaptain', type: text, mapping: '$.favoritecaptain' },
  { name: 'rating', type: { kind: 'integer' }, mapping: '$.rating' },
  { name: 'COL_timestamp', type: { kind: 'double' }, mapping: '$.timestamp' },
];
const schema = columns.map(({ name, type }) => ({ name, type, nullable: true }));
const application = compile(
  readFileSync(join(import.meta.dirname, '../packages/examples/captains/popular-captains.sql'), 'utf8'),
  {
    inputs: { SOURCE_SQL_STREAM_001: schema },
  },
);
const used = application.used('SOURCE_SQL_STREAM_001');
const baseline = 'JSON.parse of each line';
const timed = 3; // COL_timestamp

const batches = [];
decode((batch) =>
  batches.push({ ...batch, rowtime: batch.columns[timed].values.map((seconds) => Math.round(seconds * 1000)) }),
);

const bench = new Bench({ time: 1000, warmupTime: 500 });
bench
  .add(baseline, () => {
    let sum = 0;
    for (const line of lines) sum += JSON.parse(line).rating;
    return sum;
  })
  .add('decode: bytes to the columns that are read', () => decode(() => {}))
  .add('graph: columns to windows to sorted rows', () => {
    const graph = application.graph();
    for (const batch of batches) graph.push('SOURCE_SQL_STREAM_001', batch);
    graph.advance(Number.POSITIVE_INFINITY);
  });
await bench.run();

const median = (name) => bench.getTask(name).result.latency.p50; // milliseconds
const tasks = bench.tasks.map(({ name }) => ({
  name,
  nsPerRow: (median(name) * 1e6) / rows,
  timesBaseline: median(baseline) / median(name),
}));
console.log(JSON.stringify({ rows, tasks }));

function decode(use) {
  const decoder = createJsonDecoder({ columns, used: columns.map((_, i) => used[i] || i === timed) });
  decoder.begin();
  for (let at = 0; at < bytes.length; ) {
    const copied = bytes.copy(decoder.room(), 0, at);
    at += copied;
    decoder.filled(copied);
    while (decoder.decode(0, batchRows)) use(decoder.take().batch);
  }
  decoder.end();
  while (decoder.decode(0, batchRows)) use(decoder.take().batch);
  const { batch } = decoder.take();
  if (batch) use(batch);
}
