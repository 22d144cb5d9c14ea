import { expect, test } from 'vitest';
import {
  compare,
  createMirror,
  MirrorError,
  type MirrorSettings,
  type Row,
  type Side,
  type WindowResult,
} from '../src/index.ts';
import { aggregated, arrived, batches, columnsOf, randomOf, ratings } from './recordings.ts';

const captains: MirrorSettings = {
  stream: 'CAPTAIN_SCORES',
  columns: ['favoritecaptain', 'AVERAGE_RATING', 'TOTAL_RATING'],
  key: ['favoritecaptain'],
};

test('an average that is truncated on one side alone is named rounding', async () => {
  const recorded = [{ rows: [row('Han Solo', 499, 157772), row('David Bowman', 490, 163818)] }];
  const ours = [{ rows: [row('David Bowman', 490, 163818), row('Han Solo', 499.28, 157772)] }];
  const { verdict, reasons, findings, rows } = await compare(recorded, ours, captains);
  expect(verdict).toBe('differ');
  expect(findings.map(({ kind }) => kind)).toEqual(['rounding']);
  expect(rows.rounding).toBe(1);
  expect(reasons).toEqual(['1 row differs by rounding alone: one side cuts off digits that the other keeps.']);
});

test.each([
  [{ absolute: 0.5 }, 'agree'],
  [{ relative: 0.001 }, 'agree'],
  [{ relative: 0.0001 }, 'differ'],
  [{ role: 'ignored' as const }, 'agree'],
])('a tolerance of %o makes it %s', async (tolerance, verdict) => {
  const settings = { ...captains, compare: { AVERAGE_RATING: tolerance } };
  const recorded = [{ rows: [row('Han Solo', 499, 157772), row('David Bowman', 490, 163818)] }];
  const ours = [{ rows: [row('Han Solo', 499.28, 157772), row('David Bowman', 490, 163818)] }];
  expect((await compare(recorded, ours, settings)).verdict).toBe(verdict);
});

test('numbers that no double holds are compared digit by digit, however they are written', async () => {
  const settings = { stream: 'S', columns: ['k', 'n'], key: ['k'] };
  const recorded = [{ rows: [row('a', 9007199254740993n), row('b', '12345678901234567890.10'), row('c', '07')] }];
  const ours = [{ rows: [row('a', '9007199254740993'), row('b', '12345678901234567890.1'), row('c', 7)] }];
  expect((await compare(recorded, ours, settings)).verdict).toBe('agree');
  const other = [{ rows: [row('a', '9007199254740992'), row('b', '12345678901234567890.1'), row('c', 7)] }];
  const report = await compare(recorded, other, settings);
  expect(report.rows.different).toBe(1);
  expect(report.differences[0]!.absolute.max).toBe(1);
});

test('nothing on one side is nothing, and said', async () => {
  const report = await compare([{ rows: [row('Han Solo', 499, 157772)] }], [], captains);
  expect(report.verdict).toBe('nothing');
  expect(report.reasons[0]).toBe('There are no rows on our side.');
  expect(report.agreement).toBe(1);
});

test.each([
  [{ key: ['captain'] }, /the key captain is not a column of CAPTAIN_SCORES: it has favoritecaptain/],
  [{ time: 'ROWTIME' }, /the time ROWTIME is not a column/],
  [{ time: 'favoritecaptain' }, /can be neither its time nor a score/],
  [{ windowMillis: 0 }, /takes more than 0 milliseconds, not 0/],
  [{ compare: { x: {} } }, /the compared column x is not a column/],
])('settings %o cannot be meant', (settings, message) => {
  expect(() => createMirror({ ...captains, ...settings })).toThrow(MirrorError);
  expect(() => createMirror({ ...captains, ...settings })).toThrow(message);
});

test.each([true, false])('what a key and a window are is inferred (with times: %s)', async (isTimed) => {
  const random = randomOf(7);
  const records = ratings(random, { minutes: 15, captains: 8, perMinute: 400 });
  const side = () => aggregated(random, arrived(random, records, 0), 'avg-sum', isTimed).flat();
  const report = await compare(batches(random, side()), batches(random, side()), {
    stream: 'S',
    columns: columnsOf('avg-sum', isTimed),
    ...(isTimed && { time: 'ROWTIME' }),
  });
  expect(report.key).toEqual(['favoritecaptain']);
  expect(report.keyInferred).toBe(true);
  expect(report.windowMillis).toBe(isTimed ? 60_000 : null);
  expect(report.windows.compared).toBe(15);
  expect(report.verdict).toBe('agree');
});

test('ratings have no key: they are compared whole', async () => {
  const random = randomOf(8);
  const rows = ratings(random, { minutes: 2, captains: 8, perMinute: 400 }).map(({ captain, rating }) => [
    captain,
    rating,
  ]);
  const report = await compare([{ rows }], [{ rows }], { stream: 'S', columns: ['favoritecaptain', 'rating'] });
  expect(report.key).toEqual([]);
  expect(report.rows.equal).toBe(800);
});

test('how rows are split into batches, and which side is fed first, changes nothing but who waits', async () => {
  const random = randomOf(9);
  const records = ratings(random, { minutes: 20, captains: 8, perMinute: 300 });
  const side = () => aggregated(random, arrived(random, records, 400), 'avg-sum-count', true).flat();
  const sides: Record<Side, Row[]> = { recorded: side(), ours: side() };
  const settings = {
    stream: 'S',
    columns: columnsOf('avg-sum-count', true),
    key: ['favoritecaptain'],
    time: 'ROWTIME',
  };
  const whole = await compare([{ rows: sides.recorded }], [{ rows: sides.ours }], settings);
  for (let i = 0; i < 20; i++) {
    expect(await compare(batches(random, sides.recorded), batches(random, sides.ours), settings)).toEqual(whole);
  }
  const fed = createMirror(settings);
  fed.feed('ours', { rows: sides.ours });
  fed.feed('recorded', { rows: sides.recorded });
  fed.end('ours');
  fed.end('recorded');
  expect(fed.wants).toBeNull();
  expect(fed.report()).toEqual(whole);
});

test('fed live, windows are judged in their order as soon as their neighbours are known', () => {
  const random = randomOf(10);
  const records = ratings(random, { minutes: 60, captains: 8, perMinute: 80 });
  const rows = aggregated(random, arrived(random, records, 0), 'avg-sum', true);
  const judged: WindowResult[] = [];
  const settings = {
    stream: 'S',
    columns: columnsOf('avg-sum', true),
    key: ['favoritecaptain'],
    time: 'ROWTIME',
    windowMillis: 60_000,
  };
  const mirror = createMirror({ ...settings, limits: { waitingRows: 100 } }, (result) => judged.push(result));
  rows.forEach((window, i) => {
    mirror.feed('recorded', { rows: window });
    const wrong = window.map((one) => one.with(2, (one[2] as number) + 1));
    mirror.feed('ours', { rows: i === 30 ? wrong : window });
  });
  expect(judged.length).toBeGreaterThan(45);
  expect(judged.map(({ window }) => window.index)).toEqual(judged.map((_, i) => i));
  expect(judged.map(({ agreement }) => agreement).filter((agreement) => agreement < 1)).toEqual([0]);
  expect(mirror.report().firstDifferent?.window.index).toBe(30);
});

test('a report is bounded however much was compared', async () => {
  const rows = Array.from({ length: 12_000 }, (_, i) => row(`key ${i % 20}`, i, 2 * i));
  const wrong = rows.map(([key, a, b]) => row(key!, (a as number) + 0.5, (b as number) * 3));
  const report = await compare([{ rows }], [{ rows: wrong }], { ...captains, limits: { points: 50 } });
  expect(report.verdict).toBe('differ');
  expect(report.series.length).toBeLessThanOrEqual(50);
  expect(report.series.reduce((sum, { windows }) => sum + windows, 0)).toBe(report.windows.compared);
  expect(JSON.stringify(report).length).toBeLessThan(50_000);
});

function row(...values: Row): Row {
  return values;
}
