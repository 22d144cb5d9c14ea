import type { Column } from '../column.ts';
import type { Expr } from '../expr.ts';
import type { SqlType } from '../schema.ts';
import type { Pass } from './sliding-window.ts';

/** One function over a sliding window: replays what happens to the window and gives a value per row. */
export interface SlidingCall {
  /** `input`: the argument, by row of the batch; null for COUNT(*). A value that has no place in the result type has
   *  validity 2. */
  run(pass: Pass, input: Column | null): Column;
  /** Partitions were renumbered: see SlidingWindow.settle. */
  renumber(mapping: Int32Array): void;
  /** What the rows in the window do not say: sums that carry the rounding of rows long gone. `groups`: the partitions in
   *  the order in which their first rows will come again. */
  snapshot(groups: Int32Array): unknown;
  /** After `run` over the rows of the snapshot. */
  restore(state: unknown): void;
  /** The argument of the rows in `slots`: what `run` needs to see again after a restart. null: none. */
  inputOf(slots: Int32Array): Column | null;
}

/** How a call was written, beside its arguments. */
export interface AnalyticOptions {
  readonly ignoreNulls: boolean;
  /** NTH_VALUE … FROM LAST. */
  readonly fromLast: boolean;
  /** SUM(DISTINCT x). */
  readonly distinct?: boolean;
}

/** One row of the table of analytic functions: those that can stand before OVER. */
export interface AnalyticFunction {
  readonly name: string;
  readonly doc: string;
  /** null: it does not take these arguments. Literals are visible: LAG(x, 2, 0). The first argument is the input. */
  bind(args: readonly Expr[], options: AnalyticOptions): BoundAnalytic | null;
}

export interface BoundAnalytic {
  readonly type: SqlType;
  create(): SlidingCall;
}
