import type { InputColumn } from '@rowtime/sources/json';
import { parseType, SqlError } from '@rowtime/sql';
import { z } from 'zod';
import { CommandError } from './exit.ts';
import type { InputSchema } from './print-input-schema.ts';

const column = z.object({ Name: z.string().min(1), SqlType: z.string().min(1), Mapping: z.string().optional() });

// InputSchema (SourceSchema) of the service's API, as describe-application prints it.
const apiSchema = z.object({
  RecordColumns: z.array(column).min(1).max(1000),
  RecordFormat: z.object({
    RecordFormatType: z.enum(['JSON', 'CSV']),
    MappingParameters: z
      .object({ JSONMappingParameters: z.object({ RecordRowPath: z.string() }).optional() })
      .loose()
      .optional(),
  }),
  RecordEncoding: z.literal('UTF-8').optional(),
});

/** InputSchema of the service's API → columns. `name` says in errors where it comes from: the file. */
export function parseInputSchema(json: unknown, name: string): InputSchema {
  const parsed = apiSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new CommandError(
      `${name}: ${issue?.path.join('.') || 'the schema'}: ${issue?.message}; expected InputSchema of the Kinesis Analytics API: { "RecordColumns": [{ "Name", "SqlType", "Mapping" }], "RecordFormat": { "RecordFormatType": "JSON" } }`,
    );
  }
  const { RecordColumns, RecordFormat } = parsed.data;
  if (RecordFormat.RecordFormatType === 'CSV')
    throw new CommandError(`${name}: RecordFormatType CSV is not supported yet`);
  const rowPath = RecordFormat.MappingParameters?.JSONMappingParameters?.RecordRowPath ?? '$';
  return {
    rowPath,
    columns: RecordColumns.map(({ Name, SqlType, Mapping }) => ({
      name: Name,
      type: typeFrom(SqlType, `${name}: column ${Name}`),
      mapping: Mapping ?? `$.${Name}`,
    })),
  };
}

function typeFrom(text: string, where: string): InputColumn['type'] {
  try {
    return parseType(text);
  } catch (error) {
    if (error instanceof SqlError)
      throw new CommandError(`${where}: ${error.message}${error.hint ? `; ${error.hint}` : ''}`);
    throw error;
  }
}
