// A service of its own process, for benches: started, fed by Direct PUT, asked for its status.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const cli = join(import.meta.dirname, '../packages/worker/dist/cli.js');
const stream = 'records';

/** Writes an application whose input is a delivery stream of its own; `columns`: [name, SqlType]. */
export function writeApplication(file, { code, columns, rowtime }) {
  const RecordColumns = columns.map(([Name, SqlType]) => ({ Name, SqlType, Mapping: `$.${Name}` }));
  const application = {
    ApplicationName: 'bench',
    ApplicationCode: code,
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisFirehoseInput: { ResourceARN: `arn:aws:firehose:us-east-1:123456789012:deliverystream/${stream}` },
        InputSchema: { RecordFormat: { RecordFormatType: 'JSON' }, RecordColumns },
      },
    ],
    rowtime: { inputs: { S: { from: 'directPut', port: 0 } }, monitor: { port: 0 }, ...rowtime },
  };
  writeFileSync(file, JSON.stringify(application));
}

/** Resolves when the service says that it has started. */
export async function startService(file) {
  const child = spawn(process.execPath, [cli, 'run', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' },
  });
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  // A bench that fails leaves nobody behind.
  process.once('exit', () => child.kill('SIGKILL'));
  const { from, monitor } = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more) => {
      if (text === null) return;
      text += more;
      const line = text.split('\n').find((one) => one.includes('"msg":"started"'));
      if (line === undefined) return;
      text = null;
      resolve(JSON.parse(line));
    });
    ended.then((how) => reject(new Error(`the service ended: ${how}`)));
  });
  const put = from.split(' ')[0];
  return {
    /** Resolves when the records are taken. */
    put: (records) => putRecords(put, records),
    status: () => getJson(`${monitor}/statusz`),
    async stop() {
      child.kill('SIGTERM');
      const how = await ended;
      if (how !== 0) throw new Error(`the service ended with ${how}`);
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** A connection that rested may be closed from the other side as it is used: asked again. */
async function getJson(url) {
  try {
    return await (await fetch(url)).json();
  } catch {
    return (await fetch(url)).json();
  }
}

async function putRecords(url, records) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'x-amz-target': 'Firehose_20150804.PutRecordBatch',
      authorization: 'AWS4-HMAC-SHA256 Credential=test',
      'content-type': 'application/x-amz-json-1.1',
    },
    body: JSON.stringify({
      DeliveryStreamName: stream,
      Records: records.map((record) => ({ Data: Buffer.from(JSON.stringify(record)).toString('base64') })),
    }),
  });
  const { FailedPutCount } = await response.json();
  if (FailedPutCount !== 0) throw new Error(`records were refused: ${response.status}`);
}
