import { boxOf, extendBoxes, joinBoxes, pointOf } from './boxes';
import { cutDimension, cutValue, draw, join } from './cut';
import { descend } from './descend';
import { lanes, pointBytes, setLanes } from './lanes';
import { replay } from './random';
import {
  freeLeaves,
  freeNodes,
  leafMasses,
  leafParents,
  masses,
  nodeParents,
  nodes,
  none,
  roots,
  treeSeeds,
} from './state';

let chosenDimension: i32 = 0;
let chosenValue: f32 = 0;

/**
 * Adds the point to the tree and returns the leaf that holds it: a new one, or the one whose point is equal
 * (Guha et al. 2016, "InsertPoint"). `known` is the leaf the point comes to, or `none` if that is not known.
 */
export function insert<K>(tree: i32, at: usize, known: i32): i32 {
  const mass = load<i32>(masses + ((<usize>tree) << 2));
  store<i32>(masses + ((<usize>tree) << 2), mass + 1);
  if (mass == 0) {
    const only = takeLeaf<K>(tree, at);
    store<i32>(leafParents + ((<usize>only) << 2), none);
    store<i32>(roots + ((<usize>tree) << 2), ~only);
    return only;
  }
  const near = known == none ? descend(tree, at) : known;
  if (holds<K>(near, at)) {
    store<i32>(leafMasses + ((<usize>near) << 2), load<i32>(leafMasses + ((<usize>near) << 2)) + 1);
    return near;
  }
  const sibling = chooseCut<K>(tree, near, at);
  const leaf = takeLeaf<K>(tree, at);
  const node = splice(tree, sibling, leaf, at);
  joinBoxes<K>(node);
  extendBoxes<K>(load<i32>(nodeParents + ((<usize>node) << 2)), at);
  return leaf;
}

export function holds<K>(leaf: i32, at: usize): bool {
  const bytes = pointBytes<K>();
  const point = pointOf<K>(leaf);
  for (let o: usize = 0; o < bytes; o += 16) {
    if (v128.any_true(f32x4.ne(lanes<K>(point + o), lanes<K>(at + o)))) return false;
  }
  return true;
}

/**
 * Climbs from the leaf, drawing a cut of each box together with the point. The highest cut that has the box on one side
 * and the point on the other is where the new leaf belongs; returns the link to be its sibling.
 */
function chooseCut<K>(tree: i32, leaf: i32, at: usize): i32 {
  replay(treeSeeds + ((<usize>tree) << 3));
  let sibling = ~leaf;
  // The box of a leaf is its point: the first cut always separates.
  join<K>(pointOf<K>(leaf), pointOf<K>(leaf), at);
  draw<K>();
  chosenDimension = cutDimension;
  chosenValue = cutValue;
  for (
    let node = load<i32>(leafParents + ((<usize>leaf) << 2));
    node != none;
    node = load<i32>(nodeParents + ((<usize>node) << 2))
  ) {
    const low = boxOf<K>(node);
    const high = low + pointBytes<K>();
    // Nor can any higher box be cut apart from a point inside this one. The rest of the sequence is thrown away.
    if (!join<K>(low, high, at)) break;
    draw<K>();
    const o = (<usize>cutDimension) << 2;
    if (load<f32>(at + o) <= cutValue ? cutValue < load<f32>(low + o) : cutValue >= load<f32>(high + o)) {
      sibling = node;
      chosenDimension = cutDimension;
      chosenValue = cutValue;
    }
  }
  return sibling;
}

/** Puts a node with the chosen cut where the sibling was; the sibling and the new leaf go below it. Its box is still to do. */
function splice(tree: i32, sibling: i32, leaf: i32, at: usize): i32 {
  const node = load<i32>(freeNodes + ((<usize>tree) << 2));
  store<i32>(freeNodes + ((<usize>tree) << 2), load<i32>(nodeParents + ((<usize>node) << 2)));

  const siblingParent = sibling < 0 ? leafParents + ((<usize>~sibling) << 2) : nodeParents + ((<usize>sibling) << 2);
  const above = load<i32>(siblingParent);
  if (above == none) store<i32>(roots + ((<usize>tree) << 2), node);
  else {
    const links = nodes + ((<usize>above) << 4);
    store<i32>(load<i32>(links) == sibling ? links : links + 4, node);
  }
  store<i32>(nodeParents + ((<usize>node) << 2), above);

  const left = load<f32>(at + ((<usize>chosenDimension) << 2)) <= chosenValue;
  const record = nodes + ((<usize>node) << 4);
  store<i32>(record, left ? ~leaf : sibling);
  store<i32>(record, left ? sibling : ~leaf, 4);
  store<f32>(record, chosenValue, 8);
  store<i32>(record, chosenDimension, 12);
  store<i32>(leafParents + ((<usize>leaf) << 2), node);
  store<i32>(siblingParent, node);
  return node;
}

function takeLeaf<K>(tree: i32, at: usize): i32 {
  const leaf = load<i32>(freeLeaves + ((<usize>tree) << 2));
  store<i32>(freeLeaves + ((<usize>tree) << 2), load<i32>(leafParents + ((<usize>leaf) << 2)));
  const bytes = pointBytes<K>();
  const point = pointOf<K>(leaf);
  for (let o: usize = 0; o < bytes; o += 16) setLanes<K>(point + o, lanes<K>(at + o));
  store<i32>(leafMasses + ((<usize>leaf) << 2), 1);
  return leaf;
}
