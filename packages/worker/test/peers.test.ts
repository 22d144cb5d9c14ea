import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { popularCaptains, ratingAnomaly } from '@rowtime/examples/captains';
import { expect, test } from 'vitest';
import { printed } from './put-records.ts';
import { filesIn, rowsIn, rowtime, temporaryFolder } from './rowtime.ts';

// `pnpm test:peers` sets it: a Python that has boto3.
const python = process.env['ROWTIME_PYTHON'];

// features: F198
test.skipIf(python === undefined)(
  'a producer of boto3 sends to the worker, unchanged: its records land, and both programs answer',
  async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'application.json');
    const columns = [
      { Name: 'favoritecaptain', SqlType: 'VARCHAR(32)', Mapping: '$.favoritecaptain' },
      { Name: 'rating', SqlType: 'INTEGER', Mapping: '$.rating' },
    ];
    const to = (name: string) => [name, { to: 'files', folder: join(folder, 'out'), bufferInterval: '1s' }];
    const application = {
      ApplicationName: 'captains',
      // A window of a second: nobody waits a minute here.
      ApplicationCode: `${popularCaptains}\n${ratingAnomaly}`.replace(/INTERVAL '1' MINUTE/g, "INTERVAL '1' SECOND"),
      Inputs: [
        {
          NamePrefix: 'SOURCE_SQL_STREAM',
          KinesisFirehoseInput: { ResourceARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/captains-kfh' },
          InputSchema: { RecordFormat: { RecordFormatType: 'JSON' }, RecordColumns: columns },
        },
      ],
      rowtime: {
        inputs: {
          SOURCE_SQL_STREAM: { from: 'directPut', port: 0, bucket: join(folder, 'bucket'), bufferInterval: '1s' },
        },
        outputs: Object.fromEntries(['CAPTAIN_SCORES', 'ORDERED_ANOMALY_STREAM'].map(to)),
        checkpointInterval: '200ms',
        monitor: { port: 0 },
      },
    };
    writeFileSync(file, JSON.stringify(application));
    const { process: worker, finished } = rowtime('run', file);
    const line = await printed(worker, (text) => text.split('\n').find((one) => one.includes('"msg":"started"')));
    const { stdout } = await promisify(execFile)(python!, [join(import.meta.dirname, 'peers/producer.py'), '400'], {
      env: {
        ...process.env,
        AWS_ENDPOINT_URL_FIREHOSE: JSON.parse(line).from.split(' ')[0],
        AWS_ACCESS_KEY_ID: 'any',
        AWS_SECRET_ACCESS_KEY: 'any',
      },
    });
    expect(stdout.trim()).toBe('0 ACTIVE');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    worker.kill('SIGTERM');
    expect((await finished).code).toBe(0);
    const landed = [...filesIn(join(folder, 'bucket')).values()].join('');
    expect(landed.split('}{')).toHaveLength(500);
    const scores = rowsIn(join(folder, 'out'), 'CAPTAIN_SCORES');
    expect(new Set(scores.map((row) => row['favoritecaptain'])).size).toBe(3);
    expect(scores.reduce((sum, row) => sum + Number(row['TOTAL_RATING']), 0)).toBe((399 * 400) / 2 + 100);
    expect(rowsIn(join(folder, 'out'), 'ORDERED_ANOMALY_STREAM').length).toBeGreaterThan(400);
  },
  60_000,
);
