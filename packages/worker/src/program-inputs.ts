import { fileSource } from '@rowtime/sources/file';
import type { CompileOptions } from '@rowtime/sql';
import { CommandError, exitCodes } from './exit.ts';
import { readInputSchema } from './run.ts';

/** What says which columns the input stream has: a file with its schema, or the input to discover it from. */
export interface SchemaFlags {
  readonly schema?: string;
  readonly input?: readonly string[];
  readonly stream: string;
}

/** The input stream and its columns, as `rowtime run` would have them; null if no flag says. */
export async function programInputs(
  { schema, input, stream }: SchemaFlags,
  program: string,
): Promise<CompileOptions['inputs'] | null> {
  if (schema !== undefined) {
    const { columns } = await readInputSchema(schema);
    return { [stream]: columns.map(({ name, type }) => ({ name, type, nullable: true })) };
  }
  if (input === undefined) return null;
  if (input.includes('-')) {
    const what = program === '-' ? 'the program and the input cannot both be standard input' : 'name files';
    throw new CommandError(
      `the schema is not discovered from standard input here: ${what}, or give --schema`,
      exitCodes.usage,
    );
  }
  return { [stream]: (await fileSource({ input })).schema };
}
