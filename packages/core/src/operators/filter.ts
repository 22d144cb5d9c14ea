import { gather } from '../batch.ts';
import type { BoolColumn } from '../column.ts';
import { compile, type Expr, Failures, type FunctionLookup } from '../expr.ts';
import { asCondition } from '../functions/logic.ts';
import { type Operator, stateless } from '../operator.ts';
import type { RowErrors } from '../row-errors.ts';
import type { Schema } from '../schema.ts';

/** WHERE, HAVING: keeps the rows whose predicate is TRUE. FALSE and NULL are dropped alike; a predicate that could not
 *  be computed fails its row. */
export function filter(schema: Schema, predicate: Expr, errors: RowErrors, functions?: FunctionLookup): Operator {
  const failures = new Failures();
  const kernel = compile(predicate, failures, functions);
  return stateless(schema, (batch, out) => {
    const rows = new Uint32Array(batch.length);
    const kept = select(asCondition(kernel(batch)), rows, (row, failure) => {
      errors.report(failures.get(failure), schema, batch, row);
    });
    if (kept === batch.length)
      out(batch); // all: pass it on, no copy
    else if (kept > 0) out(gather(batch, rows, kept)); // none: emit nothing, not an empty batch
  });
}

function select(condition: BoolColumn, rows: Uint32Array, fail: (row: number, failure: number) => void): number {
  const { values, valid } = condition;
  let kept = 0;
  if (!valid) {
    for (let i = 0; i < values.length; i++) if (values[i] === 1) rows[kept++] = i;
    return kept;
  }
  for (let i = 0; i < values.length; i++) {
    if (valid[i] === 1) {
      if (values[i] === 1) rows[kept++] = i;
    } else if (valid[i] > 1) fail(i, valid[i]);
  }
  return kept;
}
