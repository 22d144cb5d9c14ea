import { JavaRandom, seedHalves } from './random.ts';

/**
 * A random cut of a box joined with a point: a dimension with probability proportional to its side, and a place on that
 * side (Guha et al. 2016, Definition 1). First `join`, then `draw`.
 */
export class Cut {
  dimension = 0;
  /** One float32. */
  readonly value = new Float32Array(1);
  readonly #bits = new Int32Array(this.value.buffer);
  /** Of the joined box: minima, maxima and sides, which are float32. */
  #lows = new Float32Array(64);
  #highs = new Float32Array(64);
  #sides = new Float32Array(64);
  /** The sum of the sides. */
  readonly #range = new Float64Array(1);

  /** The box is `low` and `high` in `boxes`. False if the point is inside it: then no cut can separate the two. */
  join(boxes: Float32Array, low: number, high: number, values: Float32Array, at: number, dimensions: number): boolean {
    if (this.#lows.length < dimensions) {
      this.#lows = new Float32Array(dimensions);
      this.#highs = new Float32Array(dimensions);
      this.#sides = new Float32Array(dimensions);
    }
    const lows = this.#lows;
    const highs = this.#highs;
    const sides = this.#sides;
    let outside = false;
    let range = 0;
    for (let i = 0; i < dimensions; i++) {
      const value = values[at + i]!;
      let min = boxes[low + i]!;
      let max = boxes[high + i]!;
      if (value < min) {
        min = value;
        outside = true;
      } else if (value > max) {
        max = value;
        outside = true;
      }
      const side = Math.fround(max - min);
      lows[i] = min;
      highs[i] = max;
      sides[i] = side;
      range += side;
    }
    this.#range[0] = range;
    return outside;
  }

  /** The next double of `random` says where along the sum of the sides the cut falls. */
  draw(random: JavaRandom, dimensions: number): void {
    const sides = this.#sides;
    random.nextUniform();
    let rest = random.uniform[0]! * this.#range[0]!;
    for (let i = 0; i < dimensions; i++) {
      const side = sides[i]!;
      if (rest <= side && side > 0) {
        const place = Math.fround(this.#lows[i]! + rest);
        const max = this.#highs[i]!;
        this.dimension = i;
        this.value[0] = place;
        if (place >= max) this.#stepBelow(max);
        return;
      }
      rest -= side;
    }
    this.#drawLast(random.uniform[0]!, dimensions);
  }

  /** Rounding can carry a factor near 1 past the last side. The library then picks the first or the last that can be cut. */
  #drawLast(factor: number, dimensions: number): void {
    const [seedLow, seedHigh] = seedHalves(BigInt(factor * 2 ** 62)) as unknown as [number, number];
    const random = new JavaRandom();
    random.start(seedHigh, seedLow);
    random.nextUniform();
    const first = random.uniform[0]! < 0.5;
    for (let i = 0; i < dimensions; i++) {
      if (this.#sides[i]! <= 0) continue;
      this.dimension = i;
      this.#stepBelow(this.#highs[i]!);
      if (first) return;
    }
  }

  /** Cuts at the next float32 below. */
  #stepBelow(value: number): void {
    this.value[0] = value;
    if (value > 0) this.#bits[0]!--;
    else if (value < 0) this.#bits[0]!++;
    else this.#bits[0] = -0x7fffffff; // the smallest denormal, negative
  }
}
