import { Distribution, largestDistance } from './distribution.ts';
import type { Layout } from './layout.ts';
import { rankCorrelation, topOverlap } from './ranks.ts';
import type { ScoreReport } from './report.ts';
import type { Row, Side } from './settings.ts';
import { numberOf } from './values.ts';

// Two forests of Kinesis Analytics' size over the same rows, with seeds of their own, are nearer than this
// (test/scores.test.ts measures it); and rows in such numbers that chance explains more have a larger one.
const distanceMax = 0.25;
const correlationMin = 0.3;
const groupMin = 8;
const probabilities = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999];
const bars = 40;

class ScoreColumn {
  readonly sides: Readonly<Record<Side, Distribution>> = { recorded: new Distribution(), ours: new Distribution() };
  readonly groups = new Map<number, { readonly recorded: number[]; readonly ours: number[] }>();
  correlation = 0;
  rows = 0;
  groupCount = 0;
  top = 0;
  topGroups = 0;
}

/** Compares scores that are random by nature: their distribution, their order within a group, and which are highest. */
export class Scores {
  readonly #layout: Layout;
  readonly #columns: readonly ScoreColumn[];

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#columns = layout.scores.map(() => new ScoreColumn());
  }

  add(side: Side, row: Row): void {
    for (let i = 0; i < this.#columns.length; i++) {
      const score = numberOf(row[this.#layout.scores[i]!]);
      if (!Number.isNaN(score)) this.#columns[i]!.sides[side].add(score);
    }
  }

  /** The same row of both sides; ranks are compared within a group. */
  pair(recorded: Row, ours: Row, group: number): void {
    for (let i = 0; i < this.#columns.length; i++) {
      const { groups } = this.#columns[i]!;
      const [a, b] = [numberOf(recorded[this.#layout.scores[i]!]), numberOf(ours[this.#layout.scores[i]!])];
      if (Number.isNaN(a) || Number.isNaN(b)) continue;
      let pairs = groups.get(group);
      if (pairs === undefined) {
        pairs = { recorded: [], ours: [] };
        groups.set(group, pairs);
      }
      pairs.recorded.push(a);
      pairs.ours.push(b);
    }
  }

  /** The groups so far are whole. */
  flush(): void {
    for (const column of this.#columns) {
      for (const { recorded, ours } of column.groups.values()) {
        if (recorded.length < groupMin) continue;
        const correlation = rankCorrelation(recorded, ours);
        if (!Number.isNaN(correlation)) {
          column.correlation += correlation * recorded.length;
          column.rows += recorded.length;
          column.groupCount++;
        }
        column.top += topOverlap(recorded, ours, Math.max(1, Math.min(10, Math.floor(recorded.length / 8))));
        column.topGroups++;
      }
      column.groups.clear();
    }
  }

  report(): ScoreReport[] {
    return this.#columns.map((column, i) => this.#report(column, this.#layout.columns[this.#layout.scores[i]!]!));
  }

  #report({ sides, correlation, rows, groupCount, top, topGroups }: ScoreColumn, column: string): ScoreReport {
    const { recorded, ours } = sides;
    const distance = largestDistance(recorded, ours);
    // Kolmogorov and Smirnov's bound for a chance of 1 in 2,000.
    const [n, m] = [recorded.count, ours.count];
    const allowed = Math.min(1, Math.max(distanceMax, n * m === 0 ? 1 : 2.04 * Math.sqrt((n + m) / (n * m))));
    const ranked = rows === 0 ? null : correlation / rows;
    const borders = bordersOf(recorded, ours);
    const both = <T>(of: (side: Distribution) => T) => ({ recorded: of(recorded), ours: of(ours) });
    return {
      column,
      count: both(({ count }) => count),
      mean: both(({ mean }) => mean),
      probabilities,
      quantiles: both((side) => probabilities.map((probability) => side.quantile(probability))),
      borders,
      histogram: both((side) => histogramOf(side, borders)),
      distance,
      distanceMax: allowed,
      rankCorrelation: ranked,
      rankGroups: groupCount,
      topOverlap: topGroups === 0 ? null : top / topGroups,
      agree: distance <= allowed && (ranked === null || groupCount < 4 || ranked >= correlationMin),
    };
  }
}

function bordersOf(a: Distribution, b: Distribution): number[] {
  const ends = [a, b].filter(({ count }) => count > 0).flatMap((side) => [side.quantile(0), side.quantile(1)]);
  if (ends.length === 0) return [0, 1];
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const width = (most - least || 1) / bars;
  return Array.from({ length: bars + 1 }, (_, i) => least + i * width);
}

function histogramOf(side: Distribution, borders: readonly number[]): number[] {
  const counts = new Array<number>(borders.length - 1).fill(0);
  const [least, width] = [borders[0]!, borders[1]! - borders[0]!];
  for (const [value, count] of side.values()) {
    counts[Math.max(0, Math.min(counts.length - 1, Math.floor((value - least) / width)))]! += count;
  }
  return counts.map((count) => (side.count === 0 ? 0 : count / side.count));
}
