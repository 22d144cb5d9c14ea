import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InvokeAnswer, startInvokeServer } from '@rowtime/testing';
import { expect, onTestFinished, test } from 'vitest';
import { printed, putRecords } from './put-records.ts';
import { filesIn, rowsIn, rowtime, temporaryFolder } from './rowtime.ts';

// features: F195

const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:tidy:live';
const streamArn = 'arn:aws:firehose:us-east-1:123456789012:deliverystream/numbers';
const applicationArn = 'arn:aws:kinesisanalytics:us-east-1:123456789012:application/numbers';

function writeApplication(folder: string, input: object, endpoints: object = {}): string {
  const file = join(folder, 'application.json');
  const files = { to: 'files', folder: join(folder, 'out'), bufferInterval: '1s' };
  const application = {
    ApplicationARN: applicationArn,
    ApplicationName: 'numbers',
    ApplicationCode: `
CREATE OR REPLACE STREAM "PASSED" (i INTEGER);
CREATE OR REPLACE PUMP "PASS" AS INSERT INTO "PASSED" SELECT STREAM "i" FROM "S_001";`,
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisFirehoseInput: { ResourceARN: streamArn },
        InputProcessingConfiguration: { InputLambdaProcessor: { ResourceARN: functionArn } },
        InputSchema: {
          RecordFormat: { RecordFormatType: 'JSON' },
          RecordColumns: [{ Name: 'i', SqlType: 'INTEGER', Mapping: '$.i' }],
        },
      },
    ],
    rowtime: {
      inputs: { S: input },
      outputs: { PASSED: files, error_stream: files },
      endpoints,
      checkpointInterval: '100ms',
      monitor: { port: 0 },
    },
  };
  writeFileSync(file, JSON.stringify(application, null, 2));
  return file;
}

interface InputEvent {
  readonly applicationArn: string;
  readonly streamArn: string;
  readonly records: readonly { readonly recordId: string; readonly data: string }[];
}

/** Numbers come as plain text, which the function makes JSON of; odd ones it leaves out, and 4 it cannot do. */
function tidy({ records }: InputEvent): InvokeAnswer {
  const answers = records.map(({ recordId, data }) => {
    const n = Number(Buffer.from(data, 'base64').toString());
    if (n % 2 === 1) return { recordId, result: 'Dropped' };
    if (n === 4) return { recordId, result: 'ProcessingFailed' };
    return { recordId, result: 'Ok', data: Buffer.from(`{"i":${n}}`).toString('base64') };
  });
  return { answer: { records: answers } };
}

test('records of an application with an InputLambdaProcessor pass the function, and land as they came', async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  const calls: string[] = [];
  const server = await startInvokeServer<InputEvent>((name, event) => {
    calls.push(JSON.stringify([name, event.applicationArn, event.streamArn]));
    return calls.length === 1 ? { throws: 'not now' } : tidy(event);
  });
  onTestFinished(() => server.close());
  const folder = temporaryFolder();
  const bucket = join(folder, 'bucket');
  const file = writeApplication(
    folder,
    { from: 'directPut', port: 0, bucket, bufferInterval: '1s' },
    { lambda: server.url },
  );
  const { process: worker, finished } = rowtime('run', file);
  const line = await printed(worker, (text) => text.split('\n').find((one) => one.includes('"msg":"started"')));
  const [put] = JSON.parse(line).from.split(' ');
  expect(await putRecords(put, 'numbers', ['0', '1', '2', '3', '4', '5', '6'])).toBe(true);
  const out = join(folder, 'out');
  const published = () => ({
    passed: rowsIn(out, 'PASSED').map(({ I }) => I),
    failed: rowsIn(out, 'error_stream').map(({ ERROR_NAME, DATA_ROW }) => [ERROR_NAME, DATA_ROW]),
    landed: [...filesIn(bucket).values()].join(''),
  });
  await expect.poll(published, { timeout: 20_000, interval: 50 }).toEqual({
    passed: [0, 2, 6],
    failed: [['ProcessingFailed', Buffer.from('4').toString('hex')]],
    landed: '0123456',
  });
  worker.kill('SIGTERM');
  const { code, stdout } = await finished;
  expect(code).toBe(0);
  expect(stdout).toContain(`lambda:InvokeFunction on function ${functionArn} failed 1 times: FunctionFailed`);
  expect(new Set(calls)).toEqual(new Set([JSON.stringify([functionArn, applicationArn, streamArn])]));
}, 60_000);

test.each([
  [{ from: 'files', paths: ['records.json'] }, 'files'],
  [{ from: 's3', bucket: 's3://landing/numbers/' }, 's3'],
])('an InputLambdaProcessor is refused where none would be called: %o', async (input, from) => {
  const file = writeApplication(temporaryFolder(), input);
  for (const command of ['run', 'check']) {
    const { code, stderr } = await rowtime(command, file).finished;
    expect(stderr).toContain(
      `${file}:11: Inputs[0].InputProcessingConfiguration: names a function, and with "from": "${from}" in rowtime.inputs.S none is called; say from "kinesis", "directPut" or "httpEndpoint", or take it out`,
    );
    expect(code).toBe(3);
  }
});
