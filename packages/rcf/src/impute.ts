import type { Trees } from './trees.ts';

/**
 * Fills the missing dimensions of the point at `values[at]` with what the samples suggest: per tree those of the leaf
 * nearest in the known dimensions, among the leaves a descent can reach; then the median of the trees.
 */
export function impute(trees: Trees, values: Float32Array, at: number, missing: Uint8Array, out: Float64Array): void {
  const { dimensions, numberOfTrees, points, width } = trees;
  const nearest = Array.from({ length: numberOfTrees }, (_, tree) => nearestLeaf(trees, tree, values, at, missing));
  const candidates = new Float64Array(numberOfTrees);
  for (let i = 0; i < dimensions; i++) {
    if (missing[i] === 0) {
      out[i] = values[at + i]!;
      continue;
    }
    for (let tree = 0; tree < numberOfTrees; tree++) candidates[tree] = points[width * nearest[tree]! + i]!;
    candidates.sort();
    out[i] = (candidates[(numberOfTrees - 1) >> 1]! + candidates[numberOfTrees >> 1]!) / 2;
  }
}

function nearestLeaf(trees: Trees, tree: number, values: Float32Array, at: number, missing: Uint8Array): number {
  const { nodes, cuts, points, dimensions, width } = trees;
  const open = [trees.roots[tree]!];
  let nearest = 0;
  let nearestDistance = Number.POSITIVE_INFINITY;
  while (open.length > 0) {
    const link = open.pop()!;
    if (link >= 0) {
      const node = 4 * link;
      const i = nodes[node + 3]!;
      const left = missing[i] === 1 || values[at + i]! <= cuts[node + 2]!;
      if (left) open.push(nodes[node]!);
      if (missing[i] === 1 || !left) open.push(nodes[node + 1]!);
      continue;
    }
    let distance = 0;
    for (let i = 0; i < dimensions; i++) {
      if (missing[i] === 0) distance += Math.abs(values[at + i]! - points[width * ~link + i]!);
    }
    if (distance < nearestDistance) {
      nearestDistance = distance;
      nearest = ~link;
    }
  }
  return nearest;
}
