import { type Batch, gather, type Millis } from './batch.ts';
import type { Valid } from './column.ts';
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
      const rejects = new Rejects(rejected, errors, ({ time }, reached) => Math.max(reached, time));
      let reached = last;
      for (let i = 0; i < rowtime.length; ) {
        reached = rejects.report(i, reached);
        const to = rejects.next(rowtime.length);
        for (; i < to; i++) rowtime[i] = reached = Math.max(reached, batch.rowtime[i]);
      }
      last = rejects.report(rowtime.length, reached);
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
      new Rejects(rejected, errors, () => last).report(batch.length, last);
      return { ...batch, rowtime };
    },
    watermark: tick,
    snapshot: () => last,
    restore: (t) => {
      last = t;
    },
  };
}

/** Puts the records of a batch that gave no row in their place among its rows. */
class Rejects {
  readonly #rejected: readonly RejectedRecord[];
  readonly #errors: RowErrors;
  readonly #timeOf: (record: RejectedRecord, reached: Millis) => Millis;
  #reported = 0;

  constructor(
    rejected: readonly RejectedRecord[],
    errors: RowErrors,
    timeOf: (record: RejectedRecord, reached: Millis) => Millis,
  ) {
    this.#rejected = rejected;
    this.#errors = errors;
    this.#timeOf = timeOf;
  }

  /** The row of `rows` before which the next one came; how many rows there are if none did. */
  next(rows: number): number {
    const record = this.#rejected[this.#reported];
    return record ? Math.min(record.after ?? 0, rows) : rows;
  }

  /** Reports those that came before row `row`, when time had reached so far. Returns how far it is behind them. */
  report(row: number, reached: Millis): Millis {
    let time = reached;
    for (; this.#reported < this.#rejected.length; this.#reported++) {
      const record = this.#rejected[this.#reported];
      if ((record.after ?? 0) > row) break;
      time = this.#timeOf(record, time);
      this.#errors.reportBytes(record.name, record.message, time, record.record);
    }
    return time;
  }
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
      // Most batches have no row that fails, and none has to be left out.
      const isWhole = inOrder(values, valid, scale, 0, times.length, last, times, null, 0) === times.length;
      if (isWhole && rejected.length === 0 && times.length > 0) {
        last = times[times.length - 1];
        return { ...batch, rowtime: times };
      }
      const rows = new Uint32Array(batch.length);
      // Rows that fail have the time of the stream, so that error_stream stays in order.
      let failed: (Batch & { readonly rowtime: Float64Array }) | null = null;
      let kept = 0;
      const rejects = new Rejects(rejected, errors, (_, reached) => reached);
      let reached = last;
      for (let i = 0; i < times.length; ) {
        reached = rejects.report(i, reached);
        const to = rejects.next(times.length);
        const count = inOrder(values, valid, scale, i, to, reached, times, rows, kept);
        kept += count;
        i += count;
        if (count > 0) reached = times[kept - 1];
        if (i === to) continue;
        const reason = failure(name, valid ? valid[i] === 1 : true, toMillis(values[i], scale), reached);
        failed ??= {
          length: batch.length,
          rowtime: new Float64Array(batch.length),
          columns: batch.columns.filter((_, c) => decoded[c]),
        };
        failed.rowtime[i] = reached;
        errors.report(reason, shown, failed, i);
        i++;
      }
      last = rejects.report(times.length, reached);
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

/** Writes the times and numbers of rows [from, to) behind the `kept` ones, up to a row whose time goes back or is none; returns
 *  how many. */
function inOrder(
  values: Float64Array,
  valid: Valid,
  unit: TimeUnit,
  from: number,
  to: number,
  reached: Millis,
  times: Float64Array,
  rows: Uint32Array | null,
  kept: number,
): number {
  let [last, at] = [reached, kept];
  for (let i = from; i < to; i++) {
    const t = toMillis(values[i], unit);
    if (!(t >= last && Math.abs(t) <= maxTime) || (valid && valid[i] !== 1)) return i - from;
    last = t;
    times[at] = t;
    if (rows) rows[at] = i;
    at++;
  }
  return to - from;
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
