/**
 * Texts to codes, by their bytes: a JavaScript string is made once per distinct text, not once per row. Texts are
 * remembered over batches, codes are not: each batch has a dictionary of its own, in order of first appearance.
 */
export class TextInterner {
  readonly #fit: (text: string) => string;
  readonly #keptUpTo: number;
  /** Open addressing, hash to entry + 1; at most half full. */
  #table = new Int32Array(128);
  /** By entry: its hash, its bytes in the arena, and the number of its text. */
  #hashes = new Int32Array(64);
  #starts = new Int32Array(64);
  #lengths = new Int32Array(64);
  #texts = new Int32Array(64);
  #entries = 0;
  #arena = Buffer.alloc(4096);
  #view = viewOf(this.#arena);
  #arenaEnd = 0;
  /** By number of a text: the text, and its code, good only while its batch is the current one. */
  #strings: string[] = [];
  #codes = new Int32Array(64);
  #batches = new Float64Array(64);
  /** Texts with half a character have no UTF-8 of their own. */
  #illFormed = new Map<string, number>();
  #batch = 1;
  #dict: string[] = [];

  /** `fit` cuts or pads a text to its column; it leaves texts of up to `keptUpTo` UTF-16 units as they are. */
  constructor(fit: (text: string) => string, keptUpTo: number) {
    this.#fit = fit;
    this.#keptUpTo = keptUpTo;
  }

  /** The dictionary of the batch that ends here. */
  takeDict(): string[] {
    const dict = this.#dict;
    this.#dict = [];
    this.#batch++;
    if (this.#strings.length > textsMax || this.#entries > textsMax || this.#arenaEnd > arenaBytesMax) this.#forget();
    if (dict.length === 0) dict.push('');
    return dict;
  }

  codeOfText(text: string): number {
    return this.#code(this.#numberOfFitted(this.#fit(text)));
  }

  /** The code of the UTF-8 text in bytes [from, to); `hash` is their `hashBytes`, `view` covers the same bytes. */
  codeOfBytes(bytes: Buffer, view: DataView, from: number, to: number, hash: number): number {
    const length = to - from;
    const entry = this.#find(view, from, length, hash);
    if (entry >= 0) return this.#code(this.#texts[entry]);
    const text = textOf(bytes, from, to);
    // A text has at most as many units as bytes.
    const fitted = length <= this.#keptUpTo ? text : this.#fit(text);
    const number = fitted === text ? this.#add(text) : this.#numberOfFitted(fitted);
    if (fitted === text || length <= cutBytesMax) this.#remember(bytes, from, length, hash, number);
    return this.#code(number);
  }

  /** Different bytes may come to one text, by escapes or by cutting. It must have one code, so its own bytes decide. */
  #numberOfFitted(text: string): number {
    if (halfCharacter.test(text)) {
      let number = this.#illFormed.get(text);
      if (number === undefined) {
        number = this.#add(text);
        this.#illFormed.set(text, number);
      }
      return number;
    }
    const bytes = Buffer.from(text);
    const view = viewOf(bytes);
    const hash = hashBytes(view, 0, bytes.length);
    const entry = this.#find(view, 0, bytes.length, hash);
    if (entry >= 0) return this.#texts[entry];
    const number = this.#add(text);
    this.#remember(bytes, 0, bytes.length, hash, number);
    return number;
  }

  /** The entry of these bytes, or -1. */
  #find(view: DataView, from: number, length: number, hash: number): number {
    const mask = this.#table.length - 1;
    for (let place = (hash ^ (hash >>> 15)) & mask; ; place = (place + 1) & mask) {
      const entry = this.#table[place] - 1;
      if (entry < 0) return -1;
      if (this.#hashes[entry] === hash && this.#lengths[entry] === length && this.#same(entry, view, from, length)) {
        return entry;
      }
    }
  }

  #same(entry: number, view: DataView, from: number, length: number): boolean {
    const known = this.#view;
    const start = this.#starts[entry];
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      if (known.getInt32(start + i, true) !== view.getInt32(from + i, true)) return false;
    }
    for (; i < length; i++) if (known.getUint8(start + i) !== view.getUint8(from + i)) return false;
    return true;
  }

  #code(number: number): number {
    if (this.#batches[number] === this.#batch) return this.#codes[number];
    const code = this.#dict.length;
    this.#dict.push(this.#strings[number]);
    this.#codes[number] = code;
    this.#batches[number] = this.#batch;
    return code;
  }

  #add(text: string): number {
    const number = this.#strings.length;
    this.#strings.push(text);
    if (number === this.#codes.length) {
      this.#codes = grown(this.#codes);
      const batches = new Float64Array(number * 2);
      batches.set(this.#batches);
      this.#batches = batches;
    }
    return number;
  }

  #remember(bytes: Buffer, from: number, length: number, hash: number, number: number): void {
    const entry = this.#entries++;
    if (entry === this.#hashes.length) {
      this.#hashes = grown(this.#hashes);
      this.#starts = grown(this.#starts);
      this.#lengths = grown(this.#lengths);
      this.#texts = grown(this.#texts);
    }
    if (this.#arenaEnd + length > this.#arena.length) {
      const arena = Buffer.alloc((this.#arena.length + length) * 2);
      arena.set(this.#arena);
      this.#arena = arena;
      this.#view = viewOf(arena);
    }
    bytes.copy(this.#arena, this.#arenaEnd, from, from + length);
    this.#hashes[entry] = hash;
    this.#starts[entry] = this.#arenaEnd;
    this.#lengths[entry] = length;
    this.#texts[entry] = number;
    this.#arenaEnd += length;
    if (this.#entries * 2 > this.#table.length) this.#rehash(this.#table.length * 2);
    else this.#enter(entry);
  }

  #rehash(size: number): void {
    this.#table = new Int32Array(size);
    for (let entry = 0; entry < this.#entries; entry++) this.#enter(entry);
  }

  #enter(entry: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    const hash = this.#hashes[entry];
    let place = (hash ^ (hash >>> 15)) & mask;
    while (table[place] !== 0) place = (place + 1) & mask;
    table[place] = entry + 1;
  }

  #forget(): void {
    this.#table.fill(0);
    this.#entries = 0;
    this.#arenaEnd = 0;
    this.#strings = [];
    this.#batches.fill(0);
    this.#illFormed = new Map();
    // After a batch of long texts.
    if (this.#arena.length > arenaBytesMax) {
      this.#arena = Buffer.alloc(4096);
      this.#view = viewOf(this.#arena);
    }
  }
}

/** Beyond this many distinct texts, or bytes of them, what is remembered is dropped at the end of the batch. */
const textsMax = 1 << 14;
const arenaBytesMax = 4 << 20;
/** Texts that are cut are remembered as they were written if they are not longer. */
const cutBytesMax = 1024;
const halfCharacter = /\p{Surrogate}/u;

/** Four bytes at a time, so that a scanner can compute it on the way. */
export function hashBytes(view: DataView, from: number, to: number): number {
  let hash = 0;
  let at = from;
  for (; at + 4 <= to; at += 4) hash = Math.imul(hash ^ view.getInt32(at, true), hashFactor) ^ (hash >>> 15);
  for (; at < to; at++) hash = Math.imul(hash ^ view.getUint8(at), hashFactor) ^ (hash >>> 15);
  return hash;
}

export const hashFactor = 0x9e3779b1 | 0;

function textOf(bytes: Buffer, from: number, to: number): string {
  for (let at = from; at < to; at++) if (bytes[at] >= 0x80) return bytes.toString('utf8', from, to);
  return bytes.toString('latin1', from, to);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const out = new Int32Array(array.length * 2);
  out.set(array);
  return out;
}
