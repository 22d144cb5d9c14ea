import type { CsvFormat } from '@rowtime/sources/csv';
import type { InputSchema } from '@rowtime/sources/decoder';
import type { InputColumn } from '@rowtime/sources/json';
import { parseType, SqlError } from '@rowtime/sql';
import { z } from 'zod';
import { CommandError } from './exit.ts';

/** AWS developer guide, "Limits". */
const columnsMax = 1000;
const streamsMax = 64;

const column = z.object({
  Name: z
    .string()
    .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'a column name has letters, digits and _, and begins with no digit'),
  SqlType: z.string().min(1),
  Mapping: z.string().optional(),
});

const delimiter = z.string().min(1).max(1024);

// InputSchema (SourceSchema) of the service's API, as describe-application and discover-input-schema print it.
const apiSchema = z.object({
  RecordColumns: z.array(column).min(1).max(columnsMax, `an input has at most ${columnsMax} columns`),
  RecordFormat: z.object({
    RecordFormatType: z.enum(['JSON', 'CSV']),
    MappingParameters: z
      .object({
        JSONMappingParameters: z.object({ RecordRowPath: z.string() }).optional(),
        CSVMappingParameters: z.object({ RecordRowDelimiter: delimiter, RecordColumnDelimiter: delimiter }).optional(),
      })
      .optional(),
  }),
  RecordEncoding: z.literal('UTF-8', 'records must be UTF-8: convert them, and leave RecordEncoding out').optional(),
});

// Input of the API, or what describe-application says of it.
const apiInput = z.object({
  NamePrefix: z
    .string()
    .regex(/^[a-zA-Z]\w{0,31}$/, 'a prefix has 1 to 32 letters, digits and _, and begins with a letter')
    .optional(),
  InputParallelism: z
    .object({
      Count: z.int().min(1).max(streamsMax, `an application has at most ${streamsMax} input streams`).optional(),
    })
    .optional(),
});

const apiReference = z.object({ TableName: z.string().min(1), ReferenceSchema: z.unknown() });

/** An input of an application: its schema, and how many in-application streams take its records. */
export interface Input {
  readonly schema: InputSchema;
  /** null: not said. */
  readonly namePrefix: string | null;
  readonly parallelism: number | null;
  /** Of the reference tables of the application, by their names. */
  readonly referenceSchemas: ReadonlyMap<string, InputSchema>;
}

/** InputSchema of the service's API → columns. `name` says in errors where it comes from: the file. */
export function parseInputSchema(json: unknown, name: string): InputSchema {
  return parseInput(json, name).schema;
}

/** An InputSchema or ReferenceSchema, an Input that has one, or an application with one input, as the API has them. */
export function parseInput(json: unknown, name: string): Input {
  const found = inputIn(json, name);
  const input = checked(apiInput, found, name);
  const schema = isObject(found) && 'InputSchema' in found ? found['InputSchema'] : found;
  return {
    schema: schemaFrom(checked(apiSchema, schema, name), name),
    namePrefix: input.NamePrefix ?? null,
    parallelism: input.InputParallelism?.Count ?? null,
    referenceSchemas: new Map(
      referencesIn(json).map((reference): [string, InputSchema] => {
        const { TableName, ReferenceSchema } = checked(apiReference, reference, name);
        return [TableName, schemaFrom(checked(apiSchema, ReferenceSchema, name), name)];
      }),
    ),
  };
}

/** What is around an input in the answers and requests of both versions of the API. */
const wrappers = [
  'ApplicationDetail',
  'ApplicationConfiguration',
  'ApplicationConfigurationDescription',
  'SqlApplicationConfiguration',
  'SqlApplicationConfigurationDescription',
  'ReferenceSchema',
];

function referencesIn(json: unknown): unknown[] {
  if (!isObject(json)) return [];
  for (const wrapper of wrappers) if (wrapper in json) return referencesIn(json[wrapper]);
  const references = json['ReferenceDataSources'] ?? json['ReferenceDataSourceDescriptions'];
  return Array.isArray(references) ? references : [];
}

function inputIn(json: unknown, name: string): unknown {
  if (!isObject(json)) return json;
  for (const wrapper of wrappers) if (wrapper in json) return inputIn(json[wrapper], name);
  const inputs = json['Inputs'] ?? json['InputDescriptions'];
  if (!Array.isArray(inputs)) return json;
  if (inputs.length === 1) return inputs[0];
  throw new CommandError(`${name}: an application has one input, this one has ${inputs.length}`);
}

function checked<T extends z.ZodType>(shape: T, json: unknown, name: string): z.infer<T> {
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CommandError(
    `${name}: ${issue?.path.join('.') || 'the schema'}: ${issue?.message}; expected InputSchema of the Kinesis Analytics API: { "RecordColumns": [{ "Name", "SqlType", "Mapping" }], "RecordFormat": { "RecordFormatType": "JSON" } }`,
  );
}

function schemaFrom({ RecordColumns, RecordFormat }: z.infer<typeof apiSchema>, name: string): InputSchema {
  const { RecordFormatType: format, MappingParameters: parameters = {} } = RecordFormat;
  const { JSONMappingParameters: json, CSVMappingParameters: csv } = parameters;
  const other = format === 'JSON' ? csv : json;
  if (other) {
    throw new CommandError(
      `${name}: RecordFormat: RecordFormatType is ${format}, but MappingParameters are not ${format}MappingParameters`,
    );
  }
  const names = new Set<string>();
  const columns = RecordColumns.map(({ Name, SqlType, Mapping }): InputColumn => {
    if (names.has(Name)) throw new CommandError(`${name}: RecordColumns has ${Name} twice: rename one of them`);
    names.add(Name);
    const type = typeFrom(SqlType, `${name}: column ${Name}`);
    return { name: Name, type, mapping: format === 'CSV' ? '' : (Mapping ?? `$.${Name}`) };
  });
  return format === 'CSV' ? { columns, csv: formatFrom(csv) } : { columns, rowPath: json?.RecordRowPath ?? '$' };
}

function formatFrom(csv: { RecordRowDelimiter: string; RecordColumnDelimiter: string } | undefined): CsvFormat {
  if (!csv) return {};
  return {
    rowDelimiter: unescaped(csv.RecordRowDelimiter),
    columnDelimiter: unescaped(csv.RecordColumnDelimiter),
  };
}

/** Templates and shells tend to leave a backslash and a letter of what was meant as a line end or tab. */
function unescaped(text: string): string {
  return text.replaceAll('\\n', '\n').replaceAll('\\r', '\r').replaceAll('\\t', '\t');
}

function typeFrom(text: string, where: string): InputColumn['type'] {
  if (/\bNOT\s+NULL\b/i.test(text)) {
    throw new CommandError(`${where}: SqlType ${text}: columns of an input can always be NULL; leave NOT NULL out`);
  }
  try {
    const type = parseType(text);
    if (type.kind !== 'interval') return type;
  } catch (error) {
    if (error instanceof SqlError)
      throw new CommandError(`${where}: ${error.message}${error.hint ? `; ${error.hint}` : ''}`);
    throw error;
  }
  throw new CommandError(`${where}: SqlType ${text}: an input has no intervals; read it as VARCHAR`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
