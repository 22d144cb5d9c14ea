import {
  type Column,
  type ColumnKind,
  columnKind,
  type NumColumn,
  numbersOf,
  type SqlType,
  scaleOf,
  toDouble,
  unitsOf,
} from '@rowtime/core';
import type { Memory } from './memory.ts';
import { TextInterner } from './text-interner.ts';

/** A column while its batch is being filled. Rows are written by index: a row given up halfway is written over. */
export class ColumnWriter {
  readonly kind: ColumnKind;
  readonly type: SqlType;
  /** Of what the kernel knows of the column: the addresses of its values and validity, whether it is used, its texts. */
  readonly address: number;
  /** One of these three, by kind; the others are empty. */
  numbers = new Float64Array(0);
  bools = new Uint8Array(0);
  codes = new Int32Array(0);
  /** 1 until a NULL is written, so that whoever writes a value need not say so. */
  valid = new Uint8Array(0);
  readonly texts: TextInterner;
  /** False: a text column that no one reads. All its rows are NULL. */
  readonly used: boolean;
  readonly #memory: Memory;
  #capacity: number;
  #zeros = new Int32Array(0);
  /** By row: numbers that no double holds. `numbers` has the nearest double, and something else once the row is written
   *  over: no two numbers of which one is held exactly have the same. */
  #units = new Map<number, bigint>();
  #valuesAt: number;
  #validAt: number;

  constructor(memory: Memory, type: SqlType, used: boolean, capacity: number) {
    this.kind = columnKind(type);
    this.type = type;
    this.used = used;
    this.#memory = memory;
    this.#capacity = capacity;
    this.texts = new TextInterner(memory, fitter(type), keptUpTo(type));
    this.address = memory.allocate(16);
    this.#valuesAt = memory.allocate(capacity * 8);
    this.#validAt = memory.allocate(capacity);
    memory.onMove(() => this.#look());
    this.#look();
    this.giveUp(0, capacity);
  }

  /** A BIGINT or DECIMAL that no double holds. */
  setUnits(row: number, units: bigint): void {
    this.numbers[row] = toDouble(units, scaleOf(this.type) ?? 0);
    this.#units.set(row, units);
  }

  grow(): void {
    const capacity = this.#capacity;
    const memory = this.#memory;
    this.#valuesAt = memory.reallocate(this.#valuesAt, capacity * 8, capacity * 16);
    this.#validAt = memory.reallocate(this.#validAt, capacity, capacity * 2);
    this.#capacity = capacity * 2;
    this.#look();
    this.giveUp(capacity, capacity * 2);
  }

  /** Rows [from, to) are given up: others will be written there. */
  giveUp(from: number, to: number): void {
    this.valid.fill(this.used ? 1 : 0, from, to);
  }

  /** The first `rows` rows as a column; the writer starts anew. */
  take(rows: number): Column {
    if (!this.used) return this.#unread(rows);
    const { kind } = this;
    const nulls = this.valid.subarray(0, rows).indexOf(0) >= 0;
    const valid = nulls ? this.valid.slice(0, rows) : null;
    if (nulls) this.giveUp(0, rows);
    switch (kind) {
      case 'num':
        return this.#withUnits({ kind, values: this.numbers.slice(0, rows), valid });
      case 'bool':
        return { kind, values: this.bools.slice(0, rows), valid };
      case 'text':
        return { kind, codes: this.codes.slice(0, rows), dict: this.texts.takeDict(), valid };
    }
  }

  #withUnits(column: NumColumn): Column {
    if (this.#units.size === 0) return column;
    const { values, valid } = column;
    const scale = scaleOf(this.type) ?? 0;
    const units = unitsOf(column, scale);
    for (const [row, own] of this.#units) {
      if (row < units.length && (!valid || valid[row] === 1) && values[row] === toDouble(own, scale)) units[row] = own;
    }
    this.#units.clear();
    return numbersOf(units, scale, valid);
  }

  /** Batches never change, so they share the NULLs. */
  #unread(rows: number): Column {
    if (this.#zeros.length < rows) this.#zeros = new Int32Array(rows);
    const codes = this.#zeros.subarray(0, rows);
    return { kind: 'text', codes, dict: [''], valid: new Uint8Array(codes.buffer, 0, rows) };
  }

  #look(): void {
    const { buffer } = this.#memory;
    if (this.kind === 'num') this.numbers = new Float64Array(buffer, this.#valuesAt, this.#capacity);
    if (this.kind === 'bool') this.bools = new Uint8Array(buffer, this.#valuesAt, this.#capacity);
    if (this.kind === 'text') this.codes = new Int32Array(buffer, this.#valuesAt, this.#capacity);
    this.valid = new Uint8Array(buffer, this.#validAt, this.#capacity);
    const known = new Int32Array(buffer, this.address, 4);
    known[0] = this.#valuesAt;
    known[1] = this.#validAt;
    known[2] = this.used ? 1 : 0;
    known[3] = this.texts.address;
  }
}

/** Cuts VARCHAR(n) and CHAR(n) to n characters, pads CHAR(n) with blanks and BINARY(n) with zero bytes. */
function fitter(type: SqlType): (text: string) => string {
  if (!('length' in type) || type.length === null) return (text) => text;
  const { kind, length } = type;
  switch (kind) {
    case 'char':
      return (text) => cut(text, length).padEnd(length);
    case 'varchar':
      return (text) => (text.length <= length ? text : cut(text, length));
    case 'binary':
      // Hex: two digits a byte.
      return (text) => text.slice(0, length * 2).padEnd(length * 2, '0');
    default:
      return (text) => text.slice(0, length * 2);
  }
}

/** The longest texts that need no fitting. */
function keptUpTo(type: SqlType): number {
  return type.kind === 'varchar' ? (type.length ?? Number.POSITIVE_INFINITY) : -1;
}

/** At most `length` UTF-16 units, and no half of a character. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
