/** Runs `run` for `count` seeds from `first` on, a few at once: a schedule mostly waits for servers and for disks. The first
 *  that fails ends it, and its seed is in the message. */
export async function forSeeds(
  { first, count, atOnce }: { readonly first: number; readonly count: number; readonly atOnce: number },
  run: (seed: number) => Promise<void>,
): Promise<void> {
  let next = first;
  const end = first + count;
  const worker = async (): Promise<void> => {
    while (next < end) {
      const seed = next++;
      try {
        await run(seed);
      } catch (cause) {
        next = end;
        throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
