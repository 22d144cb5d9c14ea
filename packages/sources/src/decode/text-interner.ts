import type { Memory } from './memory.ts';

/**
 * Texts to codes, by their bytes: a JavaScript string is made once per distinct text, not once per row. Texts are
 * remembered over batches, codes are not: each batch has a dictionary of its own, in order of first appearance.
 *
 * All but the strings is in the decoder's memory, where the kernel (assembly/texts.ts) looks texts up and adds new ones.
 */
export class TextInterner {
  /** Of the numbers below. */
  readonly address: number;
  readonly #memory: Memory;
  readonly #fit: (text: string) => string;
  readonly #keptUpTo: number;
  /** The numbers that the kernel shares: see the constants below. */
  #state = new Int32Array(0);
  /** Open addressing, hash to entry + 1; at most half full. */
  #table = new Int32Array(0);
  /** By entry: its hash, where its bytes are in the arena, how many, and the number of its text. */
  #entries = new Int32Array(0);
  /** By number of a text: its code, the batch that has this code, and the entry it came with. */
  #numbers = new Int32Array(0);
  /** By code: the number of the text. */
  #dict = new Int32Array(0);
  #arena = Buffer.alloc(0);
  #view = viewOf(this.#arena);
  /** By number. Those that the kernel added are made when they are wanted. */
  #strings: string[] = [];
  /** Texts with half a character have no UTF-8 of their own. */
  #illFormed = new Map<string, number>();

  /** `fit` cuts or pads a text to its column; it leaves texts of up to `keptUpTo` UTF-16 units as they are. */
  constructor(memory: Memory, fit: (text: string) => string, keptUpTo: number) {
    this.#memory = memory;
    this.#fit = fit;
    this.#keptUpTo = keptUpTo;
    this.address = memory.allocate(stateWords * 4);
    const table = memory.allocate(entriesAtFirst * 2 * 4);
    const entries = memory.allocate(entriesAtFirst * 16);
    const numbers = memory.allocate(entriesAtFirst * 16);
    const dict = memory.allocate(entriesAtFirst * 4);
    const arena = memory.allocate(arenaBytesAtFirst);
    memory.onMove(() => this.#look());
    const state = new Int32Array(memory.buffer, this.address, stateWords);
    state[atTable] = table;
    state[tableMask] = entriesAtFirst * 2 - 1;
    state[atEntries] = entries;
    state[entriesMax] = entriesAtFirst;
    state[atArena] = arena;
    state[arenaMax] = arenaBytesAtFirst;
    state[atNumbers] = numbers;
    state[atDict] = dict;
    state[batch] = 1;
    state[atKeptUpTo] = Math.min(keptUpTo, 0x7fffffff);
    this.#look();
  }

  /** The dictionary of the batch that ends here. */
  takeDict(): string[] {
    this.#makeStrings();
    const state = this.#state;
    const dict: string[] = [];
    for (let code = 0; code < state[dictCount]; code++) dict.push(this.#strings[this.#dict[code]]);
    state[dictCount] = 0;
    state[batch]++;
    if (this.#strings.length > textsMax || state[entriesCount] > textsMax || state[arenaEnd] > arenaBytesMax) {
      this.#forget();
    }
    if (dict.length === 0) dict.push('');
    return dict;
  }

  /** Makes room for one more text of so many bytes. */
  reserve(length: number): void {
    if (this.#hasRoom(length)) return;
    const state = this.#state;
    if (Math.max(state[entriesCount], state[numbersCount]) >= state[entriesMax]) this.#growEntries();
    const needed = this.#state[arenaEnd] + length + 16;
    if (needed > this.#state[arenaMax]) this.#growArena(needed);
  }

  codeOfText(text: string): number {
    return this.#code(this.#numberOfFitted(this.#fit(text)));
  }

  /**
   * The code of the UTF-8 text in bytes [from, to); `hash` is their `hashBytes`, `view` covers the same bytes. The memory
   * may move, and with it the bytes.
   */
  codeOfBytes(bytes: Buffer, view: DataView, from: number, to: number, hash: number): number {
    const length = to - from;
    const entry = this.#find(view, from, length, hash);
    if (entry >= 0) return this.#code(this.#entries[entry * 4 + 3]);
    const text = textOf(bytes, from, to);
    // A text has at most as many units as bytes.
    const fitted = length <= this.#keptUpTo ? text : this.#fit(text);
    if (fitted === text) return this.#code(this.#remember(bytes, from, length, hash, text));
    const written = length <= cutBytesMax ? Buffer.from(bytes.subarray(from, to)) : null;
    const number = this.#numberOfFitted(fitted);
    if (written) {
      this.reserve(length);
      this.#rememberAs(written, 0, length, hash, number);
    }
    return this.#code(number);
  }

  /** Different bytes may come to one text, by escapes or by cutting. It must have one code, so its own bytes decide. */
  #numberOfFitted(text: string): number {
    if (halfCharacter.test(text)) {
      let number = this.#illFormed.get(text);
      if (number === undefined) {
        this.reserve(0);
        number = this.#add(text, -1);
        this.#illFormed.set(text, number);
      }
      return number;
    }
    const bytes = Buffer.from(text);
    const view = viewOf(bytes);
    const hash = hashBytes(view, 0, bytes.length);
    const entry = this.#find(view, 0, bytes.length, hash);
    return entry >= 0 ? this.#entries[entry * 4 + 3] : this.#remember(bytes, 0, bytes.length, hash, text);
  }

  /** The entry of these bytes, or -1. */
  #find(view: DataView, from: number, length: number, hash: number): number {
    const table = this.#table;
    const entries = this.#entries;
    const mask = table.length - 1;
    for (let place = (hash ^ (hash >>> 15)) & mask; ; place = (place + 1) & mask) {
      const entry = table[place] - 1;
      if (entry < 0) return -1;
      if (entries[entry * 4] === hash && entries[entry * 4 + 2] === length && this.#same(entry, view, from, length)) {
        return entry;
      }
    }
  }

  #same(entry: number, view: DataView, from: number, length: number): boolean {
    const known = this.#view;
    const start = this.#entries[entry * 4 + 1];
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      if (known.getInt32(start + i, true) !== view.getInt32(from + i, true)) return false;
    }
    for (; i < length; i++) if (known.getUint8(start + i) !== view.getUint8(from + i)) return false;
    return true;
  }

  #code(number: number): number {
    const numbers = this.#numbers;
    const state = this.#state;
    if (numbers[number * 4 + 1] === state[batch]) return numbers[number * 4];
    const code = state[dictCount]++;
    this.#dict[code] = number;
    numbers[number * 4] = code;
    numbers[number * 4 + 1] = state[batch];
    return code;
  }

  /** A new text, and its bytes. Its number. */
  #remember(bytes: Buffer, from: number, length: number, hash: number, text: string): number {
    if (this.#hasRoom(length)) {
      const number = this.#add(text, this.#state[entriesCount]);
      this.#rememberAs(bytes, from, length, hash, number);
      return number;
    }
    const copy = Buffer.from(bytes.subarray(from, from + length));
    this.reserve(length);
    return this.#remember(copy, 0, length, hash, text);
  }

  #hasRoom(length: number): boolean {
    const state = this.#state;
    const count = Math.max(state[entriesCount], state[numbersCount]);
    return count < state[entriesMax] && state[arenaEnd] + length + 16 <= state[arenaMax];
  }

  #add(text: string, entry: number): number {
    this.#makeStrings();
    const number = this.#state[numbersCount]++;
    this.#strings.push(text);
    this.#numbers[number * 4 + 2] = entry;
    return number;
  }

  /** There must be room. */
  #rememberAs(bytes: Buffer, from: number, length: number, hash: number, number: number): void {
    const state = this.#state;
    const entry = state[entriesCount]++;
    const start = state[arenaEnd];
    bytes.copy(this.#arena, start, from, from + length);
    this.#entries[entry * 4] = hash;
    this.#entries[entry * 4 + 1] = start;
    this.#entries[entry * 4 + 2] = length;
    this.#entries[entry * 4 + 3] = number;
    state[arenaEnd] += length;
    this.#enter(entry);
  }

  #enter(entry: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    const hash = this.#entries[entry * 4];
    let place = (hash ^ (hash >>> 15)) & mask;
    while (table[place] !== 0) place = (place + 1) & mask;
    table[place] = entry + 1;
  }

  #makeStrings(): void {
    const strings = this.#strings;
    for (let number = strings.length; number < this.#state[numbersCount]; number++) {
      const entry = this.#numbers[number * 4 + 2];
      const start = this.#entries[entry * 4 + 1];
      strings.push(textOf(this.#arena, start, start + this.#entries[entry * 4 + 2]));
    }
  }

  #growEntries(): void {
    const memory = this.#memory;
    const max = this.#state[entriesMax];
    const [table, entries, numbers, dict] = [atTable, atEntries, atNumbers, atDict].map((at) => this.#state[at]);
    memory.free(table, max * 8);
    const grown = [
      memory.allocate(max * 16),
      memory.reallocate(entries, max * 16, max * 32),
      memory.reallocate(numbers, max * 16, max * 32),
      memory.reallocate(dict, max * 4, max * 8),
    ];
    [atTable, atEntries, atNumbers, atDict].forEach((at, i) => {
      this.#state[at] = grown[i];
    });
    this.#state[entriesMax] = max * 2;
    this.#state[tableMask] = max * 4 - 1;
    this.#look();
    for (let entry = 0; entry < this.#state[entriesCount]; entry++) this.#enter(entry);
  }

  #growArena(needed: number): void {
    const max = this.#state[arenaMax];
    let bytes = max;
    while (bytes < needed) bytes *= 2;
    const address = this.#memory.reallocate(this.#state[atArena], max, bytes);
    this.#state[atArena] = address;
    this.#state[arenaMax] = bytes;
    this.#look();
  }

  #look(): void {
    const { buffer } = this.#memory;
    const state = new Int32Array(buffer, this.address, stateWords);
    const max = state[entriesMax];
    this.#state = state;
    this.#table = new Int32Array(buffer, state[atTable], max * 2);
    this.#entries = new Int32Array(buffer, state[atEntries], max * 4);
    this.#numbers = new Int32Array(buffer, state[atNumbers], max * 4);
    this.#dict = new Int32Array(buffer, state[atDict], max);
    this.#arena = Buffer.from(buffer, state[atArena], state[arenaMax]);
    this.#view = viewOf(this.#arena);
  }

  #forget(): void {
    const state = this.#state;
    this.#table.fill(0);
    this.#numbers.fill(0);
    state[entriesCount] = 0;
    state[numbersCount] = 0;
    state[arenaEnd] = 0;
    this.#strings = [];
    this.#illFormed = new Map();
    // After a batch of long texts.
    if (state[arenaMax] > arenaBytesMax) {
      this.#memory.free(state[atArena], state[arenaMax]);
      const address = this.#memory.allocate(arenaBytesAtFirst);
      this.#state[atArena] = address;
      this.#state[arenaMax] = arenaBytesAtFirst;
      this.#look();
    }
  }
}

/** Words of the state: addresses, sizes and counts. */
const atTable = 0;
const tableMask = 1;
const atEntries = 2;
/** Numbers and codes have the same. */
const entriesMax = 3;
const entriesCount = 4;
const atArena = 5;
const arenaMax = 6;
const arenaEnd = 7;
const atNumbers = 8;
const numbersCount = 9;
const atDict = 10;
const dictCount = 11;
const batch = 12;
const atKeptUpTo = 13;
const stateWords = 16;

const entriesAtFirst = 64;
const arenaBytesAtFirst = 4096;

/** Beyond this many distinct texts, or bytes of them, what is remembered is dropped at the end of the batch. */
const textsMax = 1 << 14;
const arenaBytesMax = 4 << 20;
/** Texts that are cut are remembered as they were written if they are not longer. */
const cutBytesMax = 1024;
const halfCharacter = /\p{Surrogate}/u;

/** Sixteen bytes at a time, the last ones followed by zeros: the kernel computes the same with vectors. */
export function hashBytes(view: DataView, from: number, to: number): number {
  let hash = 0;
  let at = from;
  for (; at + 16 < to; at += 16) {
    hash =
      (Math.imul(hash ^ (hash >>> 15), factor0) +
        Math.imul(view.getInt32(at, true), factor0) +
        Math.imul(view.getInt32(at + 4, true), factor1) +
        Math.imul(view.getInt32(at + 8, true), factor2) +
        Math.imul(view.getInt32(at + 12, true), factor3)) |
      0;
  }
  hash = Math.imul(hash ^ (hash >>> 15), factor0);
  for (let word = 0; at < to; at += 4, word++) {
    const factor = word === 0 ? factor0 : word === 1 ? factor1 : word === 2 ? factor2 : factor3;
    hash = (hash + Math.imul(at + 4 <= to ? view.getInt32(at, true) : lastWord(view, at, to), factor)) | 0;
  }
  return hash;
}

const factor0 = 0x9e3779b1 | 0;
const factor1 = 0x85ebca77 | 0;
const factor2 = 0xc2b2ae3d | 0;
const factor3 = 0x27d4eb2f;

/** The less than four bytes [from, to) as a word. */
function lastWord(view: DataView, from: number, to: number): number {
  let word = 0;
  for (let at = to - 1; at >= from; at--) word = (word << 8) | view.getUint8(at);
  return word;
}

function textOf(bytes: Buffer, from: number, to: number): string {
  for (let at = from; at < to; at++) if (bytes[at] >= 0x80) return bytes.toString('utf8', from, to);
  return bytes.toString('latin1', from, to);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
