import { shrinkBoxes } from './boxes';
import { freeLeaves, freeNodes, leafMasses, leafParents, masses, nodeParents, nodes, none, roots } from './state';

/**
 * Takes one point away from the leaf. With its last point goes the leaf, and its sibling moves up (Guha et al. 2016,
 * "ForgetPoint"). Returns whether the leaf went.
 */
export function remove<K>(tree: i32, leaf: i32): bool {
  const above = unlink(tree, leaf);
  if (above == stays) return false;
  shrinkBoxes<K>(above);
  return true;
}

/** The leaf did not go. */
const stays: i32 = -2;

/** Returns the node whose box lost the leaf, or `none`, or `stays`. */
function unlink(tree: i32, leaf: i32): i32 {
  store<i32>(masses + ((<usize>tree) << 2), load<i32>(masses + ((<usize>tree) << 2)) - 1);
  const left = load<i32>(leafMasses + ((<usize>leaf) << 2)) - 1;
  store<i32>(leafMasses + ((<usize>leaf) << 2), left);
  if (left > 0) return stays;

  const node = load<i32>(leafParents + ((<usize>leaf) << 2));
  store<i32>(leafParents + ((<usize>leaf) << 2), load<i32>(freeLeaves + ((<usize>tree) << 2)));
  store<i32>(freeLeaves + ((<usize>tree) << 2), leaf);
  if (node == none) return none;

  const record = nodes + ((<usize>node) << 4);
  const sibling = load<i32>(record) == ~leaf ? load<i32>(record, 4) : load<i32>(record);
  const above = load<i32>(nodeParents + ((<usize>node) << 2));
  if (above == none) store<i32>(roots + ((<usize>tree) << 2), sibling);
  else {
    const links = nodes + ((<usize>above) << 4);
    store<i32>(load<i32>(links) == node ? links : links + 4, sibling);
  }
  store<i32>(sibling < 0 ? leafParents + ((<usize>~sibling) << 2) : nodeParents + ((<usize>sibling) << 2), above);
  store<i32>(nodeParents + ((<usize>node) << 2), load<i32>(freeNodes + ((<usize>tree) << 2)));
  store<i32>(freeNodes + ((<usize>tree) << 2), node);
  return above;
}
