import { extendBoxes, joinBoxes } from './boxes.ts';
import { Cut } from './cut.ts';
import { JavaRandom } from './random.ts';
import type { Trees } from './trees.ts';
import { none } from './trees.ts';

/**
 * Adds the point to the tree and returns the leaf that holds it: a new one, or the one whose point is equal
 * (Guha et al. 2016, "InsertPoint"). The tree has a free slot, or the caller has removed a point. `known` is the leaf the
 * point comes to, or `none` if that is not known.
 */
export function insert(trees: Trees, tree: number, values: Float32Array, at: number, known: number): number {
  if (trees.masses[tree]!++ === 0) {
    const only = takeLeaf(trees, tree, values, at);
    trees.leafParents[only] = none;
    trees.roots[tree] = ~only;
    return only;
  }
  const near = known === none ? descend(trees, tree, values, at) : known;
  if (holds(trees, near, values, at)) {
    trees.leafMasses[near]!++;
    return near;
  }
  const sibling = chooseCut(trees, tree, near, values, at);
  const leaf = takeLeaf(trees, tree, values, at);
  splice(trees, tree, sibling, leaf, values, at);
  return leaf;
}

const random = new JavaRandom();
const cut = new Cut();
const chosen = new Float32Array(1);
let chosenDimension = 0;

function descend(trees: Trees, tree: number, values: Float32Array, at: number): number {
  const { nodes, cuts } = trees;
  let link = trees.roots[tree]!;
  while (link >= 0) {
    const node = 4 * link;
    link = values[at + nodes[node + 3]!]! <= cuts[node + 2]! ? nodes[node]! : nodes[node + 1]!;
  }
  return ~link;
}

function holds(trees: Trees, leaf: number, values: Float32Array, at: number): boolean {
  const { points, dimensions } = trees;
  const point = trees.width * leaf;
  for (let i = 0; i < dimensions; i++) if (points[point + i] !== values[at + i]) return false;
  return true;
}

/**
 * Climbs from the leaf, drawing a cut of each box together with the point. The highest cut that has the box on one side
 * and the point on the other is where the new leaf belongs; returns the link to be its sibling.
 */
function chooseCut(trees: Trees, tree: number, leaf: number, values: Float32Array, at: number): number {
  const { boxes, points, nodeParents, dimensions, width } = trees;
  random.replay(trees.seeds, tree);
  let sibling = ~leaf;
  // The box of a leaf is its point: the first cut always separates.
  cut.draw(random, points, width * leaf, width * leaf, values, at, dimensions);
  chosenDimension = cut.dimension;
  chosen[0] = cut.value[0]!;
  for (let node = trees.leafParents[leaf]!; node !== none; node = nodeParents[node]!) {
    const low = 2 * width * node;
    const high = low + width;
    // Nor can any higher box be cut apart from a point inside this one. The rest of the sequence is thrown away.
    if (!cut.draw(random, boxes, low, high, values, at, dimensions)) break;
    const i = cut.dimension;
    const value = cut.value[0]!;
    if (values[at + i]! <= value ? value < boxes[low + i]! : value >= boxes[high + i]!) {
      sibling = node;
      chosenDimension = i;
      chosen[0] = value;
    }
  }
  return sibling;
}

/** Puts a node with the chosen cut where the sibling was; the sibling and the new leaf go below it. */
function splice(trees: Trees, tree: number, sibling: number, leaf: number, values: Float32Array, at: number): void {
  const { nodes, cuts, nodeParents, leafParents, freeNodes } = trees;
  const node = freeNodes[tree]!;
  freeNodes[tree] = nodeParents[node]!;

  const above = sibling < 0 ? leafParents[~sibling]! : nodeParents[sibling]!;
  if (above === none) trees.roots[tree] = node;
  else if (nodes[4 * above] === sibling) nodes[4 * above] = node;
  else nodes[4 * above + 1] = node;
  nodeParents[node] = above;

  const left = values[at + chosenDimension]! <= chosen[0]!;
  nodes[4 * node] = left ? ~leaf : sibling;
  nodes[4 * node + 1] = left ? sibling : ~leaf;
  cuts[4 * node + 2] = chosen[0]!;
  nodes[4 * node + 3] = chosenDimension;
  leafParents[leaf] = node;
  if (sibling < 0) leafParents[~sibling] = node;
  else nodeParents[sibling] = node;

  joinBoxes(trees, node);
  extendBoxes(trees, above, values, at);
}

function takeLeaf(trees: Trees, tree: number, values: Float32Array, at: number): number {
  const { freeLeaves, leafParents, points, dimensions } = trees;
  const leaf = freeLeaves[tree]!;
  freeLeaves[tree] = leafParents[leaf]!;
  const point = trees.width * leaf;
  for (let i = 0; i < dimensions; i++) points[point + i] = values[at + i]!;
  trees.leafMasses[leaf] = 1;
  return leaf;
}
