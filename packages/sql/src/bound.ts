import type { AnalyticOptions, Expr, Frame, Schema, SqlType } from '@rowtime/core';
import type { Span } from './ast.ts';

/** A query with every name, type and cast resolved. Expressions refer to columns of what they read by index. */
export type BoundQuery = BoundSelect | BoundUnion | BoundSet | BoundValues;

export interface BoundSelect {
  readonly kind: 'select';
  readonly from: BoundFrom;
  /** Over the columns of `from`. */
  readonly where: Expr | null;
  readonly group: BoundGroup | null;
  /** OVER windows. Their calls are columns behind those of `from`, in order. */
  readonly windows: readonly BoundWindow[];
  /** Over the columns of the groups: keys, window start, aggregates. */
  readonly having: Expr | null;
  /** Over the columns of the groups if there are any, else of `from`. */
  readonly items: readonly BoundItem[];
  /** SELECT DISTINCT: the item that ascends with ROWTIME (null: of tables), and the items that make a row distinct. */
  readonly distinct: { readonly time: number | null; readonly keys: readonly number[] } | null;
  readonly orderBy: BoundOrder | null;
}

/** UNION ALL: columns by position, types of all sides brought into one. */
export interface BoundUnion {
  readonly kind: 'union';
  readonly inputs: readonly BoundQuery[];
  readonly items: readonly BoundItem[];
}

/** UNION, INTERSECT, EXCEPT of tables, without ALL: types as of UNION ALL. */
export interface BoundSet {
  readonly kind: 'set';
  readonly op: 'union' | 'intersect' | 'except';
  readonly inputs: readonly [BoundQuery, BoundQuery];
  readonly items: readonly BoundItem[];
}

/** VALUES: the expressions of each row, of the types of the items. */
export interface BoundValues {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expr[])[];
  readonly items: readonly BoundItem[];
}

export interface BoundItem {
  readonly name: string;
  readonly expr: Expr;
  readonly span: Span;
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
  /** A reference table, read by a query of tables alone. */
  | { readonly kind: 'table'; readonly table: string; readonly schema: Schema }
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
}

export interface BoundJoinSide {
  readonly from: BoundFrom;
  readonly frame: Frame | null;
  /** Columns that equal those of the other side, pair by pair. */
  readonly keys: readonly number[];
  readonly isOuter: boolean;
}

/** A stream (or a table) and a table, be it the result of a query of tables; `schema` as of a join. */
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

/** GROUP BY with a window over ROWTIME, WINDOWED BY STAGGER, or GROUP BY of tables. */
export interface BoundGroup {
  /** Over the columns of `from`. */
  readonly keys: readonly Expr[];
  /** Its start is a column of the groups; `stagger` windows open with their first row and have no start column; `all` has
   *  neither: the rows of tables are complete. */
  readonly window: WindowPlan | { readonly unit: 'stagger'; readonly size: number } | { readonly unit: 'all' };
  /** `arg` null: COUNT(*). */
  readonly aggregates: readonly BoundAggregateCall[];
}

export interface BoundAggregateCall {
  readonly name: string;
  readonly arg: Expr | null;
  readonly type: SqlType;
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
export interface WindowPlan {
  readonly unit: 'millisecond' | 'month';
  readonly size: number;
}

export interface BoundOrder {
  /** The leading key: never decreases. Over the same columns as the items. */
  readonly time: Expr;
  /** After GROUP BY: the window whose start the leading key is. Else the key is an expression of ROWTIME alone. */
  readonly window: WindowPlan | null;
  readonly keys: readonly { readonly expr: Expr; readonly descending: boolean }[];
}
