import type { Operator, RowErrors, Schema, Value } from '@rowtime/core';
import type { Span } from '../ast.ts';

/** One row of the table of table functions: TABLE(NAME(CURSOR(query), arguments…)). */
export interface TableFunction {
  readonly name: string;
  /** For the reference page. */
  readonly doc: string;
  /** The columns of the result; throws a SqlError for arguments it does not take. `spanOf` is the place of an argument. */
  bind(input: Schema, args: readonly Value[], spanOf: (arg: number) => Span): Schema;
  /** It draws random numbers: with another seed it is another function. */
  readonly isRandom?: boolean;
  create(input: Schema, output: Schema, args: readonly Value[], options: TableFunctionOptions): Operator;
}

export interface TableFunctionOptions {
  readonly errors: RowErrors;
  /** Where random numbers start: the same seed gives the same results. */
  readonly seed: number;
}
