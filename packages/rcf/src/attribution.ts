import type { ScoreTables } from './score.ts';
import type { Trees } from './trees.ts';

/**
 * How much of a score comes from each dimension lying above (`high`) or below (`low`) what the forest has seen.
 * With shingling the oldest row comes first, so the newest row is the last `inputDimensions` entries.
 */
export interface Attribution {
  readonly high: Float64Array;
  readonly low: Float64Array;
}

/**
 * Attributes the point at `values[at]`, one tree at a time. At each box on the way up, the chance that a random cut
 * separates the point there is shared out among the dimensions by how far the point lies outside.
 */
export class Attributor {
  readonly #trees: Trees;
  readonly #tables: ScoreTables;
  /** Of one tree: a high per dimension, then a low per dimension. */
  readonly #shares: Float64Array;
  /** The dimensions in which the point is outside the box: how far, and which share that makes larger. */
  readonly #gaps: Float64Array;
  readonly #gapShares: Int32Array;
  #gapCount = 0;
  /** The sum of the gaps, and the range of the box joined with the point. */
  readonly #sums = new Float64Array(2);
  /** The box a duplicate's leaf would leave behind: minima, then maxima. */
  readonly #shadow: Float32Array;

  constructor(trees: Trees, tables: ScoreTables) {
    const { dimensions } = trees;
    this.#trees = trees;
    this.#tables = tables;
    this.#shares = new Float64Array(2 * dimensions);
    this.#gaps = new Float64Array(dimensions);
    this.#gapShares = new Int32Array(dimensions);
    this.#shadow = new Float32Array(2 * trees.width);
  }

  /** Writes the sum of every tree's attribution. */
  attribute(values: Float32Array, at: number, out: Attribution): void {
    out.high.fill(0);
    out.low.fill(0);
    for (let tree = 0; tree < this.#trees.numberOfTrees; tree++) this.#attributeTree(tree, values, at, out);
  }

  #attributeTree(tree: number, values: Float32Array, at: number, out: Attribution): void {
    const { nodes, cuts, nodeParents, boxes, points, leafMasses, leafParents, dimensions, width } = this.#trees;
    const { unseen, logs, depths } = this.#tables;
    const shares = this.#shares;
    const gaps = this.#gaps;
    const gapShares = this.#gapShares;
    const sums = this.#sums;

    let link = this.#trees.roots[tree]!;
    let depth = 0;
    while (link >= 0) {
      const node = 4 * link;
      link = values[at + nodes[node + 3]!]! <= cuts[node + 2]! ? nodes[node]! : nodes[node + 1]!;
      depth++;
    }
    const leaf = ~link;
    const mass = this.#trees.masses[tree]!;
    const point = width * leaf;

    this.#measure(points, point, point, values, at);
    const duplicate = this.#gapCount === 0;
    let saved: number;
    if (duplicate) {
      const leafMass = leafMasses[leaf]!;
      saved = (1 - leafMass / (2 * mass)) * (1 / (depth + depths[leafMass]!));
      shares.fill(saved / (2 * dimensions));
    } else {
      saved = unseen[depth]!;
      shares.fill(0);
      for (let k = 0; k < this.#gapCount; k++) shares[gapShares[k]!] = (saved * gaps[k]!) / sums[1]!;
    }

    for (let node = leafParents[leaf]!; node >= 0; node = nodeParents[node]!) {
      depth--;
      if (duplicate) {
        this.#growShadow(nodes[4 * node] === link ? nodes[4 * node + 1]! : nodes[4 * node]!, link === ~leaf);
        link = node;
        this.#measure(this.#shadow, 0, width, values, at);
      } else {
        this.#measure(boxes, 2 * width * node, 2 * width * node + width, values, at);
      }
      const count = this.#gapCount;
      if (count === 0) break;
      const range = sums[1]!;
      const chance = sums[0]! / range;
      const here = unseen[depth]!;
      const rest = 1 - chance;
      for (let i = 0; i < shares.length; i++) shares[i]! *= rest;
      for (let k = 0; k < count; k++) shares[gapShares[k]!]! += (gaps[k]! / range) * here;
    }

    // A leaf that is the whole tree has met no box: its shares are right as they are.
    if (duplicate && leafParents[leaf]! >= 0) {
      let sum = 0;
      for (let i = 0; i < dimensions; i++) sum += shares[i]! + shares[dimensions + i]!;
      const scale = saved / sum;
      for (let i = 0; i < shares.length; i++) shares[i]! *= scale;
    }
    const log = logs[mass]!;
    for (let i = 0; i < dimensions; i++) {
      out.high[i]! += (shares[i]! * log) / Math.LN2;
      out.low[i]! += (shares[dimensions + i]! * log) / Math.LN2;
    }
  }

  /** The sides are float32, as in the score. The gaps, unlike there, are doubles. */
  #measure(boxes: Float32Array, lowAt: number, highAt: number, values: Float32Array, at: number): void {
    const gaps = this.#gaps;
    const gapShares = this.#gapShares;
    const { dimensions } = this.#trees;
    let count = 0;
    let outside = 0;
    let range = 0;
    for (let i = 0; i < dimensions; i++) {
      const x = values[at + i]!;
      const low = boxes[lowAt + i]!;
      const high = boxes[highAt + i]!;
      if (x > high) {
        range += Math.fround(x - low);
        outside += x - high;
        gaps[count] = x - high;
        gapShares[count++] = i;
      } else if (x < low) {
        range += Math.fround(high - x);
        outside += low - x;
        gaps[count] = low - x;
        gapShares[count++] = dimensions + i;
      } else {
        range += Math.fround(high - low);
      }
    }
    this.#gapCount = count;
    this.#sums[0] = outside;
    this.#sums[1] = range;
  }

  /** The shadow box becomes, or is joined with, the box of a sibling met on the way up. */
  #growShadow(sibling: number, first: boolean): void {
    const { boxes, points, dimensions, width } = this.#trees;
    const shadow = this.#shadow;
    const from = sibling < 0 ? points : boxes;
    const low = sibling < 0 ? width * ~sibling : 2 * width * sibling;
    const high = sibling < 0 ? low : low + width;
    for (let i = 0; i < dimensions; i++) {
      if (first || from[low + i]! < shadow[i]!) shadow[i] = from[low + i]!;
      if (first || from[high + i]! > shadow[width + i]!) shadow[width + i] = from[high + i]!;
    }
  }
}
