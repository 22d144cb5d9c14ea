import { type CsvFormat, createCsvDecoder } from './decode/csv.ts';
import type { InputDecoder } from './decode/input-decoder.ts';
import { createJsonDecoder, type InputColumn } from './decode/json.ts';

/** InputSchema of the service's API: the columns of an input, and where they are in its records. */
export interface InputSchema {
  readonly columns: readonly InputColumn[];
  /** RecordRowPath, of JSON. Default `$`. */
  readonly rowPath?: string;
  /** Records are CSV rows, columns go by position and mappings mean nothing. Left out: records are JSON. */
  readonly csv?: CsvFormat;
}

export interface DecoderOptions {
  /** By column: false where no one reads it. */
  readonly used?: readonly boolean[];
  /** Longer records are rejected. Default 1 MiB. */
  readonly recordBytesMax?: number;
}

/** The decoder of the records that a schema describes. */
export function createDecoder({ columns, rowPath, csv }: InputSchema, options: DecoderOptions = {}): InputDecoder {
  if (csv) return createCsvDecoder({ columns, ...csv, ...options });
  return createJsonDecoder({ columns, ...(rowPath !== undefined && { rowPath }), ...options });
}
