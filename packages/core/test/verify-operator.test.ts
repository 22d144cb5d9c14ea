import { expect, test } from 'vitest';
import type { Operator } from '../src/operator.ts';
import { type Step, scriptedSource, verifyOperator } from '../src/testing/index.ts';
import { integer } from './expressions.ts';
import { batchOf, schemaOf } from './rows.ts';

// A harness that finds nothing is worse than none: each of these operators breaks the contract in one way.
const schema = schemaOf({ n: integer });
const batch = batchOf(schema, [1, 1], [2, 2], [3, 3]);
const steps: readonly Step[] = [{ batch }, { advance: 10 }];

const operator = (broken: Partial<Operator>): Operator => ({
  schema,
  push: (rows, out) => out(rows),
  advance: (watermark) => watermark,
  snapshot: () => null,
  restore() {},
  ...broken,
});

const verify = (create: () => Operator, given = steps) => verifyOperator({ create, steps: given });

test('an operator that keeps the contract gives its rows', () => {
  expect(verify(() => operator({})).map(({ row }) => row['n'])).toEqual([1, 2, 3]);
});

test('finds an operator whose result depends on the batches', () => {
  const first = () => operator({ push: (rows, out) => out(batchOf(schema, [rows.rowtime[0]!, rows.length])) });
  expect(() => verify(first)).toThrow('batches of');
});

test('finds an operator with state that is not in its snapshot', () => {
  const counting = () => {
    let count = 0;
    return operator({
      push: (rows) => {
        count += rows.length;
      },
      advance: (watermark, out) => {
        out(batchOf(schema, [watermark, count]));
        return watermark;
      },
    });
  };
  expect(() => verify(counting)).toThrow('restored before each step');
});

test('finds an operator that changes a batch it was given', () => {
  const changing = () => operator({ push: (rows) => void rows.rowtime.fill(0) });
  expect(() => verify(changing)).toThrow('changed a batch');
});

test('finds an operator that emits a row older than the watermark it returned', () => {
  const late = () =>
    operator({
      push() {},
      advance: (watermark, out) => {
        out(batch);
        return watermark + 100;
      },
    });
  expect(() => verify(late, [{ advance: 1 }, { advance: 2 }])).toThrow('was emitted after');
});

test('finds an operator that emits an empty batch', () => {
  expect(() => verify(() => operator({ push: (_, out) => out(batchOf(schema)) }))).toThrow('empty batch');
});

test('a scripted source crashes once at each crash, and goes on from the position it is opened at', async () => {
  const signal = new AbortController().signal;
  const source = scriptedSource(schema, ['idle', batch, 'crash', 'crash', 'idle']);
  await source.open(null);
  expect(await source.poll(signal)).toMatchObject({ batch: null, caughtUpTo: Number.NEGATIVE_INFINITY, end: false });
  expect(await source.poll(signal)).toMatchObject({ batch, caughtUpTo: 3 });
  await expect(source.poll(signal)).rejects.toThrow('scripted crash');
  await source.open(0);
  expect(await source.poll(signal)).toMatchObject({ batch: null, caughtUpTo: Number.NEGATIVE_INFINITY });
  await source.open(2);
  await expect(source.poll(signal)).rejects.toThrow('scripted crash');
  await source.open(2);
  expect(await source.poll(signal)).toMatchObject({ batch: null, caughtUpTo: 3, end: false });
});
