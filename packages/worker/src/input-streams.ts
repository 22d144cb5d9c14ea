import { CommandError, exitCodes } from './exit.ts';
import type { Input } from './input-schema.ts';

/** What the command line says of the input streams; null: nothing. */
export interface StreamFlags {
  readonly stream: string | null;
  readonly parallelism: number | null;
}

/** The in-application streams of an input: those of the flags, else of the schema file, else the one of the console. */
export function inputStreams(
  { stream, parallelism }: StreamFlags,
  input: Pick<Input, 'namePrefix' | 'parallelism'> | null,
): readonly string[] {
  const count = parallelism ?? input?.parallelism ?? 1;
  if (count > streamsMax)
    throw new CommandError(
      `--parallelism ${count}: an application has at most ${streamsMax} input streams`,
      exitCodes.usage,
    );
  const prefix = input?.namePrefix ?? null;
  const first = stream ?? (prefix === null ? 'SOURCE_SQL_STREAM_001' : `${prefix}_001`);
  if (count === 1) return [first];
  const named = first.replace(/_001$/, '');
  return Array.from({ length: count }, (_, i) => `${named}_${String(i + 1).padStart(3, '0')}`);
}

/** AWS developer guide, "Parallelizing Input Streams for Increased Throughput". */
const streamsMax = 64;
