import { fileSource } from '@rowtime/sources/file';
import type { CompileOptions } from '@rowtime/sql';
import { CommandError, exitCodes } from './exit.ts';
import { inputStreams } from './input-streams.ts';
import { readInput } from './read-schema.ts';
import { referenceTables } from './reference-tables.ts';

/** What says which columns the input streams and reference tables have: files with their schemas, or the data itself. */
export interface SchemaFlags {
  readonly schema?: string;
  readonly input?: readonly string[];
  readonly stream?: string;
  readonly parallelism?: number;
  readonly table: readonly string[];
  readonly tableSchema: readonly string[];
}

/** The input streams and tables of a program, as `rowtime run` would have them. `inputs` is null if no flag says. */
export async function programInputs(
  flags: SchemaFlags,
  program: string,
): Promise<Pick<CompileOptions, 'tables'> & { readonly inputs: CompileOptions['inputs'] | null }> {
  const { schema, input, stream = null, parallelism = null } = flags;
  const given = schema === undefined ? null : await readInput(schema);
  const tables = await referenceTables(flags.table, flags.tableSchema, given?.referenceSchemas ?? null);
  const columns = given
    ? given.schema.columns.map(({ name, type }) => ({ name, type, nullable: true }))
    : input && (await discovered(input, program));
  if (!columns) return { tables, inputs: null };
  const streams = inputStreams({ stream, parallelism }, given);
  return { tables, inputs: Object.fromEntries(streams.map((name) => [name, columns])) };
}

async function discovered(input: readonly string[], program: string) {
  if (input.includes('-')) {
    const what = program === '-' ? 'the program and the input cannot both be standard input' : 'name files';
    throw new CommandError(
      `the schema is not discovered from standard input here: ${what}, or give --schema`,
      exitCodes.usage,
    );
  }
  return (await fileSource({ input })).schema;
}
