import { type Schema, unreachable } from '@rowtime/core';
import { type CsvOptions, createCsvEncoder } from './csv.ts';
import { createJsonEncoder, type JsonOptions } from './json.ts';
import type { RowEncoder } from './row-encoder.ts';

/** How a row becomes bytes: RecordFormatType of a destination. Kinesis Analytics put nothing between rows of JSON; with the
 *  delimiter `\n` they are lines, which Athena and people can read. */
export type RowFormat =
  | ({ readonly type: 'JSON' } & Pick<JsonOptions, 'rowtime' | 'delimiter'>)
  | ({ readonly type: 'CSV' } & CsvOptions);

export function createEncoder(schema: Schema, format: RowFormat): RowEncoder {
  switch (format.type) {
    case 'JSON':
      return createJsonEncoder(schema, format);
    case 'CSV':
      return createCsvEncoder(schema, format);
    default:
      return unreachable(format);
  }
}
