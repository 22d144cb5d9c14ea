/**
 * The memory of one decoder, which the kernel shares: blocks at addresses. It grows, and moves when it does: all views of
 * it are then dead, and whoever has some makes new ones in `onMove`.
 */
export class Memory {
  readonly #memory: WebAssembly.Memory | null;
  #buffer: ArrayBuffer;
  #end: number;
  /** Blocks given back, by their size, which is a power of two. */
  readonly #free = new Map<number, number[]>();
  readonly #listeners: (() => void)[] = [];

  /** Without a WebAssembly memory it is JavaScript's. Below `from` there are no blocks. */
  constructor(memory: WebAssembly.Memory | null, from: number) {
    this.#memory = memory;
    this.#buffer = memory ? memory.buffer : new ArrayBuffer(heapBytesAtFirst);
    this.#end = Math.ceil(from / blockBytesMin) * blockBytesMin;
  }

  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  /** The address of a block of zeros. */
  allocate(bytes: number): number {
    const size = sizeOf(bytes);
    const reused = this.#free.get(size)?.pop();
    if (reused !== undefined) {
      new Uint8Array(this.#buffer, reused, size).fill(0);
      return reused;
    }
    const address = this.#end;
    this.#end += size;
    if (this.#end > this.#buffer.byteLength) this.#grow();
    return address;
  }

  /** `bytes` as the block was allocated with. */
  free(address: number, bytes: number): void {
    const size = sizeOf(bytes);
    const blocks = this.#free.get(size);
    if (blocks) blocks.push(address);
    else this.#free.set(size, [address]);
  }

  /** A block of another size that begins with what was in this one. */
  reallocate(address: number, bytes: number, newBytes: number): number {
    const to = this.allocate(newBytes);
    new Uint8Array(this.#buffer).copyWithin(to, address, address + Math.min(bytes, newBytes));
    this.free(address, bytes);
    return to;
  }

  onMove(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #grow(): void {
    const bytes = this.#end - this.#buffer.byteLength;
    if (this.#memory) {
      this.#memory.grow(Math.ceil(bytes / pageBytes));
      this.#buffer = this.#memory.buffer;
    } else {
      const grown = new ArrayBuffer(Math.max(this.#end, this.#buffer.byteLength * 2));
      new Uint8Array(grown).set(new Uint8Array(this.#buffer));
      this.#buffer = grown;
    }
    for (const listener of this.#listeners) listener();
  }
}

const blockBytesMin = 64;
const pageBytes = 65_536;
const heapBytesAtFirst = 512 * 1024;

function sizeOf(bytes: number): number {
  let size = blockBytesMin;
  while (size < bytes) size *= 2;
  return size;
}
