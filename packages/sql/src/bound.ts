import type { AnalyticOptions, Expr, Frame, Schema, SqlType } from '@rowtime/core';
import type { Span } from './ast.ts';

/** A query with every name, type and cast resolved. Expressions refer to columns of what they read by index. */
export type BoundQuery = BoundSelect | BoundUnion;

export interface BoundSelect {
  readonly kind: 'select';
  readonly from: BoundFrom;
  /** Over the columns of `from`. */
  readonly where: Expr | null;
  readonly group: BoundGroup | null;
  /** OVER windows. Their calls are columns behind those of the groups if there are any, else of `from`, in order. */
  readonly windows: readonly BoundWindow[];
  /** Over the columns of the groups: keys, window start, aggregates. */
  readonly having: Expr | null;
  /** Over the columns of the groups if there are any, else of `from`. */
  readonly items: readonly BoundItem[];
  readonly distinct: BoundDistinct | null;
  readonly orderBy: BoundOrder | null;
  readonly retime: BoundRetime | null;
}

/** UNION ALL: columns by position, types of all sides brought into one. */
export interface BoundUnion {
  readonly kind: 'union';
  readonly inputs: readonly BoundQuery[];
  readonly items: readonly BoundItem[];
}

export interface BoundItem {
  readonly name: string;
  readonly expr: Expr;
  readonly span: Span;
  /** Written `AS ROWTIME`: a pump may leave it out of the columns that it inserts. */
  readonly isRowtime?: boolean;
  /** A field of a record: a log parser in a select list becomes an item per field, all of one record. */
  readonly record?: RecordField;
}

export interface RecordField {
  /** The name of the record; null if it has none. */
  readonly name: string | null;
  readonly field: string;
  /** The place of the field in the record. */
  readonly at: number;
}

export type BoundFrom =
  | { readonly kind: 'stream'; readonly stream: string; readonly schema: Schema }
  | { readonly kind: 'query'; readonly query: BoundQuery; readonly schema: Schema }
  | BoundJoin
  | BoundLookup
  | {
      readonly kind: 'tableFunction';
      readonly name: string;
      readonly args: readonly (number | string | boolean)[];
      readonly query: BoundQuery;
      readonly input: Schema;
      readonly schema: Schema;
    };

/** Two streams. `schema`: the columns of left, its ROWTIME, the columns of right, its ROWTIME. */
export interface BoundJoin {
  readonly kind: 'join';
  readonly left: BoundJoinSide;
  readonly right: BoundJoinSide;
  /** Over `schema`. */
  readonly residual: Expr | null;
  readonly schema: Schema;
  /** A window that reaches forward: the rows that come out have the ROWTIME of the other side, its column of `schema`, so
   *  much after which the last row to meet can come. */
  readonly following: { readonly time: number; readonly millis: number } | null;
}

export interface BoundJoinSide {
  readonly from: BoundFrom;
  readonly frame: Frame | null;
  /** Columns that equal those of the other side, pair by pair. */
  readonly keys: readonly number[];
  readonly isOuter: boolean;
}

/** A stream and a reference table; `schema` as of a join. */
export interface BoundLookup {
  readonly kind: 'lookup';
  readonly from: BoundFrom;
  readonly table: string;
  readonly streamKeys: readonly number[];
  readonly tableKeys: readonly number[];
  readonly isOuter: boolean;
  readonly isTableFirst: boolean;
  readonly residual: Expr | null;
  readonly schema: Schema;
}

/** GROUP BY with a window over ROWTIME, or WINDOWED BY STAGGER. */
export interface BoundGroup {
  /** Over the columns of `from`. */
  readonly keys: readonly Expr[];
  /** Its start is a column of the groups; `stagger` windows open with their first row and have no start column, nor have the
   *  `run`s of a key that is monotonic by decree. */
  readonly window:
    | WindowPlan
    | { readonly unit: 'stagger'; readonly size: number }
    | { readonly unit: 'run'; readonly key: number };
  /** `arg` null: COUNT(*). */
  readonly aggregates: readonly BoundAggregateCall[];
}

export interface BoundAggregateCall {
  readonly name: string;
  readonly arg: Expr | null;
  readonly type: SqlType;
  readonly ignoreNulls?: boolean;
}

/** A window of OVER and the calls that share it. */
export interface BoundWindow {
  readonly frame: Frame;
  /** Over the columns of `from`. */
  readonly partitionBy: readonly Expr[];
  readonly calls: readonly BoundAnalyticCall[];
}

export interface BoundAnalyticCall {
  readonly name: string;
  /** Over the columns of `from`; the first is the input, the others are literals. */
  readonly args: readonly Expr[];
  readonly options: AnalyticOptions;
  readonly type: SqlType;
}

/** The windows of a GROUP BY, as data. */
export type WindowPlan =
  | { readonly unit: 'millisecond' | 'month'; readonly size: number }
  /** In which none of these changes: monotonic expressions of ROWTIME alone. */
  | { readonly unit: 'expression'; readonly exprs: readonly Expr[] };

/** An expression that time completes: the leading key of ORDER BY, the ascending item of SELECT DISTINCT. */
export interface BoundTime {
  /** After GROUP BY: the window whose start the expression is computed from. Else it is one of ROWTIME alone. */
  readonly window: WindowPlan | null;
  /** It is complete only when a row comes in which it has another value: MONOTONIC(x). */
  readonly isRun: boolean;
}

/** SELECT DISTINCT: the item that is monotonic, and the items that make a row distinct. */
export interface BoundDistinct extends BoundTime {
  readonly time: number;
  readonly keys: readonly number[];
}

export interface BoundOrder extends BoundTime {
  /** The leading key. Over the same columns as the items. */
  readonly time: Expr;
  readonly keys: readonly BoundSortKey[];
}

export interface BoundSortKey {
  readonly expr: Expr;
  readonly descending: boolean;
  /** null: NULL is the largest value. */
  readonly nulls: 'first' | 'last' | null;
}

/** AS ROWTIME: the item of that name is the ROWTIME of the rows. */
export interface BoundRetime {
  readonly time: number;
  /** ORDER BY … WITHIN: how late a row may come. */
  readonly within: number;
  readonly bound: TimeBound | null;
  /** Before the rows are sorted: the first key of ORDER BY is the new ROWTIME. */
  readonly isFirst: boolean;
}

/** What the ROWTIME of a row says about its new one: at time t it is at least `expr`, an ascending expression of ROWTIME, of
 *  the start of the window that ended at t, or of t - lag. */
export interface TimeBound {
  readonly expr: Expr;
  readonly window: WindowPlan | null;
  readonly lag: number;
  /** Rows whose new times are not in order are put in order, as soon as the bound allows. */
  readonly sorts: boolean;
}
