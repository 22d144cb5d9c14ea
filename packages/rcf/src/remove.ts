import { shrinkBoxes } from './boxes.ts';
import type { Trees } from './trees.ts';
import { none } from './trees.ts';

/**
 * Takes one point away from the leaf. With its last point goes the leaf, and its sibling moves up (Guha et al. 2016,
 * "ForgetPoint"). Returns whether the leaf went.
 */
export function remove(trees: Trees, tree: number, leaf: number): boolean {
  trees.masses[tree]!--;
  if (--trees.leafMasses[leaf]! > 0) return false;

  const { nodes, nodeParents, leafParents, freeNodes, freeLeaves } = trees;
  const node = leafParents[leaf]!;
  leafParents[leaf] = freeLeaves[tree]!;
  freeLeaves[tree] = leaf;
  if (node === none) return true;

  const sibling = nodes[4 * node] === ~leaf ? nodes[4 * node + 1]! : nodes[4 * node]!;
  const above = nodeParents[node]!;
  if (above === none) trees.roots[tree] = sibling;
  else if (nodes[4 * above] === node) nodes[4 * above] = sibling;
  else nodes[4 * above + 1] = sibling;
  if (sibling < 0) leafParents[~sibling] = above;
  else nodeParents[sibling] = above;
  nodeParents[node] = freeNodes[tree]!;
  freeNodes[tree] = node;

  shrinkBoxes(trees, above, trees.points, trees.width * leaf); // the freed leaf's point is still there
  return true;
}
