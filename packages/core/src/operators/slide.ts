import type { Batch, Millis } from '../batch.ts';
import type { Column } from '../column.ts';
import type { Operator, Output } from '../operator.ts';
import type { RowErrors } from '../row-errors.ts';
import type { Field, Schema } from '../schema.ts';
import type { BoundAnalytic, SlidingCall } from '../sliding/sliding-call.ts';
import { type Frame, SlidingWindow } from '../sliding/sliding-window.ts';
import { withoutFailedResults } from './failed-results.ts';

/** A function OVER a window; `input` null: COUNT(*). */
export interface AnalyticCall {
  readonly name: string;
  readonly input: number | null;
  readonly analytic: BoundAnalytic;
}

/** One OVER clause, and the calls that share it. Columns are those of the input. */
export interface OverWindow {
  readonly frame: Frame;
  readonly partitionBy: readonly number[];
  readonly calls: readonly AnalyticCall[];
}

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
  readonly #windows: readonly {
    readonly window: SlidingWindow;
    readonly calls: readonly { readonly input: number | null; readonly call: SlidingCall }[];
  }[];

  constructor({ input, windows, errors }: SlideOptions) {
    this.#input = input;
    this.#errors = errors;
    this.schema = [
      ...input,
      ...windows.flatMap(({ calls }) =>
        calls.map(({ name, analytic }): Field => ({ name, type: analytic.type, nullable: true })),
      ),
    ];
    this.#windows = windows.map(({ frame, partitionBy, calls }) => ({
      window: new SlidingWindow(frame, input, partitionBy),
      calls: calls.map(({ input: column, analytic }) => ({ input: column, call: analytic.create() })),
    }));
  }

  push(batch: Batch, out: Output): void {
    const results = this.#windows.flatMap(({ window, calls }) => {
      const pass = window.enter(batch);
      const columns = calls.map(({ input, call }) => call.run(pass, input === null ? null : batch.columns[input]));
      const mapping = window.settle(pass);
      if (mapping) for (const { call } of calls) call.renumber(mapping);
      return columns;
    });
    const result = { ...batch, columns: [...batch.columns, ...results] };
    const kept = withoutFailedResults(result, this.schema, this.#input.length, this.#errors);
    if (kept) out(kept);
  }

  advance(watermark: Millis): Millis {
    return watermark;
  }

  snapshot(): unknown {
    return this.#windows.map(({ window, calls }) => {
      const { slots, rowtime, keys, groups } = window.snapshot();
      return {
        rowtime,
        keys,
        inputs: calls.map(({ input, call }) => (input === null ? null : call.inputOf(slots))),
        calls: calls.map(({ call }) => call.snapshot(groups)),
      };
    });
  }

  restore(state: unknown): void {
    const windows = state as {
      rowtime: Float64Array;
      keys: Column[];
      inputs: (Column | null)[];
      calls: unknown[];
    }[];
    windows.forEach(({ rowtime, keys, inputs, calls: states }, w) => {
      const { window, calls } = this.#windows[w];
      if (rowtime.length === 0) return;
      const pass = window.restore(rowtime, keys);
      calls.forEach(({ call }, c) => {
        call.run(pass, inputs[c]);
        call.restore(states[c]);
      });
      window.settle(pass);
    });
  }
}
