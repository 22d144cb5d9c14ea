/** For what must hold whatever the user does: a breach is our bug, and the process ends. */
export function assert(condition: unknown, shouldHold: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${shouldHold}`);
}

/** Ends a switch over kinds: a kind that was forgotten does not compile. */
export function unreachable(value: never): never {
  throw new Error(`broken invariant: no case for ${JSON.stringify(value)}`);
}
