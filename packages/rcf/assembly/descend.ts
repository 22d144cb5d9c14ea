import { nodes, roots, scratch } from './state';

/** The leaf that the point at an address comes to in a tree. */
export function descend(tree: i32, at: usize): i32 {
  let link = load<i32>(roots + ((<usize>tree) << 2));
  while (link >= 0) link = next<v128>(nodes, link, at, 0);
  return ~link;
}

/**
 * Four descents at a time, from a root link and a point each: one waits for memory while the others go on. Their leaves
 * and depths are then read with `leafFound` and `depthFound`.
 */
export function descendFour<K>(l0: i32, l1: i32, l2: i32, l3: i32, a0: usize, a1: usize, a2: usize, a3: usize): void {
  const from = nodes;
  const x0 = load<f32>(a0);
  const x1 = load<f32>(a1);
  const x2 = load<f32>(a2);
  const x3 = load<f32>(a3);
  let depth = 0;
  while ((l0 | l1 | l2 | l3) >= 0) {
    l0 = next<K>(from, l0, a0, x0);
    l1 = next<K>(from, l1, a1, x1);
    l2 = next<K>(from, l2, a2, x2);
    l3 = next<K>(from, l3, a3, x3);
    depth++;
  }
  let d0 = depth;
  let d1 = depth;
  let d2 = depth;
  let d3 = depth;
  // Some have arrived; they stay where they are, without a branch.
  while ((l0 & l1 & l2 & l3) >= 0) {
    d0 += 1 + (l0 >> 31);
    d1 += 1 + (l1 >> 31);
    d2 += 1 + (l2 >> 31);
    d3 += 1 + (l3 >> 31);
    l0 = select(l0, next<K>(from, l0 & ~(l0 >> 31), a0, x0), l0 < 0);
    l1 = select(l1, next<K>(from, l1 & ~(l1 >> 31), a1, x1), l1 < 0);
    l2 = select(l2, next<K>(from, l2 & ~(l2 >> 31), a2, x2), l2 < 0);
    l3 = select(l3, next<K>(from, l3 & ~(l3 >> 31), a3, x3), l3 < 0);
  }
  const found = scratch;
  store<i32>(found, ~l0);
  store<i32>(found, ~l1, 4);
  store<i32>(found, ~l2, 8);
  store<i32>(found, ~l3, 12);
  store<i32>(found, d0, 16);
  store<i32>(found, d1, 20);
  store<i32>(found, d2, 24);
  store<i32>(found, d3, 28);
}

export function leafFound(lane: i32): i32 {
  return load<i32>(scratch + ((<usize>lane) << 2));
}

export function depthFound(lane: i32): i32 {
  return load<i32>(scratch + ((<usize>lane) << 2), 16);
}

/** One level down: left where the point is at or below the cut. `x` is the point's number if it has only one. */
function next<K>(from: usize, link: i32, at: usize, x: f32): i32 {
  const node = from + ((<usize>link) << 4);
  const value = sizeof<K>() == 4 ? x : load<f32>(at + ((<usize>load<u32>(node, 12)) << 2));
  return load<i32>(node + ((<usize>(value > load<f32>(node, 8))) << 2));
}
