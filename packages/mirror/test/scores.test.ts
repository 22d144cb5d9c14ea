import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Distribution, largestDistance } from '../src/distribution.ts';
import { compare } from '../src/index.ts';
import { rankCorrelation, topOverlap } from '../src/ranks.ts';
import { randomOf } from './recordings.ts';

test('ranks: the same order is 1, the reverse is -1, and equal values share their ranks', () => {
  expect(rankCorrelation([1, 2, 3, 4], [10, 20, 30, 40])).toBeCloseTo(1, 12);
  expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 12);
  // 1 - 6 * (0 + 0.25 + 0.25 + 0) / (4 * 15), with the correction for ties: 4.5 / sqrt(5 * 4.5).
  expect(rankCorrelation([1, 2, 3, 4], [1, 2, 2, 4])).toBeCloseTo(4.5 / Math.sqrt(22.5), 12);
  expect(topOverlap([9, 8, 1, 2], [9, 1, 8, 2], 2)).toBe(0.5);
});

test('many numbers are kept in bins: quantiles stay within a thousandth, the distance within a hundredth', () => {
  const random = randomOf(1);
  const fill = (count: number, shift: number) => {
    const distribution = new Distribution();
    for (let i = 0; i < count; i++) distribution.add(shift + random());
    return distribution;
  };
  const [few, many, moved] = [fill(10_000, 1), fill(100_000, 1), fill(100_000, 1.2)];
  expect([few.isExact, many.isExact]).toEqual([true, false]);
  expect(many.quantile(0.5)).toBeCloseTo(1.5, 1);
  expect(Math.abs(largestDistance(many, moved) - 0.2)).toBeLessThan(0.01);
  expect(largestDistance(few, many)).toBeLessThan(0.02);
});

test('the distance is that of the two distribution functions', () => {
  const numbers = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const of = (values: readonly number[]) => {
        const distribution = new Distribution();
        for (const value of values) distribution.add(value);
        return distribution;
      };
      const below = (values: readonly number[], x: number) =>
        values.filter((value) => value <= x).length / values.length;
      const naive = Math.max(...[...a, ...b].map((x) => Math.abs(below(a, x) - below(b, x))));
      expect(largestDistance(of(a), of(b))).toBeCloseTo(naive, 12);
    }),
  );
});

test('with a seed on both sides scores are compared as any other column', async () => {
  const rows = Array.from({ length: 300 }, (_, i) => [`user ${i}`, Math.sin(i)]);
  const other = rows.map(([user, score], i) => [user!, (score as number) + (i === 150 ? 0.001 : 0)]);
  const settings = { stream: 'S', columns: ['user', 'ANOMALY_SCORE'], scores: ['ANOMALY_SCORE'] };
  expect((await compare([{ rows }], [{ rows: other }], settings)).verdict).toBe('agree');
  const seeded = await compare([{ rows }], [{ rows: other }], { ...settings, key: [], seeded: true });
  expect(seeded.findings.map(({ kind, count }) => [kind, count])).toEqual([['different', 1]]);
  expect(seeded.scores).toEqual([]);
});
