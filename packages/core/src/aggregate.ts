import type { Column } from './column.ts';
import type { SqlType } from './schema.ts';

/** The state of one aggregate for every group of the open window, in arrays indexed by group id. */
export interface Aggregate {
  /** Folds rows [from, to) into their groups. Row i belongs to group ids[i - from]. Ids are dense: all below `groups`.
   *  `input` is null for COUNT(*). */
  update(ids: Int32Array, input: Column | null, from: number, to: number, groups: number): void;
  /** One value per group [from, to), in id order. A value that has no place in the result type has validity 2. */
  result(to: number, from?: number): Column;
  clear(): void;
  /** Groups [0, count) are done with: the others move down by `count`. */
  dropFirst(count: number): void;
  /** A copy, like an operator's. */
  snapshot(): unknown;
  restore(state: unknown): void;
}

/** One row of the aggregate table. */
export interface AggregateFunction {
  readonly name: string;
  /** One sentence for the function reference. */
  readonly doc: string;
  /** null: it does not take these types. */
  bind(args: readonly SqlType[], options?: AggregateOptions): BoundAggregate | null;
}

/** How a call was written, beside its arguments. */
export interface AggregateOptions {
  /** FIRST_VALUE(x) IGNORE NULLS. */
  readonly ignoreNulls?: boolean;
}

export interface BoundAggregate {
  readonly type: SqlType;
  create(): Aggregate;
}
