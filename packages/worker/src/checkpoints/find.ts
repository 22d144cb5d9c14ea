import type { Checkpoint } from '@rowtime/core';
import { checkpointsIn, readCheckpoint } from '../checkpoint-files.ts';
import { CommandError, exitCodes } from '../exit.ts';

/** Checkpoint `number` of a folder, whole. */
export async function findCheckpoint(
  folder: string,
  number: number,
): Promise<{ readonly file: string; readonly checkpoint: Checkpoint }> {
  const known = await checkpointsIn(folder);
  const found = known.find((one) => one.number === number);
  if (!found) {
    const numbers = known.map((one) => one.number).join(', ');
    throw new CommandError(`${folder} has no checkpoint ${number}; it has ${numbers || 'none'}`);
  }
  try {
    return { file: found.file, checkpoint: await readCheckpoint(found.file) };
  } catch (error) {
    throw new CommandError(`checkpoint ${number} is damaged: ${(error as Error).message}`, exitCodes.checkpoint);
  }
}
