import type { Batch, Millis } from '../batch.ts';
import type { ScalarFunction } from '../expr.ts';
import type { SqlType } from '../schema.ts';

/** CURRENT_TIMESTAMP and its like. No function reads a clock: they see the one that is handed in.
 *
 *  `now` null: the ROWTIME of the row, which is its arrival time, and is the same again when a checkpoint is replayed.
 *  With a clock, CURRENT_ROW_TIMESTAMP asks it for each batch; the others ask it once, when the query starts. */
export function currentTimeFunctions(now: (() => Millis) | null): readonly ScalarFunction[] {
  const perRow = (): ((batch: Batch) => Float64Array) =>
    now ? (batch) => new Float64Array(batch.length).fill(now()) : (batch) => batch.rowtime;
  const fixed = (): ((batch: Batch) => Float64Array) => {
    if (!now) return perRow();
    const start = now();
    return (batch) => new Float64Array(batch.length).fill(start);
  };
  const row = (name: string, kind: Kind, what: string, times: typeof fixed): ScalarFunction => ({
    name,
    doc: `${what}, in UTC.`,
    bind: (args) => {
      if (args.length > 0) return null;
      const type: SqlType = { kind };
      return {
        type,
        kernel: () => {
          const timesOf = times();
          const part = parts[kind];
          return (batch) => ({ kind: 'num', values: part ? timesOf(batch).map(part) : timesOf(batch), valid: null });
        },
      };
    },
  });
  return [
    row('CURRENT_ROW_TIMESTAMP', 'timestamp', 'The time at which the row is computed', perRow),
    row('CURRENT_TIMESTAMP', 'timestamp', 'The time at which the query started', fixed),
    row('LOCALTIMESTAMP', 'timestamp', 'The time at which the query started', fixed),
    row('CURRENT_TIME', 'time', 'The time of day at which the query started', fixed),
    row('LOCALTIME', 'time', 'The time of day at which the query started', fixed),
    row('CURRENT_DATE', 'date', 'The day on which the query started', fixed),
  ];
}

type Kind = 'timestamp' | 'date' | 'time';

const day = 86_400_000;

const parts: Readonly<Record<Kind, ((t: Millis) => Millis) | null>> = {
  timestamp: null,
  date: (t) => Math.floor(t / day) * day,
  time: (t) => t - Math.floor(t / day) * day,
};
