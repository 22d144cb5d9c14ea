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

/** The checkpoint of a folder that the next start goes on from. */
export async function newestCheckpoint(
  folder: string,
): Promise<{ readonly number: number; readonly checkpoint: Checkpoint }> {
  const refused: string[] = [];
  for (const { number, file } of await checkpointsIn(folder)) {
    try {
      return { number, checkpoint: await readCheckpoint(file) };
    } catch (error) {
      refused.push(`  ${file}: ${(error as Error).message}`);
    }
  }
  if (refused.length === 0) throw new CommandError(`${folder} has no checkpoint`);
  throw new CommandError([`${folder} has no whole checkpoint`, ...refused].join('\n'), exitCodes.checkpoint);
}
