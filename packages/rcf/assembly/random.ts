/** The generator of java.util.Random: see JavaRandom of the TypeScript engine. Here 48 bits are one integer. */
let state: u64 = 0;

export const multiplier: u64 = 0x5deece66d;
export const mask48: u64 = 0xffffffffffff;

export function start(seed: u64): void {
  state = seed ^ multiplier;
}

/** Starts from the stored seed, stores the next, and goes on drawing from the same sequence. */
export function replay(seedAt: usize): void {
  start(loadSeed(seedAt));
  const first = <i32>(step() >> 16);
  const second = <i32>(step() >> 16);
  storeSeed(seedAt, ((<u64>first) << 32) + <u64>(<i64>second));
}

/** One nextDouble(), in [0, 1). */
export function uniform(): f64 {
  const top26 = step() >> 22;
  const top27 = step() >> 21;
  return <f64>((top26 << 27) + top27) * (1.0 / 9007199254740992.0);
}

/** Seeds are stored as two 24-bit halves, low then high. */
export function loadSeed(at: usize): u64 {
  return ((<u64>load<u32>(at, 4)) << 24) | <u64>load<u32>(at);
}

export function storeSeed(at: usize, seed: u64): void {
  store<u32>(at, <u32>(seed & 0xffffff));
  store<u32>(at, <u32>((seed >> 24) & 0xffffff), 4);
}

function step(): u64 {
  state = (state * multiplier + 11) & mask48;
  return state;
}
