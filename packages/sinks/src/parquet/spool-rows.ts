import { assert, type Column, type ExactColumn, toUnits } from '@rowtime/core';
import { grown } from '../encode/bytes.ts';
import { type Cell, TextCell } from '../encode/cells.ts';
import type { RowEncoder } from '../encode/row-encoder.ts';
import type { ParquetColumn, Stored } from './columns.ts';

// A Parquet file can be written only when all its rows are known. Until then they lie in the spool, one after the other as any
// other rows, so that objects are cut, sealed and checkpointed like those of lines:
//
//     length of the rest: u32 | for each column: 0 (NULL), or 1 and the value
//
// Numbers are little-endian, texts and bytes have their length before them, as LEB128.

/** A value of a column; null: NULL. Texts are strings, or the bytes of one. */
export type StoredValue = boolean | number | bigint | string | Uint8Array | null;

const lengthBytes = 4;

/** Rows as the spool has them. `ownRowtime`: the first column is the ROWTIME of the batch. */
export function spoolEncoder(columns: readonly ParquetColumn[], ownRowtime: boolean): RowEncoder {
  const cells = columns.slice(ownRowtime ? 1 : 0).map(({ stored }) => cellOf(stored));
  const rowtimeBytes = ownRowtime ? 9 : 0;
  let out = new Uint8Array(1 << 16);
  let ends = new Uint32Array(1024);
  return {
    encode({ length, columns: values, rowtime }) {
      if (ends.length < length) ends = new Uint32Array(length * 2);
      let rowBytesMax = lengthBytes + rowtimeBytes;
      for (let c = 0; c < cells.length; c++) {
        cells[c]!.begin(values[c]!, length);
        rowBytesMax += cells[c]!.bytesMax;
      }
      let at = 0;
      for (let row = 0; row < length; row++) {
        if (at + rowBytesMax > out.length) out = grown(out, at, rowBytesMax);
        const from = at;
        at += lengthBytes;
        if (ownRowtime) at = putInt64(out, at, Math.floor(rowtime[row]!));
        for (let c = 0; c < cells.length; c++) at = cells[c]!.write(out, at, row);
        putLength(out, from, at - from - lengthBytes);
        ends[row] = at;
      }
      return { bytes: out.subarray(0, at), ends: ends.subarray(0, length) };
    },
  };
}

/** The values of rows, as columns, up to the row with which they are `bytesMax`. Returns how many bytes they took: a row that
 *  is not whole is left. */
export function readRows(
  bytes: Buffer,
  columns: readonly ParquetColumn[],
  into: StoredValue[][],
  bytesMax: number,
): number {
  let from = 0;
  for (;;) {
    if (from >= bytesMax || from + lengthBytes > bytes.length) return from;
    let at = from + lengthBytes;
    const to = at + bytes.readUInt32LE(from);
    if (to > bytes.length) return from;
    for (let c = 0; c < columns.length; c++) {
      if (bytes[at++] === 0) {
        into[c]!.push(null);
        continue;
      }
      switch (columns[c]!.stored.kind) {
        case 'bool':
          into[c]!.push(bytes[at++] === 1);
          break;
        case 'int32':
        case 'days':
        case 'clock':
          into[c]!.push(bytes.readInt32LE(at));
          at += 4;
          break;
        case 'int64':
          into[c]!.push(bytes.readBigInt64LE(at));
          at += 8;
          break;
        case 'float':
          into[c]!.push(bytes.readFloatLE(at));
          at += 4;
          break;
        case 'double':
          into[c]!.push(bytes.readDoubleLE(at));
          at += 8;
          break;
        case 'text':
        case 'bytes': {
          let length = 0;
          let shift = 0;
          for (; bytes[at]! >= 0x80; shift += 7) length += (bytes[at++]! & 0x7f) * 2 ** shift;
          length += bytes[at++]! * 2 ** shift;
          const isText = columns[c]!.stored.kind === 'text';
          into[c]!.push(isText ? bytes.toString('utf8', at, at + length) : bytes.slice(at, at + length));
          at += length;
        }
      }
    }
    assert(at === to, 'a row of the spool has the columns of the stream');
    from = to;
  }
}

/** A row with these values, as `spoolEncoder` writes it. */
export function spoolRow(columns: readonly ParquetColumn[], values: readonly StoredValue[]): Uint8Array {
  let bytesMax = lengthBytes;
  for (const value of values) bytesMax += 14 + (typeof value === 'object' && value !== null ? value.length : 0);
  const out = new Uint8Array(bytesMax);
  let at = lengthBytes;
  for (let c = 0; c < columns.length; c++) at = putValue(out, at, columns[c]!.stored, values[c] ?? null);
  putLength(out, 0, at - lengthBytes);
  return out.subarray(0, at);
}

function putValue(out: Uint8Array, at: number, { kind }: Stored, value: StoredValue): number {
  if (value === null) {
    out[at] = 0;
    return at + 1;
  }
  if (kind === 'int64') return putUnits(out, at, value instanceof Uint8Array ? bigEndian(value) : BigInt(value));
  if (value instanceof Uint8Array) return putBytes(out, at, value);
  if (kind === 'bool') {
    out[at] = 1;
    out[at + 1] = value === true ? 1 : 0;
    return at + 2;
  }
  return numberPutters[kind as 'int32' | 'float' | 'double'](out, at, Number(value));
}

function cellOf(stored: Stored): Cell {
  const none = new Uint8Array(0);
  switch (stored.kind) {
    case 'bool':
      return new SpoolBool();
    case 'text':
      return new TextCell(none, '\x00', putText);
    case 'bytes':
      return new TextCell(none, '\x00', (out, at, hex) => putBytes(out, at, Buffer.from(hex, 'hex')));
    case 'int64':
      return new SpoolNumber(stored.scale, int64Putter(stored.scale));
    case 'days':
      return new SpoolNumber(null, (out, at, value) => putInt32(out, at, Math.floor(value / dayMs)));
    case 'clock':
      return new SpoolNumber(null, (out, at, value) => {
        const millis = Math.floor(value);
        return putInt32(out, at, millis - Math.floor(millis / dayMs) * dayMs);
      });
    default:
      return new SpoolNumber(null, numberPutters[stored.kind]);
  }
}

const dayMs = 86_400_000;

type NumberPutter = (out: Uint8Array, at: number, value: number) => number;

class SpoolBool implements Cell {
  readonly bytesMax = 2;
  #values = new Uint8Array(0);
  #valid: Uint8Array | null = null;

  begin(column: Column): void {
    assert(column.kind === 'bool', 'a BOOLEAN column holds bytes');
    this.#values = column.values as Uint8Array<ArrayBuffer>;
    this.#valid = column.valid;
  }

  write(out: Uint8Array, at: number, row: number): number {
    out[at] = this.#valid === null || this.#valid[row] === 1 ? 1 : 0;
    if (out[at] === 0) return at + 1;
    out[at + 1] = this.#values[row]!;
    return at + 2;
  }
}

/** A number, or 0 for NULL, and for NaN and the infinities as in JSON and CSV. */
class SpoolNumber implements Cell {
  readonly bytesMax = 9;
  readonly #scale: number | null;
  readonly #put: NumberPutter;
  #values = new Float64Array(0);
  #exact: ExactColumn | null = null;
  #valid: Uint8Array | null = null;

  /** `scale`: of a column that may hold what no double does. */
  constructor(scale: number | null, put: NumberPutter) {
    this.#scale = scale;
    this.#put = put;
  }

  begin(column: Column): void {
    assert(column.kind === 'num' || column.kind === 'exact', 'a column of numbers or times holds numbers');
    assert(column.kind === 'num' || column.scale === this.#scale, 'exact numbers have the scale of their type');
    this.#exact = column.kind === 'exact' ? column : null;
    if (column.kind === 'num') this.#values = column.values as Float64Array<ArrayBuffer>;
    this.#valid = column.valid;
  }

  write(out: Uint8Array, at: number, row: number): number {
    const isKnown = this.#valid === null || this.#valid[row] === 1;
    if (isKnown && this.#exact) return putUnits(out, at, this.#exact.units[row]!);
    const value = this.#values[row]!;
    if (isKnown && value - value === 0) return this.#put(out, at, value);
    out[at] = 0;
    return at + 1;
  }
}

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

function putScratch(out: Uint8Array, at: number, bytes: number): number {
  out[at] = 1;
  for (let i = 0; i < bytes; i++) out[at + 1 + i] = scratchBytes[i]!;
  return at + 1 + bytes;
}

function putInt32(out: Uint8Array, at: number, value: number): number {
  scratch.setInt32(0, value, true);
  return putScratch(out, at, 4);
}

function putUnits(out: Uint8Array, at: number, units: bigint): number {
  scratch.setBigInt64(0, units, true);
  return putScratch(out, at, 8);
}

/** A safe integer, without a bigint. */
function putInt64(out: Uint8Array, at: number, value: number): number {
  const high = Math.floor(value / 2 ** 32);
  scratch.setUint32(0, value - high * 2 ** 32, true);
  scratch.setInt32(4, high, true);
  return putScratch(out, at, 8);
}

// -0 is 0: Parquet keeps no promise about it.
const numberPutters = {
  int32: putInt32,
  days: putInt32,
  clock: putInt32,
  float(out: Uint8Array, at: number, value: number): number {
    scratch.setFloat32(0, value + 0, true);
    return putScratch(out, at, 4);
  },
  double(out: Uint8Array, at: number, value: number): number {
    scratch.setFloat64(0, value + 0, true);
    return putScratch(out, at, 8);
  },
};

function int64Putter(scale: number): NumberPutter {
  if (scale === 0) {
    return (out, at, value) =>
      Number.isSafeInteger(value) ? putInt64(out, at, value) : putUnits(out, at, toUnits(value, 0));
  }
  const factor = 10 ** scale;
  return (out, at, value) => {
    const units = Math.round(Math.abs(value) * factor);
    // As the writers of JSON and CSV: beyond this the product may be off by one.
    if (units >= 2 ** 51 || scale > 15) return putUnits(out, at, toUnits(value, scale));
    return putInt64(out, at, value < 0 ? -units : units);
  };
}

function putText(out: Uint8Array, at: number, text: string): number {
  const length = Buffer.byteLength(text);
  const from = putPrefix(out, at, length);
  encoder.encodeInto(text, out.subarray(from));
  return from + length;
}

function putBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const from = putPrefix(out, at, bytes.length);
  out.set(bytes, from);
  return from + bytes.length;
}

function putPrefix(out: Uint8Array, from: number, length: number): number {
  let at = from;
  out[at++] = 1;
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out[at++] = (rest & 0x7f) | 0x80;
  out[at++] = rest;
  return at;
}

/** Two's complement, as FIXED_LEN_BYTE_ARRAY has a DECIMAL. */
function bigEndian(bytes: Uint8Array): bigint {
  let units = 0n;
  for (const byte of bytes) units = (units << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, units);
}

function putLength(out: Uint8Array, at: number, length: number): void {
  scratch.setUint32(0, length, true);
  for (let i = 0; i < lengthBytes; i++) out[at + i] = scratchBytes[i]!;
}

const encoder = new TextEncoder();
