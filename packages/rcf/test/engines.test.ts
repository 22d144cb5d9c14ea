import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { type ForestOptions, RandomCutForest } from '../src/index.ts';
import { forestParameters } from '../src/parameters.ts';
import { KernelMemory } from '../src/wasm/memory.ts';
import { options, run, steps } from './steps.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test('both engines do the same, bit for bit, and each goes on where the other stopped', () => {
  fc.assert(
    fc.property(options, steps, (options, steps) => {
      const typescript = new RandomCutForest({ ...options, engine: 'typescript' });
      let wasm = new RandomCutForest({ ...options, engine: 'wasm' });
      let other: 'typescript' | 'wasm' = 'typescript';
      for (const [kind, numbers] of steps) {
        if (kind !== 'restore') expect(run(wasm, kind, numbers)).toEqual(run(typescript, kind, numbers));
        else {
          expect(wasm.snapshot()).toEqual(typescript.snapshot());
          wasm = RandomCutForest.restore(wasm.snapshot(), { engine: other });
          expect(wasm.engine).toBe(other);
          other = other === 'wasm' ? 'typescript' : 'wasm';
        }
      }
      expect(wasm.snapshot()).toEqual(typescript.snapshot());
    }),
    { numRuns: 400, seed: 12 },
  );
});

const shapes: [string, ForestOptions][] = [
  ['1 column', { inputDimensions: 1 }],
  ['1 column, Kinesis Analytics', { inputDimensions: 1, timeDecay: 1e-5, outputAfter: 256 }],
  ['2 columns', { inputDimensions: 2 }],
  ['3 columns', { inputDimensions: 3 }],
  ['2 columns, shingle 4', { inputDimensions: 2, shingleSize: 4, internalShingling: true }],
  ['1 column, shingle 7', { inputDimensions: 1, shingleSize: 7, internalShingling: true }],
  ['32 columns', { inputDimensions: 32 }],
];

/** Ordinary numbers; many duplicates; magnitudes so far apart that a sum of gaps depends on its order. */
const kinds: Readonly<Record<string, (random: () => number) => number>> = {
  gaussian: (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  integers: (random) => Math.floor(6 * random() ** 3),
  'far apart': (random) => (random() - 0.5) * 10 ** Math.floor(24 * random() - 12),
};

test.each(shapes.flatMap(([name, shape]) => Object.keys(kinds).map((kind) => [name, kind, shape] as const)))(
  'full forests are equal in batches, single points and attributions: %s, %s',
  (_, kind, shape) => {
    const random = uniform(5);
    const all = { ...shape, numberOfTrees: 30, sampleSize: 64 };
    const typescript = new RandomCutForest({ ...all, engine: 'typescript' });
    const wasm = new RandomCutForest({ ...all, engine: 'wasm' });
    const length = wasm.pointLength;
    const draw = (count: number) => Float64Array.from({ length: count }, () => kinds[kind]!(random));
    for (const rows of [300, 600, 3, 7]) {
      const points = draw(rows * length);
      expect(wasm.processBatch(points)).toEqual(typescript.processBatch(points));
    }
    for (let i = 0; i < 150; i++) {
      const point = draw(length);
      if (i % 5 === 0) expect(wasm.attribution(point)).toEqual(typescript.attribution(point));
      expect(wasm.process(point)).toBe(typescript.process(point));
    }
    expect(wasm.snapshot()).toEqual(typescript.snapshot());
  },
);

test('without WebAssembly the forest runs in TypeScript, unless told otherwise', async () => {
  vi.resetModules();
  vi.stubGlobal('WebAssembly', undefined);
  const { RandomCutForest } = await import('../src/index.ts');
  expect(new RandomCutForest({ inputDimensions: 1 }).engine).toBe('typescript');
  expect(() => new RandomCutForest({ inputDimensions: 1, engine: 'wasm' })).toThrow(
    'engine is wasm; this runtime has no WebAssembly with SIMD, or too little memory for the forest',
  );
});

test('without SIMD the forest runs in TypeScript', async () => {
  vi.resetModules();
  vi.stubGlobal('WebAssembly', {
    Module: class {
      constructor() {
        throw new SyntaxError('no SIMD');
      }
    },
  });
  const { RandomCutForest } = await import('../src/index.ts');
  expect(new RandomCutForest({ inputDimensions: 1 }).engine).toBe('typescript');
});

test('a forest too large for the kernel is for the other engine', () => {
  const options = { inputDimensions: 1, numberOfTrees: 10_000, sampleSize: 10_000 };
  expect(KernelMemory.create(forestParameters(options))).toBe(null);
});

test('the kernel was built from the sources that are here', () => {
  const root = new URL('../', import.meta.url);
  const names = readdirSync(new URL('assembly/', root)).filter((name) => name.endsWith('.ts'));
  const hash = createHash('sha256');
  for (const name of names.sort().map((name) => `assembly/${name}`)) {
    hash.update(`${name}\n${readFileSync(new URL(name, root), 'utf8')}\n`);
  }
  const generated = readFileSync(new URL('src/wasm/kernel.generated.ts', root), 'utf8');
  const [, built] = /sha256 ([0-9a-f]{64})/.exec(generated) ?? [];
  expect(built, 'run npm run build-kernel in packages/rcf').toBe(hash.digest('hex'));
});

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
