import { sampleBytesMax } from './discover.ts';

/** The first bytes of an input, up to one more than discovery needs, so that what is cut off shows. */
export class Sample {
  readonly #bytes = new Uint8Array(sampleBytesMax + 1);
  #length = 0;

  get isFull(): boolean {
    return this.#length === this.#bytes.length;
  }

  room(): Uint8Array {
    return this.#bytes.subarray(this.#length);
  }

  filled(bytes: number): void {
    this.#length += bytes;
  }

  /** Records do not span files. */
  endRecord(): void {
    for (const byte of [0x0d, 0x0a]) if (!this.isFull) this.#bytes[this.#length++] = byte;
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
