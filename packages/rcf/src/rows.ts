import type { Arrays } from './arrays.ts';

/**
 * A block of rows as float32, laid out so that every row's point is one stretch of `dimensions` numbers at
 * `row × stride`. With internal shingling the points overlap:
 *
 *     shingle of 3        a b | c d e        head: the last two rows before the block
 *     point of row 0     [a b   c]           the rows of the block: c, d, e
 *     point of row 1       [b   c d]         stride 1, dimensions 3
 */
export class Rows {
  readonly dimensions: number;
  readonly stride: number;
  readonly capacity: number;
  readonly values: Float32Array;
  readonly #head: number;

  constructor(arrays: Arrays, dimensions: number, stride: number) {
    this.dimensions = dimensions;
    this.stride = stride;
    this.#head = dimensions - stride;
    this.capacity = Math.max(8, Math.min(256, Math.floor(16384 / dimensions)));
    this.values = arrays.float32(this.#head + this.capacity * stride);
  }

  /** The rows before the block that the next shingle still needs. */
  get head(): Float32Array {
    return this.values.subarray(0, this.#head);
  }

  /** Checks the point, so that a forest that throws is unchanged. */
  loadPoint(point: ArrayLike<number>): void {
    const { values, stride } = this;
    const head = this.#head;
    checkPoint('point', point, stride);
    for (let i = 0; i < stride; i++) values[head + i] = point[i]!;
    settle(values, head, head + stride);
  }

  /** The caller has checked all of `points`, with `checkPoints`. */
  loadRows(points: Float64Array, from: number, to: number): void {
    const { values, stride } = this;
    let at = this.#head;
    for (let i = from * stride; i < to * stride; i++) values[at++] = points[i]!;
    settle(values, this.#head, at);
  }

  /** After the block's rows have been pushed: the last of them become the head of the next block. */
  advance(rows: number): void {
    this.values.copyWithin(0, rows * this.stride, rows * this.stride + this.#head);
  }
}

export function checkPoint(name: string, point: ArrayLike<number>, length: number): void {
  if (point.length !== length) throw new RangeError(`${name} has ${point.length} numbers; it must have ${length}`);
  for (let i = 0; i < length; i++) {
    if (!Number.isFinite(point[i])) throw notFinite(`${name}[${i}]`, point[i]);
  }
}

/** How many rows `points` holds; throws unless they are whole and finite. */
export function checkPoints(points: Float64Array, stride: number): number {
  if (!(points instanceof Float64Array)) throw new TypeError('points must be a Float64Array, row after row');
  if (points.length % stride !== 0) {
    throw new RangeError(`points has ${points.length} numbers; it must have a multiple of ${stride}`);
  }
  for (let i = 0; i < points.length; i++) {
    const value = points[i]!;
    if (value - value !== 0) throw notFinite(`points[${i}]`, value);
  }
  return points.length / stride;
}

// A float32 beyond half its range makes box sides infinite, and infinite sides make scores NaN. The library breaks
// there; here such values all count as the largest that works, about ±1.7e38.
export const valueMax = (2 - 2 ** -23) * 2 ** 126;

function settle(values: Float32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (value > valueMax) values[i] = valueMax;
    else if (value < -valueMax) values[i] = -valueMax;
    else values[i] = value + 0; // -0 would be another point than 0
  }
}

function notFinite(name: string, value: unknown): RangeError {
  return new RangeError(`${name} is ${String(value)}; it must be a finite number`);
}
