/** What the operator of a job must mend: a permission, a name, a folder of another run. Never an outage, which is waited out. */
export class SinkError extends Error {
  override readonly name = 'SinkError';
}
