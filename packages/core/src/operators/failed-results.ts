import { type Batch, gather } from '../batch.ts';
import { outOfRange } from '../functions/numeric-types.ts';
import type { RowErrors } from '../row-errors.ts';
import type { Schema } from '../schema.ts';

/** A batch without the rows in which an aggregate, from column `first` on, has no place in its type (a SUM of INTEGER
 *  beyond 32 bits): those go to `errors`. null if none is left. */
export function withoutFailedResults(batch: Batch, schema: Schema, first: number, errors: RowErrors): Batch | null {
  const isFailed = (row: number) => (c: number) => (batch.columns[c].valid?.[row] ?? 1) > 1;
  const columns = batch.columns.flatMap((column, c) =>
    c >= first && column.valid?.some((state) => state > 1) ? [c] : [],
  );
  if (columns.length === 0) return batch;
  const rows = new Uint32Array(batch.length);
  let kept = 0;
  for (let i = 0; i < batch.length; i++) {
    const failed = columns.find(isFailed(i));
    if (failed === undefined) rows[kept++] = i;
    else {
      const { name, type } = schema[failed];
      errors.report({ name: 'NumericOverflow', message: `${name}: ${outOfRange(type)}` }, schema, batch, i);
    }
  }
  return kept > 0 ? gather(batch, rows, kept) : null;
}
