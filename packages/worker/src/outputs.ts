import { errorStream, errorStreamSchema, type Schema } from '@rowtime/core';
import { type Application, streamsRead } from '@rowtime/sql';
import { CommandError, exitCodes } from './exit.ts';

/** A stream whose rows leave the application. */
export interface OutputStream {
  readonly name: string;
  readonly schema: Schema;
}

/** The streams to write: those asked for, or those that pumps write and no pump reads. error_stream always. */
export function outputStreams({ streams, pumps }: Application, wanted: readonly string[] | null): OutputStream[] {
  const read = new Set(pumps.flatMap(({ root }) => streamsRead(root)));
  const written = streams.filter(({ name }) => pumps.some(({ into }) => into === name));
  const all = wanted?.length === 1 && wanted[0] === 'all';
  const chosen =
    wanted && !all ? wanted.map((name) => find(name, streams)) : written.filter(({ name }) => all || !read.has(name));
  return [...chosen, { name: errorStream, schema: errorStreamSchema }];
}

function find<T extends OutputStream>(name: string, streams: readonly T[]): T {
  const stream = streams.find((known) => known.name === name);
  if (stream) return stream;
  const names = streams.map((known) => known.name).join(', ');
  throw new CommandError(`--streams ${name}: the program has no such stream; it has ${names}`, exitCodes.usage);
}
