import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat, fromRows, gather, slice, toRows } from '../src/batch.ts';
import { ColumnBuilder, constantColumn, valueAt } from '../src/column.ts';
import { lowerBound } from '../src/lower-bound.ts';
import { boolean, double, integer, varchar } from './expressions.ts';
import { arbitrarySteps, batchOf, rowsOf, schemaOf, type TimedRow } from './rows.ts';

const schema = schemaOf({ n: integer, x: double, b: boolean, s: varchar(9) });
const rows = arbitrarySteps(schema).map((steps) => rowsOf(steps, (batch) => toRows(schema, batch)));

test('rows come back from a batch as they were', () => {
  fc.assert(
    fc.property(rows, (given) => {
      expect(toRows(schema, fromRows(schema, given))).toEqual(given);
    }),
  );
});

test('the parts of a batch, put together again, are its rows', () => {
  fc.assert(
    fc.property(rows, fc.array(fc.nat(), { maxLength: 4 }), (given, cuts) => {
      fc.pre(given.length > 0);
      const batch = fromRows(schema, given);
      const bounds = [0, ...cuts.map((cut) => cut % given.length).sort((a, b) => a - b), given.length];
      const parts = bounds.slice(1).flatMap((to, i) => (to > bounds[i]! ? [slice(batch, bounds[i]!, to)] : []));
      expect(toRows(schema, concat(parts))).toEqual(given);
    }),
  );
});

test('the dictionary of texts put together has no duplicates', () => {
  const [a, b] = [batchOf(schema, [1, 0, 0, true, 'x'], [2, 0, 0, true, 'y']), batchOf(schema, [3, 0, 0, true, 'y'])];
  const column = concat([a, b]).columns[3]!;
  expect(column.kind === 'text' && [...column.dict].sort()).toEqual(['x', 'y']);
});

test('gather takes rows in the given order, again and again', () => {
  fc.assert(
    fc.property(rows, fc.array(fc.nat()), (given, picks) => {
      fc.pre(given.length > 0);
      const picked = picks.map((pick) => pick % given.length);
      const found = gather(fromRows(schema, given), Uint32Array.from(picked), picked.length);
      expect(toRows(schema, found)).toEqual(picked.map((row) => given[row]));
    }),
  );
});

test('what is missing in a row is NULL, and names of Object.prototype are names like others', () => {
  const odd = schemaOf({ toString: varchar(9), a: integer });
  // biome-ignore lint/suspicious/noExplicitAny: the row of a user may hold anything
  const row = JSON.parse('{"a": 1}') as any;
  expect(toRows(odd, fromRows(odd, [{ rowtime: 0, row }]))[0]!.row).toEqual({ toString: null, a: 1 });
  const proto = [{ name: '__proto__', type: integer, nullable: true }];
  const [found] = toRows(proto, fromRows(proto, [{ rowtime: 0, row: JSON.parse('{"__proto__": 7}') }]));
  expect(Object.entries((found as TimedRow).row)).toEqual([['__proto__', 7]]);
});

test('a builder takes any number of values, whatever room it began with', () => {
  for (const capacity of [0, 1, 64]) {
    const builder = new ColumnBuilder('text', capacity);
    const texts = Array.from({ length: 200 }, (_, i) => (i % 7 === 0 ? null : `t${i % 50}`));
    for (const text of texts) builder.push(text);
    expect(builder.length).toBe(200);
    const column = builder.finish();
    expect(texts.map((_, row) => valueAt(column, row))).toEqual(texts);
    expect(builder.length).toBe(0);
  }
});

test('a builder that is used again does not change the column it gave', () => {
  const builder = new ColumnBuilder('num', 2);
  builder.push(1);
  builder.push(null);
  const column = builder.finish();
  builder.push(5);
  builder.push(6);
  expect([valueAt(column, 0), valueAt(column, 1)]).toEqual([1, null]);
});

test('a constant column holds its value in every row', () => {
  expect([0, 1, 2].map((row) => valueAt(constantColumn('text', 'a', 3), row))).toEqual(['a', 'a', 'a']);
  expect(valueAt(constantColumn('bool', false, 1), 0)).toBe(false);
  expect(valueAt(constantColumn('num', null, 1), 0)).toBeNull();
});

test('the lower bound is the first place that is not below', () => {
  const sorted = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 }).map((xs) => Float64Array.from(xs).sort());
  fc.assert(
    fc.property(sorted, fc.integer({ min: -1, max: 21 }), fc.nat(30), fc.nat(30), (xs, x, a, b) => {
      const [from, to] = [Math.min(a, b, xs.length), Math.min(Math.max(a, b), xs.length)];
      const at = xs.subarray(from, to).findIndex((value) => value >= x);
      expect(lowerBound(xs, x, from, to)).toBe(at < 0 ? to : from + at);
    }),
  );
});
