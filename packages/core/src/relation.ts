import type { Batch } from './batch.ts';
import type { Schema } from './schema.ts';

/** Rows that end: a reference table, VALUES, or what a query makes of them. Their ROWTIME means nothing and is 0. */
export interface Relation {
  readonly schema: Schema;
  readonly rows: Batch;
}
