import { assert, unreachable } from './assert.ts';
import type { Batch } from './batch.ts';
import { type Column, repeated, type Value } from './column.ts';
import type { Failures } from './failures.ts';
import { castKernel } from './functions/cast.ts';
import { scalarFunction } from './functions/index.ts';
import { columnKind, printType, type SqlType } from './schema.ts';

export { type Failure, Failures } from './failures.ts';

/** A bound expression: plain data, every name and type resolved. */
export type Expr =
  | { readonly kind: 'column'; readonly index: number; readonly type: SqlType }
  | { readonly kind: 'rowtime'; readonly type: SqlType }
  | { readonly kind: 'literal'; readonly value: Value; readonly type: SqlType }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expr[]; readonly type: SqlType }
  | { readonly kind: 'cast'; readonly arg: Expr; readonly type: SqlType };

/** An expression, compiled: one call per batch, one loop per node.
 *
 *  A value that cannot be computed (a division by zero, a failed cast) is neither thrown nor reported by the kernel: its
 *  validity byte is the number of the failure (2 or more). Failures pass through the functions above them as NULL does,
 *  but CASE, COALESCE, AND and OR drop those of the operands they do not use. What is left at the top fails the row. */
export type Kernel<C extends Column = Column> = (batch: Batch) => C;

/** A function of the table, for arguments of certain types. */
export interface BoundFunction {
  readonly type: SqlType;
  kernel(args: readonly Kernel[], failures: Failures): Kernel;
}

/** One row of the function table: the binder reads `bind`, the reference page reads `doc`. */
export interface ScalarFunction {
  readonly name: string;
  readonly doc: string;
  /** null: it does not take these arguments. Literals are visible, so a format or a unit can be read here. */
  bind(args: readonly Expr[]): BoundFunction | null;
}

/** Thrown by `bind` for a constant that no row could be computed with: a malformed pattern, an impossible format. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
  /** Which argument it is about: 0 for the first. */
  readonly argument: number;

  constructor(message: string, argument: number) {
    super(message);
    this.argument = argument;
  }
}

/** Finds a function by name. */
export type FunctionLookup = (name: string) => ScalarFunction | undefined;

/** `functions`: where calls are looked up; a front end may have functions of its own beside those of the table. */
export function compile(expr: Expr, failures: Failures, functions: FunctionLookup = scalarFunction): Kernel {
  switch (expr.kind) {
    case 'column':
      return (batch) => batch.columns[expr.index];
    case 'rowtime':
      return (batch) => ({ kind: 'num', values: batch.rowtime, valid: null });
    case 'literal':
      return literal(expr.value, expr.type);
    case 'call': {
      const bound = functions(expr.name)?.bind(expr.args);
      assert(bound, `${expr.name}(${expr.args.map(({ type }) => printType(type)).join(', ')}) was bound`);
      return bound.kernel(
        expr.args.map((arg) => compile(arg, failures, functions)),
        failures,
      );
    }
    case 'cast':
      return castKernel(compile(expr.arg, failures, functions), expr.arg.type, expr.type, failures);
    default:
      return unreachable(expr);
  }
}

function literal(value: Value, type: SqlType): Kernel {
  const column = repeated(columnKind(type), value);
  return ({ length }) => column(length);
}
