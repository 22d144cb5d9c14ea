/** What the operator of a job must mend: a missing file, a bad path, an input that changed. Never a bad record. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}
