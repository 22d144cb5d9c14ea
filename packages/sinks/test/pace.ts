import type { Pace } from '@rowtime/aws';
import { seededRandom } from '@rowtime/testing';

/** No test waits: pauses between attempts are not taken. */
export const unpaced = (seed = 1): Pace => ({
  wait: () => new Promise((resolve) => setImmediate(resolve)),
  random: seededRandom(seed),
  now: () => 0,
});
