import { assert } from './assert.ts';

/** Why a value could not be computed. */
export interface Failure {
  /** ERROR_NAME of error_stream. */
  readonly name: string;
  readonly message: string;
}

/** The failures that the kernels of one operator can give. A failure's number is its validity byte. */
export class Failures {
  readonly #list: Failure[] = [
    { name: 'NumericOverflow', message: 'this function does not take a number beyond 2^53 or of more than 15 digits' },
  ];

  /** The number of a failure: 2 to 255. */
  number(name: string, message: string): number {
    const known = this.#list.findIndex((failure) => failure.name === name && failure.message === message);
    if (known >= 0) return known + firstFailure;
    // An operator with more than 254 different messages: the last number stands for all further ones.
    if (this.#list.length === 254) return 255;
    this.#list.push({ name, message });
    return this.#list.length - 1 + firstFailure;
  }

  get(number: number): Failure {
    const failure = this.#list[number - firstFailure];
    assert(failure, 'a failure number was handed out');
    return failure;
  }
}

const firstFailure = 2;

/** The number of the failure that all operators have: a function that computes with doubles met a number that none holds. */
export const beyondDoubles = firstFailure;
