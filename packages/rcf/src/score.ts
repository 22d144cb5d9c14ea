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
  const { roots, dimensions } = trees;
  const climb = dimensions === 1 ? climb1 : dimensions === 2 ? climb2 : climbN;
  let leaf = none;
  let tree = Math.trunc(from / rows);
  let row = from - tree * rows;
  for (let pair = from; pair < to; ) {
    let count = 0;
    for (; pair < to && count < descentsMax; pair++) {
      if (row >= firstRow) {
        links[count] = roots[tree]!;
        ofTree[count] = tree;
        ofRow[count] = row;
        count++;
      }
      if (++row === rows) {
        row = 0;
        tree++;
      }
    }
    if (count === 0) continue;
    descend(trees, values, stride, count);
    climb(trees, tables, values, stride, count, sums);
    leaf = ~links[count - 1]!;
  }
  return leaf;
}

const descentsMax = 256;
/** Per descent the root it starts from, and then the leaf it came to, as links. */
const links = new Int32Array(descentsMax);
const depths = new Int32Array(descentsMax);
const ofTree = new Int32Array(descentsMax);
const ofRow = new Int32Array(descentsMax);

/**
 * Four descents at a time, with arithmetic in place of branches, which would be guessed wrong every other time: while one
 * waits for memory the others go on. Shifts and ORs, because products and sums would be checked for overflow.
 */
function descend(trees: Trees, values: Float32Array, stride: number, count: number): void {
  const { nodes, cuts } = trees;
  for (let k = count; (k & 3) !== 0; k++) {
    links[k] = links[count - 1]!;
    ofRow[k] = ofRow[count - 1]!;
  }
  for (let k = 0; k < count; k += 4) {
    const a0 = Math.imul(ofRow[k]!, stride);
    const a1 = Math.imul(ofRow[k + 1]!, stride);
    const a2 = Math.imul(ofRow[k + 2]!, stride);
    const a3 = Math.imul(ofRow[k + 3]!, stride);
    let l0 = links[k]!;
    let l1 = links[k + 1]!;
    let l2 = links[k + 2]!;
    let l3 = links[k + 3]!;
    let d0 = 0;
    while ((l0 | l1 | l2 | l3) >= 0) {
      const n0 = l0 << 2;
      const n1 = l1 << 2;
      const n2 = l2 << 2;
      const n3 = l3 << 2;
      l0 = nodes[n0 | +(values[(a0 + nodes[n0 | 3]!) | 0]! > cuts[n0 | 2]!)]!;
      l1 = nodes[n1 | +(values[(a1 + nodes[n1 | 3]!) | 0]! > cuts[n1 | 2]!)]!;
      l2 = nodes[n2 | +(values[(a2 + nodes[n2 | 3]!) | 0]! > cuts[n2 | 2]!)]!;
      l3 = nodes[n3 | +(values[(a3 + nodes[n3 | 3]!) | 0]! > cuts[n3 | 2]!)]!;
      d0 = (d0 + 1) | 0;
    }
    let d1 = d0;
    let d2 = d0;
    let d3 = d0;
    // Some have arrived: all ones in `m`. They stay where they are, and read the first node to no purpose.
    while ((l0 & l1 & l2 & l3) >= 0) {
      const m0 = l0 >> 31;
      const m1 = l1 >> 31;
      const m2 = l2 >> 31;
      const m3 = l3 >> 31;
      const n0 = (l0 & ~m0) << 2;
      const n1 = (l1 & ~m1) << 2;
      const n2 = (l2 & ~m2) << 2;
      const n3 = (l3 & ~m3) << 2;
      l0 = (l0 & m0) | (nodes[n0 | +(values[(a0 + nodes[n0 | 3]!) | 0]! > cuts[n0 | 2]!)]! & ~m0);
      l1 = (l1 & m1) | (nodes[n1 | +(values[(a1 + nodes[n1 | 3]!) | 0]! > cuts[n1 | 2]!)]! & ~m1);
      l2 = (l2 & m2) | (nodes[n2 | +(values[(a2 + nodes[n2 | 3]!) | 0]! > cuts[n2 | 2]!)]! & ~m2);
      l3 = (l3 & m3) | (nodes[n3 | +(values[(a3 + nodes[n3 | 3]!) | 0]! > cuts[n3 | 2]!)]! & ~m3);
      d0 = (d0 + 1 + m0) | 0;
      d1 = (d1 + 1 + m1) | 0;
      d2 = (d2 + 1 + m2) | 0;
      d3 = (d3 + 1 + m3) | 0;
    }
    links[k] = l0;
    links[k + 1] = l1;
    links[k + 2] = l2;
    links[k + 3] = l3;
    depths[k] = d0;
    depths[k + 1] = d1;
    depths[k + 2] = d2;
    depths[k + 3] = d3;
  }
}

// The three differ only in how they compare points with boxes. A loop over one or two dimensions costs twice as much.

function climb1(
  trees: Trees,
  tables: ScoreTables,
  values: Float32Array,
  stride: number,
  count: number,
  sums: Float64Array,
): void {
  const { nodeParents, boxes, ranges, points, leafMasses, leafParents, masses } = trees;
  const { unseen, logs, depths: seen } = tables;
  for (let k = 0; k < count; k++) {
    const row = ofRow[k]!;
    const mass = masses[ofTree[k]!]!;
    const leaf = ~links[k]!;
    let depth = depths[k]!;
    const at = row * stride;
    const x = values[at]!;
    let score: number;
    if (points[leaf] === x) {
      const leafMass = leafMasses[leaf]!;
      score = (1 - leafMass / (2 * mass)) * (1 / (depth + seen[leafMass]!));
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
    sums[row]! += (score * logs[mass]!) / Math.LN2;
  }
}

function climb2(
  trees: Trees,
  tables: ScoreTables,
  values: Float32Array,
  stride: number,
  count: number,
  sums: Float64Array,
): void {
  const { nodeParents, boxes, ranges, points, leafMasses, leafParents, masses } = trees;
  const { unseen, logs, depths: seen } = tables;
  for (let k = 0; k < count; k++) {
    const row = ofRow[k]!;
    const mass = masses[ofTree[k]!]!;
    const leaf = ~links[k]!;
    let depth = depths[k]!;
    const at = row * stride;
    const x = values[at]!;
    const y = values[at + 1]!;
    let score: number;
    if (points[2 * leaf] === x && points[2 * leaf + 1] === y) {
      const leafMass = leafMasses[leaf]!;
      score = (1 - leafMass / (2 * mass)) * (1 / (depth + seen[leafMass]!));
    } else {
      score = unseen[depth]!;
      for (let node = leafParents[leaf]!; node >= 0; node = nodeParents[node]!) {
        const box = node << 2;
        // Twice the gaps: of each two, one is below 0 and cancels out. A branch would go either way.
        const a = Math.fround(boxes[box]! - x);
        const b = Math.fround(x - boxes[box | 2]!);
        const c = Math.fround(boxes[box | 1]! - y);
        const d = Math.fround(y - boxes[box | 3]!);
        const outside = (a + Math.abs(a) + (b + Math.abs(b)) + (c + Math.abs(c) + (d + Math.abs(d)))) / 2;
        if (outside === 0) break;
        const chance = outside / (ranges[node]! + outside);
        score = chance * unseen[--depth]! + (1 - chance) * score;
      }
    }
    sums[row]! += (score * logs[mass]!) / Math.LN2;
  }
}

function climbN(
  trees: Trees,
  tables: ScoreTables,
  values: Float32Array,
  stride: number,
  count: number,
  sums: Float64Array,
): void {
  const { nodeParents, boxes, ranges, points, leafMasses, leafParents, masses } = trees;
  const { unseen, logs, depths: seen } = tables;
  const { dimensions, width } = trees;
  if (belowBox.length < dimensions) {
    belowBox = new Int32Array(dimensions);
    aboveBox = new Int32Array(dimensions);
  }
  const lower = belowBox;
  const upper = aboveBox;
  for (let k = 0; k < count; k++) {
    const row = ofRow[k]!;
    const mass = masses[ofTree[k]!]!;
    const leaf = ~links[k]!;
    let depth = depths[k]!;
    const at = row * stride;
    const point = width * leaf;
    let same = 0;
    while (same < dimensions && points[point + same] === values[at + same]) same++;
    let score: number;
    if (same === dimensions) {
      const leafMass = leafMasses[leaf]!;
      score = (1 - leafMass / (2 * mass)) * (1 / (depth + seen[leafMass]!));
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
    sums[row]! += (score * logs[mass]!) / Math.LN2;
  }
}

// The dimensions in which the point is still below, or above, the box of the climb.
let belowBox = new Int32Array(64);
let aboveBox = new Int32Array(64);
