// Rows without a key that look like earlier ones, of which one recording began later or ended earlier, within a window.
import { expect, test } from 'vitest';
import { compare, type MirrorSettings, type Row, type Side } from '../src/index.ts';
import { batches, type Random, randomOf, sqlTime, start } from './recordings.ts';

// ROWTIME_MIRROR_CASES: the larger part of the work is in the rows of one (CONTRIBUTING.md).
const cases = Math.ceil(Number(process.env['ROWTIME_MIRROR_CASES'] ?? 600) / 60);
const timeout = 60_000 * Math.max(1, cases / 60);
const perSecond = 60;

interface Ends {
  readonly isTimed: boolean;
  /** Rows that one side lacks at its start and its end. */
  readonly lateBy: number;
  readonly earlyBy: number;
}

/** Ratings sorted by a random score within each second, as each side's own forest scored them; few captains and ratings. */
function scored(random: Random, seconds: number): Record<Side, Row[]> {
  const records = Array.from({ length: seconds * perSecond }, (_, i) => ({
    second: Math.floor(i / perSecond),
    captain: `captain ${Math.floor(random() * 14)}`,
    rating: Math.floor(random() * 100),
  }));
  const side = () =>
    records
      .map((record) => ({ ...record, score: Math.abs(record.rating - 50) / 40 + 0.3 * random() }))
      .sort((a, b) => a.second - b.second || b.score - a.score)
      .map(({ second, captain, rating, score }) => [sqlTime(start + second * 1000), captain, rating, score]);
  return { recorded: side(), ours: side() };
}

function compared({ recorded, ours }: Record<Side, Row[]>, random: Random, isTimed: boolean) {
  const settings: MirrorSettings = {
    stream: 'ORDERED_ANOMALY_STREAM',
    columns: [...(isTimed ? ['ROWTIME'] : []), 'favoritecaptain', 'rating', 'ANOMALY_SCORE'],
    key: [],
    scores: ['ANOMALY_SCORE'],
    ...(isTimed && { time: 'ROWTIME' }),
  };
  const rows = (all: readonly Row[]) => batches(random, isTimed ? all : all.map((row) => row.slice(1)));
  return compare(rows(recorded), rows(ours), settings);
}

test.each<Ends>([
  { isTimed: false, lateBy: 0, earlyBy: 19 },
  { isTimed: true, lateBy: 0, earlyBy: 19 },
  { isTimed: false, lateBy: 40, earlyBy: 0 },
  { isTimed: true, lateBy: 40, earlyBy: 0 },
  { isTimed: false, lateBy: 300, earlyBy: 150 },
])(
  'what lies before and after a recording is not called ours alone: %o',
  { timeout },
  async ({ isTimed, lateBy, earlyBy }) => {
    const alarms: string[] = [];
    for (let seed = 1; seed <= cases; seed++) {
      const random = randomOf(30_000_000 + seed);
      const sides = scored(random, 40 + Math.floor(random() * 60));
      const cut: Side = random() < 0.5 ? 'recorded' : 'ours';
      sides[cut] = sides[cut].slice(lateBy, sides[cut].length - earlyBy);
      const { verdict, reasons, excluded } = await compared(sides, random, isTimed);
      const other = cut === 'recorded' ? 'ours' : 'recorded';
      const lost = excluded.start[other].rows + excluded.end[other].rows - lateBy - earlyBy;
      if (verdict !== 'agree' || lost < 0) alarms.push(`seed ${seed}: ${verdict}, ${lost} more: ${reasons[0]}`);
    }
    expect(alarms).toEqual([]);
  },
);

test('a row that one side lacks before the other has ended is found', { timeout }, async () => {
  for (let seed = 1; seed <= cases; seed++) {
    const random = randomOf(31_000_000 + seed);
    const sides = scored(random, 60);
    sides.recorded = sides.recorded.slice(0, -19);
    // Not like any other row: of those that are, one that is missing cannot be told from one that is behind the end.
    const at = 1000 + Math.floor(random() * 2000);
    sides.ours.splice(at, 0, sides.ours[at]!.with(1, 'nobody else'));
    const { findings } = await compared(sides, random, false);
    expect(findings.filter(({ explained }) => !explained).map(({ kind, count }) => [kind, count])).toEqual([
      ['only-ours', 1],
    ]);
  }
});
