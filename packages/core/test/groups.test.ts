import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Column, ColumnBuilder, type Value, valueAt } from '../src/column.ts';
import { LimitError } from '../src/errors.ts';
import { Groups } from '../src/groups.ts';
import type { ColumnKind } from '../src/schema.ts';

const values: Readonly<Record<ColumnKind, fc.Arbitrary<Value>>> = {
  num: fc.option(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(-0, 0.5, 1e300)), { nil: null, freq: 4 }),
  bool: fc.option(fc.boolean(), { nil: null, freq: 4 }),
  // Texts that look like what the table could use for NULL or for a pair of keys.
  text: fc.option(fc.constantFrom('', 'a', 'b', 'ab', 'null', '\u0000NULL 0', '\u0000NULL 1', '__proto__', 'a,b'), {
    nil: null,
    freq: 4,
  }),
};

interface Keyed {
  readonly kinds: readonly ColumnKind[];
  /** Batches of rows of keys. */
  readonly batches: readonly (readonly (readonly Value[])[])[];
}

const keyed: fc.Arbitrary<Keyed> = fc
  .array(fc.constantFrom<ColumnKind>('num', 'bool', 'text'), { maxLength: 3 })
  .chain((kinds) =>
    fc
      .array(fc.array(fc.tuple(...kinds.map((kind) => values[kind])), { minLength: 1, maxLength: 30 }), {
        maxLength: 5,
      })
      .map((batches) => ({ kinds, batches })),
  );

function columnsOf(kinds: readonly ColumnKind[], rows: readonly (readonly Value[])[]): Column[] {
  return kinds.map((kind, k) => {
    const builder = new ColumnBuilder(kind);
    for (const row of rows) builder.push(row[k]!);
    return builder.finish();
  });
}

/** Group ids as a Map from the keys as text would give them. */
class Model {
  readonly #ids = new Map<string, number>();
  readonly keys: (readonly Value[])[] = [];

  id(row: readonly Value[]): number {
    // JSON has no -0, and neither has SQL.
    const key = JSON.stringify(row);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.keys.length);
    return this.keys.push(row.map((value) => (value === 0 ? 0 : value))) - 1;
  }
}

const keysOf = (groups: Groups): Value[][] => {
  const columns = groups.columns();
  return Array.from({ length: groups.size }, (_, group) =>
    columns.map((column) => valueAt(column, group)).map((value) => (value === 0 ? 0 : value)),
  );
};

describe('groups', () => {
  test('are those of a Map over the keys, for any keys and batches', () => {
    fc.assert(
      fc.property(keyed, ({ kinds, batches }) => {
        const groups = new Groups(kinds);
        const model = new Model();
        for (const rows of batches) {
          const ids = Array.from(groups.ids(columnsOf(kinds, rows), 0, rows.length).subarray(0, rows.length));
          expect(ids).toEqual(rows.map((row) => model.id(row)));
        }
        expect(groups.size).toBe(model.keys.length);
        expect(keysOf(groups)).toEqual(model.keys);
      }),
      { numRuns: 500 },
    );
  });

  test('go on from a snapshot as if nothing had happened, and do not change it', () => {
    fc.assert(
      fc.property(keyed, fc.nat(5), ({ kinds, batches }, at) => {
        const [whole, first, model] = [new Groups(kinds), new Groups(kinds), new Model()];
        let restored = first;
        let snapshot: unknown = null;
        batches.forEach((rows, b) => {
          if (b === at) {
            snapshot = first.snapshot();
            restored = new Groups(kinds);
            restored.restore(structuredClone(snapshot));
          }
          const columns = columnsOf(kinds, rows);
          const expected = Array.from(whole.ids(columns, 0, rows.length).subarray(0, rows.length));
          const before = structuredClone(snapshot);
          expect(Array.from(restored.ids(columns, 0, rows.length).subarray(0, rows.length))).toEqual(expected);
          if (snapshot) first.ids(columns, 0, rows.length);
          expect(snapshot).toEqual(before);
          for (const row of rows) model.id(row);
        });
        expect(keysOf(restored)).toEqual(model.keys);
      }),
    );
  });

  test('start anew after clear', () => {
    fc.assert(
      fc.property(keyed, ({ kinds, batches }) => {
        const groups = new Groups(kinds);
        for (const rows of batches) {
          const model = new Model();
          groups.clear();
          expect(groups.size).toBe(0);
          const ids = Array.from(groups.ids(columnsOf(kinds, rows), 0, rows.length).subarray(0, rows.length));
          expect(ids).toEqual(rows.map((row) => model.id(row)));
          expect(keysOf(groups)).toEqual(model.keys);
        }
      }),
    );
  });

  test('take a part of a batch', () => {
    const groups = new Groups(['text', 'num']);
    const columns = columnsOf(
      ['text', 'num'],
      [
        ['x', 1],
        ['a', 1],
        ['b', 2],
        ['a', 1],
        ['y', 9],
      ],
    );
    expect(Array.from(groups.ids(columns, 1, 4).subarray(0, 3))).toEqual([0, 1, 0]);
    expect(keysOf(groups)).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  test('are found again after the tables have grown', () => {
    const kinds: ColumnKind[] = ['num', 'num'];
    const groups = new Groups(kinds);
    const rows = Array.from({ length: 5_000 }, (_, i): Value[] => [i % 100, i]);
    const columns = columnsOf(kinds, rows);
    expect(Array.from(groups.ids(columns, 0, rows.length))).toEqual(rows.map((_, i) => i));
    expect(Array.from(groups.ids(columns, 0, rows.length))).toEqual(rows.map((_, i) => i));
    expect(keysOf(groups)).toEqual(rows);
  });
});

test('more groups than the bound are an error that says so', () => {
  const groups = new Groups(['num'], 2);
  groups.ids(columnsOf(['num'], [[1], [2], [1]]), 0, 3);
  expect(() => groups.ids(columnsOf(['num'], [[3]]), 0, 1)).toThrow(LimitError);
  expect(() => groups.ids(columnsOf(['num'], [[4]]), 0, 1)).toThrow('LIMIT_GROUPS: a window has more than 2 groups');
});
