import type { OutputStatus, Status } from '../service/status.ts';

/** What a worker did a second, between two looks at it. */
export interface Rates {
  /** Of the input. */
  readonly records: number;
  readonly rejected: number;
  readonly outputs: readonly OutputRate[];
}

export interface OutputRate extends OutputStatus {
  readonly rowsPerSecond: number;
}

/** Between `before` and `current`; without one before, since the worker started. A worker that was started again in between
 *  counts from nothing. */
export function ratesOf(before: Status | null, current: Status): Rates {
  const isSame = before !== null && before.started === current.started && before.time < current.time;
  const earlier = isSame ? before : null;
  const seconds = (current.time - (earlier?.time ?? current.started)) / 1_000;
  const rate = (now: number, then = 0): number => (seconds > 0 ? Math.max(0, now - then) / seconds : 0);
  return {
    records: rate(current.input.records, earlier?.input.records),
    rejected: rate(current.input.rejected, earlier?.input.rejected),
    // In the order of the application, which has one stream perhaps twice.
    outputs: current.outputs.map((output, i) => ({
      ...output,
      rowsPerSecond: rate(output.rows, earlier?.outputs[i]?.rows),
    })),
  };
}
