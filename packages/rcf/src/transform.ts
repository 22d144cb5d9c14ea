import { Discounted } from './discounted.ts';

/**
 * What becomes of a column before the forest sees it. With several columns of different scale only the normalising ones
 * let each count; the differencing ones suit series that wander.
 */
export type TransformMethod = 'none' | 'subtractMean' | 'normalize' | 'difference' | 'normalizeDifference';

export const transformMethods: readonly TransformMethod[] = [
  'none',
  'subtractMean',
  'normalize',
  'difference',
  'normalizeDifference',
];

/** Discounted statistics per column, and the mapping to and from what the forest sees. */
export class Transform {
  readonly method: TransformMethod;
  /** Per column: of the value and of its step, each with the decay and with a tenth of it. */
  readonly state: Float64Array;
  readonly #values: Discounted[] = [];
  readonly #slowValues: Discounted[] = [];
  readonly #steps: Discounted[] = [];
  readonly #slowSteps: Discounted[] = [];

  constructor(method: TransformMethod, columns: number, decay: number) {
    this.method = method;
    this.state = new Float64Array(4 * columns * Discounted.size);
    for (let column = 0; column < columns; column++) {
      this.#values.push(this.#statistic(4 * column, decay));
      this.#slowValues.push(this.#statistic(4 * column + 1, decay / 10));
      this.#steps.push(this.#statistic(4 * column + 2, decay));
      this.#slowSteps.push(this.#statistic(4 * column + 3, decay / 10));
    }
  }

  mean(column: number): number {
    return this.#values[column]!.mean;
  }

  learn(column: number, value: number, previous: number): void {
    this.#values[column]!.update(value);
    this.#slowValues[column]!.update(value);
    this.#steps[column]!.update(value - previous);
    this.#slowSteps[column]!.update(value - previous);
  }

  apply(column: number, value: number, previous: number): number {
    switch (this.method) {
      case 'none':
        return value;
      case 'subtractMean':
        return value - this.#values[column]!.mean;
      case 'normalize':
        return clip(value - this.#values[column]!.mean, this.#slowValues[column]!.deviation);
      case 'difference':
        return value - previous;
      case 'normalizeDifference':
        return clip(value - previous - this.#steps[column]!.mean, this.#slowSteps[column]!.deviation);
    }
  }

  /** The value that `apply` maps to `transformed`. */
  invert(column: number, transformed: number, previous: number): number {
    switch (this.method) {
      case 'none':
        return transformed;
      case 'subtractMean':
        return transformed + this.#values[column]!.mean;
      case 'normalize':
        return transformed * this.#slowValues[column]!.deviation + this.#values[column]!.mean;
      case 'difference':
        return transformed + previous;
      case 'normalizeDifference':
        return transformed * this.#slowSteps[column]!.deviation + this.#steps[column]!.mean + previous;
    }
  }

  #statistic(index: number, decay: number): Discounted {
    return new Discounted(decay, this.state.subarray(index * Discounted.size, (index + 1) * Discounted.size));
  }
}

const clipAt = 100;

/** Of a column that has been constant, any other value lies as far out as can be. */
function clip(distance: number, deviation: number): number {
  if (distance === 0) return 0;
  return Math.max(-clipAt, Math.min(clipAt, distance / deviation));
}
