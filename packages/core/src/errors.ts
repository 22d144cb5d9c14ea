/** A bound of the engine was reached: continuing would take memory without end. Says which bound and what to do. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
}

/** The table of codes of errors that core throws; docs/ERRORS.md has a line for each. */
export const coreErrorCodes = {
  LIMIT_GROUPS: 'more groups in one window than the engine may hold',
  LIMIT_BUFFERED_ROWS: 'more rows held back for a sort or merge than the engine may hold',
  LIMIT_WAITING_BATCHES: 'an observable gives batches faster than the job takes them',
  CHECKPOINT_PLAN: 'the checkpoint was taken by another program',
  CHECKPOINT_INPUT: 'the checkpoint was taken with another input',
} as const;

export type CoreErrorCode = keyof typeof coreErrorCodes;

export function limitError(code: CoreErrorCode, message: string): LimitError {
  return new LimitError(`${code}: ${message}`);
}
