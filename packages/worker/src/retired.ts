import type { Participant, SavedPart } from '@rowtime/core';
import { describePart } from './checkpoints/describe.ts';

/** For `retire` of a job: a part that the program has no place for publishes what it has left, if it can be made again. */
export function retired(
  part: SavedPart,
  make: (() => Participant | Promise<Participant>) | null,
): Participant | Promise<Participant> | { readonly lost: string } | null {
  const described = describePart(part);
  if (described === null || described.isDone) return null;
  return make ? make() : { lost: described.state };
}
