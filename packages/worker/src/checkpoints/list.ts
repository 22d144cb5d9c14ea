import { stat } from 'node:fs/promises';
import type { Checkpoint } from '@rowtime/core';
import { type CheckpointFile, checkpointsIn, readCheckpoint } from '../checkpoint-files.ts';
import { painter } from '../paint.ts';
import { printBytes } from '../print-bytes.ts';
import { describePosition, plainJson, time } from './describe.ts';
import { checkpointPlace } from './place.ts';

/** `rowtime checkpoints list`: what there is, newest first. */
export async function listCheckpoints(given: string, json: boolean): Promise<void> {
  const { folder } = checkpointPlace(given);
  const found = [];
  // One after the other: each may be hundreds of MiB.
  for (const file of await checkpointsIn(folder)) {
    const described = await describe(file);
    if (described) found.push(described);
  }
  if (json) {
    process.stdout.write(`${JSON.stringify({ folder, checkpoints: found }, plainJson, 2)}\n`);
    return;
  }
  const paint = painter(process.stdout);
  for (const { number, saved, bytes, watermark, position, damage } of found) {
    const head = `${paint('bold', String(number).padStart(4))}  ${saved}  ${printBytes(bytes).padStart(10)}  `;
    const what =
      damage === null
        ? `watermark ${watermark ?? 'none yet'}; ${describePosition(position)}`
        : paint('red', `damaged: ${damage}`);
    process.stdout.write(`${head}${what}\n`);
  }
  process.stderr.write(`${folder}: ${found.length === 1 ? '1 checkpoint' : `${found.length || 'no'} checkpoints`}\n`);
}

/** Null: a job that runs has removed it since it was listed. */
async function describe({ number, file }: CheckpointFile) {
  try {
    const { size: bytes, mtime } = await stat(file);
    const saved = mtime.toISOString();
    try {
      const checkpoint: Checkpoint = await readCheckpoint(file);
      const { clock, position } = checkpoint;
      return { number, file, saved, bytes, watermark: time(clock), position, damage: null };
    } catch (error) {
      if (isGone(error)) return null;
      return { number, file, saved, bytes, watermark: null, position: null, damage: (error as Error).message };
    }
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
