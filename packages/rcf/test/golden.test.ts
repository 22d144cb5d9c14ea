import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type ForestOptions, RandomCutForest } from '../src/index.ts';

const folder = new URL('golden/', import.meta.url);
const names = readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []));
const cases = (['wasm', 'typescript'] as const).flatMap((engine) => names.map((name) => [engine, name] as const));

test.each(cases)('%s: every score and attribution of %s is, bit for bit, the Java library’s', (engine, name) => {
  const { options, rows } = golden(name);
  const forest = new RandomCutForest({ ...options, engine });
  expect(forest.engine).toBe(engine);
  let attributions = 0;
  const wrong: string[] = [];
  for (const [index, { point, score, high, low }] of rows.entries()) {
    if (high !== null && low !== null) {
      const attribution = forest.attribution(point);
      if (!same(attribution.high, high) || !same(attribution.low, low)) wrong.push(`row ${index}: attribution`);
      attributions++;
    }
    const found = forest.process(point);
    if (found !== score) wrong.push(`row ${index}: ${found} instead of ${score}`);
  }
  expect(wrong).toEqual([]);
  expect(rows.length).toBeGreaterThanOrEqual(1000);
  if (name !== 'gauss-2d') expect(attributions).toBeGreaterThan(100);
});

test.each(cases)('%s: the batches of %s have the same scores as its single rows', (engine, name) => {
  const { options, rows } = golden(name);
  const points = Float64Array.from(rows.flatMap((row) => row.point));
  const scores = new RandomCutForest({ ...options, engine }).processBatch(points);
  expect(scores).toEqual(Float64Array.from(rows, (row) => row.score));
});

// bench/rcf/exact.mjs found it: where a tree is one leaf, the library does not scale the shares to their sum again.
test.each(['wasm', 'typescript'] as const)(
  '%s: equal rows share their attribution as in the Java library',
  (engine) => {
    const forest = new RandomCutForest({ inputDimensions: 14, numberOfTrees: 2, outputAfter: 1, engine });
    const point = new Array<number>(14).fill(42.1);
    forest.update(point);
    const { high, low } = forest.attribution(point);
    expect([...high, ...low]).toEqual(new Array(28).fill(0.017857142857142856));
  },
);

interface Row {
  readonly point: readonly number[];
  readonly score: number;
  readonly high: readonly number[] | null;
  readonly low: readonly number[] | null;
}

function golden(name: string): { options: ForestOptions; rows: Row[] } {
  const { parameters } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
  const [header, ...lines] = readFileSync(new URL(`${name}.csv`, folder), 'utf8')
    .trim()
    .split('\n');
  const columns = header!.split(',');
  const rows = lines.map((line) => {
    const cells = line.split(',');
    const take = (prefix: string) => cells.filter((_, i) => columns[i]!.startsWith(prefix));
    const numbers = (prefix: string) => {
      const found = take(prefix);
      return found.length === 0 || found[0] === '' ? null : found.map(Number);
    };
    return {
      point: take('x').map(Number),
      score: Number(take('score')[0]),
      high: numbers('high'),
      low: numbers('low'),
    };
  });
  const { internalShinglingEnabled, randomSeed, ...rest } = parameters;
  const { inputDimensions, shingleSize, numberOfTrees, sampleSize, timeDecay, outputAfter, initialAcceptFraction } =
    rest;
  return {
    options: {
      inputDimensions,
      shingleSize,
      numberOfTrees,
      sampleSize,
      timeDecay,
      outputAfter,
      initialAcceptFraction,
      internalShingling: internalShinglingEnabled,
      randomSeed: BigInt(randomSeed),
    },
    rows,
  };
}

function same(found: Float64Array, expected: readonly number[]): boolean {
  return found.length === expected.length && found.every((value, i) => value === expected[i]);
}
