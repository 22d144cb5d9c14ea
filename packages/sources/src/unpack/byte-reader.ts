/** Pieces of bytes, read in other pieces. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#pieces = bytes[Symbol.asyncIterator]();
  }

  /** So many bytes. */
  async take(count: number): Promise<Buffer> {
    const bytes = await this.takeOrEnd(count);
    if (bytes) return bytes;
    throw new Error('it is cut off');
  }

  /** So many bytes; null at the end. */
  async takeOrEnd(count: number): Promise<Buffer | null> {
    if (this.#rest.length < count) {
      const pieces: Uint8Array[] = [this.#rest];
      for (let held = this.#rest.length; held < count; ) {
        const next = await this.#pieces.next();
        if (next.done) {
          if (held === 0) return null;
          throw new Error('it is cut off');
        }
        pieces.push(next.value);
        held += next.value.length;
      }
      this.#rest = Buffer.concat(pieces);
    }
    const bytes = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return bytes;
  }

  /** What comes next, at most so much of it; null at the end. */
  async some(countMax = Number.POSITIVE_INFINITY): Promise<Buffer | null> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next();
      if (next.done) return null;
      this.#rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const bytes = this.#rest.subarray(0, countMax);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes;
  }

  /** Gives bytes back: they are read again before all others. */
  unread(bytes: Uint8Array): void {
    this.#rest = Buffer.concat([bytes, this.#rest]);
  }
}
