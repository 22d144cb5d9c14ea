import type { Arrays } from './arrays.ts';
import type { Trees } from './trees.ts';
import { none } from './trees.ts';

/**
 * The numbers a score is made of, by depth and by mass. A logarithm per tree and point would cost more than the tree.
 * The factors of log2 stay apart, as the library rounds them.
 */
export class ScoreTables {
  /** 1 / (depth + 1): the score of a point that would be new at this depth. */
  readonly unseen: Float64Array;
  /** ln(mass + 1). */
  readonly logs: Float64Array;
  /** ln(mass + 1) / ln 2. */
  readonly depths: Float64Array;

  constructor(arrays: Arrays, sampleSize: number) {
    this.unseen = arrays.float64(sampleSize + 1);
    this.logs = arrays.float64(sampleSize + 1);
    this.depths = arrays.float64(sampleSize + 1);
  }

  fill(): void {
    for (let i = 0; i < this.unseen.length; i++) {
      this.unseen[i] = 1 / (i + 1);
      this.logs[i] = Math.log(i + 1);
      this.depths[i] = this.logs[i]! / Math.LN2;
    }
  }
}

/**
 * Adds to `sums[row]` the score of each row in each tree, for the pairs [from, to), tree-major: pair `tree × rows + row`.
 * Rows before `firstRow` are left out. Row `r` has its point at `values[r × stride]`. Returns the leaf that the last row
 * scored came to.
 *
 * A tree's score is the expected value, over random cuts that could separate the point from the tree, of one over the
 * depth where it would come to lie (Guha et al. 2016, §3, with the damping and normalisation of the library).
 */
export function addScores(
  trees: Trees,
  tables: ScoreTables,
  values: Float32Array,
  stride: number,
  from: number,
  to: number,
  rows: number,
  firstRow: number,
  sums: Float64Array,
): number {
  if (trees.dimensions === 1) return addScores1(trees, tables, values, stride, from, to, rows, firstRow, sums);
  if (trees.dimensions === 2) return addScores2(trees, tables, values, stride, from, to, rows, firstRow, sums);
  return addScoresN(trees, tables, values, stride, from, to, rows, firstRow, sums);
}

// The three differ only in how they compare points with boxes. A loop over one or two dimensions costs twice as much.

function addScores1(
  trees: Trees,
  tables: ScoreTables,
  values: Float32Array,
  stride: number,
  from: number,
  to: number,
  rows: number,
  firstRow: number,
  sums: Float64Array,
): number {
  const { nodes, cuts, nodeParents, boxes, ranges, points, leafMasses, leafParents, roots, masses } = trees;
  const { unseen, logs, depths } = tables;
  let leaf = none;
  for (let pair = from; pair < to; ) {
    const tree = Math.trunc(pair / rows);
    const firstPair = tree * rows;
    const end = to < firstPair + rows ? to - firstPair : rows;
    const root = roots[tree]!;
    const mass = masses[tree]!;
    const log = logs[mass]!;
    let row = pair - firstPair;
    if (row < firstRow) row = firstRow;
    for (; row < end; row++) {
      const x = values[row * stride]!;
      let link = root;
      let depth = 0;
      while (link >= 0) {
        const node = 4 * link;
        link = x <= cuts[node + 2]! ? nodes[node]! : nodes[node + 1]!;
        depth++;
      }
      leaf = ~link;
      let score: number;
      if (points[leaf] === x) {
        const leafMass = leafMasses[leaf]!;
        score = (1 - leafMass / (2 * mass)) * (1 / (depth + depths[leafMass]!));
      } else {
        score = unseen[depth]!;
        for (let node = leafParents[leaf]!; node >= 0; node = nodeParents[node]!) {
          const low = boxes[2 * node]!;
          const high = boxes[2 * node + 1]!;
          let outside: number;
          if (x < low) outside = Math.fround(low - x);
          else if (x > high) outside = Math.fround(x - high);
          else break;
          const chance = outside / (ranges[node]! + outside);
          score = chance * unseen[--depth]! + (1 - chance) * score;
        }
      }
      sums[row]! += (score * log) / Math.LN2;
    }
    pair = firstPair + end;
  }
  return leaf;
}

function addScores2(
  trees: Trees,
  tables: ScoreTables,
  values: Float32Array,
  stride: number,
  from: number,
  to: number,
  rows: number,
  firstRow: number,
  sums: Float64Array,
): number {
  const { nodes, cuts, nodeParents, boxes, ranges, points, leafMasses, leafParents, roots, masses } = trees;
  const { unseen, logs, depths } = tables;
  let leaf = none;
  for (let pair = from; pair < to; ) {
    const tree = Math.trunc(pair / rows);
    const firstPair = tree * rows;
    const end = to < firstPair + rows ? to - firstPair : rows;
    const root = roots[tree]!;
    const mass = masses[tree]!;
    const log = logs[mass]!;
    let row = pair - firstPair;
    if (row < firstRow) row = firstRow;
    for (; row < end; row++) {
      const at = row * stride;
      const x = values[at]!;
      const y = values[at + 1]!;
      let link = root;
      let depth = 0;
      while (link >= 0) {
        const node = 4 * link;
        link = values[at + nodes[node + 3]!]! <= cuts[node + 2]! ? nodes[node]! : nodes[node + 1]!;
        depth++;
      }
      leaf = ~link;
      let score: number;
      if (points[2 * leaf] === x && points[2 * leaf + 1] === y) {
        const leafMass = leafMasses[leaf]!;
        score = (1 - leafMass / (2 * mass)) * (1 / (depth + depths[leafMass]!));
      } else {
        score = unseen[depth]!;
        for (let node = leafParents[leaf]!; node >= 0; node = nodeParents[node]!) {
          const box = 4 * node;
          // Twice the gaps: of each two, one is below 0 and cancels out. A branch would go either way.
          const a = Math.fround(boxes[box]! - x);
          const b = Math.fround(x - boxes[box + 2]!);
          const c = Math.fround(boxes[box + 1]! - y);
          const d = Math.fround(y - boxes[box + 3]!);
          const outside = (a + Math.abs(a) + (b + Math.abs(b)) + (c + Math.abs(c) + (d + Math.abs(d)))) / 2;
          if (outside === 0) break;
          const chance = outside / (ranges[node]! + outside);
          score = chance * unseen[--depth]! + (1 - chance) * score;
        }
      }
      sums[row]! += (score * log) / Math.LN2;
    }
    pair = firstPair + end;
  }
  return leaf;
}

function addScoresN(
  trees: Trees,
  tables: ScoreTables,
  values: Float32Array,
  stride: number,
  from: number,
  to: number,
  rows: number,
  firstRow: number,
  sums: Float64Array,
): number {
  const { nodes, cuts, nodeParents, boxes, ranges, points, leafMasses, leafParents, roots, masses } = trees;
  const { dimensions, width } = trees;
  const { unseen, logs, depths } = tables;
  let leaf = none;
  if (belowBox.length < dimensions) {
    belowBox = new Int32Array(dimensions);
    aboveBox = new Int32Array(dimensions);
  }
  const lower = belowBox;
  const upper = aboveBox;
  for (let pair = from; pair < to; ) {
    const tree = Math.trunc(pair / rows);
    const firstPair = tree * rows;
    const end = to < firstPair + rows ? to - firstPair : rows;
    const root = roots[tree]!;
    const mass = masses[tree]!;
    const log = logs[mass]!;
    let row = pair - firstPair;
    if (row < firstRow) row = firstRow;
    for (; row < end; row++) {
      const at = row * stride;
      let link = root;
      let depth = 0;
      while (link >= 0) {
        const node = 4 * link;
        link = values[at + nodes[node + 3]!]! <= cuts[node + 2]! ? nodes[node]! : nodes[node + 1]!;
        depth++;
      }
      leaf = ~link;
      const point = width * leaf;
      let same = 0;
      while (same < dimensions && points[point + same] === values[at + same]) same++;
      let score: number;
      if (same === dimensions) {
        const leafMass = leafMasses[leaf]!;
        score = (1 - leafMass / (2 * mass)) * (1 / (depth + depths[leafMass]!));
      } else {
        // Boxes only grow on the way up: a dimension once inside stays inside, and one below the box never gets above.
        // So the first box sorts the dimensions into two lists, and each list shrinks in its order, which adds the same
        // numbers as looking at all dimensions.
        score = unseen[depth]!;
        let lowers = 0;
        let uppers = 0;
        let below = 0;
        let above = 0;
        let node = leafParents[leaf]!;
        if (node >= 0) {
          const low = 2 * width * node;
          const high = low + width;
          for (let i = 0; i < dimensions; i++) {
            const x = values[at + i]!;
            if (x < boxes[low + i]!) {
              below += Math.fround(boxes[low + i]! - x);
              lower[lowers++] = i;
            } else if (x > boxes[high + i]!) {
              above += Math.fround(x - boxes[high + i]!);
              upper[uppers++] = i;
            }
          }
        }
        while (lowers + uppers > 0) {
          const outside = above + below;
          const chance = outside / (ranges[node]! + outside);
          score = chance * unseen[--depth]! + (1 - chance) * score;
          node = nodeParents[node]!;
          if (node < 0) break;
          const low = 2 * width * node;
          const high = low + width;
          below = 0;
          let kept = 0;
          for (let k = 0; k < lowers; k++) {
            const i = lower[k]!;
            const gap = boxes[low + i]! - values[at + i]!;
            if (gap > 0) {
              below += Math.fround(gap);
              lower[kept++] = i;
            }
          }
          lowers = kept;
          above = 0;
          kept = 0;
          for (let k = 0; k < uppers; k++) {
            const i = upper[k]!;
            const gap = values[at + i]! - boxes[high + i]!;
            if (gap > 0) {
              above += Math.fround(gap);
              upper[kept++] = i;
            }
          }
          uppers = kept;
        }
      }
      sums[row]! += (score * log) / Math.LN2;
    }
    pair = firstPair + end;
  }
  return leaf;
}

// The dimensions in which the point is still below, or above, the box of the climb.
let belowBox = new Int32Array(64);
let aboveBox = new Int32Array(64);
