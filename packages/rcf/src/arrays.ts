/** Where the typed arrays of a forest come from. They start as zeros. */
export interface Arrays {
  int32(length: number): Int32Array;
  float32(length: number): Float32Array;
  float64(length: number): Float64Array;
}

export const separateArrays: Arrays = {
  int32: (length) => new Int32Array(length),
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
};

/**
 * Arrays one after the other in a buffer of zeros, each on a cache line of its own. Without a buffer they are empty, and
 * `bytes` says how large it has to be.
 */
export class PackedArrays implements Arrays {
  readonly #buffer: ArrayBufferLike | null;
  #bytes: number;

  constructor(buffer: ArrayBufferLike | null, from: number) {
    this.#buffer = buffer;
    this.#bytes = from;
  }

  get bytes(): number {
    return this.#bytes;
  }

  int32(length: number): Int32Array {
    const at = this.#take(4 * length);
    return this.#buffer === null ? new Int32Array() : new Int32Array(this.#buffer, at, length);
  }

  float32(length: number): Float32Array {
    const at = this.#take(4 * length);
    return this.#buffer === null ? new Float32Array() : new Float32Array(this.#buffer, at, length);
  }

  float64(length: number): Float64Array {
    const at = this.#take(8 * length);
    return this.#buffer === null ? new Float64Array() : new Float64Array(this.#buffer, at, length);
  }

  #take(bytes: number): number {
    const at = this.#bytes;
    this.#bytes += Math.ceil(bytes / 64) * 64;
    return at;
  }
}
