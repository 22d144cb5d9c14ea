import { existsSync, readFileSync } from 'node:fs';
import { CommandError } from '../exit.ts';
import type { ApiApplication } from './api-schema.ts';
import { parseApplication, printProblem } from './application.ts';
import type { RowtimeSection } from './rowtime-schema.ts';

export interface ReadApplication {
  readonly application: ApiApplication;
  readonly rowtime: RowtimeSection;
  /** Fields that were left aside, a line each. */
  readonly warnings: readonly string[];
}

/** Reads application.json, and application.rowtime.json beside it if that is there. Throws all mistakes at once. */
export function readApplication(file: string): ReadApplication {
  const side = rowtimeFileBeside(file);
  const { application, rowtime, errors, unknown } = parseApplication(
    { file, text: readText(file) },
    existsSync(side) ? { file: side, text: readText(side) } : null,
  );
  if (errors.length > 0 || !application) throw new CommandError(errors.map(printProblem).join('\n'));
  return { application, rowtime, warnings: unknown.map(printProblem) };
}

/** The file that may hold the `rowtime` section instead. */
export function rowtimeFileBeside(file: string): string {
  return file.replace(/(\.json)?$/, '.rowtime.json');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`cannot read the application: ${(error as Error).message}`);
  }
}
