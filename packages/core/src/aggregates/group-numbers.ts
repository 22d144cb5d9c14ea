/** One number per group, 0 until it is set; grows with the groups. */
export class GroupNumbers {
  #values = new Float64Array(64);

  /** The array, at least `groups` long. Take it anew after each call: growing replaces it. */
  upTo(groups: number): Float64Array {
    if (this.#values.length < groups) {
      const values = new Float64Array(Math.max(groups, this.#values.length * 2));
      values.set(this.#values);
      this.#values = values;
    }
    return this.#values;
  }

  /** The numbers of groups [from, to). */
  range(from: number, to: number): Float64Array<ArrayBuffer> {
    return this.upTo(to).slice(from, to);
  }

  dropFirst(count: number): void {
    this.#values.copyWithin(0, count);
    this.#values.fill(0, this.#values.length - count);
  }

  clear(): void {
    this.#values.fill(0);
  }

  snapshot(groups: number): Float64Array {
    return this.upTo(groups).slice(0, groups);
  }

  restore(state: Float64Array): void {
    this.upTo(state.length).set(state);
  }
}
