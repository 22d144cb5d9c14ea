import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ForestOptions, RandomCutForest } from '../src/index.ts';
import { options, run, steps, value } from './steps.ts';

test('a forest restored at any point goes on bit for bit, whatever finite numbers it sees', () => {
  fc.assert(
    fc.property(options, steps, (options, steps) => {
      const straight = new RandomCutForest(options);
      let restored = new RandomCutForest(options);
      for (const [kind, numbers] of steps) {
        if (kind === 'restore') restored = RandomCutForest.restore(structuredClone(restored.snapshot()));
        else expect(run(restored, kind, numbers)).toEqual(run(straight, kind, numbers));
      }
    }),
    { numRuns: 400, seed: 3 },
  );
});

test('no finite input makes a NaN, a negative score or an exception', () => {
  fc.assert(
    fc.property(options, steps, (options, steps) => {
      let forest = new RandomCutForest(options);
      for (const [kind, numbers] of steps) {
        if (kind === 'restore') forest = RandomCutForest.restore(forest.snapshot());
        else
          for (const found of run(forest, kind, numbers))
            if (!(kind === 'impute' || found >= 0)) throw new Error(`${found}`);
      }
    }),
    { numRuns: 400, seed: 4 },
  );
});

test('a batch, however cut, has the scores of its points one by one', () => {
  fc.assert(
    fc.property(
      options,
      fc.array(value, { maxLength: 400 }),
      fc.array(fc.integer({ min: 0, max: 30 })),
      (options, values, cuts) => {
        const single = new RandomCutForest(options);
        const batched = new RandomCutForest(options);
        const length = single.pointLength;
        const rows = Math.floor(values.length / length);
        const points = Float64Array.from(values.slice(0, rows * length));
        const one = Array.from({ length: rows }, (_, row) =>
          single.process(points.subarray(row * length, (row + 1) * length)),
        );
        const many: number[] = [];
        for (const size of [...cuts, rows]) {
          const from = many.length * length;
          many.push(...batched.processBatch(points.subarray(from, Math.min(points.length, from + size * length))));
        }
        expect(many).toEqual(one);
        expect(batched.snapshot()).toEqual(single.snapshot());
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});

test('the attribution of a point adds up to its score', () => {
  fc.assert(
    fc.property(options, fc.array(value, { minLength: 100, maxLength: 600 }), (options, values) => {
      const forest = new RandomCutForest(options);
      const length = forest.pointLength;
      for (let at = 0; at + length <= values.length; at += length) {
        const point = values.slice(at, at + length);
        const { high, low } = forest.attribution(point);
        const total = [...high, ...low].reduce((sum, part) => sum + part, 0);
        expect(Math.abs(total - forest.score(point))).toBeLessThanOrEqual(1e-6);
        forest.update(point);
      }
    }),
    { numRuns: 300, seed: 6 },
  );
});

test('score, attribution and impute leave the forest as it was', () => {
  const forest = filled({ inputDimensions: 2, shingleSize: 2, internalShingling: true });
  const before = forest.snapshot();
  forest.score([1, 2]);
  forest.attribution([1, 2]);
  forest.impute([1, 2], [3]);
  expect(forest.snapshot()).toEqual(before);
});

test('a snapshot does not change when the forest goes on', () => {
  const forest = filled({ inputDimensions: 1 });
  const state = forest.snapshot();
  const before = structuredClone(state);
  for (let i = 0; i < 500; i++) forest.update([i]);
  expect(state).toEqual(before);
});

test('a snapshot of an unfinished shingle keeps its rows', () => {
  const options = { inputDimensions: 1, shingleSize: 5, internalShingling: true, outputAfter: 1, numberOfTrees: 3 };
  const straight = new RandomCutForest(options);
  straight.processBatch(Float64Array.of(1, 2, 3));
  const restored = RandomCutForest.restore(straight.snapshot());
  const rest = Float64Array.of(4, 5, 6, 7, -8);
  expect(restored.processBatch(rest)).toEqual(straight.processBatch(rest));
});

test('a score is 0 before outputAfter updates and above 0 from then on', () => {
  const forest = new RandomCutForest({ inputDimensions: 1, outputAfter: 5, internalShingling: true, shingleSize: 3 });
  const scores = forest.processBatch(Float64Array.from({ length: 9 }, (_, i) => i % 4));
  expect([...scores].map((score) => score > 0)).toEqual([false, false, false, false, false, true, true, true, true]);
});

test('-0 is 0', () => {
  const options = { inputDimensions: 2, outputAfter: 1, numberOfTrees: 5 };
  const plus = new RandomCutForest(options).processBatch(Float64Array.of(0, 1, 0, 2, 0, 1, 0, 2));
  const minus = new RandomCutForest(options).processBatch(Float64Array.of(-0, 1, 0, 2, -0, 1, 0, 2));
  expect(minus).toEqual(plus);
});

test('a value no other is near scores above all ordinary ones', () => {
  const random = uniform(7);
  const forest = new RandomCutForest({ inputDimensions: 1, timeDecay: 1e-5, numberOfTrees: 100, outputAfter: 256 });
  const points = Float64Array.from(
    { length: 5000 },
    (_, i) => (i % 500 === 499 ? 8000 : 1) + Math.floor(1000 * random()),
  );
  const scores = [...forest.processBatch(points)].slice(256);
  const odd = scores.filter((_, i) => points[i + 256]! >= 8000);
  const ordinary = scores.filter((_, i) => points[i + 256]! < 8000);
  expect(odd.length).toBe(10);
  expect(Math.min(...odd)).toBeGreaterThan(Math.max(...ordinary));
});

test('a missing value is imputed from points that agree in the others', () => {
  const random = uniform(8);
  const forest = new RandomCutForest({ inputDimensions: 2 });
  for (let i = 0; i < 1000; i++) {
    const x = Math.floor(4 * random());
    forest.update([x + 0.01 * random(), 10 * x + 0.1 * random()]);
  }
  const [known, imputed] = forest.impute([2, 0], [1]);
  expect(known).toBe(2);
  expect(imputed).toBeGreaterThan(19);
  expect(imputed).toBeLessThan(21.2);
});

// 1000 trees, 256 samples, timeDecay 100000 are legal for Kinesis Analytics. The Java library fails at point 67,298,
// where 16 bits no longer name all the distinct points that live.
test('more distinct points than 16 bits can name are no limit', () => {
  const rows = 70_000;
  const options = { inputDimensions: 1, numberOfTrees: 1000, sampleSize: 256, timeDecay: 1e-5, outputAfter: rows };
  const forest = new RandomCutForest(options);
  forest.processBatch(Float64Array.from({ length: rows }, (_, row) => row * 0.37));
  expect(new Set(forest.snapshot().points).size).toBeGreaterThan(2 ** 16);
  const scores = forest.processBatch(Float64Array.of(rows * 0.2, 1e6));
  expect(scores[0]).toBeLessThan(1);
  expect(scores[1]).toBeGreaterThan(2.5);
});

const shapes: [string, ForestOptions][] = [
  ['one column', { inputDimensions: 1 }],
  ['two columns', { inputDimensions: 2 }],
  ['a shingle of eight', { inputDimensions: 1, shingleSize: 8, internalShingling: true }],
];

// Boxing one double per tree would be 1600 bytes per point.
test.each(
  (['wasm', 'typescript'] as const).flatMap((engine) =>
    shapes.map(([name, options]) => [engine, name, options] as const),
  ),
)('%s: nothing is allocated per point and tree: %s', (engine, _, options) => {
  const random = uniform(9);
  const forest = new RandomCutForest({ ...options, engine, numberOfTrees: 100 });
  const rows = 256;
  const points = new Float64Array(rows * forest.pointLength);
  const scores = new Float64Array(rows);
  const point = new Float64Array(forest.pointLength);
  const attribution = forest.attribution(point);
  const ways = [
    () => forest.processBatch(points, scores),
    () => {
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < point.length; i++) point[i] = points[row * point.length + i]!;
        forest.process(point);
      }
    },
    () => {
      for (let row = 0; row < rows; row += 8) {
        for (let i = 0; i < point.length; i++) point[i] = points[row * point.length + i]!;
        forest.attribution(point, attribution);
      }
    },
  ];
  const allocated = ways.map(() => 0);
  const warmUpRounds = 40;
  const rounds = 50;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < points.length; i++) points[i] = random();
    for (const [i, way] of ways.entries()) {
      const before = process.memoryUsage().heapUsed;
      way();
      const after = process.memoryUsage().heapUsed;
      if (round >= warmUpRounds) allocated[i]! += Math.max(0, after - before);
    }
  }
  const measured = (rounds - warmUpRounds) * rows;
  for (const bytes of allocated) expect(bytes / measured).toBeLessThan(200);
});

describe('errors name the parameter, its value and its range', () => {
  test.each<[Partial<Record<keyof ForestOptions, unknown>>, string]>([
    [{ inputDimensions: 0 }, 'inputDimensions is 0; it must be an integer from 1 to 10000'],
    [{ inputDimensions: undefined }, 'inputDimensions is undefined; it must be an integer from 1 to 10000'],
    [{ inputDimensions: '2' }, 'inputDimensions is "2"; it must be an integer from 1 to 10000'],
    [{ shingleSize: 1.5 }, 'shingleSize is 1.5; it must be an integer from 1 to 10000'],
    [{ numberOfTrees: -1 }, 'numberOfTrees is -1; it must be an integer from 1 to 10000'],
    [{ sampleSize: 0 }, 'sampleSize is 0; it must be an integer from 1 to 1000000'],
    [
      { numberOfTrees: 10_000, sampleSize: 1_000_000 },
      'numberOfTrees × sampleSize × inputDimensions × shingleSize is 10000000000; it must be at most 134217728',
    ],
    [{ timeDecay: Number.NaN }, 'timeDecay is NaN; it must be a number from 0 to 1'],
    [{ timeDecay: -0.1 }, 'timeDecay is -0.1; it must be a number from 0 to 1'],
    [{ outputAfter: 0 }, 'outputAfter is 0; it must be an integer from 1 to 9007199254740991'],
    [{ initialAcceptFraction: 0 }, 'initialAcceptFraction is 0; it must be a number above 0 and at most 1'],
    [{ engine: 'java' }, 'engine is "java"; it must be one of auto, wasm, typescript'],
    [{ internalShingling: 'yes' }, 'internalShingling is "yes"; it must be true or false'],
    [
      { randomSeed: 2 ** 53 },
      'randomSeed is 9007199254740992; it must be an integer from -2^53 + 1 to 2^53 - 1, or a bigint from -2^63 to 2^63 - 1',
    ],
    [
      { randomSeed: 2n ** 63n },
      'randomSeed is 9223372036854775808; it must be an integer from -2^53 + 1 to 2^53 - 1, or a bigint from -2^63 to 2^63 - 1',
    ],
  ])('%o', (options, message) => {
    expect(() => new RandomCutForest({ inputDimensions: 1, ...options } as ForestOptions)).toThrow(
      new RangeError(message),
    );
  });

  const forest = filled({ inputDimensions: 2, numberOfTrees: 2 });
  test.each<[string, () => unknown, string]>([
    ['score', () => forest.score([1]), 'point has 1 numbers; it must have 2'],
    ['update', () => forest.update([1, 2, 3]), 'point has 3 numbers; it must have 2'],
    ['process', () => forest.process([1, Number.NaN]), 'point[1] is NaN; it must be a finite number'],
    ['attribution', () => forest.attribution([-Infinity, 1]), 'point[0] is -Infinity; it must be a finite number'],
    [
      'batch length',
      () => forest.processBatch(new Float64Array(3)),
      'points has 3 numbers; it must have a multiple of 2',
    ],
    [
      'batch value',
      () => forest.processBatch(Float64Array.of(1, 2, 3, NaN)),
      'points[3] is NaN; it must be a finite number',
    ],
    [
      'batch scores',
      () => forest.processBatch(new Float64Array(6), new Float64Array(2)),
      'scores has 2 numbers; it must have at least 3',
    ],
    ['impute index', () => forest.impute([1, 2], [2]), 'missing is 2; it must be an integer from 0 to 1'],
    ['impute all', () => forest.impute([1, 2], [0, 1]), 'missing is all 2 dimensions; one must be known'],
    [
      'attribution out',
      () => forest.attribution([1, 2], { high: new Float64Array(1), low: new Float64Array(2) }),
      'out has 1 and 2 numbers; it must have 2 each',
    ],
  ])('%s, and the forest stays as it was', (_, act, message) => {
    const before = forest.snapshot();
    expect(act).toThrow(new RangeError(message));
    expect(forest.snapshot()).toEqual(before);
  });

  test('a state that does not fit its parameters', () => {
    const state = forest.snapshot();
    expect(() => RandomCutForest.restore({ ...state, version: 2 as 1 })).toThrow(
      'version of the state is 2; it must be 1',
    );
    expect(() => RandomCutForest.restore({ ...state, weights: new Float32Array(3) })).toThrow(
      'weights in the state has 3 numbers; its parameters need 512',
    );
  });
});

function filled(options: ForestOptions): RandomCutForest {
  const random = uniform(1);
  const forest = new RandomCutForest(options);
  for (let i = 0; i < 400; i++) forest.update(Array.from({ length: forest.pointLength }, random));
  return forest;
}

/** Seeded numbers in [0, 1) (xorshift32). */
function uniform(seed: number): () => number {
  let state = seed * 0x9e3779b1 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
