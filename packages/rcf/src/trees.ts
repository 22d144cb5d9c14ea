import type { Arrays } from './arrays.ts';

/**
 * All trees of a forest in flat typed arrays. Tree `t` owns nodes and leaves `[t × sampleSize, (t + 1) × sampleSize)`,
 * numbered through the whole forest in 32 bits. A *link* is a node's number, or the complement (~) of a leaf's.
 *
 * A node's box is the exact minimum and maximum of the points below it, however it came about.
 */
export class Trees {
  readonly numberOfTrees: number;
  readonly sampleSize: number;
  readonly dimensions: number;
  /** Dimensions rounded up so that a point fills whole 16-byte lanes; the padding stays 0. One and two are kept tight. */
  readonly width: number;

  /** Four words per node: left link, right link, cut value (a float32: see `cuts`), cut dimension. */
  readonly nodes: Int32Array;
  /** The same memory as `nodes`. */
  readonly cuts: Float32Array;
  /** Of each node, -1 at the root. A free node holds the next free one. */
  readonly nodeParents: Int32Array;
  /** Per node `width` minima, then `width` maxima. */
  readonly boxes: Float32Array;
  /** Per node the sum of its box's sides. */
  readonly ranges: Float64Array;

  /** Per leaf its point, `width` numbers. */
  readonly points: Float32Array;
  /** Per leaf how many sampled points are equal to it. */
  readonly leafMasses: Int32Array;
  readonly leafParents: Int32Array;

  /** The root's link; meaningless while the tree is empty. */
  readonly roots: Int32Array;
  /** Sampled points, duplicates included. */
  readonly masses: Int32Array;
  readonly freeNodes: Int32Array;
  readonly freeLeaves: Int32Array;
  /** Two halves per tree: what the next insertion draws from. */
  readonly seeds: Int32Array;

  constructor(arrays: Arrays, numberOfTrees: number, sampleSize: number, dimensions: number) {
    const slots = numberOfTrees * sampleSize;
    const width = laneWidth(dimensions);
    this.numberOfTrees = numberOfTrees;
    this.sampleSize = sampleSize;
    this.dimensions = dimensions;
    this.width = width;
    this.nodes = arrays.int32(4 * slots);
    this.cuts = new Float32Array(this.nodes.buffer, this.nodes.byteOffset, this.nodes.length);
    this.nodeParents = arrays.int32(slots);
    this.boxes = arrays.float32(2 * width * slots);
    this.ranges = arrays.float64(slots);
    this.points = arrays.float32(width * slots);
    this.leafMasses = arrays.int32(slots);
    this.leafParents = arrays.int32(slots);
    this.roots = arrays.int32(numberOfTrees);
    this.masses = arrays.int32(numberOfTrees);
    this.freeNodes = arrays.int32(numberOfTrees);
    this.freeLeaves = arrays.int32(numberOfTrees);
    this.seeds = arrays.int32(2 * numberOfTrees);
  }

  /** Makes every slot free. Comes before everything else. */
  clear(): void {
    for (let tree = 0; tree < this.numberOfTrees; tree++) {
      chain(this.nodeParents, this.freeNodes, tree, this.sampleSize);
      chain(this.leafParents, this.freeLeaves, tree, this.sampleSize);
    }
  }
}

/** No node above, or none free. */
export const none = -1;

function laneWidth(dimensions: number): number {
  return dimensions <= 2 ? dimensions : (dimensions + 3) & ~3;
}

/** Makes every slot of the tree free, lowest first. */
function chain(next: Int32Array, heads: Int32Array, tree: number, sampleSize: number): void {
  const from = tree * sampleSize;
  const to = from + sampleSize;
  for (let slot = from; slot < to; slot++) next[slot] = slot + 1 < to ? slot + 1 : none;
  heads[tree] = from;
}
