import { statSync } from 'node:fs';
import type { Source } from '@rowtime/core';
import type { InputSchema } from '@rowtime/sources/decoder';
import { fileSource } from '@rowtime/sources/file';
import { followSource } from '@rowtime/sources/follow';
import { CommandError, exitCodes } from './exit.ts';

export interface RunInputOptions {
  readonly input: readonly string[];
  /** Where in the file that grows reading begins; null: the files are read to their end. */
  readonly follow: 'start' | 'end' | null;
  /** Aborted: what is followed ends when all that is there is read. */
  readonly endOn: AbortSignal;
  /** null: discovered. */
  readonly schema: InputSchema | null;
  readonly isPartitioned: boolean;
  readonly now: () => number;
}

/** What `rowtime run` reads. */
export interface RunInput {
  readonly source: Source;
  readonly inputSchema: InputSchema;
  readonly hasHeader: boolean;
  /** Before the source is opened: the columns that anyone reads, by index. */
  use(used: readonly boolean[]): void;
}

export async function runInput(options: RunInputOptions): Promise<RunInput> {
  const { input, follow, schema, isPartitioned, now } = options;
  if (follow !== null) return followed(options, follow);
  const source = await fileSource({ input, now, isPartitioned, ...schema });
  return { source, inputSchema: source.inputSchema, hasHeader: source.hasHeader, use: (used) => source.use(used) };
}

async function followed({ input, endOn, schema, now }: RunInputOptions, from: 'start' | 'end'): Promise<RunInput> {
  const [path, ...more] = input;
  if (path === undefined || more.length > 0)
    throw new CommandError('--follow is of one file: name it in --input', exitCodes.usage);
  if (path === '-')
    throw new CommandError('--follow is of a file: standard input is read as it comes, without it', exitCodes.usage);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 && /[*?{[]/.test(path))
    throw new CommandError(`--follow is of one file, and ${path} is a pattern`, exitCodes.usage);
  if (!schema && size === 0)
    throw new CommandError(`${path} has no records yet to discover the schema from: give --schema <file>`);
  const { inputSchema, hasHeader } = schema
    ? { inputSchema: schema, hasHeader: false }
    : await fileSource({ input: [path] });
  const source = followSource({ path, inputSchema, now, from, endOn });
  return { source, inputSchema, hasHeader, use: (used) => source.use(used) };
}
