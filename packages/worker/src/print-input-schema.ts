import { printType } from '@rowtime/core';
import type { InputColumn } from '@rowtime/sources/json';

/** The columns of an input and where its rows are. */
export interface InputSchema {
  readonly columns: readonly InputColumn[];
  /** RecordRowPath. */
  readonly rowPath: string;
}

/** An input schema as JSON of the service's API: what `parseInputSchema` takes. */
export function printInputSchema({ columns, rowPath }: InputSchema): unknown {
  return {
    RecordFormat: {
      RecordFormatType: 'JSON',
      MappingParameters: { JSONMappingParameters: { RecordRowPath: rowPath } },
    },
    RecordEncoding: 'UTF-8',
    RecordColumns: columns.map(({ name, type, mapping }) => ({
      Name: name,
      SqlType: printType(type),
      Mapping: mapping,
    })),
  };
}
