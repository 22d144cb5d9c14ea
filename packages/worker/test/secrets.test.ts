import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { printed } from './put-records.ts';
import { rowtimeIn, temporaryFolder } from './rowtime.ts';

/** Every one of them is somewhere in the environment of a service, and belongs nowhere else. */
const secrets = {
  AWS_SECRET_ACCESS_KEY: 'secret/access/key/8fK2',
  AWS_SESSION_TOKEN: 'session/token/9qL3',
  ROWTIME_FIREHOSE_ACCESS_KEY: 'firehose/access/key/7mN4',
};
const environment = { ...secrets, AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST', AWS_MAX_ATTEMPTS: '2' };

/** A service of AWS that refuses everybody, and says in its answer what it was sent, as those of some stores do. */
async function denying(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const sent = `${request.headers.authorization} ${request.headers['x-amz-security-token']}`;
      const isS3 =
        request.headers['x-amz-target'] === undefined && request.headers['x-amz-content-sha256'] !== undefined;
      response.writeHead(403, { 'content-type': isS3 ? 'application/xml' : 'application/x-amz-json-1.1' });
      response.end(
        isS3
          ? '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
          : JSON.stringify({ __type: 'AccessDeniedException', message: `not authorized: ${sent.slice(0, 40)}` }),
      );
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function writeApplication(folder: string, section: object): string {
  const file = join(folder, 'application.json');
  const application = {
    ApplicationName: 'numbers',
    ApplicationCode: 'CREATE STREAM A (i INTEGER); CREATE PUMP P AS INSERT INTO A SELECT STREAM i FROM S_001;',
    Inputs: [
      {
        NamePrefix: 'S',
        KinesisFirehoseInput: { ResourceARN: 'arn:aws:firehose:us-east-1:123456789012:deliverystream/numbers' },
        InputSchema: {
          RecordFormat: { RecordFormatType: 'JSON' },
          RecordColumns: [{ Name: 'I', SqlType: 'INTEGER', Mapping: '$.I' }],
        },
      },
    ],
    rowtime: { monitor: { port: 0 }, checkpointInterval: '100ms', stopTimeout: '1s', ...section },
  };
  writeFileSync(file, JSON.stringify(application));
  return file;
}

/** Everything a run left on disk, except for what was put there before it. */
function written(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => `${path}\n${readFileSync(path, 'latin1')}`)
    .join('\n');
}

function expectNoSecret(text: string): void {
  for (const [name, secret] of Object.entries(secrets)) {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
      expect(text.includes(form), `${name} as ${form}`).toBe(false);
    }
  }
}

const nowhere = 'http://127.0.0.1:1';

test.each([
  ['Kinesis denies', { inputs: { S: { from: 'kinesis', stream: 'numbers' } } }, 'kinesis', true],
  ['Kinesis is not there', { inputs: { S: { from: 'kinesis', stream: 'numbers' } } }, 'kinesis', false],
  ['S3 denies the input', { inputs: { S: { from: 's3', bucket: 's3://numbers/' } } }, 's3', true],
  ['Firehose denies', { outputs: { A: { to: 'firehose', stream: 'a' } } }, 'firehose', true],
  ['Firehose is not there', { outputs: { A: { to: 'firehose', stream: 'a' } } }, 'firehose', false],
  ['S3 denies', { outputs: { A: { to: 's3', bucket: 's3://numbers/', bufferSize: 0.000005 } } }, 's3', true],
])(
  'no secret stands in the log, the monitor or the state when %s',
  async (_, section, service, isDenied) => {
    const folder = temporaryFolder();
    const outputs = { A: { to: 'files', folder: join(folder, 'out') } };
    const endpoints = { [service]: isDenied ? await denying() : nowhere };
    const inputs = { S: { from: 'httpEndpoint', port: 0 } };
    const file = writeApplication(folder, { inputs, outputs, region: 'us-east-1', endpoints, ...section });
    const { process, finished } = rowtimeIn(environment, 'run', file);
    const failing = await printedOrEnded(process, finished);
    if (failing !== null) {
      const { from, monitor } = JSON.parse(failing);
      // Records with the right key, and with another.
      if (String(from).includes('/firehose/')) {
        for (const key of [secrets.ROWTIME_FIREHOSE_ACCESS_KEY, 'wrong']) {
          const response = await deliver(from, key);
          expect(response.status).toBe(key === 'wrong' ? 401 : 200);
          expectNoSecret(await response.text());
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
      for (const path of ['/statusz', '/metrics', '/readyz']) {
        expectNoSecret(await said(monitor + path));
      }
      process.kill('SIGTERM');
    }
    const { stdout, stderr } = await finished;
    // It failed, and said so: what was looked through is no empty text.
    expect(`${stdout}${stderr}`).toMatch(/AccessDenied|denied|ECONNREFUSED|retry|failed|not all was delivered/i);
    expectNoSecret(stdout);
    expectNoSecret(stderr);
    expectNoSecret(written(folder));
  },
  20_000,
);

/** The line that says where the service is; null if it ended before there was one. */
async function printedOrEnded(
  process: Parameters<typeof printed>[0],
  finished: Promise<unknown>,
): Promise<string | null> {
  const started = printed(process, (text) => text.split('\n').find((one) => one.includes('"msg":"started"')));
  return Promise.race([started, finished.then(() => null)]).catch(() => null);
}

/** '' when the service has ended by then: what it was denied it may not need to wait for. */
async function said(url: string): Promise<string> {
  try {
    return await (await fetch(url)).text();
  } catch {
    return '';
  }
}

/** As a delivery stream in AWS sends records to its HTTP endpoint. */
function deliver(url: string, accessKey: string): Promise<Response> {
  const requestId = '5b1a0d33-0c1f-4b5c-9d0f-000000000001';
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-amz-firehose-request-id': requestId,
      'x-amz-firehose-access-key': accessKey,
      'x-amz-firehose-protocol-version': '1.0',
    },
    body: JSON.stringify({ requestId, timestamp: 1, records: [{ data: Buffer.from('{"I":1}').toString('base64') }] }),
  });
}
