import { type Batch, type Column, columnKind, repeated, type Schema } from '@rowtime/core';

/** Puts the metadata columns of an input stream behind those of the source: when a record arrived is known of every
 *  source; shards, keys and sequence numbers are Kinesis's, and NULL here. */
export function withMetadata(metadata: Schema): (batch: Batch) => Batch {
  const columns = metadata.map(columnOf);
  return (batch) => ({ ...batch, columns: [...batch.columns, ...columns.map((column) => column(batch))] });
}

function columnOf({ name, type }: Schema[number]): (batch: Batch) => Column {
  if (name === 'APPROXIMATE_ARRIVAL_TIME') return ({ rowtime }) => ({ kind: 'num', values: rowtime, valid: null });
  const nulls = repeated(columnKind(type), null);
  return ({ length }) => nulls(length);
}
