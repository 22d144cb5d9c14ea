// read.mjs <bare | source> <url> <stream> <rows>: reads a stream to its newest record; prints milliseconds.
import { performance } from 'node:perf_hooks';

const [variant, endpoint, stream, rows] = process.argv.slice(2);
const client = { region: 'us-east-1', endpoint, credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } };
const read = variant === 'bare' ? await bare() : await source();
const start = performance.now();
await read(Number(rows));
console.log(performance.now() - start);
process.exit(0);

/** What a program would do by hand: all shards at once, call after call, records counted and dropped. */
async function bare() {
  const { KinesisClient, GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } = await import(
    '@aws-sdk/client-kinesis'
  );
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  const kinesis = new KinesisClient({ ...client, requestHandler: new NodeHttpHandler() });
  return async (rows) => {
    let count = 0;
    const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName: stream }));
    const readers = Shards.map(async ({ ShardId }) => {
      const from = { StreamName: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
      let { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(from));
      while (count < rows) {
        const { Records, NextShardIterator } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
        count += Records.length;
        ShardIterator = NextShardIterator;
      }
    });
    await Promise.all(readers);
  };
}

/** The source with its defaults: merged by arrival time, decoded to columns. */
async function source() {
  const { kinesisSource } = await import('@rowtime/sources/kinesis');
  const columns = [
    { name: 'COL_user', type: { kind: 'varchar', length: 32 }, mapping: '$.user' },
    { name: 'favoritecaptain', type: { kind: 'varchar', length: 32 }, mapping: '$.favoritecaptain' },
    { name: 'rating', type: { kind: 'integer' }, mapping: '$.rating' },
    { name: 'COL_timestamp', type: { kind: 'double' }, mapping: '$.timestamp' },
  ];
  const source = await kinesisSource({
    stream,
    columns,
    client,
    start: 'TRIM_HORIZON',
    now: Date.now,
    random: Math.random,
  });
  return async (rows) => {
    await source.open(null);
    const { signal } = new AbortController();
    for (let count = 0; count < rows; ) count += (await source.poll(signal)).batch?.length ?? 0;
  };
}
