import type { Checkpoint } from '@rowtime/core';
import { checkpointFiles, checkpointsIn } from '../checkpoint-files.ts';
import { CommandError } from '../exit.ts';
import { lock } from '../service/lock.ts';
import { describeParts, describePosition, time } from './describe.ts';
import { findCheckpoint } from './find.ts';
import { checkpointPlace } from './place.ts';

/** `rowtime checkpoints restore`: the next start goes on from an older checkpoint. It is written again as the newest, so
 *  that the ones between are still there if that was a mistake. */
export async function restoreCheckpoint(given: string, number: number): Promise<void> {
  const { state, folder } = checkpointPlace(given);
  // Nothing is locked, and no folder made, where there is nothing to restore.
  if ((await checkpointsIn(folder)).length === 0) await findCheckpoint(folder, number);
  const held = locked(state, number);
  const checkpoint = await makeNewest(folder, number).finally(() => held.release());
  const parts = describeParts(checkpoint);
  const named = (delivery: string) => parts.filter((part) => part.delivery === delivery).map(({ name }) => name);
  const [compared, repeated] = [named('exactly once'), named('at least once')];
  process.stderr.write(
    [
      `the next start reads again from ${describePosition(checkpoint.position)}, watermark ${time(checkpoint.clock) ?? 'none yet'}`,
      ...(compared.length > 0
        ? [`${compared.join(', ')}: objects that come again are compared with those that are there, and accepted`]
        : []),
      ...(repeated.length > 0 ? [`${repeated.join(', ')}: rows since then are delivered a second time`] : []),
      '',
    ].join('\n'),
  );
}

async function makeNewest(folder: string, number: number): Promise<Checkpoint> {
  const { checkpoint } = await findCheckpoint(folder, number);
  await checkpointFiles(folder).save(checkpoint);
  const [newest] = await checkpointsIn(folder);
  process.stdout.write(`checkpoint ${number} is the newest again, as checkpoint ${newest?.number}\n`);
  return checkpoint;
}

function locked(state: string, number: number): ReturnType<typeof lock> {
  try {
    return lock(state);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`checkpoint ${number} is not restored while the service runs: ${error.message}`);
  }
}
