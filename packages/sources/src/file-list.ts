import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { SourceError } from './errors.ts';

/** The files that paths and globs name, as absolute paths: in the order given, those of one glob sorted by name. */
export async function listFiles(inputs: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const input of inputs) for (const file of await filesOf(input)) files.add(file);
  return [...files];
}

async function filesOf(input: string): Promise<string[]> {
  const stat = statSync(input, { throwIfNoEntry: false });
  if (stat?.isDirectory()) throw new SourceError(`${input} is a folder: name its files, for example ${input}/**/*`);
  if (stat) return [resolve(input)];
  // Not before there is a glob: most runs name their files, and start sooner.
  const { glob, isDynamicPattern } = await import('tinyglobby');
  if (!isDynamicPattern(input)) throw new SourceError(`there is no file ${input}`);
  const found = await glob(input, { absolute: true, expandDirectories: false });
  if (found.length === 0) throw new SourceError(`no file matches ${input}`);
  // By code unit: the same on every machine, and in time order for Firehose's names.
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
