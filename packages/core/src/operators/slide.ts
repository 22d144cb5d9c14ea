import type { Batch, Millis } from '../batch.ts';
import type { Column } from '../column.ts';
import { printCount } from '../in-words.ts';
import type { Operator, Output } from '../operator.ts';
import type { RowErrors } from '../row-errors.ts';
import type { Field, Schema } from '../schema.ts';
import { RunningWindow } from '../sliding/running-window.ts';
import type { BoundAnalytic, SlidingCall } from '../sliding/sliding-call.ts';
import { type BoundedFrame, type Frame, SlidingWindow } from '../sliding/sliding-window.ts';
import { withoutFailedResults } from './failed-results.ts';
import type { AggregateCall } from './tumble.ts';

/** A function OVER a window; `input` null: COUNT(*). */
export interface AnalyticCall {
  readonly name: string;
  readonly input: number | null;
  readonly analytic: BoundAnalytic;
}

/** One OVER clause, and the calls that share it. Columns are those of the input. Over a window without an end the calls are
 *  aggregates. */
export type OverWindow =
  | {
      readonly frame: BoundedFrame;
      readonly partitionBy: readonly number[];
      readonly calls: readonly AnalyticCall[];
    }
  | {
      readonly frame: Exclude<Frame, BoundedFrame>;
      readonly partitionBy: readonly number[];
      readonly calls: readonly AggregateCall[];
    };

export interface SlideOptions {
  readonly input: Schema;
  readonly windows: readonly OverWindow[];
  readonly errors: RowErrors;
}

/** OVER (PARTITION BY … RANGE or ROWS … PRECEDING): each row comes out at once, with its ROWTIME and a column per call. A
 *  row does not see those behind it, not even of the same ROWTIME, and time that passes changes nothing.
 *  Memory: the rows in the longest of each window, bounded by SlidingWindow. */
export class Slide implements Operator {
  readonly schema: Schema;
  readonly #input: Schema;
  readonly #errors: RowErrors;
  readonly #windows: readonly (RunningWindow | EndedWindow)[];

  constructor({ input, windows, errors }: SlideOptions) {
    this.#input = input;
    this.#errors = errors;
    this.schema = [
      ...input,
      ...windows.flatMap(({ calls }) =>
        calls.map((call): Field => {
          const { type } = 'analytic' in call ? call.analytic : call.aggregate;
          return { name: call.name, type, nullable: true };
        }),
      ),
    ];
    this.#windows = windows.map((window) =>
      isEnded(window)
        ? new EndedWindow(input, window.frame, window.partitionBy, window.calls)
        : new RunningWindow(input, window.partitionBy, window.calls),
    );
  }

  push(batch: Batch, out: Output): void {
    const results = this.#windows.flatMap((window) => window.run(batch));
    const result = { ...batch, columns: [...batch.columns, ...results] };
    const kept = withoutFailedResults(result, this.schema, this.#input.length, this.#errors);
    if (kept) out(kept);
  }

  advance(watermark: Millis): Millis {
    return watermark;
  }

  remembers(): string | null {
    const remembered = this.#windows.flatMap((window) => window.remembers() ?? []);
    return remembered.length === 0 ? null : [...new Set(remembered)].join(', ');
  }

  snapshot(): unknown {
    return this.#windows.map((window) => window.snapshot());
  }

  restore(state: unknown): void {
    (state as unknown[]).forEach((window, w) => {
      this.#windows[w].restore(window);
    });
  }
}

function isEnded(window: OverWindow): window is Extract<OverWindow, { frame: BoundedFrame }> {
  return window.frame.kind !== 'unbounded';
}

/** A window that rows leave, and the calls over it. */
class EndedWindow {
  readonly #window: SlidingWindow;
  readonly #calls: readonly { readonly input: number | null; readonly call: SlidingCall }[];

  constructor(input: Schema, frame: BoundedFrame, partitionBy: readonly number[], calls: readonly AnalyticCall[]) {
    this.#window = new SlidingWindow(frame, input, partitionBy);
    this.#calls = calls.map(({ input: column, analytic }) => ({ input: column, call: analytic.create() }));
  }

  run(batch: Batch): Column[] {
    const pass = this.#window.enter(batch);
    const columns = this.#calls.map(({ input, call }) => call.run(pass, input === null ? null : batch.columns[input]));
    const mapping = this.#window.settle(pass);
    if (mapping) for (const { call } of this.#calls) call.renumber(mapping);
    return columns;
  }

  remembers(): string | null {
    return this.#window.size === 0 ? null : printCount(this.#window.size, 'row');
  }

  snapshot(): unknown {
    const { slots, rowtime, keys, groups } = this.#window.snapshot();
    return {
      rowtime,
      keys,
      inputs: this.#calls.map(({ input, call }) => (input === null ? null : call.inputOf(slots))),
      calls: this.#calls.map(({ call }) => call.snapshot(groups)),
    };
  }

  restore(state: unknown): void {
    const { rowtime, keys, inputs, calls } = state as {
      rowtime: Float64Array;
      keys: Column[];
      inputs: (Column | null)[];
      calls: unknown[];
    };
    if (rowtime.length === 0) return;
    const pass = this.#window.restore(rowtime, keys);
    this.#calls.forEach(({ call }, c) => {
      call.run(pass, inputs[c]);
      call.restore(calls[c]);
    });
    this.#window.settle(pass);
  }
}
