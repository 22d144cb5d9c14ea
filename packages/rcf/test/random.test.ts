import { expect, test } from 'vitest';
import { JavaRandom, seedHalves } from '../src/random.ts';

// seed, then one nextLong() and two nextDouble() of java.util.Random on JDK 17.
test.each([
  [0n, -4962768465676381896n, 0.24053641567148587, 0.6374174253501083],
  [42n, -5025562857975149833n, 0.6832234717598454, 0.30871945533265976],
  [-1n, 4961115982468162243n, 0.012269981921235296, 0.6620844841121951],
  [-9223372036854775808n, -4962768465676381896n, 0.24053641567148587, 0.6374174253501083],
  [9223372036854775807n, 4961115982468162243n, 0.012269981921235296, 0.6620844841121951],
  [123456789012345n, -6103178366825116599n, 0.864083895223539, 0.8815593546533792],
  [-8123456789012345678n, 2188126556938893013n, 0.9592907359691372, 0.8291669992703741],
])('seed %d draws what java.util.Random draws', (seed, long, first, second) => {
  const seeds = seedHalves(seed);
  const random = new JavaRandom();
  random.replay(seeds, 0);
  expect(seeds).toEqual(seedHalves(long));
  random.nextUniform();
  expect(random.uniform[0]).toBe(first);
  random.nextUniform();
  expect(random.uniform[0]).toBe(second);
});
