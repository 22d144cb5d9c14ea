import { readFileSync } from 'node:fs';
import { CommandError } from './exit.ts';
import type { Input } from './input-schema.ts';

/** The input that a schema file describes. */
export async function readInput(file: string): Promise<Input> {
  // Most runs discover their schema: they need not wait for the validator to load.
  const { parseInput } = await import('./input-schema.ts');
  return parseInput(readJson(file), file);
}

function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`cannot read the schema: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${file} is not JSON: ${(error as Error).message}`);
  }
}
