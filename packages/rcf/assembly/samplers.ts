// The samples: see Samplers of the TypeScript engine.

import { exp, log } from './host';
import { loadSeed, mask48, multiplier, replay, storeSeed, uniform } from './random';
import {
  certain,
  certainUntil,
  initialAcceptFraction,
  leaves,
  samplerSeeds,
  sampleSize,
  sizes,
  timeDecay,
  weights,
} from './state';

let accepted: f32 = 0;
/** Whether the row just accepted takes the place of the heaviest entry. */
export let evicts: bool = false;

/**
 * Offers the rows [row, rows) to the sample of a tree; the first of the block has the given sequence number. Returns the
 * first row accepted, or `rows`. The caller must then evict, if `evicts`, and `add`, before it goes on.
 */
export function nextAccepted(tree: i32, row: i32, rows: i32, sequence: f64): i32 {
  const seedAt = samplerSeeds + ((<usize>tree) << 3);
  let seed = loadSeed(seedAt);
  while (row < rows) {
    if (sequence + <f64>row >= load<f64>(certainUntil + ((<usize>tree) << 3)))
      boundRejections(tree, sequence + <f64>row);
    const surely = load<u32>(certain + ((<usize>tree) << 2));
    const until = load<f64>(certainUntil + ((<usize>tree) << 3)) - sequence;
    const end = until < <f64>rows ? <i32>until : rows;
    for (; row < end; row++) {
      // `replay` and the first half of `uniform`, with the three steps each made from the start: state n is
      // multiplier^n × start + increment n, so none waits for the one before.
      const start = seed ^ multiplier;
      const top26 = <u32>((start * 0xd498bd0ac4b5 + 0xaa8544e593d) >> 22) & 0x3ffffff;
      if (top26 < surely) {
        const first = (start * multiplier + 11) >> 16;
        const second = <i32>((start * 0xbb20b4600a69 + 0x40942de6ba) >> 16);
        seed = ((first << 32) + <u64>(<i64>second)) & mask48;
      } else {
        storeSeed(seedAt, seed);
        if (offer(tree, sequence + <f64>row)) return row;
        seed = loadSeed(seedAt);
      }
    }
  }
  storeSeed(seedAt, seed);
  return rows;
}

/** Takes the heaviest entry out and returns its leaf. */
export function evict(tree: i32): i32 {
  const top = <usize>tree * <usize>sampleSize;
  const heap = weights + (top << 2);
  const named = leaves + (top << 2);
  const leaf = load<i32>(named);
  const size = load<i32>(sizes + ((<usize>tree) << 2)) - 1;
  store<i32>(sizes + ((<usize>tree) << 2), size);
  const weight = load<f32>(heap + ((<usize>size) << 2));
  const last = load<i32>(named + ((<usize>size) << 2));
  let hole = 0;
  for (;;) {
    let child = 2 * hole + 1;
    if (child >= size) break;
    // Strictly heavier only: the order among equal weights decides later evictions.
    if (child + 1 < size && load<f32>(heap + ((<usize>child) << 2), 4) > load<f32>(heap + ((<usize>child) << 2)))
      child++;
    if (load<f32>(heap + ((<usize>child) << 2)) <= weight) break;
    store<f32>(heap + ((<usize>hole) << 2), load<f32>(heap + ((<usize>child) << 2)));
    store<i32>(named + ((<usize>hole) << 2), load<i32>(named + ((<usize>child) << 2)));
    hole = child;
  }
  store<f32>(heap + ((<usize>hole) << 2), weight);
  store<i32>(named + ((<usize>hole) << 2), last);
  return leaf;
}

/** Enters the row just accepted, as the leaf that the tree put it in. */
export function add(tree: i32, leaf: i32): void {
  const top = <usize>tree * <usize>sampleSize;
  const heap = weights + (top << 2);
  const named = leaves + (top << 2);
  let hole = load<i32>(sizes + ((<usize>tree) << 2));
  store<i32>(sizes + ((<usize>tree) << 2), hole + 1);
  while (hole > 0) {
    const parent = (hole - 1) >> 1;
    if (load<f32>(heap + ((<usize>parent) << 2)) >= accepted) break;
    store<f32>(heap + ((<usize>hole) << 2), load<f32>(heap + ((<usize>parent) << 2)));
    store<i32>(named + ((<usize>hole) << 2), load<i32>(named + ((<usize>parent) << 2)));
    hole = parent;
  }
  store<f32>(heap + ((<usize>hole) << 2), accepted);
  store<i32>(named + ((<usize>hole) << 2), leaf);
}

/** The exact test. It draws once more while the sample is not full, also where the answer is certain. */
function offer(tree: i32, sequence: f64): bool {
  const seedAt = samplerSeeds + ((<usize>tree) << 3);
  let u: f64 = 0;
  while (u == 0) {
    replay(seedAt);
    u = uniform();
  }
  accepted = <f32>(-sequence * timeDecay + log(-log(u)));
  const size = load<i32>(sizes + ((<usize>tree) << 2));
  evicts = false;
  if (size < sampleSize) {
    replay(seedAt);
    if (uniform() < initialAcceptance(size)) return true;
  }
  evicts = true;
  return size > 0 && accepted < load<f32>(weights + ((<usize>tree * <usize>sampleSize) << 2));
}

function initialAcceptance(size: i32): f64 {
  if (<f64>size < initialAcceptFraction * <f64>sampleSize) return 1;
  if (initialAcceptFraction >= 1) return 0;
  return 1 - (<f64>size / <f64>sampleSize - initialAcceptFraction) / (1 - initialAcceptFraction);
}

/** Below `certain`, the top 26 bits of a draw mean a certain rejection, for some rows to come, whatever is evicted. */
function boundRejections(tree: i32, sequence: f64): void {
  const until = sequence + rowsPerBound;
  store<f64>(certainUntil + ((<usize>tree) << 3), until);
  if (load<i32>(sizes + ((<usize>tree) << 2)) < sampleSize) {
    store<i32>(certain + ((<usize>tree) << 2), 0);
    return;
  }
  const heaviest = <f64>load<f32>(weights + ((<usize>tree * <usize>sampleSize) << 2));
  const lightest = heaviest + timeDecay * until;
  const margin = 1e-6 + 1e-12 * (abs(heaviest) + timeDecay * until);
  const bound = exp(-exp(lightest + margin)) - 1.0 / 1125899906842624.0;
  store<i32>(certain + ((<usize>tree) << 2), bound > 0 ? <i32>floor(bound * 67108864.0) : 0);
}

const rowsPerBound: f64 = 64;
