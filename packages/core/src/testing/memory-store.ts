import type { Checkpoint, CheckpointStore } from '../checkpoint.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint-codec.ts';

/** Keeps the last checkpoint in memory, as bytes: what is saved is not what is loaded, as with a file. */
export function memoryStore(): CheckpointStore {
  let saved: Uint8Array | null = null;
  return {
    load: async () => saved && (decodeCheckpoint(saved) as Checkpoint),
    async save(checkpoint) {
      saved = encodeCheckpoint(checkpoint);
    },
  };
}
