import { printType } from '@rowtime/core';
import { type FileSource, fileSource } from '@rowtime/sources/file';
import { headerHint } from './header-hint.ts';
import { printInputSchema } from './print-input-schema.ts';

export interface DiscoverOptions {
  readonly input: readonly string[];
  /** InputSchema as JSON; else a table for a reader. */
  readonly json: boolean;
}

/** `rowtime discover`: the schema of some records, as the service's DiscoverInputSchema would have found it. */
export async function discover({ input, json }: DiscoverOptions): Promise<void> {
  const source = await fileSource({ input, now: Date.now });
  await source.close();
  const text = json ? JSON.stringify(printInputSchema(source.inputSchema), null, 2) : schemaTable(source);
  process.stdout.write(`${text}\n`);
  if (source.hasHeader) process.stderr.write(`${headerHint}\n`);
}

function schemaTable({ inputSchema }: FileSource): string {
  const { columns, csv, rowPath = '$' } = inputSchema;
  const rows = columns.map(({ name, type, mapping }, c) => [name, printType(type), csv ? String(c + 1) : mapping]);
  const head = ['Column', 'Type', csv ? 'Place' : 'Path'];
  const widths = head.map((text, c) => Math.max(text.length, ...rows.map((row) => row[c]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, c) => cell.padEnd(widths[c] ?? 0))
      .join('  ')
      .trimEnd();
  const format = csv
    ? `CSV: columns end with ${JSON.stringify(csv.columnDelimiter ?? ',')}, rows with ${JSON.stringify(csv.rowDelimiter ?? '\n')}`
    : `JSON: a row is at ${rowPath}`;
  return [format, '', line(head), ...rows.map(line)].join('\n');
}
