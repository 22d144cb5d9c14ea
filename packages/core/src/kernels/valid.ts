import type { Valid } from '../column.ts';

/** The validity of a value made of two: a failure of either, else NULL if either is NULL. */
export function both(a: Valid, b: Valid): Valid {
  if (!a) return b;
  if (!b || a === b) return a;
  const out = new Uint8Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] === 1 ? b[i] : a[i] > 1 ? a[i] : b[i] > 1 ? b[i] : 0;
  return out;
}

/** Marks rows as failed, copying the validity of an operand only when the first one is marked: kernels must not change
 *  what they were given. */
export class ValidWriter {
  #valid: Valid;
  #copied = false;
  readonly #length: number;

  constructor(valid: Valid, length: number) {
    this.#valid = valid;
    this.#length = length;
  }

  isValid(row: number): boolean {
    return this.#valid === null || this.#valid[row] === 1;
  }

  set(row: number, state: number): void {
    if (!this.#copied) {
      this.#valid = this.#valid ? this.#valid.slice() : new Uint8Array(this.#length).fill(1);
      this.#copied = true;
    }
    this.#valid![row] = state;
  }

  finish(): Valid {
    return this.#valid;
  }
}
