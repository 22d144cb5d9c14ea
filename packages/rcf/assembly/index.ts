// The kernel of the WebAssembly engine. It does what TypeScriptEngine does, on the same arrays, bit for bit.

import { attributeTrees } from './attribution';
import { insert } from './insert';
import { remove } from './remove';
import { add, evict, evicts, nextAccepted } from './samplers';
import { scoreRows, scoreTrees } from './score';
import { dimensions, none, padded, stride, values, width } from './state';

export {
  boxes,
  certain,
  certainUntil,
  depths,
  dimensions,
  freeLeaves,
  freeNodes,
  initialAcceptFraction,
  leafMasses,
  leafParents,
  leaves,
  logs,
  masses,
  nodeParents,
  nodes,
  padded,
  points,
  ranges,
  roots,
  samplerSeeds,
  sampleSize,
  scratch,
  shares,
  sizes,
  stride,
  timeDecay,
  treeSeeds,
  unseen,
  values,
  weights,
  width,
} from './state';

/** Adds to the sum at `out` the scores of the block's first row in the trees [treeFrom, treeTo). */
export function score(treeFrom: i32, treeTo: i32, out: usize): void {
  const first = pad(1);
  if (dimensions == 1) scoreTrees<f32>(treeFrom, treeTo, first, out);
  else if (dimensions == 2) scoreTrees<f64>(treeFrom, treeTo, first, out);
  else scoreTrees<v128>(treeFrom, treeTo, first, out);
}

/** Leaves in `shares` the sums over the trees [treeFrom, treeTo) of the attributions of the block's first row. */
export function attribute(treeFrom: i32, treeTo: i32): void {
  attributeTrees(treeFrom, treeTo, pad(1));
}

/**
 * Offers the rows of the block to the trees [treeFrom, treeTo). Rows from `firstScored` on are scored before they are
 * offered. With a stride of 0 all trees add to the sums at `out`, one per row; else tree t writes its scores at
 * `out + t × outStride`.
 */
export function push(
  treeFrom: i32,
  treeTo: i32,
  rows: i32,
  firstScored: i32,
  sequence: f64,
  out: usize,
  outStride: usize,
): void {
  const first = pad(rows);
  if (dimensions == 1) pushRows<f32>(treeFrom, treeTo, rows, firstScored, sequence, first, out, outStride);
  else if (dimensions == 2) pushRows<f64>(treeFrom, treeTo, rows, firstScored, sequence, first, out, outStride);
  else pushRows<v128>(treeFrom, treeTo, rows, firstScored, sequence, first, out, outStride);
}

/** Adds to the sums at `out` those of each of the trees [treeFrom, treeTo), in this order. */
export function addUp(treeFrom: i32, treeTo: i32, rows: i32, parts: usize, partStride: usize, out: usize): void {
  for (let tree = treeFrom; tree < treeTo; tree++) {
    const part = parts + <usize>tree * partStride;
    for (let o: usize = 0; o < (<usize>rows) << 3; o += 8)
      store<f64>(out + o, load<f64>(out + o) + load<f64>(part + o));
  }
}

/**
 * One tree after the other: a tree stays in the cache for all rows, and trees know nothing of each other. Between two
 * accepted rows a tree does not change, so they are scored in one go.
 */
function pushRows<K>(
  treeFrom: i32,
  treeTo: i32,
  rows: i32,
  firstScored: i32,
  sequence: f64,
  first: usize,
  out: usize,
  outStride: usize,
): void {
  const pitch = pitchOf();
  // One row alone is scored in four trees at a time.
  const single = rows == 1 && firstScored == 0 && outStride == 0;
  if (single) scoreTrees<K>(treeFrom, treeTo, first, out);
  for (let tree = treeFrom; tree < treeTo; tree++) {
    const sums = out + <usize>tree * outStride;
    if (outStride != 0) memory.fill(sums, 0, (<usize>rows) << 3);
    let scored = single ? 1 : firstScored;
    for (let row = 0; row < rows; ) {
      const accepted = nextAccepted(tree, row, rows, sequence);
      const to = min(accepted + 1, rows);
      let near: i32 = none;
      if (scored < to) {
        near = scoreRows<K>(tree, scored, to, first, pitch, sums);
        scored = to;
      }
      if (accepted < rows) {
        if (evicts) {
          // Where one leaf goes, the point comes to the leaf it came to before, unless that was the one.
          const evicted = evict(tree);
          if (remove<K>(tree, evicted) && evicted == near) near = none;
        }
        add(tree, insert<K>(tree, first + <usize>accepted * pitch, near));
      }
      row = to;
    }
  }
}

/** Copies the points of the block to where each has its padding of zeros, if it needs one. Returns where they begin. */
function pad(rows: i32): usize {
  if (dimensions == width) return values;
  for (let row = 0; row < rows; row++) {
    const to = padded + ((<usize>row * <usize>width) << 2);
    const from = values + ((<usize>row * <usize>stride) << 2);
    memory.copy(to, from, (<usize>dimensions) << 2);
  }
  return padded;
}

function pitchOf(): usize {
  return (<usize>(dimensions == width ? stride : width)) << 2;
}
