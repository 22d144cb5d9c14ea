import { type Batch, gather } from '../batch.ts';
import type { Column, Valid } from '../column.ts';
import { compile, type Expr, Failures, type FunctionLookup } from '../expr.ts';
import { type Operator, stateless } from '../operator.ts';
import type { RowErrors } from '../row-errors.ts';
import type { Schema } from '../schema.ts';

/** SELECT: one expression per output column. A row with a value that could not be computed, or with NULL for a NOT NULL
 *  column, goes to `errors` instead. */
export function project(
  input: Schema,
  output: Schema,
  exprs: readonly Expr[],
  errors: RowErrors,
  functions?: FunctionLookup,
): Operator {
  const failures = new Failures();
  const kernels = exprs.map((expr) => compile(expr, failures, functions));
  const nullFailures = output.map(({ name, nullable }) =>
    nullable ? 0 : failures.number('NullViolation', `NULL in column ${name}, which is NOT NULL`),
  );
  return stateless(output, (batch, out) => {
    const columns = kernels.map((kernel) => kernel(batch));
    const states = columns.map((column, c) =>
      nullFailures[c] > 0 ? nullsFail(column, nullFailures[c]) : column.valid,
    );
    const projected = { length: batch.length, rowtime: batch.rowtime, columns };
    const kept = withoutFailures(projected, states, batch, input, failures, errors);
    if (kept) out(kept);
  });
}

/** The batch without the rows that failed, which are reported as rows of `source`; null if none is left. */
function withoutFailures(
  batch: Batch,
  states: readonly Valid[],
  source: Batch,
  schema: Schema,
  failures: Failures,
  errors: RowErrors,
): Batch | null {
  let failed: Uint8Array | null = null;
  for (const valid of states) {
    if (!valid) continue;
    for (let i = 0; i < valid.length; i++) {
      if (valid[i] < 2) continue;
      failed ??= new Uint8Array(batch.length);
      if (failed[i] === 0) failed[i] = valid[i];
    }
  }
  if (!failed) return batch;
  const rows = new Uint32Array(batch.length);
  let kept = 0;
  for (let i = 0; i < batch.length; i++) {
    if (failed[i] === 0) rows[kept++] = i;
    else errors.report(failures.get(failed[i]), schema, source, i);
  }
  return kept > 0 ? gather(batch, rows, kept) : null;
}

function nullsFail(column: Column, failure: number): Valid {
  const { valid } = column;
  return valid && Uint8Array.from(valid, (state) => (state === 0 ? failure : state));
}
