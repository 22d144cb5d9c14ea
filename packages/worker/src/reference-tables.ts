import type { InputSchema } from '@rowtime/sources/decoder';
import { readTable } from '@rowtime/sources/table';
import type { ReferenceTable } from '@rowtime/sql';
import { CommandError, exitCodes } from './exit.ts';
import { readInput } from './read-schema.ts';

/** Loads the reference tables of `--table NAME=file`, by name. Their schemas are those of `--table-schema NAME=file`, else
 *  those that the schema file of the application has, else what is discovered. */
export async function referenceTables(
  tables: readonly string[],
  schemas: readonly string[],
  known: ReadonlyMap<string, InputSchema> | null,
): Promise<Record<string, ReferenceTable>> {
  const schemaFiles = named(schemas, '--table-schema');
  const loaded: Record<string, ReferenceTable> = {};
  for (const [name, file] of named(tables, '--table')) {
    const schemaFile = schemaFiles.get(name);
    schemaFiles.delete(name);
    const schema = schemaFile === undefined ? known?.get(name) : (await readInput(schemaFile)).schema;
    loaded[name] = await readTable(file, schema);
  }
  for (const name of schemaFiles.keys())
    throw new CommandError(`--table-schema ${name}: there is no --table ${name}=<file>`, exitCodes.usage);
  return loaded;
}

function named(flags: readonly string[], flag: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const text of flags) {
    const [, name, file] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (name === undefined || file === undefined)
      throw new CommandError(`${flag} ${text}: expected NAME=<file>`, exitCodes.usage);
    if (files.has(name)) throw new CommandError(`${flag} ${name} is there twice`, exitCodes.usage);
    files.set(name, file);
  }
  return files;
}
