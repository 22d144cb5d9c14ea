import type { ColumnRole, Millis, Side, Value } from './settings.ts';

/**
 * What came out of comparing one stream. Plain data, bounded in size whatever was compared, and JSON as it is, but for
 * bigints in examples. Numbers are of all that was compared; examples are the first ones found.
 */
export interface Report {
  readonly stream: string;
  readonly columns: readonly string[];
  /** The key that rows were aligned by; `[]` if rows were compared whole. */
  readonly key: readonly string[];
  /** The key was not given but found in the rows. */
  readonly keyInferred: boolean;
  readonly time: string | null;
  /** How long a window is; null if the rows have no time. */
  readonly windowMillis: number | null;
  readonly windowInferred: boolean;
  readonly verdict: Verdict;
  /** Why, in plain sentences, the gravest first. Never empty. */
  readonly reasons: readonly string[];
  /** The part of the compared rows that is equal: 0 to 1; 1 if none was compared. */
  readonly equalRatio: number;
  /** The part of the compared rows that is equal, or different for a reason that is not the engine's: 0 to 1. */
  readonly agreement: number;
  readonly rows: RowCounts;
  readonly windows: WindowCounts;
  /** One of each compared column that is not a score, in the order of the columns. */
  readonly differences: readonly ColumnDifferences[];
  /** One of each kind that was found, the gravest first. */
  readonly findings: readonly Finding[];
  /** Set if the times of the two sides differ by a constant; rows were compared with that taken off. */
  readonly shift: TimeShift | null;
  /** What was left out since one recording had not begun or had ended. */
  readonly excluded: Excluded;
  readonly scores: readonly ScoreReport[];
  /** Agreement over time: windows in order, several of them to a point where there are more than `limits.points`. */
  readonly series: readonly SeriesPoint[];
  /** The first window with a difference that is not explained, both sides of it; null if there is none. */
  readonly firstDifferent: WindowSideBySide | null;
  /** What a reader of the report should know: limits that were reached, what was inferred, what could not be judged. */
  readonly notices: readonly string[];
}

/**
 * `agree`: all rows equal. `explained`: every difference is one that two recordings of equal results have: rows moved to
 * the neighbouring window, rows delivered twice, times of another time zone. `differ`: there is something else.
 * `nothing`: no row of one side could be compared with one of the other.
 */
export type Verdict = 'agree' | 'explained' | 'differ' | 'nothing';

/** `compared` is equal + moved + rounding + swapped + different + onlyRecorded + onlyOurs. A pair of rows counts as one. */
export interface RowCounts {
  /** Read, of each side. */
  readonly recorded: number;
  readonly ours: number;
  readonly compared: number;
  readonly equal: number;
  /** In the neighbouring window, or changed by records that crossed the boundary with the neighbouring window. */
  readonly moved: number;
  /** Pairs whose only difference is that one side rounded or truncated. */
  readonly rounding: number;
  /** Pairs that hold the values of another key of the window, which holds theirs. */
  readonly swapped: number;
  /** Pairs that differ otherwise. */
  readonly different: number;
  readonly onlyRecorded: number;
  readonly onlyOurs: number;
  /** Delivered more than once by the recorded side, or by ours; the repetitions are counted here and nowhere else. */
  readonly duplicatesRecorded: number;
  readonly duplicatesOurs: number;
}

/** Pairs of windows, and windows of one side. `compared` is equal + explained + different. */
export interface WindowCounts {
  readonly compared: number;
  readonly equal: number;
  readonly explained: number;
  readonly different: number;
  /** Windows between others that the other side does not have. Their rows count as onlyRecorded and onlyOurs. */
  readonly onlyRecorded: number;
  readonly onlyOurs: number;
}

/** How the values of one column differ, in pairs of rows. */
export interface ColumnDifferences {
  readonly column: string;
  /** As told, or as inferred. */
  readonly role: ColumnRole;
  readonly roleInferred: boolean;
  /** Pairs that differ in this column without explanation: those counted as different, swapped or rounding. */
  readonly count: number;
  /** Pairs that differ in this column because records crossed a boundary. */
  readonly moved: number;
  /** Of the pairs in `count`, where both values are numbers: |ours − recorded|. */
  readonly absolute: Amounts;
  /** The same, divided by the larger of |recorded| and |ours|. */
  readonly relative: Amounts;
  /** The largest, in units of the last place of a double; Infinity (null in JSON) if not both were numbers. */
  readonly ulpsMax: number;
  readonly examples: readonly ValueExample[];
}

export interface Amounts {
  readonly max: number;
  readonly mean: number;
}

export interface ValueExample {
  readonly window: WindowLabel;
  readonly key: readonly Value[];
  readonly recorded: Value;
  readonly ours: Value;
}

/** Where a window stands: its place among those of the side it was read from, and its time if rows have one. */
export interface WindowLabel {
  /** From 0, in the order of the comparison. */
  readonly index: number;
  readonly from: Millis | null;
}

export type FindingKind =
  | 'different'
  | 'swapped-keys'
  | 'only-recorded'
  | 'only-ours'
  | 'rounding'
  | 'scores-differ'
  | 'time-zone'
  | 'time-shift'
  | 'moved'
  | 'duplicates-recorded'
  | 'duplicates-ours'
  | 'excluded-start'
  | 'excluded-end';

export interface Finding {
  readonly kind: FindingKind;
  /** Is it a difference of two recordings of equal results (true), or of the results (false)? */
  readonly explained: boolean;
  /** Rows, or for scores columns; 0 for a time shift. */
  readonly count: number;
  /** One sentence, with the numbers in it. */
  readonly text: string;
  readonly examples: readonly FindingExample[];
}

export interface FindingExample {
  readonly window: WindowLabel;
  readonly recorded: readonly Value[] | null;
  readonly ours: readonly Value[] | null;
}

export interface TimeShift {
  /** Times of ours − times of the recorded side. */
  readonly millis: number;
  /** A whole number of quarter hours: the two sides show their times in different time zones. */
  readonly isTimeZone: boolean;
  /** `+02:00` for a time zone, else like `+1.7 s`. */
  readonly text: string;
}

/** Rows and windows of each side that are not compared, since the other recording had not begun or had ended. */
export interface Excluded {
  readonly start: Readonly<Record<Side, ExcludedPart>>;
  readonly end: Readonly<Record<Side, ExcludedPart>>;
}

export interface ExcludedPart {
  readonly rows: number;
  readonly windows: number;
}

/** Scores of one column. Arrays of both sides have the same length. */
export interface ScoreReport {
  readonly column: string;
  readonly count: Readonly<Record<Side, number>>;
  readonly mean: Readonly<Record<Side, number>>;
  readonly probabilities: readonly number[];
  /** Scores at `probabilities`. */
  readonly quantiles: Readonly<Record<Side, readonly number[]>>;
  /** Borders of the bars, one more than bars; and the part of the scores in each. */
  readonly borders: readonly number[];
  readonly histogram: Readonly<Record<Side, readonly number[]>>;
  /** The largest distance between the two distribution functions (Kolmogorov and Smirnov's D), 0 to 1. */
  readonly distance: number;
  /** Above this, the distance counts as a changed distribution. */
  readonly distanceMax: number;
  /** Mean of Spearman's rank correlations of the groups (seconds, else windows); null if rows could not be paired. */
  readonly rankCorrelation: number | null;
  readonly rankGroups: number;
  /** Part of each group's k highest rows that is among the other side's k highest, over all groups; null as above. */
  readonly topOverlap: number | null;
  readonly agree: boolean;
}

/** One window or several in a row. The counts are those of RowCounts. */
export interface SeriesPoint {
  readonly window: WindowLabel;
  readonly windows: number;
  readonly equal: number;
  readonly moved: number;
  /** different + rounding + swapped. */
  readonly different: number;
  readonly onlyRecorded: number;
  readonly onlyOurs: number;
  readonly agreement: number;
}

export interface WindowSideBySide {
  readonly window: WindowLabel;
  /** At most 100, differing ones first. */
  readonly rows: readonly RowSideBySide[];
  /** Rows of the window beyond those. */
  readonly more: number;
}

export interface RowSideBySide {
  readonly kind: 'equal' | 'different' | 'rounding' | 'swapped' | 'moved' | 'only-recorded' | 'only-ours';
  readonly recorded: readonly Value[] | null;
  readonly ours: readonly Value[] | null;
  /** Indexes of the columns that differ. */
  readonly columns: readonly number[];
}

/** What became of one window (or, of rows without key and time, of a stretch of rows) when it was finally judged. */
export interface WindowResult {
  readonly window: WindowLabel;
  readonly equal: number;
  readonly moved: number;
  readonly different: number;
  readonly onlyRecorded: number;
  readonly onlyOurs: number;
  /** As in the report: (equal + moved) / all. */
  readonly agreement: number;
}
