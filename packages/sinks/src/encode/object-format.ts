import type { Schema } from '@rowtime/core';
import { type Compression, type Packing, packingOf } from '../packing.ts';
import { parquetColumns } from '../parquet/columns.ts';
import { parquetPacking } from '../parquet/packing.ts';
import { spoolEncoder } from '../parquet/spool-rows.ts';
import { createEncoder, type RowFormat } from './format.ts';
import type { RowEncoder } from './row-encoder.ts';

/** How the rows of an object lie in it: one after the other, or by columns, as a Parquet file, which is compressed within:
 *  by Snappy if nothing else is said. */
export type ObjectFormat =
  | RowFormat
  | {
      readonly type: 'PARQUET';
      /** ROWTIME is the first column, unless the schema has one of that name. Default false. */
      readonly rowtime?: boolean;
    };

/** What appends rows to an object, and what becomes of it in the end. */
export interface ObjectEncoding {
  readonly encoder: RowEncoder;
  readonly packing: Packing | null;
}

export function objectEncoding(schema: Schema, format: ObjectFormat, compression?: Compression): ObjectEncoding {
  if (format.type !== 'PARQUET') {
    return { encoder: createEncoder(schema, format), packing: packingOf(compression ?? 'none') };
  }
  const columns = parquetColumns(schema, format.rowtime === true);
  const codec = compression === undefined ? 'SNAPPY' : compression === 'gzip' ? 'GZIP' : 'UNCOMPRESSED';
  return {
    encoder: spoolEncoder(columns, columns.length > schema.length),
    packing: parquetPacking(columns, codec),
  };
}
