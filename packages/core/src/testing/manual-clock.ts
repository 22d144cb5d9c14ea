import type { Millis } from '../batch.ts';

/** A clock for tests: time passes when told to. */
export function manualClock(start: Millis = 0): {
  now: () => Millis;
  set(t: Millis): void;
  pass(millis: Millis): void;
} {
  let t = start;
  return {
    now: () => t,
    set(to) {
      t = to;
    },
    pass(millis) {
      t += millis;
    },
  };
}
