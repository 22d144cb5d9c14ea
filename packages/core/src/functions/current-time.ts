import type { Batch, Millis } from '../batch.ts';
import type { ScalarFunction } from '../expr.ts';
import type { SqlType } from '../schema.ts';

/** CURRENT_TIMESTAMP and its like. No function reads a clock: they see the ROWTIME of the row, and when the query started.
 *
 *  `start` is asked for each batch, and gives the same each time. null: nobody says when the query started, and the ROWTIME
 *  of the row stands for it, so that a replay gives the same results. CURRENT_ROW_TIMESTAMP is the ROWTIME in any case: a
 *  row is computed when it comes. */
export function currentTimeFunctions(start: (() => Millis) | null): readonly ScalarFunction[] {
  const perRow = (batch: Batch): Float64Array => batch.rowtime;
  const fixed = start ? (batch: Batch) => new Float64Array(batch.length).fill(start()) : perRow;
  const row = (name: string, kind: Kind, what: string, timesOf: typeof perRow): ScalarFunction => ({
    name,
    doc: `${what}, in UTC.`,
    bind: (args) => {
      if (args.length > 0) return null;
      const type: SqlType = { kind };
      return {
        type,
        kernel: () => {
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
