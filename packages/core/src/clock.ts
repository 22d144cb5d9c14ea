import { type Batch, gather, type Millis } from './batch.ts';
import { asDoubles } from './functions/arithmetic.ts';
import type { RowErrors } from './row-errors.ts';
import type { Schema } from './schema.ts';
import type { RejectedRecord } from './source.ts';

/** Gives rows their ROWTIME. Never goes back, not even over a restart. */
export interface Clock {
  /** The batch with its arrival times replaced by ROWTIMEs; rows that cannot have one go to `errors`. null: none is left.
   *  `rejected`: the records among them that gave no row. They go to `errors` in their place, so that what stands in
   *  error_stream does not depend on how rows and records were split into batches. */
  stamp(batch: Batch, errors: RowErrors, rejected?: readonly RejectedRecord[]): Batch | null;
  /** How far time has come when the stream is silent. `caughtUpTo`: no row that arrived before it is still to come. */
  watermark(caughtUpTo: Millis): Millis;
  /** The last ROWTIME. */
  snapshot(): Millis;
  restore(last: Millis): void;
}

/** ROWTIME is the arrival time, raised where it would decrease. An in-order source replays to equal results. */
export function arrivalClock(): Clock {
  let last = Number.NEGATIVE_INFINITY;
  return {
    stamp: (batch, errors, rejected = []) => {
      const rowtime = new Float64Array(batch.length);
      const report = reporter(rejected, errors, ({ time }) => {
        last = Math.max(last, time);
        return last;
      });
      let next = report(0);
      for (let i = 0; i < rowtime.length; i++) {
        if (i === next) next = report(i);
        rowtime[i] = last = Math.max(last, batch.rowtime[i]);
      }
      report(batch.length);
      return { ...batch, rowtime };
    },
    watermark: (caughtUpTo) => {
      last = Math.max(last, caughtUpTo);
      return last;
    },
    snapshot: () => last,
    restore: (t) => {
      last = t;
    },
  };
}

/** ROWTIME is the moment of insertion into the first stream, as in Kinesis Analytics. A replay gives other times. */
export function systemClock(now: () => Millis): Clock {
  let last = Number.NEGATIVE_INFINITY;
  const tick = (): Millis => {
    last = Math.max(last, now());
    return last;
  };
  return {
    stamp: (batch, errors, rejected = []) => {
      const rowtime = new Float64Array(batch.length).fill(tick());
      reporter(rejected, errors, () => last)(batch.length);
      return { ...batch, rowtime };
    },
    watermark: tick,
    snapshot: () => last,
    restore: (t) => {
      last = t;
    },
  };
}

/** Reports the records that came before row `row` of a batch; returns the row before which the next one came. */
function reporter(
  rejected: readonly RejectedRecord[],
  errors: RowErrors,
  timeOf: (record: RejectedRecord) => Millis,
): (row: number) => number {
  let next = 0;
  return (row) => {
    for (; next < rejected.length; next++) {
      const found = rejected[next];
      const { name, message, record, after = 0 } = found;
      if (after > row) return after;
      errors.reportBytes(name, message, timeOf(found), record);
    }
    return Number.POSITIVE_INFINITY;
  };
}

/** How a column's numbers mean time. 'auto': epoch seconds below 1e11 (the year 5138), else milliseconds. */
export type TimeUnit = 's' | 'ms' | 'auto';

/** ROWTIME is a column: `SELECT column AS ROWTIME` for the input. A row whose time is older than that of the row before
 *  it goes to error_stream, as do NULL and what is no time (AWS developer guide, "Error Handling": late rows).
 *  Time stands still while no rows come. */
export function columnClock(
  schema: Schema,
  index: number,
  unit: TimeUnit,
  /** By column, whether the source decodes it: error_stream does not show what nobody read as NULL. Default: all. */
  decoded: readonly boolean[] = schema.map(() => true),
): Clock {
  let last = Number.NEGATIVE_INFINITY;
  const shown = schema.filter((_, c) => decoded[c]);
  const { name, type } = schema[index];
  const scale = type.kind === 'timestamp' ? 'ms' : unit;
  return {
    stamp: (batch, errors, rejected = []) => {
      // A number that no double holds is far from any time, whichever way it is rounded.
      const { values, valid } = asDoubles(batch.columns[index]);
      const times = new Float64Array(batch.length);
      if (rejected.length === 0 && isInOrder(values, valid, scale, last, times)) {
        last = times.at(-1) ?? last;
        return times.length > 0 ? { ...batch, rowtime: times } : null;
      }
      const rows = new Uint32Array(batch.length);
      // Rows that fail have the time of the stream, so that error_stream stays in order.
      const failed: Batch = {
        length: batch.length,
        rowtime: new Float64Array(batch.length),
        columns: batch.columns.filter((_, c) => decoded[c]),
      };
      let kept = 0;
      const report = reporter(rejected, errors, () => last);
      let next = report(0);
      for (let i = 0; i < times.length; i++) {
        if (i === next) next = report(i);
        const t = toMillis(values[i], scale);
        if (isNext(t, last) && isPresent(valid, i)) {
          last = t;
          times[kept] = t;
          rows[kept++] = i;
          continue;
        }
        failed.rowtime[i] = last;
        errors.report(failure(name, isPresent(valid, i), t, last), shown, failed, i);
      }
      report(batch.length);
      if (kept === 0) return null;
      return { ...(kept === batch.length ? batch : gather(batch, rows, kept)), rowtime: times.subarray(0, kept) };
    },
    watermark: () => last,
    snapshot: () => last,
    restore: (t) => {
      last = t;
    },
  };
}

/** Whether each row may come after the one before it, as in most batches; `times` gets theirs. */
function isInOrder(
  values: Float64Array,
  valid: Uint8Array | null,
  unit: TimeUnit,
  after: Millis,
  times: Float64Array,
): boolean {
  let last = after;
  for (let i = 0; i < times.length; i++) {
    const t = toMillis(values[i], unit);
    if (!isNext(t, last) || !isPresent(valid, i)) return false;
    last = times[i] = t;
  }
  return true;
}

function isNext(t: Millis, last: Millis): boolean {
  return t >= last && Math.abs(t) <= maxTime;
}

function isPresent(valid: Uint8Array | null, row: number): boolean {
  return valid === null || valid[row] === 1;
}

/** The last instant a JavaScript Date can print: beyond it a window has no name. */
const maxTime = 8.64e15;

// Doubles of epoch seconds are a few 1e-7 s apart: without the nudge 2163921690.97 would be cut to .969.
function toMillis(value: number, unit: TimeUnit): Millis {
  if (unit === 's' || (unit === 'auto' && Math.abs(value) < 1e11)) return Math.floor(value * 1_000 + 5e-4);
  return Math.floor(value);
}

function failure(name: string, present: boolean, t: Millis, last: Millis): { name: string; message: string } {
  if (!present) return { name: 'NullRowtime', message: `column ${name}, which gives ROWTIME, is NULL` };
  if (!(Math.abs(t) <= maxTime)) return { name: 'InvalidRowtime', message: `column ${name} holds no time: ${t}` };
  return {
    name: 'LateRow',
    message: `ROWTIME ${new Date(t).toISOString()} from column ${name} is older than ${new Date(last).toISOString()} of the row before it`,
  };
}
