/** What a sink has done since it was made, for metrics. */
export interface SinkCounters {
  /** Rows taken by `write`. */
  readonly recordsIn: number;
  /** Rows that the service has acknowledged. */
  readonly recordsAcked: number;
  /** Rows sent again, each time counted. */
  readonly recordsRetried: number;
  /** Rows that can never be delivered, and were reported as errors. */
  readonly recordsDead: number;
  /** Acknowledged. */
  readonly bytes: number;
  /** Rows taken and not yet acknowledged. */
  readonly inFlight: number;
  /** How long the oldest of them waits. */
  readonly oldestUnackedMs: number;
  /** Rows sent again although the call before may have stored them: at most so many are there twice. A process that died adds
   *  what it sent after its last checkpoint, which no one counts. */
  readonly duplicatesPossible: number;
}
