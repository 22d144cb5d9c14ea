import { renameSync, writeFileSync } from 'node:fs';
import { format } from '@rowtime/sql';
import { CommandError, exitCodes } from './exit.ts';

export interface FmtOptions {
  readonly write?: boolean;
  readonly check?: boolean;
}

/** `rowtime fmt`: a program, laid out, on standard output or in its file. */
export function fmt(file: string, sql: string, { write, check }: FmtOptions): void {
  const formatted = format(sql);
  if (check) {
    if (formatted === sql) return;
    throw new CommandError(`${file} is not formatted; rowtime fmt --write ${file} does it`, exitCodes.differs);
  }
  if (!write) {
    process.stdout.write(formatted);
    return;
  }
  if (file === '-') throw new CommandError('--write needs a file', exitCodes.usage);
  if (formatted === sql) return;
  // A crash leaves the old file or the new one.
  writeFileSync(`${file}.rowtime-tmp`, formatted);
  renameSync(`${file}.rowtime-tmp`, file);
  process.stderr.write(`${file}\n`);
}
