import { type Batch, type Millis, printType, type RejectedRecord, type Schema, type SqlType } from '@rowtime/core';
import { SourceError } from '../errors.ts';
import { Arrivals } from './arrivals.ts';
import { ColumnWriter } from './column-writer.ts';
import type { Memory } from './memory.ts';

/** What was decoded since the last `take`. `rowtime` holds arrival times. */
export interface Decoded {
  readonly batch: Batch | null;
  readonly rejected: readonly RejectedRecord[];
}

/**
 * Records to column batches. An input is a run of bytes, cut into chunks anywhere. Rows and positions depend on the bytes
 * alone, never on how they were cut.
 *
 *     decoder.begin();
 *     for (const chunk of chunks) {
 *       decoder.push(chunk);                    // or: read into decoder.room(), then decoder.filled(n)
 *       while (decoder.decode(arrival, 8192)) use(decoder.take());
 *     }
 *     decoder.end();
 *     while (decoder.decode(arrival, 8192)) use(decoder.take());
 *     use(decoder.take());
 */
export interface InputDecoder {
  readonly schema: Schema;
  /** Rows decoded and not yet taken. */
  readonly rows: number;
  /** Where in the input the last decoded or rejected record ends: decoding may resume there, with a new decoder. */
  readonly offset: number;
  /** The next byte is byte `offset` of an input, `name` in messages. Rows not yet taken stay. */
  begin(offset?: number, name?: string): void;
  /** Free room, at least 64 KiB, to read the input's next bytes into. Good until the next call. */
  room(): Buffer;
  /** So many bytes were read into `room()`. */
  filled(bytes: number): void;
  /** The input's next bytes, copied. */
  push(bytes: Uint8Array): void;
  /** The input ends with the bytes given so far: what is left is a record or is rejected. */
  end(): void;
  /** Decodes until `rowsMax` rows wait to be taken (true: call `take`) or bytes are wanting (false). A record that
   *  flattens into several rows is not split, so a few more may wait; of large records fewer do. Rejected records count
   *  as rows do. */
  decode(arrival: Millis, rowsMax: number): boolean;
  /** Puts a record that somebody else rejected behind what was rejected so far. Its bytes are cut to what error_stream can
   *  hold. */
  reject(record: RejectedRecord): void;
  take(): Decoded;
}

/** The bytes of a rejected record that error_stream can hold (VARCHAR(49152), hex). */
export const rejectedBytesMax = 24_576;
/** A batch is the unit of memory: rows are handed over before their records are larger than this, */
const takenBytesMax = 32 << 20;
/** and rejected records, which keep their bytes, before these are many: more than one answer of a function can hold, which
 *  the source of a delivery stream decodes as one. */
const rejectedBytesTotalMax = 8 << 20;

const roomBytesMin = 64 * 1024;
const roomBytes = 256 * 1024;
/** Behind the last byte there is a sentinel, where every search ends, and then room to look at. */
const padBytes = 64;
const rowsAtFirst = 1024;

/** A record that cannot be read: it is rejected when its end is found. */
interface Broken {
  readonly reason: string;
  /** It begins at this byte of the input; up to `at` it does not end. */
  readonly start: number;
  /** Its first bytes, once they had to leave the buffer. */
  kept: Buffer;
}

/** What decoders of all formats have in common: the bytes that wait, the rows being filled, the records that gave none. */
export abstract class BufferedDecoder implements InputDecoder {
  readonly schema: Schema;
  protected readonly columns: readonly ColumnWriter[];
  /** The buffer is the block of `#size` bytes at this address of the memory. */
  protected address: number;
  protected bytes = Buffer.alloc(0);
  protected view = new DataView(new ArrayBuffer(0));
  /** Bytes [at, filledTo) wait to be decoded; byte 0 of the buffer is byte `base` of the input. */
  protected at = 0;
  protected filledTo = 0;
  protected base = 0;
  protected ended = true;
  protected broken: Broken | null = null;

  /** The row that is written next, and how many the columns have room for. */
  protected row = 0;
  protected capacity = rowsAtFirst;
  protected readonly arrivals = new Arrivals();
  protected decodedTo = 0;
  /** Of records decoded and not yet taken. */
  protected takenBytes = 0;

  readonly #memory: Memory;
  readonly #sentinel: number;
  #size = roomBytes;
  #input = '';
  #rejected: RejectedRecord[] = [];
  #rejectedBytes = 0;

  constructor(
    memory: Memory,
    sentinel: number,
    columns: readonly { readonly name: string; readonly type: SqlType }[],
    used: readonly boolean[] | undefined,
  ) {
    this.#memory = memory;
    this.#sentinel = sentinel;
    this.schema = columns.map(({ name, type }) => ({ name, type, nullable: true }));
    this.columns = columns.map(({ name, type }, c) => {
      if (type.kind === 'interval' || type.kind === 'null') {
        throw new SourceError(`column "${name}" cannot be ${printType(type)}: an input column holds no such values`);
      }
      const isText = type.kind === 'char' || type.kind === 'varchar';
      return new ColumnWriter(memory, type, !isText || (used?.[c] ?? true), rowsAtFirst);
    });
    this.address = memory.allocate(roomBytes);
  }

  abstract decode(arrival: Millis, rowsMax: number): boolean;

  /** The buffer is another one, or elsewhere. */
  protected abstract onMove(): void;

  /** A rejected record without what stands behind it. */
  protected abstract trimmed(record: Buffer): Buffer;

  get rows(): number {
    return this.row;
  }

  get offset(): number {
    return this.decodedTo;
  }

  begin(offset = 0, name = ''): void {
    this.at = 0;
    this.filledTo = 0;
    this.base = offset;
    this.decodedTo = offset;
    this.#input = name;
    this.ended = false;
    this.broken = null;
    this.#pad();
  }

  room(): Buffer {
    if (this.at === this.filledTo || this.#free() < roomBytesMin) this.#compact(roomBytesMin);
    return this.bytes.subarray(this.filledTo, this.bytes.length - padBytes);
  }

  filled(bytes: number): void {
    this.filledTo += bytes;
    this.#pad();
  }

  push(bytes: Uint8Array): void {
    if (this.#free() < bytes.length) this.#compact(bytes.length);
    this.bytes.set(bytes, this.filledTo);
    this.filled(bytes.length);
  }

  end(): void {
    this.ended = true;
  }

  reject(rejected: RejectedRecord): void {
    const record = new Uint8Array(rejected.record.subarray(0, rejectedBytesMax));
    this.#rejected.push({ ...rejected, after: this.row, record });
    this.#rejectedBytes += record.length;
  }

  take(): Decoded {
    const rows = this.row;
    const rejected = this.#rejected;
    this.#rejected = [];
    this.#rejectedBytes = 0;
    this.takenBytes = 0;
    if (rows === 0) return { batch: null, rejected };
    const batch: Batch = {
      length: rows,
      rowtime: this.arrivals.take(rows),
      columns: this.columns.map((column) => column.take(rows)),
    };
    this.row = 0;
    return { batch, rejected };
  }

  protected isFull(rowsMax: number): boolean {
    return (
      this.row >= rowsMax ||
      this.#rejected.length >= rowsMax ||
      this.takenBytes >= takenBytesMax ||
      this.#rejectedBytes >= rejectedBytesTotalMax
    );
  }

  /** To be called once at the end of the constructor, and by whoever has views of the memory that moved. */
  protected look(): void {
    this.bytes = Buffer.from(this.#memory.buffer, this.address, this.#size);
    this.view = new DataView(this.#memory.buffer, this.address, this.#size);
    this.onMove();
  }

  /** A byte order mark at the start of the input is skipped. False: bytes are wanting. */
  protected skipMark(): boolean {
    if (this.base + this.at > 0 || this.bytes[0] !== 0xef) return true;
    if (this.filledTo < 3 && !this.ended) return false;
    if (this.filledTo >= 3 && this.bytes[1] === 0xbb && this.bytes[2] === 0xbf) this.at = 3;
    return true;
  }

  /** The record at `at` cannot be read. */
  protected breakOff(reason: string): void {
    this.broken = { reason, start: this.base + this.at, kept: Buffer.alloc(0) };
  }

  /** The broken record ends before byte `to` of the buffer, and the next one begins at byte `next`. */
  protected rejectBroken(to: number, next: number, arrival: Millis): void {
    const { reason, start, kept } = this.broken as Broken;
    const from = start + kept.length - this.base;
    const rest = this.bytes.subarray(from, Math.min(to, from + rejectedBytesMax - kept.length));
    this.broken = null;
    this.at = next;
    this.decodedTo = this.base + next;
    this.#push('MalformedRecord', reason, start, Buffer.concat([kept, rest]), arrival);
  }

  /** The record in bytes [from, to) gives no row. */
  protected rejectRecord(name: string, reason: string, from: number, to: number, arrival: Millis): void {
    this.#push(
      name,
      reason,
      this.base + from,
      this.bytes.subarray(from, Math.min(to, from + rejectedBytesMax)),
      arrival,
    );
  }

  protected grow(): void {
    this.capacity *= 2;
    for (const column of this.columns) column.grow();
  }

  #push(name: string, reason: string, offset: number, bytes: Buffer, time: Millis): void {
    const where = `record at byte ${offset}${this.#input && ` of ${this.#input}`}`;
    const record = new Uint8Array(this.trimmed(bytes));
    this.#rejected.push({ time, after: this.row, name, message: `${reason}; ${where}`, record });
    this.#rejectedBytes += record.length;
  }

  #free(): number {
    return this.bytes.length - padBytes - this.filledTo;
  }

  /** Drops the bytes before `at`, and makes room for `free` more behind those that stay. */
  #compact(free: number): void {
    const { broken } = this;
    if (broken) {
      const keptTo = Math.min(this.base + this.at, broken.start + rejectedBytesMax);
      const from = broken.start + broken.kept.length - this.base;
      broken.kept = Buffer.concat([broken.kept, this.bytes.subarray(from, keptTo - this.base)]);
    }
    const needed = this.filledTo - this.at + free + padBytes;
    if (needed > this.#size) {
      const size = Math.max(needed, this.#size * 2);
      this.address = this.#memory.reallocate(this.address, this.#size, size);
      this.#size = size;
      this.look();
    }
    this.bytes.copyWithin(0, this.at, this.filledTo);
    this.base += this.at;
    this.filledTo -= this.at;
    this.at = 0;
    this.#pad();
  }

  #pad(): void {
    this.bytes.fill(0, this.filledTo, this.filledTo + padBytes);
    this.bytes[this.filledTo] = this.#sentinel;
  }
}
