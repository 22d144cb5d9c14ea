import { afterEach, expect, test } from 'vitest';
import { RandomCutForest } from '../src/index.ts';
import { ParallelForest, type ParallelOptions } from '../src/parallel/index.ts';

const forests: ParallelForest[] = [];
afterEach(async () => {
  await Promise.all(forests.splice(0).map((forest) => forest.close()));
});

test.each([
  ['2 workers', { inputDimensions: 1, workers: 2 }],
  ['3 workers, shingles', { inputDimensions: 1, shingleSize: 7, internalShingling: true, workers: 3 }],
  ['4 workers, 10 trees', { inputDimensions: 2, numberOfTrees: 10, workers: 4 }],
])('%s have the bits of one thread', async (_, options) => {
  const alone = new RandomCutForest(options);
  const shared = start(options);
  expect(shared.workers).toBe(options.workers);
  const points = wave(4000 * alone.pointLength);
  const part = (i: number) => points.subarray(1000 * i * alone.pointLength, 1000 * (i + 1) * alone.pointLength);
  expect(shared.processBatch(part(0))).toEqual(alone.processBatch(part(0))); // perhaps before the workers are there
  await shared.ready;
  expect(shared.processBatch(part(1))).toEqual(alone.processBatch(part(1)));
  const point = points.subarray(0, alone.pointLength);
  expect(shared.attribution(point)).toEqual(alone.attribution(point));
  expect(shared.process(point)).toBe(alone.process(point));
  expect(shared.processBatch(part(2).subarray(0, 20 * point.length))).toEqual(
    alone.processBatch(part(2).subarray(0, 20 * point.length)),
  );
  await shared.close();
  expect(shared.processBatch(part(3))).toEqual(alone.processBatch(part(3)));
  expect(shared.snapshot()).toEqual(alone.snapshot());
});

test('a snapshot goes from one thread to several, and back', async () => {
  const alone = new RandomCutForest({ inputDimensions: 2 });
  alone.processBatch(wave(2000));
  const shared = ParallelForest.restore(structuredClone(alone.snapshot()), { workers: 2 });
  forests.push(shared);
  await shared.ready;
  expect(shared.processBatch(wave(2000))).toEqual(alone.processBatch(wave(2000)));
  const back = RandomCutForest.restore(structuredClone(shared.snapshot()));
  expect(back.processBatch(wave(600))).toEqual(alone.processBatch(wave(600)));
});

test('idle workers do not keep the process alive', async () => {
  // Timers and pipes are the test runner's own, and come and go.
  const held = () =>
    process.getActiveResourcesInfo().filter((resource) => !/Timeout|Immediate|Pipe|TTY/.test(resource));
  const before = held().length;
  const forest = start({ inputDimensions: 1, workers: 3 });
  expect(held().length).toBeGreaterThan(before);
  await forest.ready;
  expect(held()).toHaveLength(before);
});

test('more workers than trees, or none to share with, are one thread each', () => {
  expect(start({ inputDimensions: 1, numberOfTrees: 2, workers: 8 }).workers).toBe(2);
  expect(start({ inputDimensions: 1, workers: 1 }).workers).toBe(1);
  const forest = start({ inputDimensions: 1, workers: 2, engine: 'typescript' });
  expect([forest.workers, forest.engine]).toEqual([1, 'typescript']);
});

test('workers is checked', () => {
  expect(() => new ParallelForest({ inputDimensions: 1, workers: 0 })).toThrow(
    new RangeError('workers is 0; it must be an integer from 1 to 64'),
  );
});

function start(options: ParallelOptions): ParallelForest {
  const forest = new ParallelForest(options);
  forests.push(forest);
  return forest;
}

function wave(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => 10 * Math.sin(i / 7) + ((i * 7919) % 101) / 20);
}
