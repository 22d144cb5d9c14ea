/** A dense region: the box around a cluster of points. */
export interface Cluster {
  readonly points: number;
  readonly min: number[];
  readonly max: number[];
}

/**
 * The last `size` points and their clusters as DBSCAN has them (Ester et al. 1996): a point with at least `minPoints`
 * points within `radius`, itself included, is a core; cores within `radius` of each other are of one cluster, and so is
 * every point within `radius` of one of them. A point that is not a core may thus be of several clusters.
 *
 * Which points are neighbours is a matrix of bits, of which a new point changes one row and one column. Following
 * clusters takes 32 neighbours at a time, so that even a window that is one dense heap costs `size`² / 32 steps.
 *
 *         slot  0 1 2 3        the point that leaves the window frees its slot for the one that comes,
 *           0   1 1 0 0        and its bits are cleared in the rows of its neighbours
 *           1   1 1 0 1
 */
export class NeighbourWindow {
  readonly #dimensions: number;
  readonly #size: number;
  readonly #squareMax: number;
  readonly #minPoints: number;
  readonly #points: Float64Array;
  readonly #words: number;
  /** `#words` words per slot. Every point is its own neighbour. */
  readonly #neighbours: Int32Array;
  readonly #counts: Int32Array;
  readonly #cores: Int32Array;
  /** The cores that no cluster has yet, and the points of the cluster being followed. */
  readonly #left: Int32Array;
  readonly #members: Int32Array;
  readonly #stack: Int32Array;
  #length = 0;
  #next = 0;

  /** Points in it. */
  get length(): number {
    return this.#length;
  }

  constructor(dimensions: number, size: number, radius: number, minPoints: number) {
    this.#dimensions = dimensions;
    this.#size = size;
    this.#squareMax = radius * radius;
    this.#minPoints = minPoints;
    this.#points = new Float64Array(size * dimensions);
    this.#words = Math.ceil(size / 32);
    this.#neighbours = new Int32Array(size * this.#words);
    this.#counts = new Int32Array(size);
    this.#cores = new Int32Array(this.#words);
    this.#left = new Int32Array(this.#words);
    this.#members = new Int32Array(this.#words);
    this.#stack = new Int32Array(size);
  }

  /** Adds the point at `points[at]`; the oldest leaves a full window. Returns whether that can have changed a cluster. */
  add(points: Float64Array, at: number): boolean {
    const slot = this.#next;
    let changed = false;
    if (this.#length === this.#size) {
      changed = this.#isNearCore(slot);
      this.#remove(slot);
    } else this.#length++;
    this.#next = (slot + 1) % this.#size;
    this.#insert(slot, points, at);
    return this.#isNearCore(slot) || changed;
  }

  /** The clusters, in the order of their oldest cores. */
  clusters(): Cluster[] {
    const { length } = this.#stack;
    const left = this.#left;
    left.set(this.#cores);
    const clusters: Cluster[] = [];
    const oldest = this.#length === length ? this.#next : 0;
    for (let i = 0; i < this.#length; i++) {
      const slot = (oldest + i) % length;
      if ((left[slot >>> 5]! & (1 << (slot & 31))) === 0) continue;
      this.#follow(slot);
      clusters.push(this.#box());
    }
    return clusters;
  }

  /** The numbers of the points, oldest first. */
  points(): Float64Array {
    const all = this.#points;
    if (this.#length < this.#size) return all.slice(0, this.#length * this.#dimensions);
    const from = this.#next * this.#dimensions;
    const out = new Float64Array(all.length);
    out.set(all.subarray(from));
    out.set(all.subarray(0, from), all.length - from);
    return out;
  }

  // A scan, not a grid: the window holds at most 1000 points, and hashing the cells around one costs as much.
  #insert(slot: number, points: Float64Array, at: number): void {
    const dimensions = this.#dimensions;
    const squareMax = this.#squareMax;
    const own = this.#points;
    const length = this.#length;
    for (let d = 0; d < dimensions; d++) own[slot * dimensions + d] = points[at + d]!;
    for (let other = 0, from = 0; other < length; other++, from += dimensions) {
      let square = 0;
      for (let d = 0; d < dimensions && square <= squareMax; d++) {
        const difference = own[from + d]! - points[at + d]!;
        square += difference * difference;
      }
      if (square <= squareMax) this.#join(slot, other);
    }
  }

  #join(slot: number, other: number): void {
    const words = this.#words;
    this.#neighbours[slot * words + (other >>> 5)]! |= 1 << (other & 31);
    this.#neighbours[other * words + (slot >>> 5)]! |= 1 << (slot & 31);
    this.#count(slot, 1);
    if (other !== slot) this.#count(other, 1);
  }

  #remove(slot: number): void {
    const words = this.#words;
    const neighbours = this.#neighbours;
    for (let word = 0; word < words; word++) {
      for (let bits = neighbours[slot * words + word]!; bits !== 0; bits &= bits - 1) {
        const other = 32 * word + 31 - Math.clz32(bits & -bits);
        neighbours[other * words + (slot >>> 5)]! &= ~(1 << (slot & 31));
        this.#count(other, -1);
      }
    }
    neighbours.fill(0, slot * words, (slot + 1) * words);
    this.#counts[slot] = 0;
    this.#cores[slot >>> 5]! &= ~(1 << (slot & 31));
  }

  #count(slot: number, change: number): void {
    const count = this.#counts[slot]! + change;
    this.#counts[slot] = count;
    const bit = 1 << (slot & 31);
    if (count >= this.#minPoints) this.#cores[slot >>> 5]! |= bit;
    else this.#cores[slot >>> 5]! &= ~bit;
  }

  #isNearCore(slot: number): boolean {
    const words = this.#words;
    for (let word = 0; word < words; word++) {
      if ((this.#neighbours[slot * words + word]! & this.#cores[word]!) !== 0) return true;
    }
    return false;
  }

  /** Sets the members of the cluster of a core, and takes its cores out of those that are left. */
  #follow(core: number): void {
    const words = this.#words;
    const left = this.#left;
    const members = this.#members;
    const neighbours = this.#neighbours;
    const stack = this.#stack;
    members.fill(0);
    left[core >>> 5]! &= ~(1 << (core & 31));
    stack[0] = core;
    for (let depth = 1; depth > 0; ) {
      const from = stack[--depth]! * words;
      for (let word = 0; word < words; word++) {
        const near = neighbours[from + word]!;
        members[word]! |= near;
        let found = near & left[word]!;
        left[word]! &= ~found;
        for (; found !== 0; found &= found - 1) stack[depth++] = 32 * word + 31 - Math.clz32(found & -found);
      }
    }
  }

  #box(): Cluster {
    const dimensions = this.#dimensions;
    const all = this.#points;
    const min = new Array<number>(dimensions).fill(Number.POSITIVE_INFINITY);
    const max = new Array<number>(dimensions).fill(Number.NEGATIVE_INFINITY);
    let points = 0;
    for (let word = 0; word < this.#words; word++) {
      for (let bits = this.#members[word]!; bits !== 0; bits &= bits - 1) {
        const from = (32 * word + 31 - Math.clz32(bits & -bits)) * dimensions;
        points++;
        for (let d = 0; d < dimensions; d++) {
          const value = all[from + d]!;
          if (value < min[d]!) min[d] = value;
          if (value > max[d]!) max[d] = value;
        }
      }
    }
    return { points, min, max };
  }
}
