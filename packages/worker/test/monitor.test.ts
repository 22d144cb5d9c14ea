import { expect, test } from 'vitest';
import { cloudWatchMetrics, emfLines } from '../src/service/cloudwatch.ts';
import { monitor } from '../src/service/monitor.ts';
import type { Status } from '../src/service/status.ts';

// features: F217

const status: Status = {
  application: 'captains',
  version: '1.2.3',
  started: 1_000_000,
  time: 1_060_000,
  state: 'running',
  input: { stream: 'SOURCE_SQL_STREAM_001', records: 100, rejected: 2, millisBehindLatest: 1_500 },
  outputs: [
    {
      stream: 'SCORES',
      to: 's3',
      rows: 10,
      pendingBytes: 512,
      retried: 1,
      dead: 0,
      duplicatesPossible: 1,
      oldestPendingMs: 2_000,
    },
    {
      stream: 'SCORES',
      to: 'files',
      rows: 10,
      pendingBytes: 0,
      retried: 0,
      dead: 0,
      duplicatesPossible: 0,
      oldestPendingMs: 0,
    },
  ],
  watermark: 1_058_000,
  checkpoints: {
    taken: 6,
    failed: 0,
    last: { time: 1_055_000, durationMs: 8 },
    intervalMs: 10_000,
    restored: true,
    copy: null,
  },
  process: { pid: 7, rssBytes: 1e8, heapUsedBytes: 5e7, heapLimitBytes: 4e9, cpuPercent: 12, eventLoopLagMs: 3 },
};

const get = async (path: string, now: Status = status): Promise<{ code: number; text: string }> => {
  const response = await monitor(() => now).request(path);
  return { code: response.status, text: await response.text() };
};

test('a worker that does its work is alive and ready', async () => {
  expect(await get('/livez')).toEqual({ code: 200, text: 'ok\n' });
  expect(await get('/readyz')).toEqual({ code: 200, text: 'ok\n' });
  expect(JSON.parse((await get('/statusz')).text)).toEqual(status);
  expect((await get('/nothing')).code).toBe(404);
});

test.each<[Partial<Status>, string]>([
  [{ state: 'starting' }, 'it is starting\n'],
  [{ time: status.time + 60_000 }, 'the last checkpoint is 65 s old, and one is due every 10 s\n'],
  [{ outputs: [{ ...status.outputs[0]!, oldestPendingMs: 90_000 }] }, 'rows of SCORES have waited 90 s for s3\n'],
])('one that does not says why: %o', async (change, reason) => {
  expect(await get('/readyz', { ...status, ...change })).toEqual({ code: 503, text: reason });
});

test('metrics are those of the status at each scrape, with help and type', async () => {
  let now = status;
  const app = monitor(() => now);
  const scrape = async () => (await app.request('/metrics')).text();
  const lines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const first = lines(await scrape());
  expect(first).toContain('rowtime_input_records_total{application="captains"} 100');
  expect(first).toContain('rowtime_output_retried_total{stream="SCORES",to="s3",application="captains"} 1');
  expect(first).toContain('rowtime_behind_latest_seconds{application="captains"} 1.5');
  now = { ...status, watermark: null, input: { ...status.input, records: 101 }, outputs: [] };
  const text = await scrape();
  expect(lines(text)).toContain('rowtime_input_records_total{application="captains"} 101');
  expect(lines(text).filter((line) => /rowtime_(output|watermark)/.test(line))).toEqual([]);
  expect(text).toContain('# TYPE rowtime_input_records_total counter');
});

test('what is compared with recorded results is in the metrics, and nothing of it where nothing is', async () => {
  const mirror: NonNullable<Status['mirror']> = {
    stream: 'SCORES',
    recorded: 's3://old/',
    state: 'comparing',
    agreement: 0.75,
    alarmBelow: 0.9,
    isAlarming: true,
    windows: { equal: 3, different: 1 },
    rows: { equal: 12, moved: 1, different: 2, onlyRecorded: 3, onlyOurs: 4 },
    judgedTo: 1_000_000,
    errors: 5,
    dropped: 6,
  };
  const lines = (text: string) => text.split('\n').filter((line) => line.startsWith('rowtime_mirror'));
  expect(lines((await get('/metrics')).text)).toEqual([]);
  const found = lines((await get('/metrics', { ...status, mirror })).text);
  const without = found.map((line) => line.replace(',application="captains"', '').replace('stream="SCORES",', ''));
  expect(without).toEqual([
    'rowtime_mirror_agreement{stream="SCORES"} 0.75',
    'rowtime_mirror_alarm{stream="SCORES"} 1',
    'rowtime_mirror_comparing{stream="SCORES"} 1',
    'rowtime_mirror_windows_total{result="equal"} 3',
    'rowtime_mirror_windows_total{result="different"} 1',
    'rowtime_mirror_rows_total{result="equal"} 12',
    'rowtime_mirror_rows_total{result="moved"} 1',
    'rowtime_mirror_rows_total{result="different"} 2',
    'rowtime_mirror_rows_total{result="only_recorded"} 3',
    'rowtime_mirror_rows_total{result="only_ours"} 4',
    'rowtime_mirror_judged_timestamp_seconds{stream="SCORES"} 1000',
    'rowtime_mirror_errors_total{stream="SCORES"} 5',
    'rowtime_mirror_dropped_rows_total{stream="SCORES"} 6',
  ]);
  const data = (now: Status) => cloudWatchMetrics(status, now).filter(({ name }) => name === 'MirrorAgreement');
  expect(data({ ...status, mirror })).toMatchObject([{ value: 75, unit: 'Percent', dimensions: { Id: 'SCORES' } }]);
  expect(data({ ...status, mirror: { ...mirror, agreement: null } })).toEqual([]);
  expect(data(status)).toEqual([]);
});

test('CloudWatch gets the metrics of Kinesis Analytics, by what happened since the last time', () => {
  const before = { ...status, input: { ...status.input, records: 60 }, outputs: [{ ...status.outputs[1]!, rows: 4 }] };
  const metrics = cloudWatchMetrics(before, status);
  const find = (name: string, id?: string) =>
    metrics.filter((metric) => metric.name === name && metric.dimensions['Id'] === id).map(({ value }) => value);
  expect(find('MillisBehindLatest')).toEqual([1_500]);
  expect(find('Records', 'SOURCE_SQL_STREAM_001')).toEqual([40]);
  expect(find('Records', 'SCORES')).toEqual([10, 6]);
  expect(find('Success', 'SCORES')).toEqual([0, 1]);
  expect(find('WatermarkLagMs')).toEqual([2_000]);
  const [line] = emfLines(metrics.slice(0, 1), 'Captains', 5).split('\n');
  expect(JSON.parse(line!)).toEqual({
    _aws: {
      Timestamp: 5,
      CloudWatchMetrics: [
        {
          Namespace: 'Captains',
          Dimensions: [['Application']],
          Metrics: [{ Name: 'MillisBehindLatest', Unit: 'Milliseconds' }],
        },
      ],
    },
    Application: 'captains',
    MillisBehindLatest: 1_500,
  });
});
