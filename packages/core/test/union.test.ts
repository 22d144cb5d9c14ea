import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, toRows } from '../src/batch.ts';
import { LimitError } from '../src/errors.ts';
import { HeldRows } from '../src/operators/held-rows.ts';
import { Union } from '../src/operators/union.ts';
import { type Step, verifyOperator } from '../src/testing/index.ts';
import { integer, varchar } from './expressions.ts';
import { arbitrarySteps, batchOf, rowsOf, schemaOf, tuples } from './rows.ts';

const schema = schemaOf({ n: integer, s: varchar(9) });
const run = (inputs: number, steps: readonly Step[]) =>
  tuples(verifyOperator({ create: () => new Union(schema, inputs), steps }));

describe('union', () => {
  const [a, b] = [batchOf(schema, [1, 1, 'a'], [5, 2, 'a']), batchOf(schema, [1, 3, 'b'], [4, 4, 'b'])];

  test('emits rows of all inputs in ROWTIME order, those of one ROWTIME in the order of the inputs', () => {
    const merged = [
      [1, 1, 'a'],
      [1, 3, 'b'],
      [4, 4, 'b'],
      [5, 2, 'a'],
    ];
    expect(run(2, [{ batch: a, input: 0 }, { batch: b, input: 1 }, { advance: 6 }])).toEqual(merged);
    expect(run(2, [{ batch: b, input: 1 }, { batch: a, input: 0 }, { advance: 6 }])).toEqual(merged);
  });

  test('holds a row back until time has passed it, because an equal one may still come', () => {
    expect(run(2, [{ batch: a, input: 0 }, { advance: 5 }])).toEqual([[1, 1, 'a']]);
    const late: Step = { batch: batchOf(schema, [5, 9, 'b']), input: 1 };
    expect(run(2, [{ batch: a, input: 0 }, { advance: 5 }, late, { advance: Number.POSITIVE_INFINITY }])).toEqual([
      [1, 1, 'a'],
      [5, 2, 'a'],
      [5, 9, 'b'],
    ]);
  });

  test('counts what it holds', () => {
    const union = new Union(schema, 2);
    union.push(a, () => {}, 0);
    union.push(b, () => {}, 1);
    expect(union.held).toBe(4);
    union.advance(4, () => {});
    expect(union.held).toBe(2);
  });

  test('for any rows, cut and restored anywhere, loses none and brings none twice, in time order', () => {
    fc.assert(
      fc.property(arbitrarySteps(schema, { inputs: 3, gapMax: 10 }), (steps) => {
        const given = [0, 1, 2].flatMap((input) =>
          rowsOf(
            steps.filter((step) => 'batch' in step && step.input === input),
            (batch) => toRows(schema, batch),
          ),
        );
        const expected = given.sort((x, y) => x.rowtime - y.rowtime); // a stable sort: inputs in their order
        expect(verifyOperator({ create: () => new Union(schema, 3), steps })).toEqual(expected);
      }),
    );
  });
});

describe('held rows', () => {
  test('are bounded, and the error names who holds them', () => {
    const held = new HeldRows('ORDER BY', 3);
    const batch = batchOf(schema, [1, 1, 'a'], [2, 2, 'b']);
    held.add(batch, 0, 2);
    held.add(batch, 0, 1);
    expect(held.length).toBe(3);
    expect(() => held.add(batch, 0, 1)).toThrow(LimitError);
    expect(() => held.add(batch, 0, 2)).toThrow('LIMIT_BUFFERED_ROWS: ORDER BY holds more than 3 rows back');
  });

  test('are forgotten when they are taken', () => {
    const held = new HeldRows('ORDER BY', 3);
    const batch = batchOf(schema, [1, 1, 'a'], [2, 2, 'b']);
    for (let i = 0; i < 5; i++) {
      held.add(batch, 0, 2);
      expect(held.take()?.length).toBe(2);
      expect(held.all()).toBeNull();
    }
  });

  test('snapshot to a copy that holds no more than they do', () => {
    const held = new HeldRows('ORDER BY');
    const batch = batchOf(schema, ...Array.from({ length: 100 }, (_, i) => [i, i, `t${i}`] as const));
    held.add(batch, 10, 12);
    const snapshot = structuredClone(held.snapshot());
    expect((snapshot as Batch).rowtime.buffer.byteLength).toBe(16);
    const restored = new HeldRows('ORDER BY');
    restored.restore(snapshot);
    expect(tuples(toRows(schema, restored.all()!))).toEqual([
      [10, 10, 't10'],
      [11, 11, 't11'],
    ]);
  });
});
