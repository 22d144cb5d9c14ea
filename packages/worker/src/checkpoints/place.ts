import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readApplication } from '../application/read.ts';
import { stateFolder } from '../application/state-folder.ts';
import { CommandError } from '../exit.ts';

/** Where the checkpoints of a job are. */
export interface CheckpointPlace {
  /** What a running service has locked. */
  readonly state: string;
  readonly folder: string;
}

/** Finds the checkpoints of an application (`application.json`), of a state folder, or of `rowtime run --checkpoint`. */
export function checkpointPlace(given: string): CheckpointPlace {
  if (given.endsWith('.json')) {
    const { application, rowtime } = readApplication(given);
    const state = stateFolder(given, application, rowtime);
    return { state, folder: join(state, 'checkpoints') };
  }
  const inside = join(given, 'checkpoints');
  if (isFolder(inside)) return { state: given, folder: inside };
  if (!isFolder(given)) throw new CommandError(`${given} is no folder; name application.json, or its state folder`);
  // The checkpoint folder itself: that of a service is in the state folder.
  return { state: isServiceState(given) ? dirname(given) : given, folder: given };
}

function isServiceState(folder: string): boolean {
  return /(^|[\\/])checkpoints[\\/]*$/.test(folder);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
