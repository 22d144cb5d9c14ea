import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ThresholdedForest, type ThresholdedOptions } from '../src/index.ts';

const everyMethod = ['none', 'subtractMean', 'normalize', 'difference', 'normalizeDifference'] as const;

test('spikes in a noisy wave are anomalies, once each, and hardly anything else is', () => {
  const forest = new ThresholdedForest({ inputDimensions: 1, shingleSize: 4 });
  const found: number[] = [];
  for (const [row, value] of wave(5000).entries()) if (forest.process([value]).grade > 0) found.push(row);
  const spikes = Array.from({ length: 9 }, (_, i) => 750 + 500 * i);
  expect(found).toEqual(expect.arrayContaining(spikes));
  expect(found.filter((row) => row % 500 > 250 && row % 500 < 254)).toEqual([]); // the spike is still in the shingle
  expect(found.length - spikes.length).toBeLessThan(25);
});

test('an anomaly comes with what was expected, and which way it went', () => {
  const forest = new ThresholdedForest({ inputDimensions: 1, shingleSize: 4 });
  const values = wave(751);
  const verdicts = values.map((value) => forest.process([value]));
  const spike = verdicts[750]!;
  expect(spike.grade).toBe(1);
  expect(spike.confidence).toBe(1);
  expect(Math.abs(spike.expected![0]! - 1000 - 50 * Math.sin(75))).toBeLessThan(15);
  const { high, low } = spike.attribution!;
  expect(low[0]).toBeGreaterThan(high[0]!);
  expect(high[0]! + low[0]!).toBeCloseTo(spike.score, 6);
  expect(verdicts[740]).toMatchObject({ grade: 0, expected: null, attribution: null });
});

test('only the column that went wrong is expected to be another', () => {
  const random = noise(3);
  const forest = new ThresholdedForest({ inputDimensions: 2 });
  for (let i = 0; i < 1000; i++) forest.process([100 + random(), 0.001 * random()]);
  const { grade, expected, attribution } = forest.process([100, 0.1]);
  expect(grade).toBe(1);
  expect(expected![0]).toBeCloseTo(100, 3);
  expect(Math.abs(expected![1]!)).toBeLessThan(0.001);
  expect(attribution!.high[1]).toBeGreaterThan(attribution!.high[0]! + attribution!.low[0]! + attribution!.low[1]!);
});

test('a column of ten thousands does not hide one of thousandths', () => {
  const random = noise(4);
  const forest = new ThresholdedForest({ inputDimensions: 2 });
  for (let i = 0; i < 1000; i++) forest.process([1e4 * random(), 0.001 * random()]);
  expect(forest.process([0, 0.02]).grade).toBeGreaterThan(0);
});

test('numbers far from zero keep their differences', () => {
  const random = noise(5);
  const forest = new ThresholdedForest({ inputDimensions: 1 });
  let flagged = 0;
  for (let i = 0; i < 1000; i++) if (forest.process([1.7e12 + random()]).grade > 0) flagged++;
  expect(flagged).toBeLessThan(30);
  expect(forest.process([1.7e12 + 50]).grade).toBe(1);
});

const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 5e-324, 1.4e-45, 3.4e38, 1.7e308, -1.7e308),
);

const options: fc.Arbitrary<ThresholdedOptions> = fc.record({
  inputDimensions: fc.integer({ min: 1, max: 3 }),
  shingleSize: fc.integer({ min: 1, max: 4 }),
  numberOfTrees: fc.integer({ min: 1, max: 4 }),
  sampleSize: fc.integer({ min: 1, max: 16 }),
  outputAfter: fc.integer({ min: 1, max: 12 }),
  transformMethod: fc.constantFrom(...everyMethod),
  startNormalization: fc.integer({ min: 1, max: 6 }),
  zFactor: fc.constantFrom(1, 3),
  absoluteThreshold: fc.constantFrom(0, 0.8),
});

test('whatever finite rows come, a verdict is finite and a restored forest gives the same', () => {
  fc.assert(
    fc.property(options, fc.array(value, { minLength: 30, maxLength: 180 }), fc.nat(6), (options, values, every) => {
      const straight = new ThresholdedForest(options);
      let restored = new ThresholdedForest(options);
      const columns = options.inputDimensions;
      for (let at = 0; at + columns <= values.length; at += columns) {
        const row = values.slice(at, at + columns);
        const verdict = straight.process(row);
        const { score, grade, confidence, expected, attribution } = verdict;
        const numbers = [
          score,
          grade,
          confidence,
          ...(expected ?? []),
          ...(attribution?.high ?? []),
          ...(attribution?.low ?? []),
        ];
        expect(numbers.filter((number) => !Number.isFinite(number))).toEqual([]);
        expect(grade >= 0 && grade <= 1 && confidence >= 0 && confidence <= 1).toBe(true);
        expect(restored.process(row)).toEqual(verdict);
        if (at % (every + 1) === 0) restored = ThresholdedForest.restore(structuredClone(restored.snapshot()));
      }
    }),
    { numRuns: 150, seed: 11 },
  );
});

test.each<[Partial<Record<keyof ThresholdedOptions, unknown>>, string]>([
  [
    { transformMethod: 'log' },
    'transformMethod is log; it must be one of none, subtractMean, normalize, difference, normalizeDifference',
  ],
  [{ transformDecay: 0 }, 'transformDecay is 0; it must be a number above 0 and at most 1'],
  [{ startNormalization: 0 }, 'startNormalization is 0; it must be an integer from 1 to 1000'],
  [{ zFactor: 0.5 }, 'zFactor is 0.5; it must be a number from 1 to 100'],
  [{ absoluteThreshold: -1 }, 'absoluteThreshold is -1; it must be a number from 0 to 100'],
  [{ sampleSize: 0 }, 'sampleSize is 0; it must be an integer from 1 to 1000000'],
])('errors name the option, its value and its range: %o', (options, message) => {
  const all = { inputDimensions: 1, ...options } as ThresholdedOptions;
  expect(() => new ThresholdedForest(all)).toThrow(new RangeError(message));
});

test('a row of the wrong length or with a NaN is refused, and changes nothing', () => {
  const forest = new ThresholdedForest({ inputDimensions: 2 });
  const before = forest.snapshot();
  expect(() => forest.process([1])).toThrow('row has 1 numbers; it must have 2');
  expect(() => forest.process([1, Number.NaN])).toThrow('row[1] is NaN; it must be a finite number');
  expect(forest.snapshot()).toEqual(before);
});

/** A wave with noise, and a spike in row 750, 1250 and so on, down and up in turn. */
function wave(rows: number): number[] {
  const random = noise(2);
  return Array.from({ length: rows }, (_, row) => {
    const spike = row > 500 && row % 500 === 250 ? (row % 1000 === 250 ? 150 : -150) : 0;
    return 1000 + 50 * Math.sin(row / 10) + 3 * random() + spike;
  });
}

/** Seeded, roughly normal numbers around 0: the sum of twelve uniform ones, less six. */
function noise(seed: number): () => number {
  let state = seed * 0x9e3779b1;
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      sum += (state >>> 0) / 2 ** 32;
    }
    return sum;
  };
}
