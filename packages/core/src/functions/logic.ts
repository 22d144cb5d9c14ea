import type { BoolColumn, Column } from '../column.ts';
import type { BoundFunction, Expr, ScalarFunction } from '../expr.ts';
import { choose, firstNotNull } from '../kernels/choose.ts';
import { and, isNull, isTruth, not, or } from '../kernels/logic.ts';
import { isNumeric, isText, type SqlType } from '../schema.ts';
import { castKernel, needsCast } from './cast.ts';
import { comparable } from './comparison.ts';
import { commonInterval } from './intervals.ts';
import { commonNumeric } from './numeric-types.ts';

export const logicFunctions: readonly ScalarFunction[] = [
  {
    name: 'AND',
    doc: 'TRUE if both are; FALSE if one is; else NULL.',
    bind: (args) => binary(args, and),
  },
  {
    name: 'OR',
    doc: 'TRUE if one is; FALSE if both are; else NULL.',
    bind: (args) => binary(args, or),
  },
  {
    name: 'NOT',
    doc: 'TRUE for FALSE, FALSE for TRUE, NULL for NULL.',
    bind: (args) => unary(args, not),
  },
  {
    name: 'IS_TRUE',
    doc: 'TRUE if the condition is TRUE; never NULL.',
    bind: (args) => unary(args, (a) => isTruth(a, 1)),
  },
  {
    name: 'IS_FALSE',
    doc: 'TRUE if the condition is FALSE; never NULL.',
    bind: (args) => unary(args, (a) => isTruth(a, 0)),
  },
  {
    name: 'IS_NULL',
    doc: 'TRUE if the value is NULL; never NULL itself.',
    bind: (args) =>
      args.length === 1
        ? {
            type: { kind: 'boolean' },
            kernel:
              ([a]) =>
              (batch) =>
                isNull(a(batch), batch.length),
          }
        : null,
  },
  {
    name: 'CASE',
    doc: 'The value of the first condition that is TRUE, else the last argument.',
    bind: (args) => {
      if (args.length % 2 === 0) return null;
      const conditions = args.filter((_, i) => i % 2 === 0 && i < args.length - 1);
      const values = args.filter((_, i) => i % 2 === 1 || i === args.length - 1);
      const type = commonType(values);
      if (!type || !conditions.every(isCondition)) return null;
      return {
        type,
        kernel: (kernels, failures) => {
          const tests = kernels.filter((_, i) => i % 2 === 0 && i < kernels.length - 1);
          const results = kernels
            .filter((_, i) => i % 2 === 1 || i === kernels.length - 1)
            .map((kernel, i) => castKernel(kernel, values[i].type, type, failures));
          return (batch) =>
            choose(
              tests.map((test) => asCondition(test(batch))),
              results.map((result) => result(batch)),
              batch.length,
            );
        },
      };
    },
  },
  {
    name: 'COALESCE',
    doc: 'The first argument that is not NULL.',
    bind: (args) => {
      const type = commonType(args);
      if (!type || args.length === 0) return null;
      return {
        type,
        kernel: (kernels, failures) => {
          const cast = kernels.map((kernel, i) => castKernel(kernel, args[i].type, type, failures));
          return (batch) =>
            firstNotNull(
              cast.map((kernel) => kernel(batch)),
              batch.length,
            );
        },
      };
    },
  },
];

/** The type that holds the values of all; null if there is none. */
export function commonType(exprs: readonly Expr[]): SqlType | null {
  return exprs.reduce<SqlType | null>((common, { type }) => common && commonOfTwo(common, type), { kind: 'null' });
}

function commonOfTwo(a: SqlType, b: SqlType): SqlType | null {
  if (a.kind === 'null') return b;
  if (a.kind === 'interval' && b.kind === 'interval') return a.unit === b.unit ? commonInterval(a, b) : null;
  if (b.kind === 'null' || !needsCast(b, a)) return a;
  if (!comparable(a, b)) return null;
  if (isNumeric(a)) return commonNumeric(a, b);
  if (isText(a) && 'length' in a && 'length' in b) {
    const length = a.length === null || b.length === null ? null : Math.max(a.length, b.length);
    // SQL:2008 would pad CHAR literals of different lengths; programs expect 'big' and 'small' as they wrote them.
    return { kind: 'varchar', length };
  }
  return a;
}

function binary(args: readonly Expr[], f: (a: BoolColumn, b: BoolColumn) => BoolColumn): BoundFunction | null {
  if (args.length !== 2 || !args.every(isCondition)) return null;
  return {
    type: { kind: 'boolean' },
    kernel: ([a, b]) => {
      return (batch) => f(asCondition(a(batch)), asCondition(b(batch)));
    },
  };
}

function unary(args: readonly Expr[], f: (a: BoolColumn) => BoolColumn): BoundFunction | null {
  if (args.length !== 1 || !args.every(isCondition)) return null;
  return {
    type: { kind: 'boolean' },
    kernel:
      ([a]) =>
      (batch) =>
        f(asCondition(a(batch))),
  };
}

function isCondition({ type }: Expr): boolean {
  return type.kind === 'boolean' || type.kind === 'null';
}

/** A bare NULL used as a condition is a column of numbers. */
export function asCondition(column: Column): BoolColumn {
  if (column.kind === 'bool') return column;
  const length = column.valid?.length ?? 0;
  return { kind: 'bool', values: new Uint8Array(length), valid: new Uint8Array(length) };
}
