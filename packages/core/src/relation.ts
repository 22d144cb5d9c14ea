import type { Batch } from './batch.ts';
import type { Value } from './column.ts';
import type { Schema } from './schema.ts';

/** Rows that end: a reference table, VALUES, or what a query makes of them. Their ROWTIME means nothing and is 0. */
export interface Relation {
  readonly schema: Schema;
  readonly rows: Batch;
}

/** Values as the key of a Map: rows of equal values have equal keys. */
export function mapKey(values: readonly Value[]): unknown {
  return values.length === 1 ? values[0] : JSON.stringify(values);
}
