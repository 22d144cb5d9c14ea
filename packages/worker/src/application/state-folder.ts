import { dirname, join, resolve } from 'node:path';
import type { ApiApplication } from './api-schema.ts';
import type { RowtimeSection } from './rowtime-schema.ts';

/** The folder of an application's checkpoints, journals and spools. */
export function stateFolder(file: string, { ApplicationName }: ApiApplication, { state }: RowtimeSection): string {
  return resolve(dirname(file), state ?? join('.rowtime', ApplicationName));
}
