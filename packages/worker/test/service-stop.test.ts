import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateDeliveryStreamCommand, FirehoseClient } from '@aws-sdk/client-firehose';
import { type FaultSchedule, seededRandom, startTestServer, type TestServer } from '@rowtime/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printed, putRecords } from './put-records.ts';
import { rowsIn, rowtime, temporaryFolder } from './rowtime.ts';

/** ROWTIME_STOPS: how often the worker is told to stop; .ci/run does so more often. */
const stops = Number(process.env['ROWTIME_STOPS'] ?? 5);
const seed = Number(process.env['ROWTIME_SEED'] ?? 7);

let aws: TestServer;
beforeAll(async () => {
  aws = await startTestServer();
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  aws.s3.createBucket('results');
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const firehose = new FirehoseClient({ region: 'us-east-1', endpoint: aws.url, credentials });
  const to = { BucketARN: 'arn:aws:s3:::results', RoleARN: 'arn:aws:iam::123456789012:role/firehose' };
  await firehose.send(
    new CreateDeliveryStreamCommand({ DeliveryStreamName: 'passed', ExtendedS3DestinationConfiguration: to }),
  );
  firehose.destroy();
});
afterAll(() => aws.close());

const code = `
CREATE OR REPLACE STREAM "PASSED" (i INTEGER);
CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED" SELECT STREAM "i" FROM "S_001";
CREATE OR REPLACE STREAM "COUNTED" (k INTEGER, n INTEGER);
CREATE OR REPLACE PUMP "COUNTS" AS INSERT INTO "COUNTED" SELECT STREAM MOD("i", 3), COUNT(*) FROM "S_001"
  GROUP BY MOD("i", 3), STEP("S_001".ROWTIME BY INTERVAL '1' SECOND);`;

function writeApplication(folder: string): string {
  const arn = 'arn:aws:firehose:us-east-1:123456789012:deliverystream/numbers';
  const application = {
    ApplicationName: 'numbers',
    ApplicationCode: code,
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisFirehoseInput: { ResourceARN: arn },
        InputSchema: {
          RecordFormat: { RecordFormatType: 'JSON' },
          RecordColumns: [{ Name: 'i', SqlType: 'INTEGER', Mapping: '$.i' }],
        },
      },
    ],
    rowtime: {
      inputs: { S: { from: 'directPut', port: 0 } },
      outputs: {
        PASSED: [
          { to: 'firehose', stream: 'passed' },
          { to: 's3', bucket: 's3://results/passed/', bufferInterval: '1s' },
        ],
        COUNTED: { to: 'files', folder: join(folder, 'out'), bufferInterval: '1s' },
      },
      region: 'us-east-1',
      endpoints: { firehose: aws.url, s3: aws.url },
      checkpointInterval: '100ms',
      stopTimeout: '30s',
      monitor: { port: 0 },
    },
  };
  const file = join(folder, 'application.json');
  writeFileSync(file, JSON.stringify(application));
  return file;
}

/** Answers take their time, so that a stop finds calls under way. */
function slowly(random: () => number): FaultSchedule {
  return ({ operation }) =>
    operation.startsWith('Put') ? { kind: 'delay', millis: Math.floor(random() * 120) } : null;
}

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

test(
  `a worker that is told to stop at ${stops} random moments ends with 0: each row once, in Firehose too (seed ${seed})`,
  async () => {
    const random = seededRandom(seed);
    aws.setFaults(slowly(random));
    const folder = temporaryFolder();
    const file = writeApplication(folder);
    const acknowledged: number[] = [];
    let sent = 0;
    /** Sends until nobody answers. Of what was not acknowledged nothing is known. */
    const send = async (to: string) => {
      for (;;) {
        const batch = Array.from({ length: 10 }, () => sent++);
        const records = batch.map((i) => `{"i":${i}}`);
        if (!(await putRecords(to, 'numbers', records))) return;
        acknowledged.push(...batch);
        await sleep(random() * 20);
      }
    };
    const started = async ({ process }: ReturnType<typeof rowtime>): Promise<string> => {
      const line = await printed(process, (text) => text.split('\n').find((one) => one.includes('"msg":"started"')));
      return JSON.parse(line).from.split(' ')[0];
    };
    for (let stop = 0; stop < stops; stop++) {
      const worker = rowtime('run', file);
      if (stop % 5 === 4) {
        // While it starts. Before it has read its own code the signal ends it, as it ends every process.
        await sleep(random() * 600);
        worker.process.kill('SIGTERM');
        const { code: ended, signal, stderr } = await worker.finished;
        expect({ how: signal ?? ended, stderr }).toEqual({ how: signal === null ? 0 : 'SIGTERM', stderr: '' });
        continue;
      }
      const sending = send(await started(worker));
      await sleep(random() * 800);
      worker.process.kill('SIGTERM');
      const { code: ended, stdout, stderr } = await worker.finished;
      expect({ ended, stderr }).toEqual({ ended: 0, stderr: '' });
      expect(stdout).toContain('"msg":"stopped"');
      await sending;
    }
    const last = rowtime('run', file);
    await started(last);
    // The last second has to be over before its windows are.
    await sleep(2_500);
    last.process.kill('SIGTERM');
    expect((await last.finished).code).toBe(0);

    const taken = aws.firehose.ledger('passed').entries.map(({ data }) => JSON.parse(data.toString()).I as number);
    expect(taken.length).toBeGreaterThanOrEqual(acknowledged.length);
    expect(new Set(taken).size).toBe(taken.length);
    const known = new Set(taken);
    expect(acknowledged.filter((i) => !known.has(i))).toEqual([]);
    // Not more than what a request held that was under way when the worker went.
    expect(taken.length - acknowledged.length).toBeLessThanOrEqual(10 * stops);
    const objects = aws.s3.keys('results').map((key) => aws.s3.get('results', key).content.toString());
    const inS3 = objects.flatMap((text) => text.trim().split('\n')).map((line) => JSON.parse(line).I as number);
    expect(inS3.sort((a, b) => a - b)).toEqual([...taken].sort((a, b) => a - b).slice(0, inS3.length));
    const counted = rowsIn(join(folder, 'out'), 'COUNTED').reduce((sum, { N }) => sum + (N as number), 0);
    expect(counted).toBe(taken.length);
  },
  60_000 + stops * 10_000,
);
