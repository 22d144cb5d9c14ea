import { isPlain, parseUnits, printUnits, scaleOfText, toDouble, toUnits } from './exact.ts';
import type { ColumnKind } from './schema.ts';

/** One byte per row: 1 where the row has a value, 0 where it is NULL; null when every row has one. Between kernels a
 *  byte may also be 2 or more: the value could not be computed (see expr.ts). Such rows never leave an operator. */
export type Valid = Uint8Array | null;

/** Every number, TIMESTAMP and INTERVAL, unless a row needs an ExactColumn. The SQL type says what the number means. */
export interface NumColumn {
  readonly kind: 'num';
  readonly values: Float64Array;
  readonly valid: Valid;
}

/** BIGINT or DECIMAL with a row that no double holds (beyond 2^53, or of more than 15 digits): row i is units[i] * 10^-scale,
 *  the scale being that of its type. Batches without such a row have a NumColumn: the same column may be either. */
export interface ExactColumn {
  readonly kind: 'exact';
  readonly units: BigInt64Array;
  readonly scale: number;
  readonly valid: Valid;
}

/** 1 is TRUE, 0 is FALSE. */
export interface BoolColumn {
  readonly kind: 'bool';
  readonly values: Uint8Array;
  readonly valid: Valid;
}

/** Row i is dict[codes[i]]. A dictionary belongs to its batch and has no duplicates; it may hold texts that no row has. */
export interface TextColumn {
  readonly kind: 'text';
  readonly codes: Int32Array;
  readonly dict: readonly string[];
  readonly valid: Valid;
}

export type Column = NumColumn | ExactColumn | BoolColumn | TextColumn;

/** A value of one row, as JavaScript holds it: of a number that no double holds, the digits as text. Not for hot loops. */
export type Value = number | string | boolean | null;

/** The value of one row. Not for hot loops. */
export function valueAt(column: Column, row: number): Value {
  if (column.valid && column.valid[row] !== 1) return null;
  switch (column.kind) {
    case 'num':
      return column.values[row];
    case 'exact': {
      const { units, scale } = column;
      return isPlain(units[row], scale) ? toDouble(units[row], scale) : printUnits(units[row], scale);
    }
    case 'bool':
      return column.values[row] === 1;
    case 'text':
      return column.dict[column.codes[row]];
  }
}

export function columnLength(column: Column): number {
  if (column.kind === 'exact') return column.units.length;
  return column.kind === 'text' ? column.codes.length : column.values.length;
}

/** Rows `rows[0..count)` of a column, in that order. */
export function gatherColumn(column: Column, rows: Uint32Array, count: number): Column {
  const valid = column.valid && gatherBytes(column.valid, rows, count);
  switch (column.kind) {
    case 'num': {
      const values = new Float64Array(count);
      for (let i = 0; i < count; i++) values[i] = column.values[rows[i]];
      return { kind: 'num', values, valid };
    }
    case 'exact': {
      const units = new BigInt64Array(count);
      for (let i = 0; i < count; i++) units[i] = column.units[rows[i]];
      return { kind: 'exact', units, scale: column.scale, valid };
    }
    case 'bool':
      return { kind: 'bool', values: gatherBytes(column.values, rows, count), valid };
    case 'text': {
      const codes = new Int32Array(count);
      for (let i = 0; i < count; i++) codes[i] = column.codes[rows[i]];
      return { kind: 'text', codes, dict: column.dict, valid };
    }
  }
}

/** Rows [from, to) of a column, without copying. */
export function sliceColumn(column: Column, from: number, to: number): Column {
  const valid = column.valid ? column.valid.subarray(from, to) : null;
  switch (column.kind) {
    case 'num':
      return { kind: 'num', values: column.values.subarray(from, to), valid };
    case 'exact':
      return { kind: 'exact', units: column.units.subarray(from, to), scale: column.scale, valid };
    case 'bool':
      return { kind: 'bool', values: column.values.subarray(from, to), valid };
    case 'text':
      return { kind: 'text', codes: column.codes.subarray(from, to), dict: column.dict, valid };
  }
}

/** A function that gives any number of rows of one value. Columns never change, so all that it gives share one memory. */
export function repeated(kind: ColumnKind, value: Value): (length: number) => Column {
  let longest = constantColumn(kind, value, 0);
  let held = 0;
  return (length) => {
    if (length > held) {
      held = Math.max(length, held * 2);
      longest = constantColumn(kind, value, held);
    }
    return length === held ? longest : sliceColumn(longest, 0, length);
  };
}

/** `length` rows of one value. */
export function constantColumn(kind: ColumnKind, value: Value, length: number): Column {
  const valid = value === null ? new Uint8Array(length) : null;
  switch (kind) {
    case 'num':
      if (typeof value === 'string') {
        const scale = scaleOfText(value);
        const units = new BigInt64Array(length).fill(parseUnits(value, scale) ?? 0n);
        return { kind: 'exact', units, scale, valid };
      }
      return { kind, values: new Float64Array(length).fill(Number(value ?? 0)), valid };
    case 'bool':
      return { kind, values: new Uint8Array(length).fill(value === true ? 1 : 0), valid };
    case 'text':
      return { kind, codes: new Int32Array(length), dict: [value === null ? '' : String(value)], valid };
  }
}

/** Collects values row by row into a column: for decoders, tests and operators that merge batches. Texts are interned. */
export class ColumnBuilder {
  readonly kind: ColumnKind;
  #numbers: Float64Array;
  #valid: Uint8Array;
  #length = 0;
  #nulls = 0;
  #codes = new Map<string, number>();
  #dict: string[] = [];
  /** The rows that no double holds, by row: the digits. */
  #exact = new Map<number, string>();

  constructor(kind: ColumnKind, capacity = 64) {
    this.kind = kind;
    this.#numbers = new Float64Array(capacity);
    this.#valid = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  push(value: Value): void {
    if (this.#length === this.#numbers.length) this.#grow();
    const at = this.#length++;
    if (value === null) {
      this.#nulls++;
      this.#numbers[at] = 0;
      this.#valid[at] = 0;
      return;
    }
    this.#valid[at] = 1;
    if (this.kind === 'num' && typeof value === 'string') this.#exact.set(at, value);
    this.#numbers[at] = this.kind === 'text' ? this.#intern(String(value)) : Number(value);
  }

  /** The column of the rows pushed so far; the builder starts anew. */
  finish(): Column {
    const length = this.#length;
    const valid = this.#nulls > 0 ? this.#valid.slice(0, length) : null;
    const column = this.#column(length, valid);
    this.#length = 0;
    this.#nulls = 0;
    this.#codes = new Map();
    this.#dict = [];
    this.#exact = new Map();
    return column;
  }

  #column(length: number, valid: Valid): Column {
    switch (this.kind) {
      case 'num':
        if (this.#exact.size > 0) return this.#exactColumn(length, valid);
        return { kind: 'num', values: this.#numbers.slice(0, length), valid };
      case 'bool':
        return { kind: 'bool', values: Uint8Array.from(this.#numbers.subarray(0, length)), valid };
      case 'text':
        if (this.#dict.length === 0) this.#dict.push('');
        return { kind: 'text', codes: Int32Array.from(this.#numbers.subarray(0, length)), dict: this.#dict, valid };
    }
  }

  #exactColumn(length: number, valid: Valid): Column {
    const scale = Math.max(...Array.from(this.#exact.values(), scaleOfText));
    const units = new BigInt64Array(length);
    for (let i = 0; i < length; i++) {
      const text = this.#exact.get(i);
      if (text !== undefined) units[i] = parseUnits(text, scale) ?? 0n;
      else if (!valid || valid[i] === 1) units[i] = toUnits(this.#numbers[i], scale);
    }
    return { kind: 'exact', units, scale, valid };
  }

  #intern(text: string): number {
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.#dict.length;
      this.#dict.push(text);
      this.#codes.set(text, code);
    }
    return code;
  }

  #grow(): void {
    const numbers = new Float64Array(Math.max(this.#numbers.length * 2, 64));
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    const valid = new Uint8Array(numbers.length);
    valid.set(this.#valid);
    this.#valid = valid;
  }
}

function gatherBytes(bytes: Uint8Array, rows: Uint32Array, count: number): Uint8Array {
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) out[i] = bytes[rows[i]];
  return out;
}
