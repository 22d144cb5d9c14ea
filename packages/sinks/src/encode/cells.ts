import { assert, type Column, type ExactColumn, printUnits } from '@rowtime/core';
import { grown, put, putAscii, utf8 } from './bytes.ts';
import { DayWriter, dayMs, type NumberWriter, numberBytesMax, putClock } from './numbers.ts';

/** Writes one column's part of a row: what comes before the value, and the value. */
export interface Cell {
  /** No `write` before the next `begin` adds more than this. */
  readonly bytesMax: number;
  begin(column: Column, length: number): void;
  /** Returns where the next byte goes. */
  write(out: Uint8Array, at: number, row: number): number;
}

export class BoolCell implements Cell {
  readonly bytesMax: number;
  readonly #texts: readonly Uint8Array[];
  #values = new Uint8Array(0);
  #valid: Uint8Array | null = null;

  constructor(key: Uint8Array, nullText: string) {
    this.#texts = ['false', 'true', nullText].map((text) => utf8(text, key));
    this.bytesMax = key.length + 5;
  }

  begin(column: Column): void {
    assert(column.kind === 'bool', 'a BOOLEAN column holds bytes');
    this.#values = column.values as Uint8Array<ArrayBuffer>;
    this.#valid = column.valid;
  }

  write(out: Uint8Array, at: number, row: number): number {
    const known = this.#valid === null || this.#valid[row] === 1;
    return put(out, at, this.#texts[known ? this.#values[row]! : 2]!);
  }
}

/** Writes a text as the format has it. There is room for 6 bytes for each of its characters, and 2. */
export type TextWriter = (out: Uint8Array, at: number, text: string) => number;

/** Each text that occurs is quoted and escaped once per batch, key included, and copied from then on. */
export class TextCell implements Cell {
  bytesMax = 0;
  readonly #key: Uint8Array;
  readonly #null: Uint8Array;
  readonly #put: TextWriter;
  /** The texts of this batch, one after the other; that of code c is [from[c], to[c]), and to[c] is 0 if not there yet. */
  #texts = new Uint8Array(4096);
  #from = new Uint32Array(64);
  #to = new Uint32Array(64);
  #codes = new Int32Array(0);
  #valid: Uint8Array | null = null;

  constructor(key: Uint8Array, nullText: string, writer: TextWriter) {
    this.#key = key;
    this.#null = utf8(nullText, key);
    this.#put = writer;
  }

  begin(column: Column, length: number): void {
    assert(column.kind === 'text', 'a text column holds codes');
    const { codes, dict, valid } = column;
    this.#codes = codes as Int32Array<ArrayBuffer>;
    this.#valid = valid;
    if (this.#to.length < dict.length) {
      this.#from = new Uint32Array(dict.length * 2);
      this.#to = new Uint32Array(dict.length * 2);
    } else this.#to.fill(0, 0, dict.length);
    // A dictionary may be that of a far larger batch: only what occurs is encoded.
    this.bytesMax = this.#null.length;
    let at = 0;
    for (let row = 0; row < length; row++) {
      const code = codes[row]!;
      if ((valid !== null && valid[row] !== 1) || this.#to[code] !== 0) continue;
      const end = this.#encode(dict[code]!, at);
      this.#from[code] = at;
      this.#to[code] = end;
      if (end - at > this.bytesMax) this.bytesMax = end - at;
      at = end;
    }
  }

  write(out: Uint8Array, at: number, row: number): number {
    if (this.#valid !== null && this.#valid[row] !== 1) return put(out, at, this.#null);
    const texts = this.#texts;
    const code = this.#codes[row]!;
    const from = this.#from[code]!;
    const to = this.#to[code]!;
    // Under a hundred bytes or so, a plain loop beats the call.
    if (to - from > 96) out.set(texts.subarray(from, to), at);
    else for (let i = from, o = at; i < to; i++, o++) out[o] = texts[i]!;
    return at + to - from;
  }

  #encode(text: string, from: number): number {
    const bytesMax = this.#key.length + 6 * text.length + 2;
    if (from + bytesMax > this.#texts.length) this.#texts = grown(this.#texts, from, bytesMax);
    return this.#put(this.#texts, put(this.#texts, from, this.#key), text);
  }
}

/** ROWTIME as `2024-01-01T00:01:00.000Z`. */
export class RowtimeCell {
  readonly bytesMax: number;
  readonly #before: Uint8Array;
  readonly #after: Uint8Array;
  readonly #day = new DayWriter();

  constructor(before: string, after: string) {
    this.#before = utf8(before);
    this.#after = utf8(after);
    this.bytesMax = this.#before.length + this.#after.length + numberBytesMax;
  }

  write(out: Uint8Array, from: number, time: number): number {
    let at = put(out, from, this.#before);
    const millis = Math.floor(time);
    const day = Math.floor(millis / dayMs);
    at = this.#day.write(out, at, day);
    out[at++] = 0x54; // T
    at = putClock(out, at, millis - day * dayMs);
    out[at++] = 0x5a; // Z
    return put(out, at, this.#after);
  }
}

export class NumberCell implements Cell {
  readonly bytesMax: number;
  readonly #key: Uint8Array;
  readonly #null: string;
  readonly #put: NumberWriter;
  #values = new Float64Array(0);
  /** Of a batch with numbers that no double holds. */
  #exact: ExactColumn | null = null;
  #valid: Uint8Array | null = null;

  constructor(key: Uint8Array, nullText: string, writer: NumberWriter) {
    this.#key = key;
    this.#null = nullText;
    this.#put = writer;
    this.bytesMax = key.length + numberBytesMax;
  }

  begin(column: Column): void {
    assert(column.kind === 'num' || column.kind === 'exact', 'a column of numbers or times holds numbers');
    this.#exact = column.kind === 'exact' ? column : null;
    if (column.kind === 'num') this.#values = column.values as Float64Array<ArrayBuffer>;
    this.#valid = column.valid;
  }

  write(out: Uint8Array, from: number, row: number): number {
    const at = put(out, from, this.#key);
    if (this.#exact) return this.#writeExact(out, at, row, this.#exact);
    const value = this.#values[row]!;
    // NaN and the infinities fail the comparison.
    const known = (this.#valid === null || this.#valid[row] === 1) && value - value === 0;
    return known ? this.#put(out, at, value) : putAscii(out, at, this.#null);
  }

  #writeExact(out: Uint8Array, at: number, row: number, { units, scale, valid }: ExactColumn): number {
    const known = valid === null || valid[row] === 1;
    return putAscii(out, at, known ? printUnits(units[row]!, scale) : this.#null);
  }
}
