/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Millis = number;

/**
 * What one column of one row may hold. A number that no double holds exactly (a BIGINT beyond 2^53, a DECIMAL of more than
 * 15 digits) is a bigint or its decimal text; texts that are both numbers are compared as numbers, exactly.
 */
export type Value = number | bigint | string | boolean | null;

/** The values of one row, in the order of `MirrorSettings.columns`. */
export type Row = readonly Value[];

/** Rows in the order in which they were delivered. How rows are split into batches never matters. */
export interface RowBatch {
  readonly rows: readonly Row[];
}

export type Side = 'recorded' | 'ours';

/** What is compared, and how exactly. Plain data, as a file could hold it. */
export interface MirrorSettings {
  /** The stream, for the report. */
  readonly stream: string;
  /** The names of the columns, in the order of a row's values. Both sides have the same ones; the reader sees to that. */
  readonly columns: readonly string[];
  /**
   * What names a row within its window: the columns of GROUP BY. `[]`: rows have no key, and are compared whole, as those
   * of a filter or an anomaly score are. Left out: inferred from the first rows of both sides, and said in the report.
   */
  readonly key?: readonly string[] | undefined;
  /**
   * The column with the time of the row: ROWTIME, or the window's. Numbers are milliseconds; texts are like
   * `2021-09-22 14:55:40.0` or ISO 8601, UTC unless they say otherwise. Left out: a window of keyed rows ends where a key
   * comes again, and rows without a key are matched in the order in which they come.
   */
  readonly time?: string | undefined;
  /** How long a window is. Left out: inferred from the times, or 1 minute for rows without a key. */
  readonly windowMillis?: number | undefined;
  /** By name of the column. What is not here is compared exactly, and its role is inferred from its name and its values. */
  readonly compare?: Readonly<Record<string, ColumnSettings>> | undefined;
  /** Columns of anomaly scores: random by nature, compared by distribution, rank and top-k, never row by row. */
  readonly scores?: readonly string[] | undefined;
  /** Both sides' forests had the same seed: scores are compared exactly, as other columns are. */
  readonly seeded?: boolean | undefined;
  readonly limits?: Partial<MirrorLimits> | undefined;
}

/** Two values are equal if any one of the tolerances says so; without any, if they are the same value. */
export interface ColumnSettings {
  /** Largest difference taken for equal. */
  readonly absolute?: number | undefined;
  /** Largest difference taken for equal, as a part of the larger of the two values: 0.01 is one per cent. */
  readonly relative?: number | undefined;
  /** Largest difference taken for equal, in units of the last place of a double. */
  readonly ulps?: number | undefined;
  /**
   * What the column is of the records of its window. `sum` and `count` are additive: a record that crosses a boundary
   * takes from one window what it gives to the next. `ignored`: not compared.
   */
  readonly role?: ColumnRole | undefined;
}

export type ColumnRole = 'sum' | 'count' | 'average' | 'minimum' | 'maximum' | 'value' | 'ignored';

/** What bounds the memory of a comparison. */
export interface MirrorLimits {
  /** Most rows of one side that wait for the other side. 200,000. */
  readonly waitingRows: number;
  /** Most windows of one side that wait for the other side, and so the longest gap that is found without times. 512. */
  readonly waitingWindows: number;
  /** Rows kept as examples, for each kind of finding and each column. 5. */
  readonly examples: number;
  /** Points of each series of the report. 240. */
  readonly points: number;
}
