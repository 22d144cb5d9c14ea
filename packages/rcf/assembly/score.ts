// Scores: see addScores of the TypeScript engine.

import { boxOf, gap } from './boxes';
import { depthFound, descendFour, leafFound } from './descend';
import { holds } from './insert';
import { depths, leafMasses, leafParents, logs, masses, nodeParents, ranges, roots, unseen } from './state';

/**
 * Adds to the sums at `out` the scores of the rows [from, to) in one tree. Row r has its point at `first + r × pitch`.
 * Returns the leaf that the last row came to.
 */
export function scoreRows<K>(tree: i32, from: i32, to: i32, first: usize, pitch: usize, out: usize): i32 {
  const root = load<i32>(roots + ((<usize>tree) << 2));
  const mass = load<i32>(masses + ((<usize>tree) << 2));
  const log = load<f64>(logs + ((<usize>mass) << 3));
  const last = first + <usize>(to - 1) * pitch;
  for (let row = from; row < to; row += 4) {
    const a0 = first + <usize>row * pitch;
    const a1 = min(a0 + pitch, last);
    const a2 = min(a1 + pitch, last);
    const a3 = min(a2 + pitch, last);
    descendFour<K>(root, root, root, root, a0, a1, a2, a3);
    const count = min(4, to - row);
    let at = a0;
    for (let lane = 0; lane < count; lane++) {
      const sum = out + ((<usize>(row + lane)) << 3);
      const score = climb<K>(leafFound(lane), depthFound(lane), at, mass);
      store<f64>(sum, load<f64>(sum) + (score * log) / ln2);
      at += pitch;
    }
  }
  return leafFound((to - from - 1) & 3);
}

/** Adds to the sum at `out` the scores of one point in the trees [from, to). */
export function scoreTrees<K>(from: i32, to: i32, at: usize, out: usize): void {
  let sum = load<f64>(out);
  for (let tree = from; tree < to; tree += 4) {
    const r0 = roots + ((<usize>tree) << 2);
    const last = roots + ((<usize>(to - 1)) << 2);
    const r1 = min(r0 + 4, last);
    const r2 = min(r1 + 4, last);
    const r3 = min(r2 + 4, last);
    descendFour<K>(load<i32>(r0), load<i32>(r1), load<i32>(r2), load<i32>(r3), at, at, at, at);
    const count = min(4, to - tree);
    for (let lane = 0; lane < count; lane++) {
      const mass = load<i32>(masses + ((<usize>(tree + lane)) << 2));
      const log = load<f64>(logs + ((<usize>mass) << 3));
      sum += (climb<K>(leafFound(lane), depthFound(lane), at, mass) * log) / ln2;
    }
  }
  store<f64>(out, sum);
}

/** The score of a point that came to the leaf, before normalisation by the tree's mass. */
function climb<K>(leaf: i32, leafDepth: i32, at: usize, mass: i32): f64 {
  if (holds<K>(leaf, at)) {
    const leafMass = load<i32>(leafMasses + ((<usize>leaf) << 2));
    return (
      (1 - <f64>leafMass / <f64>(2 * mass)) * (1 / (<f64>leafDepth + load<f64>(depths + ((<usize>leafMass) << 3))))
    );
  }
  let above = unseen + ((<usize>leafDepth) << 3);
  let score = load<f64>(above);
  for (
    let node = load<i32>(leafParents + ((<usize>leaf) << 2));
    node >= 0;
    node = load<i32>(nodeParents + ((<usize>node) << 2))
  ) {
    const out = gap<K>(boxOf<K>(node), at);
    if (out == 0) break;
    const chance = out / (load<f64>(ranges + ((<usize>node) << 3)) + out);
    above -= 8;
    score = chance * load<f64>(above) + (1 - chance) * score;
  }
  return score;
}

const ln2: f64 = 0.6931471805599453;
