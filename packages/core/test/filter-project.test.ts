import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toRows } from '../src/batch.ts';
import type { Expr } from '../src/expr.ts';
import { filter } from '../src/operators/filter.ts';
import { project } from '../src/operators/project.ts';
import { errorStreamSchema, RowErrors } from '../src/row-errors.ts';
import type { Schema } from '../src/schema.ts';
import { verifyOperator } from '../src/testing/index.ts';
import { bareNull, boolean, call, column, integer, literal, rowtime, timestamp, varchar } from './expressions.ts';
import { arbitrarySteps, batchOf, rowsOf, schemaOf, tuples } from './rows.ts';

const schema = schemaOf({ a: integer, b: integer, s: varchar(9) });
const [a, b] = [column(0, integer), column(1, integer)];
const quotient = call('/', a, b);
const batch = batchOf(schema, [1, 8, 2, 'x'], [2, 8, 0, 'y'], [3, null, 2, 'z'], [4, 1, 2, null]);

function take(errors: RowErrors): { name: unknown; message: unknown; row: unknown; rowtime: unknown }[] {
  const taken = errors.take();
  if (!taken) return [];
  return toRows(errorStreamSchema, taken).map(({ rowtime: at, row }) => ({
    name: row['ERROR_NAME'],
    message: row['MESSAGE'],
    row: JSON.parse(Buffer.from(String(row['DATA_ROW']), 'hex').toString()),
    rowtime: at,
  }));
}

describe('filter', () => {
  const run = (predicate: Expr) =>
    tuples(verifyOperator({ create: () => filter(schema, predicate, new RowErrors('P')), steps: [{ batch }] }));

  test('keeps the rows whose predicate is TRUE: FALSE and NULL are dropped alike', () => {
    expect(run(call('>', a, literal(2, integer)))).toEqual([
      [1, 8, 2, 'x'],
      [2, 8, 0, 'y'],
    ]);
    expect(run(call('NOT', call('>', a, literal(2, integer))))).toEqual([[4, 1, 2, null]]);
    expect(run(bareNull)).toEqual([]);
    expect(run(literal(true, boolean))).toHaveLength(4);
  });

  test('reports a row whose predicate cannot be computed, and drops it', () => {
    const errors = new RowErrors('P');
    const kept: number[] = [];
    filter(schema, call('>', quotient, literal(0, integer)), errors).push(batch, (out) => kept.push(...out.rowtime), 0);
    expect(kept).toEqual([1]);
    expect(take(errors)).toEqual([
      { name: 'DivisionByZero', message: 'division by zero', row: { a: 8, b: 0, s: 'y' }, rowtime: 2 },
    ]);
  });

  test('passes a batch on as it is when all of it is kept', () => {
    let passed: unknown = null;
    filter(schema, literal(true, boolean), new RowErrors('P')).push(
      batch,
      (out) => {
        passed = out;
      },
      0,
    );
    expect(passed).toBe(batch);
  });

  test('keeps the same rows however they come', () => {
    const predicate = call('OR', call('>', a, b), call('IS_NULL', column(2, varchar(9))));
    fc.assert(
      fc.property(arbitrarySteps(schema), (steps) => {
        const expected = rowsOf(steps, (part) => toRows(schema, part)).filter(
          ({ row }) => (row['a'] !== null && row['b'] !== null && row['a']! > row['b']!) || row['s'] === null,
        );
        expect(verifyOperator({ create: () => filter(schema, predicate, new RowErrors('P')), steps })).toEqual(
          expected,
        );
      }),
    );
  });
});

describe('project', () => {
  const output: Schema = schemaOf({ q: integer, s: varchar(9), t: timestamp });
  const exprs = [quotient, column(2, varchar(9)), rowtime];

  test('computes each column and keeps ROWTIME', () => {
    const rows = verifyOperator({
      create: () => project(schema, output, exprs, new RowErrors('P')),
      steps: [{ batch }],
    });
    expect(tuples(rows)).toEqual([
      [1, 4, 'x', 1],
      [3, null, 'z', 3],
      [4, 0, null, 4],
    ]);
  });

  test('reports a row once, for the first column that fails', () => {
    const errors = new RowErrors('P');
    const failing = [call('MOD', a, b), quotient, column(2, varchar(9))];
    project(schema, schemaOf({ m: integer, q: integer, s: varchar(9) }), failing, errors).push(batch, () => {}, 0);
    expect(take(errors)).toEqual([
      { name: 'DivisionByZero', message: 'division by zero', row: { a: 8, b: 0, s: 'y' }, rowtime: 2 },
    ]);
  });

  test('reports NULL for a NOT NULL column, with the row that it read', () => {
    const errors = new RowErrors('P');
    const strict: Schema = [{ name: 'A', type: integer, nullable: false }];
    const kept: number[] = [];
    project(schema, strict, [a], errors).push(batch, (out) => kept.push(...out.rowtime), 0);
    expect(kept).toEqual([1, 2, 4]);
    expect(take(errors)).toEqual([
      {
        name: 'NullViolation',
        message: 'NULL in column A, which is NOT NULL',
        row: { a: null, b: 2, s: 'z' },
        rowtime: 3,
      },
    ]);
  });

  test('emits nothing, not an empty batch, when every row fails', () => {
    const out: unknown[] = [];
    const zero = call('/', a, literal(0, integer));
    project(schema, schemaOf({ q: integer }), [zero], new RowErrors('P')).push(
      batchOf(schema, [1, 8, 2, 'x']),
      (made) => out.push(made),
      0,
    );
    expect(out).toEqual([]);
  });

  test('gives the same rows however they come', () => {
    fc.assert(
      fc.property(arbitrarySteps(schema), (steps) => {
        const expected = rowsOf(steps, (part) => toRows(schema, part))
          .filter(({ row }) => row['b'] !== 0 || row['a'] === null)
          .map(({ rowtime: at, row }) => {
            const known = row['a'] !== null && row['b'] !== null;
            return [at, known ? Math.trunc(Number(row['a']) / Number(row['b'])) + 0 : null, row['s'], at];
          });
        const rows = verifyOperator({ create: () => project(schema, output, exprs, new RowErrors('P')), steps });
        expect(tuples(rows)).toEqual(expected);
      }),
    );
  });
});
