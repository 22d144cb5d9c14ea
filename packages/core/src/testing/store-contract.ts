import { assert } from '../assert.ts';
import type { Checkpoint, CheckpointStore } from '../checkpoint.ts';
import { encodeCheckpoint } from '../checkpoint-codec.ts';

export interface StoreHarness {
  /** A store over the same storage each time, as a new process makes it. */
  create(): CheckpointStore;
}

export interface StoreCase {
  readonly name: string;
  run(harness: StoreHarness): Promise<void>;
}

/** What every CheckpointStore does, each case over storage of its own:
 *
 *      for (const { name, run } of storeContract) test(name, () => run({ create: () => checkpointFiles(folder) }));
 */
export const storeContract: readonly StoreCase[] = [
  {
    name: 'has no checkpoint before the first is saved',
    async run({ create }) {
      assert((await create().load()) === null, 'an empty store loads null');
    },
  },
  {
    name: 'loads what another process saved',
    async run({ create }) {
      await create().save(checkpoint(1));
      expectSame(await create().load(), checkpoint(1));
    },
  },
  {
    name: 'loads the last checkpoint of many',
    async run({ create }) {
      const store = create();
      for (let i = 1; i <= 12; i++) await store.save(checkpoint(i));
      expectSame(await store.load(), checkpoint(12));
      expectSame(await create().load(), checkpoint(12));
    },
  },
  {
    name: 'goes on saving after a restart, loaded or not',
    async run({ create }) {
      await create().save(checkpoint(1));
      await create().save(checkpoint(2));
      const store = create();
      await store.load();
      await store.save(checkpoint(3));
      expectSame(await create().load(), checkpoint(3));
    },
  },
  {
    name: 'gives back every value as it was',
    async run({ create }) {
      const odd = { ...checkpoint(1), position: oddValues() };
      await create().save(odd);
      expectSame(await create().load(), odd);
    },
  },
  {
    name: 'keeps what was saved when the state changes afterwards',
    async run({ create }) {
      const counts = new Float64Array([1, 2, 3]);
      const store = create();
      await store.save({ ...checkpoint(1), operators: { 'PUMP/1': { counts } } });
      counts.fill(0);
      expectSame(await store.load(), {
        ...checkpoint(1),
        operators: { 'PUMP/1': { counts: new Float64Array([1, 2, 3]) } },
      });
    },
  },
  {
    name: 'gives each load its own copy',
    async run({ create }) {
      const store = create();
      await store.save({ ...checkpoint(1), position: new Float64Array([1, 2]) });
      const first = await store.load();
      assert(first?.position instanceof Float64Array, 'the position is loaded as it was');
      first.position.fill(0);
      expectSame(await store.load(), { ...checkpoint(1), position: new Float64Array([1, 2]) });
    },
  },
];

function checkpoint(i: number): Checkpoint {
  return {
    version: 2,
    plan: 'fingerprint',
    position: { file: 'a.ndjson', offset: i * 1000 },
    clock: i * 60_000,
    operators: { 'PUMP/2': { sums: Float64Array.of(i, 0.5), codes: Int32Array.of(-i), keys: ['a', 'b'] } },
    nodes: [],
    parts: [{ name: 'out', columns: null, about: null, isRetired: false, prepared: { next: i, sealed: [] } }],
  };
}

function oddValues(): unknown {
  return {
    numbers: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 5e-324, 2 ** 53, -(2n ** 70n)],
    texts: ['', '\u0000', '\ud800', '\udc00x', 'é\u{1f680}', '"\\\n'],
    ['__proto__']: { constructor: null },
    arrays: [new Uint8Array([255]), new Int16Array([-1, 2, 3]), new BigInt64Array([-(2n ** 63n)]), new Float32Array(0)],
    nested: [[], [[]], {}, [{ a: [true, false, null] }]],
  };
}

/** The codec has a test of its own, so that equal bytes mean equal values. */
function expectSame(found: Checkpoint | null, expected: Checkpoint): void {
  const a = encodeCheckpoint(found);
  const b = encodeCheckpoint(expected);
  assert(
    a.length === b.length && a.every((byte, i) => byte === b[i]),
    'a store loads the checkpoint that was saved last',
  );
}
