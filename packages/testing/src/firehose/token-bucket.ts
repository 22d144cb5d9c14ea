/** A rate: so many a second, and no more than a second's worth saved. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #now: () => number;
  #tokens: number;
  #filled: number;

  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#tokens = perSecond;
    this.#filled = now();
  }

  take(count: number): boolean {
    const now = this.#now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#filled) * this.#perSecond) / 1_000);
    this.#filled = now;
    if (count > this.#tokens) return false;
    this.#tokens -= count;
    return true;
  }
}
