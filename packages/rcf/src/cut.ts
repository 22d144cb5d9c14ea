import { JavaRandom, seedHalves } from './random.ts';

/**
 * A random cut of a box joined with a point: a dimension with probability proportional to its side, and a place on that
 * side (Guha et al. 2016, Definition 1).
 */
export class Cut {
  dimension = 0;
  /** One float32. */
  readonly value = new Float32Array(1);
  readonly #bits = new Int32Array(this.value.buffer);

  /**
   * The box is `low` and `high` in `boxes`. The next double of `random` says where along the sum of the sides the cut falls.
   * False, with nothing drawn, if the point is inside the box: then no cut can separate the two.
   */
  draw(
    random: JavaRandom,
    boxes: Float32Array,
    low: number,
    high: number,
    values: Float32Array,
    at: number,
    dimensions: number,
  ): boolean {
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
      range += Math.fround(max - min);
    }
    if (!outside) return false;

    random.nextUniform();
    let rest = random.uniform[0]! * range;
    for (let i = 0; i < dimensions; i++) {
      const value = values[at + i]!;
      const min = Math.min(boxes[low + i]!, value);
      const max = Math.max(boxes[high + i]!, value);
      const side = Math.fround(max - min);
      if (rest <= side && side > 0) {
        const place = Math.fround(min + rest);
        this.dimension = i;
        this.value[0] = place;
        if (place >= max) this.#stepBelow(max);
        return true;
      }
      rest -= side;
    }
    this.#drawLast(random.uniform[0]!, boxes, low, high, values, at, dimensions);
    return true;
  }

  /** Rounding can carry a factor near 1 past the last side. The library then picks the first or the last that can be cut. */
  #drawLast(
    factor: number,
    boxes: Float32Array,
    low: number,
    high: number,
    values: Float32Array,
    at: number,
    dimensions: number,
  ): void {
    const [seedLow, seedHigh] = seedHalves(BigInt(factor * 2 ** 62)) as unknown as [number, number];
    const random = new JavaRandom();
    random.start(seedHigh, seedLow);
    random.nextUniform();
    const first = random.uniform[0]! < 0.5;
    for (let i = 0; i < dimensions; i++) {
      const max = Math.max(boxes[high + i]!, values[at + i]!);
      if (Math.fround(max - Math.min(boxes[low + i]!, values[at + i]!)) <= 0) continue;
      this.dimension = i;
      this.#stepBelow(max);
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
