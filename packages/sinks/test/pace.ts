import { seededRandom } from '@rowtime/testing';
import type { Pace } from '../src/backoff.ts';

/** No test waits: pauses between attempts are not taken. */
export const unpaced = (seed = 1): Pace => ({
  wait: () => new Promise((resolve) => setImmediate(resolve)),
  random: seededRandom(seed),
  now: () => 0,
});
