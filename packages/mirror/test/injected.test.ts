// Differences put into one of two recordings of equal results: each is found, and named as what it is.
import { expect, test } from 'vitest';
import {
  compare,
  type FindingKind,
  type MirrorSettings,
  type Report,
  type Row,
  type Side,
  type Value,
} from '../src/index.ts';
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
  sqlTime,
} from './recordings.ts';

// ROWTIME_MIRROR_CASES: how many differences of windows, and half as many of whole rows (CONTRIBUTING.md).
const cases = Number(process.env['ROWTIME_MIRROR_CASES'] ?? 700);
const timeout = 60_000 * Math.max(1, cases / 600);

const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)]!;

type Injection = 'average' | 'dropped' | 'doubled' | 'boundary' | 'swapped' | 'zone';
const injections: readonly Injection[] = ['average', 'average', 'dropped', 'doubled', 'boundary', 'swapped', 'zone'];

interface Windows {
  readonly recorded: Row[][];
  readonly ours: Row[][];
}

test(`${cases} differences in windows are found and named`, { timeout }, async () => {
  const missed: string[] = [];
  let skipped = 0;
  for (let seed = 1; seed <= cases; seed++) {
    const random = randomOf(5_000_000 + seed);
    const injection = injections[seed % injections.length]!;
    const shape = pick(random, ['avg-sum', 'avg-sum-count', 'double'] as const);
    const isTimed = injection === 'zone' || random() < 0.5;
    const captains = 6 + Math.floor(random() * 8);
    const records = ratings(random, { minutes: 12, captains, perMinute: pick(random, [10, 40]) * captains });
    const lagMillis = injection === 'boundary' ? 0 : pick(random, [0, 50]);
    const side = (lag: number) => aggregated(random, arrived(random, records, lag), shape, isTimed);
    const windows: Windows = { recorded: side(lagMillis), ours: side(injection === 'boundary' ? 1500 : lagMillis) };
    const changed: Side = pick(random, ['recorded', 'ours'] as const);
    const columns = columnsOf(shape, isTimed);
    const inject = injector(random, injection, windows, changed, columns, shape === 'double', lagMillis === 0);
    skipped += inject === null ? 1 : 0;
    if (inject === null) continue; // no row that no record has crossed to or from
    const deliver = (rows: readonly Row[]) =>
      redelivered(random, rows, injection === 'doubled' ? 0 : Math.floor(random() * 2));
    const settings: MirrorSettings = {
      stream: 'CAPTAIN_SCORES',
      columns,
      key: ['favoritecaptain'],
      ...(isTimed && { time: 'ROWTIME' }),
      // Enough for sums in another order, and less than 1 ulp of what is not moved: that is compared exactly by `average`.
      ...(shape === 'double' && lagMillis + (injection === 'boundary' ? 1 : 0) > 0 && { compare: loose }),
    };
    const report = await compare(
      batches(random, deliver(windows.recorded.flat())),
      batches(random, deliver(windows.ours.flat())),
      settings,
    );
    const fault = inject(report);
    if (fault !== null)
      missed.push(`seed ${seed}, ${injection}, ${shape}, ${isTimed ? 'timed' : 'not timed'}: ${fault}`);
  }
  expect(missed).toEqual([]);
  expect(skipped).toBeLessThan(cases / 10);
});

const loose = { AVG_PRICE: { relative: 1e-12 }, SUM_PRICE: { relative: 1e-12 } };

/** Changes one side, and says what the report must then hold. */
function injector(
  random: Random,
  injection: Injection,
  windows: Windows,
  changed: Side,
  columns: readonly string[],
  isDouble: boolean,
  isExact: boolean,
): ((report: Report) => string | null) | null {
  const keyAt = columns.indexOf('favoritecaptain');
  const averageAt = keyAt + 1;
  const own = windows[changed];
  const other: Side = changed === 'recorded' ? 'ours' : 'recorded';
  if (injection === 'zone') {
    const quarters = pick(random, [-20, -8, 4, 8, 22, 23]);
    windows[changed].forEach((rows, w) => {
      windows[changed][w] = rows.map(([time, ...rest]) => [
        sqlTime(Date.parse(`${time}Z`) + quarters * 15 * minute),
        ...rest,
      ]);
    });
    const millis = (changed === 'ours' ? 1 : -1) * quarters * 15 * minute;
    return (report) =>
      explained(report, 'time-zone') ?? (report.shift?.millis === millis ? null : `a shift of ${report.shift?.millis}`);
  }
  if (injection === 'boundary') return (report) => explained(report, 'moved');
  const place = quietPlace(random, windows, keyAt);
  if (place === null) return null;
  const [w, key] = place;
  const at = own[w]!.findIndex((row) => row[keyAt] === key);
  const row = [...own[w]![at]!];
  switch (injection) {
    case 'average': {
      const average = row[averageAt] as number;
      const isUlp = isDouble && isExact && random() < 0.3;
      const wrong = isUlp ? nextUp(average) : wrongBy(random, average, isDouble);
      row[averageAt] = wrong;
      own[w]![at] = row;
      return (report) => {
        const { count, absolute, ulpsMax } = report.differences.find(({ column }) => column === columns[averageAt])!;
        const size = Math.abs(wrong - average);
        return (
          unexplained(report, ['different'], 1) ??
          (count === 1 && Math.abs(absolute.max - size) <= 1e-9 * size ? null : `${count} of ${absolute.max}`) ??
          (isUlp && ulpsMax !== 1 ? `${ulpsMax} ulps` : null)
        );
      };
    }
    case 'dropped':
      own[w]!.splice(at, 1);
      return (report) => unexplained(report, [`only-${other}`], 1);
    case 'doubled': {
      const rows = own[w]!;
      rows.splice(pick(random, [at, rows.length]), 0, row);
      return (report) => explained(report, `duplicates-${changed}`);
    }
    default: {
      const quiet = own[w]!.findIndex((one, i) => i !== at && isQuiet(windows, w, keyAt, one[keyAt]!));
      if (quiet < 0) return null;
      const partner = own[w]![quiet]!;
      const head = row.slice(0, keyAt);
      own[w]![at] = [...head, key, ...partner.slice(keyAt + 1)];
      own[w]![quiet] = [...head, partner[keyAt]!, ...row.slice(keyAt + 1)];
      return (report) => unexplained(report, ['swapped-keys'], 2);
    }
  }
}

/** A key and a window in the middle, the same on both sides as are its neighbours: no record crossed there. */
function quietPlace(random: Random, windows: Windows, keyAt: number): [number, Value] | null {
  const w = 4 + Math.floor(random() * (windows.recorded.length - 9));
  const keys = windows.recorded[w]!.map((row) => row[keyAt]!).filter((key) => isQuiet(windows, w, keyAt, key));
  return keys.length === 0 ? null : [w, pick(random, keys)];
}

function isQuiet({ recorded, ours }: Windows, w: number, keyAt: number, key: Value): boolean {
  return [-3, -2, -1, 0, 1, 2, 3].every((step) => {
    const a = recorded[w + step]?.find((row) => row[keyAt] === key);
    const b = ours[w + step]?.find((row) => row[keyAt] === key);
    return a !== undefined && b !== undefined && String(a) === String(b);
  });
}

/** The kind is found so often, and nothing else that is not explained. */
function unexplained(report: Report, kinds: readonly FindingKind[], count: number): string | null {
  const found = report.findings.filter(({ explained }) => !explained);
  const isNamed = found.length === 1 && kinds.includes(found[0]!.kind) && found[0]!.count === count;
  if (isNamed && report.verdict === 'differ' && report.firstDifferent !== null) return null;
  return `${report.verdict}: ${found.map((one) => `${one.kind} ${one.count}`).join(', ')}`;
}

function explained(report: Report, kind: FindingKind): string | null {
  const found = report.findings.map((one) => one.kind);
  return report.verdict === 'explained' && found.includes(kind) ? null : `${report.verdict}: ${found.join(', ')}`;
}

function wrongBy(random: Random, average: number, isDouble: boolean): number {
  const part = 10 ** (-1 - 4 * random());
  const sign = random() < 0.5 ? 1 : -1;
  return isDouble ? average * (1 + sign * part) : average + sign * Math.max(1, Math.round(average * part));
}

function nextUp(value: number): number {
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0]!++;
  return new Float64Array(bits.buffer)[0]!;
}

test(`${cases >> 1} differences in whole rows are found and named`, { timeout }, async () => {
  const missed: string[] = [];
  for (let seed = 1; seed <= cases >> 1; seed++) {
    const random = randomOf(9_000_000 + seed);
    const injection = (['dropped', 'doubled', 'value', 'scores', 'boundary', 'zone'] as const)[seed % 6]!;
    const isTimed = injection === 'boundary' || injection === 'zone' || random() < 0.5;
    const isScored = injection === 'scores';
    const records = ratings(random, { minutes: 4, captains: 14, perMinute: pick(random, [80, 200]) });
    const shift = injection === 'zone' ? pick(random, [-8, 4, 22]) * 15 * minute : 0;
    const changed: Side = pick(random, ['recorded', 'ours'] as const);
    const other: Side = changed === 'recorded' ? 'ours' : 'recorded';
    const scale = 1.3 + random();
    const side = (which: Side): Row[] =>
      arrived(random, records, injection === 'boundary' ? 5000 : 0).map(({ at, user, captain, rating }) => [
        ...(isTimed ? [sqlTime(Math.floor(at) + (which === changed ? shift : 0))] : []),
        user,
        captain,
        rating,
        ...(isScored ? [(0.7 + 0.2 * random() + rating / 2000) * (which === changed ? scale : 1)] : []),
      ]);
    const sides = { recorded: side('recorded'), ours: side('ours') };
    const rows = sides[changed];
    const at = Math.floor(rows.length * (0.3 + 0.4 * random()));
    if (injection === 'dropped') rows.splice(at, 1);
    if (injection === 'doubled') rows.splice(at + Math.floor(random() * 50), 0, rows[at]!);
    if (injection === 'value')
      rows[at] = rows[at]!.with(-1, (rows[at]!.at(-1) as number) + 1 + Math.floor(random() * 90));
    const columns = [
      ...(isTimed ? ['ROWTIME'] : []),
      'user',
      'favoritecaptain',
      'rating',
      ...(isScored ? ['SCORE'] : []),
    ];
    const report = await compare(batches(random, sides.recorded), batches(random, sides.ours), {
      stream: 'RATINGS',
      columns,
      key: [],
      ...(isTimed && { time: 'ROWTIME' }),
      ...(isScored && { scores: ['SCORE'] }),
    });
    const fault = {
      dropped: () => unexplained(report, [`only-${other}`], 1),
      doubled: () => explained(report, `duplicates-${changed}`),
      value: () => unexplained(report, ['different'], 1),
      scores: () =>
        report.findings[0]?.kind === 'scores-differ' && report.verdict === 'differ' ? null : report.verdict,
      boundary: () => explained(report, 'moved'),
      zone: () => explained(report, 'time-zone'),
    }[injection]();
    if (fault !== null) missed.push(`seed ${seed}, ${injection}, ${isTimed ? 'timed' : 'not timed'}: ${fault}`);
  }
  expect(missed).toEqual([]);
});
