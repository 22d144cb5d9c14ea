// The process dies by SIGKILL at a numbered crash point of source, checkpoint or sink, and another one goes on. ROWTIME_KILLS: at
// how many of the points; .ci/run does it at each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { forSeeds, type ServerProcess, startKinesalite, startTestServer, type TestServer } from '@rowtime/testing';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesIn, temporaryFolder } from './rowtime.ts';

const kills = Number(process.env['ROWTIME_KILLS'] ?? 4);
const rows = 60;
/** Rows that a process can have sent since its last checkpoint: it takes one every other poll, of ten rows each. */
const sentAtMost = 20;

let aws: TestServer;
let streams: ServerProcess;
let kinesis: KinesisClient;
beforeAll(async () => {
  [aws, streams] = await Promise.all([startTestServer(), startKinesalite()]);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const requestHandler = new NodeHttpHandler();
  kinesis = new KinesisClient({ region: 'us-east-1', endpoint: streams.url, credentials, requestHandler });
  await createStream('input', 2);
  for (let i = 0; i < rows; i += 6) {
    const Records = Array.from({ length: 6 }, (_, at) => ({
      Data: Buffer.from(`{"i":${i + at}}`),
      PartitionKey: `key ${(i + at) % 7}`,
    }));
    await kinesis.send(new PutRecordsCommand({ StreamName: 'input', Records }));
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
});
afterAll(async () => {
  kinesis.destroy();
  await Promise.all([aws.close(), streams.close()]);
});

test(
  'a process that is killed at any crash point is gone on from: files and S3 exactly once, streams at least once',
  async () => {
    const folder = temporaryFolder();
    const unbroken = await run('unbroken', join(folder, 'unbroken'), []);
    expect(unbroken.files.length).toBeGreaterThan(2);
    expect(unbroken.objects.length).toBeGreaterThan(0);
    expect(unbroken.sentTwice).toEqual([0, 0]);
    const { points } = unbroken;
    const seen = (what: RegExp) =>
      expect(points.filter((point) => what.test(point)).length, String(what)).toBeGreaterThan(1);
    for (const what of [/^polled/, /^rename .*checkpoint/, /^link/, /^sync/, /^request PUT/, /^reply to PUT/])
      seen(what);
    for (const what of [/^reply to .*PutRecordBatch/, /^reply to .*PutRecords$/]) seen(what);

    // Which of them, where there are fewer kills than points: evenly, and others from time to time.
    const every = Math.max(1, points.length / kills);
    let killed = 0;
    await forSeeds({ first: 0, count: Math.min(kills, points.length), atOnce: 2 }, async (i) => {
      const killAt = 1 + Math.floor(i * every + every / 2);
      // Every third time the next one is killed too, while it recovers.
      const life = i % 3 === 0 ? [killAt, 1 + ((i * 7) % 40)] : [killAt];
      const found = await run(`kill-${killAt}`, join(folder, String(killAt)), life);
      killed += found.killed;
      const where = `killed at ${life} (${points[killAt - 1]})`;
      expect(found.files, where).toEqual(unbroken.files);
      expect(found.objects, where).toEqual(unbroken.objects);
      for (const twice of found.sentTwice) expect(twice, where).toBeLessThanOrEqual(sentAtMost * found.killed);
    });
    // When the records of a stream come is not the same each time, so the last points may not be reached.
    expect(killed).toBeGreaterThan(0.8 * Math.min(kills, points.length));
  },
  60_000 + kills * 10_000,
);

interface Left {
  readonly files: readonly (readonly [string, string])[];
  readonly objects: readonly string[];
  /** By Firehose, and by Kinesis: nothing was lost, or it rejects. */
  readonly sentTwice: readonly number[];
  readonly killed: number;
  /** Of the last process. */
  readonly points: readonly string[];
}

/** One process for each point to be killed at, then one to the end. */
async function run(name: string, folder: string, killedAt: readonly number[]): Promise<Left> {
  aws.s3.createBucket(name);
  if (!aws.s3.buckets.includes('landing')) aws.s3.createBucket('landing');
  const buffer = { bufferBytes: 5 << 20, bufferMs: 300_000, compression: 'UNCOMPRESSED', timeZone: 'UTC' } as const;
  const roleArn = 'arn:aws:iam::000000000000:role/x';
  aws.firehose.create(name, { bucket: 'landing', roleArn, prefix: '', errorPrefix: null, ...buffer });
  await createStream(name, 1);
  const pointsFile = join(folder, 'points.json');
  let killed = 0;
  for (const killAt of [...killedAt, 0]) {
    const config = { killAt, folder, name, rows, pointsFile, kinesis: streams.url, aws: aws.url };
    const job = spawn(process.execPath, [join(import.meta.dirname, 'crash/job.mjs'), JSON.stringify(config)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    job.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const [code, signal] = (await once(job, 'close')) as [number | null, string | null];
    if (signal === 'SIGKILL' && killAt > 0) killed++;
    else if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${stderr}`);
  }
  const expected = Array.from({ length: rows }, (_, i) => `{"I":${i}}`);
  const { lost, foreign, duplicated } = aws.firehose.ledger(name).compare(expected);
  expect({ lost, foreign }).toEqual({ lost: 0, foreign: 0 });
  const sent = await recordsOf(name);
  expect([...new Set(sent)].sort()).toEqual([...expected].sort());
  await kinesis.send(new DeleteStreamCommand({ StreamName: name }));
  return {
    files: [...filesIn(join(folder, 'out'))],
    objects: aws.s3.keys(name).map((key) => `${key} ${aws.s3.get(name, key).content.toString('latin1')}`),
    sentTwice: [duplicated, sent.length - rows],
    killed,
    points: JSON.parse(readFileSync(pointsFile, 'utf8')),
  };
}

async function createStream(StreamName: string, ShardCount: number): Promise<void> {
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount }));
  for (;;) {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return;
  }
}

async function recordsOf(StreamName: string): Promise<string[]> {
  const found: string[] = [];
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  for (const { ShardId } of Shards) {
    const start = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(start));
    const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
    found.push(...Records.map(({ Data }) => Buffer.from(Data!).toString()));
  }
  return found;
}
