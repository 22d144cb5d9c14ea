import type { FileSinkOptions } from '@rowtime/sinks/file';

export const outputFormats = ['json', 'csv', 'parquet'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** How rows lie in the files of `rowtime run`: ROWTIME first, whatever the format. */
export function objectFormat(format: OutputFormat): NonNullable<FileSinkOptions['format']> {
  switch (format) {
    case 'json':
      return { type: 'JSON', rowtime: 'iso', delimiter: '\n' };
    case 'csv':
      return { type: 'CSV', rowtime: 'iso' };
    case 'parquet':
      return { type: 'PARQUET', rowtime: true };
  }
}
