import { printType } from '@rowtime/core';
import type { InputSchema } from '@rowtime/sources/decoder';

/** An input schema as JSON of the service's API: what `parseInputSchema` takes. */
export function printInputSchema({ columns, rowPath = '$', csv }: InputSchema): unknown {
  return {
    RecordFormat: csv
      ? {
          RecordFormatType: 'CSV',
          MappingParameters: {
            CSVMappingParameters: {
              RecordRowDelimiter: csv.rowDelimiter ?? '\n',
              RecordColumnDelimiter: csv.columnDelimiter ?? ',',
            },
          },
        }
      : {
          RecordFormatType: 'JSON',
          MappingParameters: { JSONMappingParameters: { RecordRowPath: rowPath } },
        },
    RecordEncoding: 'UTF-8',
    RecordColumns: columns.map(({ name, type, mapping }) => ({
      Name: name,
      SqlType: printType(type),
      ...(!csv && { Mapping: mapping }),
    })),
  };
}
