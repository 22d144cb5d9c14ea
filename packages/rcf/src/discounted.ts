/**
 * Mean and deviation of a series in which each new value makes the earlier ones count `1 - decay` times as much.
 * Its state is three numbers of an array that the owner saves.
 */
export class Discounted {
  static readonly size = 3;
  readonly #keep: number;
  /** Weight, mean, and weighted sum of squares around the mean: squares around 0 would cancel out far from 0. */
  readonly #state: Float64Array;

  constructor(decay: number, state: Float64Array) {
    this.#keep = 1 - decay;
    this.#state = state;
  }

  update(value: number): void {
    const state = this.#state;
    const weight = state[0]! * this.#keep + 1;
    const step = value - state[1]!;
    const mean = state[1]! + step / weight;
    state[0] = weight;
    state[1] = mean;
    state[2] = state[2]! * this.#keep + step * (value - mean);
  }

  get mean(): number {
    return this.#state[1]!;
  }

  get deviation(): number {
    return this.#state[0]! > 0 ? Math.sqrt(Math.max(0, this.#state[2]! / this.#state[0]!)) : 0;
  }
}
