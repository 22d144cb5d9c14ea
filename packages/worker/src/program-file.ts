import { readFileSync } from 'node:fs';
import { frame, SqlError } from '@rowtime/sql';
import { CommandError, exitCodes } from './exit.ts';

/** Shows where in the program a mistake of its SQL is. */
export async function reportingSql(file: string, sql: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof SqlError) throw new CommandError(`${file}\n${frame(sql, error)}`, exitCodes.usage);
    throw error;
  }
}

/** The text of a program; `-` is standard input. */
export function readProgram(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CommandError(`cannot read the program: ${(error as Error).message}`);
  }
}
