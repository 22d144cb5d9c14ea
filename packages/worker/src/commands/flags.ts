import { type Command, InvalidArgumentError } from 'commander';
import { durationOf } from '../duration.ts';

/** Which columns the input stream has, as `run` takes it. */
export function schemaFlags(command: Command): Command {
  return command
    .option('--schema <file>', 'InputSchema of the Kinesis Analytics API')
    .option('--input <path...>', 'files or globs of records, to discover the schema from')
    .option('--stream <name>', 'name of the input stream (default: SOURCE_SQL_STREAM_001)')
    .option('--parallelism <n>', 'input streams _001 to _n (InputParallelism)', count)
    .option('--table <name=file>', 'a reference table, JSON or CSV; may be repeated', collect, [])
    .option('--table-schema <name=file>', 'its ReferenceSchema of the API; else the schema is discovered', collect, []);
}

export function list(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

export function whole(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('It must be a whole number.');
}

export function count(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

export function duration(text: string): number {
  const millis = durationOf(text);
  if (millis !== null) return millis;
  throw new InvalidArgumentError('It must be a time such as 10s, 500ms or 2m.');
}
