import { type Batch, type Column, columnKind, constantColumn, type Schema } from '@rowtime/core';

/** Puts the metadata columns of an input stream behind those of the source: when a record arrived is known of every
 *  source; shards, keys and sequence numbers are Kinesis's, and NULL here. */
export function withMetadata(metadata: Schema): (batch: Batch) => Batch {
  return (batch) => ({
    ...batch,
    columns: [...batch.columns, ...metadata.map((field): Column => columnOf(field, batch))],
  });
}

function columnOf({ name, type }: Schema[number], { rowtime, length }: Batch): Column {
  if (name === 'APPROXIMATE_ARRIVAL_TIME') return { kind: 'num', values: rowtime, valid: null };
  return constantColumn(columnKind(type), null, length);
}
