import fc from 'fast-check';
import type { ForestOptions, RandomCutForest } from '../src/index.ts';

// Random forests, and random things to do with them.

export const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -100, max: 100, noNaN: true }),
  fc.constantFrom(0, -0, 5e-324, -1e-310, 1.4e-45, -1.4e-45, 3.4e38, -3.4e38, 1.7e38, 1.7e308, -1.7e308, 2 ** 24 + 1),
);

export const options: fc.Arbitrary<ForestOptions> = fc.record({
  inputDimensions: fc.integer({ min: 1, max: 4 }),
  shingleSize: fc.integer({ min: 1, max: 3 }),
  numberOfTrees: fc.integer({ min: 1, max: 6 }),
  sampleSize: fc.integer({ min: 1, max: 24 }),
  timeDecay: fc.constantFrom(0, 1e-5, 0.01, 0.3, 1),
  outputAfter: fc.integer({ min: 1, max: 10 }),
  initialAcceptFraction: fc.constantFrom(0.01, 0.125, 0.5, 1),
  internalShingling: fc.boolean(),
  randomSeed: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
});

export type Step = 'score' | 'update' | 'process' | 'batch' | 'attribution' | 'impute' | 'restore';
const step = fc.constantFrom<Step>(
  'score',
  'update',
  'process',
  'process',
  'batch',
  'attribution',
  'impute',
  'restore',
);
/** More numbers than a step needs: it takes as many as its points have. */
export const steps = fc.array(fc.tuple(step, fc.array(value, { minLength: 12, maxLength: 60 })), { maxLength: 60 });

/** Does the step and returns the numbers that came out. */
export function run(forest: RandomCutForest, kind: Exclude<Step, 'restore'>, numbers: readonly number[]): number[] {
  const length = forest.pointLength;
  const { inputDimensions, shingleSize } = forest.parameters;
  const point = numbers.slice(0, length);
  switch (kind) {
    case 'score':
      return [forest.score(point)];
    case 'update':
      forest.update(point);
      return [];
    case 'process':
      return [forest.process(point)];
    case 'batch':
      return [...forest.processBatch(Float64Array.from(numbers.slice(0, numbers.length - (numbers.length % length))))];
    case 'attribution': {
      const { high, low } = forest.attribution(point);
      return [...high, ...low];
    }
    case 'impute': {
      const imputed = inputDimensions * shingleSize > 1 ? [...forest.impute(point, [0])] : [];
      if (!imputed.every(Number.isFinite)) throw new Error(`imputed ${imputed}`);
      return imputed;
    }
  }
}
