import { type Batch, type Millis, type Row, slice, toRows } from '../batch.ts';
import type { Operator, Output } from '../operator.ts';

/** What happens to an operator, in order: rows on an input, or time passing on all of them. */
export type Step = { readonly batch: Batch; readonly input?: number } | { readonly advance: Millis };

export interface VerifyOptions {
  /** A new operator; called many times. */
  readonly create: () => Operator;
  readonly steps: readonly Step[];
}

/** Runs an operator over the same steps in every way the contract allows — rows one by one, in sevens, whole batches, and
 *  restored from its snapshot before each step — and returns the one result of all. Throws if two ways differ, if a
 *  pushed batch was changed, or if a row was emitted before a watermark that the operator had returned. */
export function verifyOperator({ create, steps }: VerifyOptions): { rowtime: Millis; row: Row }[] {
  const results = [1, 7, Number.POSITIVE_INFINITY].flatMap((size) => [
    { way: `batches of ${size}`, rows: play(create, split(steps, size), false) },
    { way: `batches of ${size}, restored before each step`, rows: play(create, split(steps, size), true) },
  ]);
  const [first, ...others] = results;
  for (const other of others) {
    if (JSON.stringify(other.rows) !== JSON.stringify(first.rows)) {
      throw new Error(
        `${other.way} gives ${JSON.stringify(other.rows)}, but ${first.way} gives ${JSON.stringify(first.rows)}`,
      );
    }
  }
  return first.rows;
}

function play(create: () => Operator, steps: readonly Step[], restore: boolean): { rowtime: Millis; row: Row }[] {
  const rows: { rowtime: Millis; row: Row }[] = [];
  let operator = create();
  let promised = Number.NEGATIVE_INFINITY;
  const out: Output = (batch) => {
    if (batch.length === 0) throw new Error('an empty batch was emitted');
    if (batch.rowtime[0] < promised) throw new Error(`a row at ${batch.rowtime[0]} was emitted after ${promised}`);
    rows.push(...toRows(operator.schema, batch));
  };
  for (const step of steps) {
    if (restore) {
      const state = structuredClone(operator.snapshot());
      operator = create();
      operator.restore(state);
    }
    if ('advance' in step) {
      promised = Math.max(promised, operator.advance(step.advance, out));
      continue;
    }
    const before = JSON.stringify(plain(step.batch));
    operator.push(step.batch, out, step.input ?? 0);
    if (JSON.stringify(plain(step.batch)) !== before) throw new Error('the operator changed a batch it was given');
  }
  return rows;
}

function split(steps: readonly Step[], size: number): Step[] {
  return steps.flatMap((step) => {
    if ('advance' in step) return [step];
    const parts: Step[] = [];
    for (let from = 0; from < step.batch.length; from += size) {
      const to = Math.min(from + size, step.batch.length);
      parts.push({ ...step, batch: slice(step.batch, from, to) });
      if (!Number.isFinite(size)) break;
    }
    return parts;
  });
}

function plain(batch: Batch): unknown {
  return [
    Array.from(batch.rowtime),
    batch.columns.map((column) => ({
      ...column,
      ...(column.kind === 'exact' ? { units: Array.from(column.units, String) } : {}),
      valid: column.valid && Array.from(column.valid),
    })),
  ];
}
