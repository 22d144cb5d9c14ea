import { fromRows, printType, type Row, toRows } from '@rowtime/core';
import { anomalousCaptain, popularCaptains, Ratings, ratingAnomaly, ratingJson } from '@rowtime/examples/captains';
import { recordedAnomalies, recordedDiscovery, recordedScores } from '@rowtime/examples/recorded';
import { discoverSchema } from '@rowtime/sources/discover';
import { type Application, compile } from '@rowtime/sql';
import { expect, test } from 'vitest';

// rowtime held to what Kinesis Analytics itself said (packages/examples/recorded).

const input = 'SOURCE_SQL_STREAM_001';
const minute = Date.UTC(2021, 8, 22, 14, 51);

interface Rated {
  readonly rowtime: number;
  readonly row: Row;
}

/** The rows of a stream when a program has seen all of its input and, a minute later, its end. */
function pushed(graph: ReturnType<Application['graph']>, stream: string, ratings: readonly Rated[]): Rated[] {
  const rows: Rated[] = [];
  graph.listen(stream, (batch) => rows.push(...toRows(graph.schema(stream)!, batch)));
  graph.push(input, fromRows(graph.schema(input)!, ratings));
  graph.advance((ratings.at(-1)?.rowtime ?? 0) + 60_000);
  return rows;
}

/** How many ratings a recorded row can stand for, if the average is made so. */
function countsOf(average: number, total: number, round: (value: number) => number): number[] {
  return Array.from({ length: 1_000 }, (_, i) => i + 1).filter((n) => round(total / n) === average);
}

test('every recorded average is its total over one whole count, cut; rounded, three of them are of no count', () => {
  const counts = (round: (value: number) => number) =>
    recordedScores.rows.map(([, average, total]) => countsOf(Number(average), Number(total), round).length);
  expect(counts(Math.trunc)).toEqual(recordedScores.rows.map(() => 1));
  expect(counts(Math.round).filter((n) => n === 0)).toHaveLength(3);
});

test('ratings with the recorded totals give the recorded rows', () => {
  const ratings = recordedScores.rows.flatMap(([captain, average, total]) => {
    const [count] = countsOf(Number(average), Number(total), Math.trunc);
    const least = Math.trunc(Number(total) / count!);
    const above = Number(total) - least * count!;
    return Array.from({ length: count! }, (_, i) => ({
      favoritecaptain: captain!,
      rating: least + (i < above ? 1 : 0),
    }));
  });
  const inputs = { [input]: { favoritecaptain: 'VARCHAR(32)', rating: 'INTEGER' } };
  const rows = pushed(
    compile(popularCaptains, { inputs }).graph(),
    recordedScores.stream,
    ratings.map((row, i) => ({ rowtime: minute + i * 10, row })),
  );
  expect(new Set(rows.map(({ rowtime }) => rowtime))).toEqual(new Set([minute + 60_000]));
  expect(Object.keys(rows[0]!.row)).toEqual(recordedScores.columns);
  const byName = (a: readonly unknown[], b: readonly unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
  const values = rows.map(({ row }) => Object.values(row));
  expect(values.toSorted(byName)).toEqual(recordedScores.rows.map((row) => [...row]).toSorted(byName));
});

test('discovery finds the columns that the console showed', () => {
  // The console saw more records than it shows: names of up to 32 characters, captains of up to 16.
  const ratings = new Ratings(1);
  const others = Array.from({ length: 40 }, (_, i) => ratings.at(i, minute + i * 7.5));
  const records = others.filter(({ favoritecaptain }) => favoritecaptain.length <= 16).map(ratingJson);
  const found = discoverSchema(Buffer.from([recordedDiscovery.record, ...records].join('')));
  expect(found.map(({ name, type }) => ({ name, type: printType(type) }))).toEqual(recordedDiscovery.columns);
  expect(found.map(({ mapping }) => mapping)).toEqual(['$.user', '$.favoritecaptain', '$.rating', '$.timestamp']);
});

const learnt = 1_000;
const after = minute + learnt * 10;

/** What the ratings that come next score, each second's best first, when the program has learnt from the generator's. */
function learning(seed: number): (ratings: readonly Row[]) => Rated[] {
  const inputs = { [input]: { favoritecaptain: 'VARCHAR(32)', rating: 'INTEGER' } };
  const graph = compile(ratingAnomaly, { inputs, seed }).graph();
  const source = new Ratings(seed);
  const before = Array.from({ length: learnt }, (_, i): Rated => {
    const { favoritecaptain, rating } = source.at(i, 0);
    return { rowtime: minute + i * 10, row: { favoritecaptain, rating } };
  });
  graph.push(input, fromRows(graph.schema(input)!, before));
  graph.advance(after);
  const state = graph.snapshot();
  return (ratings) => {
    const next = compile(ratingAnomaly, { inputs, seed }).graph();
    next.restore(state);
    return pushed(
      next,
      recordedAnomalies.stream,
      ratings.map((row, i) => ({ rowtime: after + i * 10, row })),
    );
  };
}

test('rows ordered by the second have whole seconds as ROWTIME, and each second begins with its highest score', () => {
  const shown = discoverSchema(recordedAnomalies.rows.map(([ROWTIME]) => ({ ROWTIME })));
  expect(shown.map(({ type }) => type.kind)).toEqual(['timestamp']);
  for (const [time] of recordedAnomalies.rows) expect(time).toMatch(/^2021-09-22 14:55:\d\d\.0$/);
  const ratings = new Ratings(5);
  const ours = learning(5)(
    Array.from({ length: 250 }, (_, i) => {
      const { favoritecaptain, rating } = ratings.at(learnt + i, 0);
      return { favoritecaptain, rating };
    }),
  );
  expect(new Set(ours.map(({ rowtime }) => rowtime % 1_000))).toEqual(new Set([0]));
  const seconds = new Set(ours.map(({ rowtime }) => rowtime));
  expect(seconds.size).toBe(3);
  const isDescending = (scores: readonly number[]) => scores.every((score, i) => i === 0 || scores[i - 1]! >= score);
  for (const second of seconds) {
    expect(isDescending(ours.filter(({ rowtime }) => rowtime === second).map(scoreOf))).toBe(true);
  }
  // The console shows the latest second first, and within it what the program gives first.
  for (const second of new Set(recordedAnomalies.rows.map(([time]) => time))) {
    expect(isDescending(recordedAnomalies.rows.filter(([time]) => time === second).map((row) => Number(row[3])))).toBe(
      true,
    );
  }
});

const scoreOf = ({ row }: Rated): number => Number(row['ANOMALY_SCORE']);

test('the recorded ratings score here as they did there: anomalies above all others, on the same scale', () => {
  const recorded = recordedAnomalies.rows.map(([, captain, rating, score]) => ({
    captain,
    rating: Number(rating),
    score: Number(score),
  }));
  const isAnomalous = recorded.map(({ captain }) => captain === anomalousCaptain);
  // A forest is random: what is said holds for each of these seeds.
  for (const seed of [0, 1, 2, 3]) {
    const score = learning(seed);
    const ours = recorded.map(({ captain, rating }) => scoreOf(score([{ favoritecaptain: captain!, rating }])[0]!));
    const least = Math.min(...ours.filter((_, i) => isAnomalous[i]));
    const most = Math.max(...ours.filter((_, i) => !isAnomalous[i]));
    expect(least, `seed ${seed}`).toBeGreaterThan(most);
    const ratios = ours.map((score, i) => score / recorded[i]!.score);
    expect(Math.min(...ratios), `seed ${seed}`).toBeGreaterThan(0.75);
    expect(Math.max(...ratios), `seed ${seed}`).toBeLessThan(1.25);
    const ranks = spearman(
      ours,
      recorded.map(({ score }) => score),
    );
    expect(ranks, `seed ${seed}`).toBeGreaterThan(0.75);
  }
});

/** The correlation of ranks of two lists without ties. */
function spearman(a: readonly number[], b: readonly number[]): number {
  const ranks = (values: readonly number[]) => {
    const sorted = values.toSorted((x, y) => x - y);
    return values.map((value) => sorted.indexOf(value));
  };
  const [ra, rb] = [ranks(a), ranks(b)];
  const squares = ra.reduce((sum, rank, i) => sum + (rank - rb[i]!) ** 2, 0);
  return 1 - (6 * squares) / (a.length * (a.length ** 2 - 1));
}
