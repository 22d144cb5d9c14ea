import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../src/service/status.ts';
import { ratesOf } from '../src/top/rates.ts';
import { line, view } from '../src/top/view.ts';
import { printed } from './put-records.ts';
import { rowtime } from './rowtime.ts';

const scores = {
  stream: 'SCORES',
  to: 's3',
  rows: 60,
  pendingBytes: 2_048,
  retried: 1,
  dead: 0,
  duplicatesPossible: 3,
  oldestPendingMs: 2_000,
};
const first: Status = {
  application: 'captains',
  version: '1.2.3',
  started: 1_000_000,
  time: 1_060_000,
  state: 'running',
  input: { stream: 'SOURCE_SQL_STREAM_001', records: 6_000, rejected: 2, millisBehindLatest: 1_500 },
  outputs: [scores],
  watermark: 1_058_000,
  checkpoints: {
    taken: 6,
    failed: 0,
    last: { time: 1_055_000, durationMs: 8 },
    intervalMs: 10_000,
    restored: true,
    copy: null,
  },
  process: {
    pid: 7,
    rssBytes: 1 << 27,
    heapUsedBytes: 1 << 20,
    heapLimitBytes: 1 << 30,
    cpuPercent: 12,
    eventLoopLagMs: 3,
  },
};
const second: Status = {
  ...first,
  time: 1_062_000,
  input: { ...first.input, records: 9_000 },
  outputs: [{ ...scores, rows: 63, pendingBytes: 0 }],
};

test('rates are between two looks; at first since the start; after a restart since that', () => {
  const of = (...statuses: [Status | null, Status]) => {
    const { records, rejected, outputs } = ratesOf(...statuses);
    return [records, rejected, ...outputs.map(({ rowsPerSecond }) => rowsPerSecond)];
  };
  expect(of(null, first)).toEqual([100, 2 / 60, 1]);
  expect(of(first, second)).toEqual([1_500, 0, 1.5]);
  expect(of(second, { ...first, started: 1_059_000 })).toEqual([6_000, 2, 60]);
  expect(of(first, first)).toEqual([100, 2 / 60, 1]);
  expect(of(null, { ...first, started: first.time })).toEqual([0, 0, 0]);
});

const plain = (_: unknown, text: string): string => text;

test('the view has what a person asks first, no wider than the terminal', () => {
  expect(view(first, second, plain, 200)).toEqual([
    'captains  running for 1 min 2 s  rowtime 1.2.3, process 7',
    '',
    '                a second          in all',
    'input              1,500           9,000  SOURCE_SQL_STREAM_001, behind 1.5 s, 2 rejected',
    'SCORES to s3         1.5              63  1 sent again, 3 perhaps twice',
    '',
    'watermark    1970-01-01T00:17:38.000Z, 4.0 s ago',
    'checkpoints  6 taken, the last 7.0 s ago in 8 ms, restored from one',
    'process      128.0 MiB, heap 1.0 MiB of 1.0 GiB, CPU 12 %, event loop late 3 ms',
  ]);
  const narrow = view(null, { ...first, state: 'stopping', watermark: null }, plain, 40);
  expect(Math.max(...narrow.map(({ length }) => length))).toBe(40);
  expect(narrow).toEqual(
    expect.arrayContaining(['not ready: it is stopping', 'watermark    none yet', '* since the start']),
  );
});

test('the view says how results agree with recorded ones, in red when that is alarming', () => {
  const mirror: NonNullable<Status['mirror']> = {
    stream: 'SCORES',
    recorded: 's3://old/',
    state: 'comparing',
    agreement: 0.98765,
    alarmBelow: 0.99,
    isAlarming: true,
    windows: { equal: 70, different: 2 },
    rows: { equal: 1, moved: 0, different: 0, onlyRecorded: 0, onlyOurs: 0 },
    judgedTo: null,
    errors: 0,
    dropped: 0,
  };
  const marked = (style: unknown, text: string): string => `<${style}>${text}`;
  const shown = (status: object) =>
    view(null, { ...first, mirror: { ...mirror, ...status } }, marked, 200).find((text) => text.includes('mirror'));
  const text = 'mirror       98.77 % of SCORES agrees with s3://old/; windows 70 equal, 2 different';
  expect(shown({})).toBe(`<red>${text}`);
  expect(shown({ isAlarming: false })).toBe(text);
  expect(shown({ state: 'waiting', agreement: null })).toBe('mirror       waiting: SCORES beside s3://old/');
  expect(shown({ state: 'failed', agreement: null })).toBe('<red>mirror       failed: SCORES beside s3://old/');
});

test('without a terminal a second is a line', () => {
  expect(line(null, first)).toBe(
    '1970-01-01T00:17:40.000Z running: input 100/s, behind 1.5 s; SCORES 1.0/s (2.0 KiB pending); watermark 1970-01-01T00:17:38.000Z, 2.0 s ago; checkpoint 6 taken, the last 5.0 s ago in 8 ms, restored from one; 128.0 MiB',
  );
});

/** A monitor that says one after the other of these, and then the last one again. */
async function answering(...bodies: readonly unknown[]): Promise<string> {
  let asked = 0;
  const server = createServer((request, response) => {
    const body = bodies[Math.min(asked++, bodies.length - 1)];
    response.writeHead(request.url === '/statusz' && body !== null ? 200 : 404);
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('rowtime top prints a line a second until it is stopped', async () => {
  const url = await answering(first, second);
  const { process, finished } = rowtime('top', url.replace('http://', ''));
  await printed(process, (text) => (text.split('\n').length > 2 ? text : undefined));
  process.kill('SIGINT');
  const { code, stdout, stderr } = await finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n').slice(0, 2)).toEqual([line(null, first), line(first, second)]);
});

test('--once --json is for scripts', async () => {
  const { code, stdout } = await rowtime('top', await answering(first), '--once', '--json').finished;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ ...first, rates: ratesOf(null, first) });
});

test('an address where nothing is, and none, are said', async () => {
  const refused = async (url: string) => {
    const { code, stdout, stderr } = await rowtime('top', url).finished;
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    return stderr;
  };
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise((resolve) => server.close(resolve));
  expect(await refused(url)).toContain(`${url}/statusz: nothing answers; is the service running?`);
  expect(await refused('http://')).toContain('http:// is no address; expected one such as http://127.0.0.1:9464');
});

test.each([
  ['something else', { ok: true }, 'what answers is no rowtime service'],
  ['nothing of the kind', null, 'it answers 404'],
])('a server that is %s is said', async (_, body, message) => {
  const { code, stderr } = await rowtime('top', await answering(body)).finished;
  expect(code).toBe(3);
  expect(stderr).toContain(message);
});

test('a service that goes away and comes back is waited for', async () => {
  const { process, finished } = rowtime('top', await answering(first, null, second));
  await printed(process, (text) => (text.split('\n').length > 2 ? text : undefined));
  process.kill('SIGTERM');
  const { code, stdout, stderr } = await finished;
  expect(code).toBe(0);
  expect(stdout).toContain(line(first, second));
  expect(stderr).toContain('it answers 404\n');
}, 15_000);
