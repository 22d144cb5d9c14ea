import { Discounted } from './discounted.ts';

/**
 * Where ordinary scores end. It learns from the scores themselves: their mean and deviation, and separately how far they
 * fall below the mean. A score counts as 2 at most, so that an anomaly does not hide the next.
 */
export class Threshold {
  /** Statistics of scores and of gaps below the mean, then the number of scores. */
  readonly state = new Float64Array(2 * Discounted.size + 1);
  readonly #zFactor: number;
  readonly #absolute: number;
  readonly #scores: Discounted;
  readonly #gaps: Discounted;

  constructor(zFactor: number, absolute: number, decay: number) {
    this.#zFactor = zFactor;
    this.#absolute = absolute;
    this.#scores = new Discounted(decay, this.state.subarray(0, Discounted.size));
    this.#gaps = new Discounted(decay, this.state.subarray(Discounted.size, 2 * Discounted.size));
  }

  update(score: number): void {
    const capped = Math.min(score, scoreCap);
    this.#scores.update(capped);
    const gap = this.#scores.mean - capped;
    if (gap > 0) this.#gaps.update(gap);
    this.state[countAt]!++;
  }

  /** Before ten scores a guess, from twenty on what was learnt, in between a blend. */
  get value(): number {
    const guess = Math.max(firstGuess, this.#absolute);
    const { mean, deviation } = this.#scores;
    const learnt = Math.max(this.#absolute, mean + deviation + (this.#z - 1) * this.#longTermDeviation);
    const trust = Math.max(0, Math.min(1, (this.state[countAt]! - scoresForBlend) / scoresForBlend));
    return trust * learnt + (1 - trust) * guess;
  }

  /** 0 up to the threshold, then how far beyond it, in sixteenths, up to 1. */
  grade(score: number): number {
    const beyond = score - this.value;
    if (beyond <= 0) return 0;
    const spread = this.#z * this.#longTermDeviation;
    const surprise = spread > 0 ? Math.min(1, beyond / spread) : 1;
    return Math.min(1, Math.floor(20 * surprise) / 16);
  }

  /** Scores that are low on the whole leave more room below an anomaly's. */
  get #z(): number {
    const { mean } = this.#scores;
    return mean < ordinaryScore ? Math.max(2, (this.#zFactor * mean) / ordinaryScore) : this.#zFactor;
  }

  /** Scores lean upwards; where they do so strongly, the gaps below alone would make too narrow a threshold. */
  get #longTermDeviation(): number {
    const { mean, deviation } = this.#gaps;
    return Math.max(Math.sqrt(mean * mean + deviation * deviation), this.#scores.deviation);
  }
}

const scoreCap = 2;
const firstGuess = 1.5;
const ordinaryScore = 0.9;
const scoresForBlend = 10;
const countAt = 2 * Discounted.size;
