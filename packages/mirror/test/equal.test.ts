// Two recordings of equal results: made from the same records, which arrived at a time of their own at each side, delivered
// at least once, begun late on one of them. Not one of them may be called different.
import { expect, test } from 'vitest';
import { compare, type MirrorSettings, type Report, type Row } from '../src/index.ts';
import {
  aggregated,
  arrived,
  batches,
  columnsOf,
  minute,
  type Random,
  randomOf,
  ratings,
  redelivered,
  type Shape,
  sqlTime,
  start,
} from './recordings.ts';

// ROWTIME_MIRROR_CASES: how many of each kind (CONTRIBUTING.md).
const cases = Number(process.env['ROWTIME_MIRROR_CASES'] ?? 600);
const timeout = 60_000 * Math.max(1, cases / 600);

const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)]!;

test(`${cases} recordings of windows: none is called different`, { timeout }, async () => {
  const alarms: string[] = [];
  const kinds = new Map<string, number>();
  for (let seed = 1; seed <= cases; seed++) {
    const random = randomOf(seed);
    const shape: Shape = pick(random, ['avg-sum', 'avg-sum-count', 'count', 'sum', 'all', 'double']);
    // A COUNT alone is too often what it was before to show which window it is of (README.md).
    const isTimed = shape === 'count' || random() < 0.5;
    const captains = 5 + Math.floor(random() * 9);
    const perKey = pick(random, [3, 3, 30, 60]);
    const records = ratings(random, { minutes: 10 + Math.floor(random() * 8), captains, perMinute: perKey * captains });
    // One number alone, too, does not always show whether it was delivered twice or is another one.
    const lagMillis = shape === 'sum' && !isTimed ? 0 : pick(random, [0, 100, 1500]);
    const deliveries = Math.floor(random() * 4);
    const lateBy = random() < 0.3 ? random() * 4 * minute : 0;
    const side = (from: number) =>
      redelivered(
        random,
        aggregated(
          random,
          arrived(random, records, lagMillis).filter(({ at }) => at >= from),
          shape,
          isTimed,
        ).flat(),
        deliveries,
      );
    const isOursLate = random() < 0.5;
    const recorded = side(isOursLate ? 0 : start + lateBy);
    const ours = side(isOursLate ? start + lateBy : 0);
    const settings: MirrorSettings = {
      stream: 'CAPTAIN_SCORES',
      columns: columnsOf(shape, isTimed),
      key: ['favoritecaptain'],
      ...(isTimed && { time: 'ROWTIME' }),
      // Doubles that are added in another order end in other digits.
      // Columns whose names do not say what they are, and a boundary that records cross for every key: that must be told.
      ...(shape === 'all' && { compare: { A: { role: 'count' }, B: { role: 'sum' }, C: { role: 'average' } } }),
      ...(shape === 'double' && { compare: { AVG_PRICE: { relative: 1e-12 }, SUM_PRICE: { relative: 1e-12 } } }),
    };
    const report = await compare(batches(random, recorded), batches(random, ours), settings);
    kinds.set(report.verdict, (kinds.get(report.verdict) ?? 0) + 1);
    if (isAlarm(report))
      alarms.push(`seed ${seed}, ${shape}, ${isTimed ? 'timed' : 'not timed'}: ${report.reasons[0]}`);
    checkCounts(report, recorded.length, ours.length);
  }
  expect(alarms).toEqual([]);
  // Both are there: recordings with something to explain, and without.
  expect(kinds.get('explained')).toBeGreaterThan(cases / 2);
  expect(kinds.get('agree')).toBeGreaterThan(cases / 50);
});

test(`${cases} recordings of whole rows: none is called different`, { timeout }, async () => {
  const alarms: string[] = [];
  for (let seed = 1; seed <= cases; seed++) {
    const random = randomOf(1_000_000 + seed);
    const isTimed = random() < 0.5;
    const isScored = random() < 0.3;
    const minutes = 3 + Math.floor(random() * 4);
    const records = ratings(random, { minutes, captains: 14, perMinute: pick(random, [60, 300]) });
    const lagMillis = pick(random, [0, 100, 1500]);
    const deliveries = Math.floor(random() * 3);
    const from = random() < 0.3 ? start + random() * minute : 0;
    const to = random() < 0.3 ? start + (minutes - random()) * minute : Number.POSITIVE_INFINITY;
    const row = ({ at, user, captain, rating }: (typeof records)[number]): Row => [
      ...(isTimed ? [sqlTime(Math.floor(at))] : []),
      user,
      captain,
      rating,
      ...(isScored ? [Math.abs(rating - 500) / 300 + 0.1 * random()] : []),
    ];
    const side = (isCut: boolean) =>
      redelivered(
        random,
        arrived(random, records, lagMillis)
          .filter(({ at }) => !isCut || (at >= from && at < to))
          .map(row),
        deliveries,
      );
    const isOursCut = random() < 0.5;
    const recorded = side(!isOursCut);
    const ours = side(isOursCut);
    const columns = [
      ...(isTimed ? ['ROWTIME'] : []),
      'user',
      'favoritecaptain',
      'rating',
      ...(isScored ? ['SCORE'] : []),
    ];
    const settings: MirrorSettings = {
      stream: 'RATINGS',
      columns,
      key: [],
      ...(isTimed && { time: 'ROWTIME' }),
      ...(isScored && { scores: ['SCORE'] }),
    };
    const report = await compare(batches(random, recorded), batches(random, ours), settings);
    if (isAlarm(report)) alarms.push(`seed ${seed}, ${isTimed ? 'timed' : 'not timed'}: ${report.reasons[0]}`);
    checkCounts(report, recorded.length, ours.length);
  }
  expect(alarms).toEqual([]);
});

function isAlarm({ verdict }: Report): boolean {
  return verdict === 'differ' || verdict === 'nothing';
}

/** Nothing is lost: each row that was read is in one and only one count. */
function checkCounts({ rows, excluded }: Report, recorded: number, ours: number): void {
  const pairs = rows.equal + rows.rounding + rows.swapped + rows.different;
  const out = (side: 'recorded' | 'ours') => excluded.start[side].rows + excluded.end[side].rows;
  expect(rows.recorded).toBe(recorded);
  expect(rows.ours).toBe(ours);
  expect(rows.compared).toBe(pairs + rows.moved + rows.onlyRecorded + rows.onlyOurs);
  // Of what is moved some rows are pairs, and some of one side alone.
  for (const side of ['recorded', 'ours'] as const) {
    const only = side === 'recorded' ? rows.onlyRecorded : rows.onlyOurs;
    const duplicates = side === 'recorded' ? rows.duplicatesRecorded : rows.duplicatesOurs;
    const rest = rows[side] - pairs - only - duplicates - out(side);
    expect(rest).toBeGreaterThanOrEqual(0);
    expect(rest).toBeLessThanOrEqual(rows.moved);
  }
}
