export { MirrorError } from './errors.ts';
export { compare, createMirror, type Mirror } from './mirror.ts';
export type {
  Amounts,
  ColumnDifferences,
  Excluded,
  ExcludedPart,
  Finding,
  FindingExample,
  FindingKind,
  Report,
  RowCounts,
  RowSideBySide,
  ScoreReport,
  SeriesPoint,
  TimeShift,
  ValueExample,
  Verdict,
  WindowCounts,
  WindowLabel,
  WindowResult,
  WindowSideBySide,
} from './report.ts';
export type {
  ColumnRole,
  ColumnSettings,
  Millis,
  MirrorLimits,
  MirrorSettings,
  Row,
  RowBatch,
  Side,
  Value,
} from './settings.ts';
