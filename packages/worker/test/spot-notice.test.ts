import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type SpotNotice, watchSpot } from '../src/service/spot-notice.ts';
import { printed } from './put-records.ts';
import { rowtimeIn, temporaryFolder } from './rowtime.ts';

const notice: SpotNotice = { action: 'terminate', time: '2026-11-23T05:00:00Z' };
const path = '/latest/meta-data/spot/instance-action';

/** Answers as an instance's metadata service does, by IMDSv2 only. `answer` is asked for each question with a good token. */
async function metadata(
  answer: (response: ServerResponse, asked: number) => void,
  tokensLast = Number.POSITIVE_INFINITY,
) {
  let [tokens, uses, asked] = [0, 0, 0];
  const requests: string[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url}`);
    if (request.method === 'PUT' && request.url === '/latest/api/token') {
      const isWhole = request.headers['x-aws-ec2-metadata-token-ttl-seconds'] === '21600';
      uses = 0;
      response.writeHead(isWhole ? 200 : 400).end(isWhole ? `token ${++tokens}` : '');
    } else if (request.headers['x-aws-ec2-metadata-token'] !== `token ${tokens}` || ++uses > tokensLast) {
      response.writeHead(401).end();
    } else if (request.url === path) answer(response, ++asked);
    else response.writeHead(404).end();
  };
  const server = createServer(handle).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const none = (response: ServerResponse): void => void response.writeHead(404).end('Not Found');
const noticed = (response: ServerResponse): void => void response.end(JSON.stringify(notice));

function watched(base: string) {
  const [notices, unknown]: [SpotNotice[], string[]] = [[], []];
  const { release } = watchSpot({
    base,
    everyMs: 1,
    onNotice: (found) => notices.push(found),
    onUnknown: (reason) => unknown.push(reason),
  });
  onTestFinished(release);
  return { notices, unknown, release };
}

test('asks with one token until there is a notice, and then no more', async () => {
  const { base, requests } = await metadata((response, asked) => (asked < 3 ? none : noticed)(response));
  const { notices, unknown } = watched(base);
  await expect.poll(() => notices).toEqual([notice]);
  expect(requests).toEqual(['PUT /latest/api/token', `GET ${path}`, `GET ${path}`, `GET ${path}`]);
  expect(unknown).toEqual([]);
});

test('takes a new token when the one it has is no longer good', async () => {
  const { base } = await metadata((response, asked) => (asked < 3 ? none : noticed)(response), 2);
  const { notices } = watched(base);
  await expect.poll(() => notices).toEqual([notice]);
});

test('says once that it is not told, and goes on asking', async () => {
  const { base } = await metadata((response, asked) => {
    if (asked < 4) response.writeHead(500).end();
    else if (asked < 6) response.end('no JSON');
    else noticed(response);
  });
  const { notices, unknown } = watched(base);
  await expect.poll(() => notices).toEqual([notice]);
  expect(unknown).toEqual([`${base}: it answers 500`]);
});

test('a machine without metadata is said, and released it asks no more', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((resolve) => server.close(resolve));
  const { notices, unknown, release } = watched(base);
  await expect.poll(() => unknown).toEqual([expect.stringContaining(`${base}: fetch failed: connect ECONNREFUSED`)]);
  release();
  expect(notices).toEqual([]);
});

test('a service stops for the notice as for SIGTERM: exit code 0, at a checkpoint', async () => {
  let isTaken = false;
  const { base } = await metadata((response) => (isTaken ? noticed : none)(response));
  const folder = temporaryFolder();
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
    rowtime: {
      inputs: { S: { from: 'directPut', port: 0 } },
      outputs: { A: { to: 'files', folder: join(folder, 'out') } },
      monitor: { port: 0 },
      spot: true,
    },
  };
  writeFileSync(file, JSON.stringify(application));
  const { process, finished } = rowtimeIn({ AWS_EC2_METADATA_SERVICE_ENDPOINT: base }, 'run', file);
  await printed(process, (text) => (text.includes('"msg":"started"') ? text : undefined));
  isTaken = true;
  const { code, stdout } = await finished;
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ msg }) => msg)).toEqual(['started', 'EC2 takes this spot instance back', 'stopping', 'stopped']);
  expect(lines[1]).toMatchObject({ level: 'warn', ...notice });
  expect(lines[3]).toMatchObject({ checkpoints: 1 });
  expect(code).toBe(0);
}, 15_000);
