import { type Column, type ColumnKind, columnKind, type SqlType } from '@rowtime/core';
import { TextInterner } from './text-interner.ts';

/** A column while its batch is being filled. Rows are written by index: a row given up halfway is written over. */
export class ColumnWriter {
  readonly kind: ColumnKind;
  readonly type: SqlType;
  /** One of these three, by kind; the others are empty. */
  numbers = new Float64Array(0);
  bools = new Uint8Array(0);
  codes = new Int32Array(0);
  /** 1 until a NULL is written, so that whoever writes a value need not say so. */
  valid = new Uint8Array(0);
  readonly texts: TextInterner;
  /** False: a text column that no one reads. All its rows are NULL. */
  readonly used: boolean;

  constructor(type: SqlType, used: boolean, capacity: number) {
    this.kind = columnKind(type);
    this.type = type;
    this.used = used;
    this.texts = new TextInterner(fitter(type), keptUpTo(type));
    this.#allocate(capacity);
  }

  get capacity(): number {
    return this.valid.length;
  }

  grow(): void {
    const { numbers, bools, codes, valid } = this;
    this.#allocate(valid.length * 2);
    this.numbers.set(numbers);
    this.bools.set(bools);
    this.codes.set(codes);
    this.valid.set(valid);
  }

  /** Rows [from, to) are given up: others will be written there. */
  giveUp(from: number, to: number): void {
    this.valid.fill(this.used ? 1 : 0, from, to);
  }

  /** The first `rows` rows as a column; the writer starts anew with room for `capacity`. */
  take(rows: number, capacity: number): Column {
    const { numbers, bools, codes } = this;
    const nulls = this.valid.subarray(0, rows).indexOf(0) >= 0;
    const valid = nulls ? fitted(this.valid, rows) : null;
    const { kind } = this;
    this.#allocate(capacity);
    switch (kind) {
      case 'num':
        return { kind, values: fitted(numbers, rows), valid };
      case 'bool':
        return { kind, values: fitted(bools, rows), valid };
      case 'text':
        return { kind, codes: fitted(codes, rows), dict: this.texts.takeDict(), valid };
    }
  }

  #allocate(capacity: number): void {
    if (this.kind === 'num') this.numbers = new Float64Array(capacity);
    if (this.kind === 'bool') this.bools = new Uint8Array(capacity);
    if (this.kind === 'text') this.codes = new Int32Array(capacity);
    this.valid = new Uint8Array(capacity).fill(this.used ? 1 : 0);
  }
}

/** The first `rows` elements: without copying, unless that would keep much memory for few rows. */
function fitted<A extends Float64Array | Int32Array | Uint8Array>(array: A, rows: number): A {
  return (rows * 2 < array.length ? array.slice(0, rows) : array.subarray(0, rows)) as A;
}

/** Cuts VARCHAR(n) and CHAR(n) to n characters, pads CHAR(n) with blanks. */
function fitter(type: SqlType): (text: string) => string {
  if (!('length' in type) || type.length === null) return (text) => text;
  const { kind, length } = type;
  switch (kind) {
    case 'char':
      return (text) => cut(text, length).padEnd(length);
    case 'varchar':
      return (text) => (text.length <= length ? text : cut(text, length));
    default:
      // Hex: two digits a byte.
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
