import { isUtf8 } from 'node:buffer';
import { type Batch, type Millis, printType, type RejectedRecord, type Schema, type SqlType } from '@rowtime/core';
import { SourceError } from '../errors.ts';
import { Arrivals } from './arrivals.ts';
import { coerce, type JsonValue } from './coerce.ts';
import { ColumnWriter } from './column-writer.ts';
import { type PathTree, pathTree } from './json-path.ts';
import { Kernel } from './kernel.ts';
import { Memory } from './memory.ts';
import { missing, RecordScanner, skipBlanks } from './record-scanner.ts';
import { Templates } from './templates.ts';
import { instantiateKernel } from './wasm/module.ts';

/** A column of an input stream: RecordColumn of the service's InputSchema. */
export interface InputColumn {
  readonly name: string;
  readonly type: SqlType;
  /** JSONPath of the value inside a row: `$.a`, `$.a.b`, `$['a b']`, `$.list[0:]` (the array as text), or `$.list[0:].x`
   *  (one row per element, the other columns repeated). Case-sensitive; what is missing is NULL. */
  readonly mapping: string;
}

export interface JsonDecoderOptions {
  readonly columns: readonly InputColumn[];
  /** RecordRowPath: where the rows are inside a record. Mappings begin there. Default `$`. */
  readonly rowPath?: string;
  /** By column: false where no one reads it. Texts are then left out (NULL); other types still reject bad values. */
  readonly used?: readonly boolean[];
  /** Longer records are rejected. Default 1 MiB; memory is bounded by a small multiple of it. */
  readonly recordBytesMax?: number;
  /** What reads records before the exact path is asked. For tests and benches; the rows are the same. `javascript`:
   *  templates without the WebAssembly kernel; `none`: every record takes the exact path; `wasm` throws where the runtime
   *  lacks WebAssembly with SIMD. Default `auto`: the fastest there is. */
  readonly engine?: 'auto' | 'wasm' | 'javascript' | 'none';
}

/** What was decoded since the last `take`. `rowtime` holds arrival times. */
export interface Decoded {
  readonly batch: Batch | null;
  readonly rejected: readonly RejectedRecord[];
}

/**
 * JSON records to column batches. An input is a run of bytes, cut into chunks anywhere; its records are JSON objects with
 * any blanks between them, or none: NDJSON and what Firehose concatenates alike. Rows and positions depend on the bytes
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
export interface JsonDecoder {
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

export function createJsonDecoder(options: JsonDecoderOptions): JsonDecoder {
  return new Decoder(options);
}

/** The bytes of a rejected record that error_stream can hold (VARCHAR(49152), hex). */
export const rejectedBytesMax = 24_576;

const nestingMax = 64;
const roomBytesMin = 64 * 1024;
const roomBytes = 256 * 1024;
/** The scanner stops at a 0 behind the last byte; the fast paths look at a few more. */
const padBytes = 64;
const rowsAtFirst = 1024;
const patienceMax = 64;
/** A batch is the unit of memory: rows are handed over before their records are larger than this, */
const takenBytesMax = 32 << 20;
/** and rejected records, which keep their bytes, before these are many: more than one answer of a function can hold, which
 *  the source of a delivery stream decodes as one. */
export const rejectedBytesTotalMax = 8 << 20;

/**
 * A record that is not JSON, or too long: where the next one begins has to be guessed.
 *
 * A line end is never part of a valid string, so the broken record reaches at most to the end of its line. It ends
 * before that where a whole, valid object begins that holds at least one mapped value and is not followed (blanks aside)
 * by `,` `}` `]` `:` or `"`: that is the next record of concatenated data. A nested object fails this test. What does
 * not begin with `{`, `[` or `"` has no nested objects, so there the test is not made.
 *
 *     {"a": 1, "b": tru{"a": 2}{"a": 3}      rejected up to {"a": 2}
 *     {"c": {"a": 5}, "b": tru               rejected up to the line end: a comma follows {"a": 5}
 */
interface Broken {
  readonly reason: string;
  readonly mayNest: boolean;
  /** Its first bytes, once they had to leave the buffer. */
  kept: Buffer;
}

class Decoder implements JsonDecoder {
  readonly schema: Schema;
  readonly #tree: PathTree;
  readonly #columns: readonly ColumnWriter[];
  readonly #scanner: RecordScanner;
  readonly #templates: Templates | null;
  readonly #recordBytesMax: number;
  readonly #value: { -readonly [K in keyof JsonValue]: JsonValue[K] };

  readonly #memory: Memory;
  readonly #kernel: Kernel | null;
  /** So many records JavaScript reads before the kernel is asked again: more, the more often it had nothing to say. */
  #patience = 1;
  /** The buffer is the block of `#size` bytes at this address of the memory. */
  #address: number;
  #size: number;
  #buffer = Buffer.alloc(0);
  #view = new DataView(new ArrayBuffer(0));
  /** Bytes [#at, #filled) wait to be decoded; byte 0 of the buffer is byte #base of the input. */
  #at = 0;
  #filled = 0;
  #base = 0;
  #input = '';
  #ended = true;
  /** While #broken: it began at byte #start of the input, and up to #at no record begins. */
  #broken: Broken | null = null;
  #start = 0;

  #rows = 0;
  #capacity = rowsAtFirst;
  readonly #arrivals = new Arrivals();
  #offset = 0;
  #rejected: RejectedRecord[] = [];
  #rejectedBytes = 0;
  /** Of records decoded and not yet taken. */
  #bytes = 0;

  constructor({ columns, rowPath = '$', used, recordBytesMax = 1 << 20, engine = 'auto' }: JsonDecoderOptions) {
    this.#tree = pathTree(columns, rowPath);
    this.#scanner = new RecordScanner(this.#tree, nestingMax);
    this.#recordBytesMax = recordBytesMax;
    this.schema = columns.map(({ name, type }) => ({ name, type, nullable: true }));
    const wasm = engine === 'auto' || engine === 'wasm' ? instantiateKernel() : null;
    if (engine === 'wasm' && !wasm) throw new SourceError('this runtime has no WebAssembly with SIMD');
    const memory = new Memory(wasm?.memory ?? null, wasm?.exports.firstAddress() ?? 0);
    this.#memory = memory;
    this.#columns = columns.map(({ name, type }, c) => {
      if (type.kind === 'interval' || type.kind === 'null') {
        throw new SourceError(`column "${name}" cannot be ${printType(type)}: an input column holds no such values`);
      }
      const isText = type.kind === 'char' || type.kind === 'varchar';
      return new ColumnWriter(memory, type, !isText || (used?.[c] ?? true), rowsAtFirst);
    });
    this.#kernel = wasm ? new Kernel(wasm.exports, memory, this.#columns, recordBytesMax) : null;
    this.#templates = engine === 'none' ? null : new Templates(this.#tree, this.#columns, nestingMax, this.#kernel);
    this.#value = { bytes: this.#buffer, view: this.#view, kind: missing, from: 0, to: 0 };
    this.#address = memory.allocate(roomBytes);
    this.#size = roomBytes;
    memory.onMove(() => this.#look());
    this.#look();
  }

  get rows(): number {
    return this.#rows;
  }

  get offset(): number {
    return this.#offset;
  }

  begin(offset = 0, name = ''): void {
    this.#at = 0;
    this.#filled = 0;
    this.#base = offset;
    this.#offset = offset;
    this.#input = name;
    this.#ended = false;
    this.#broken = null;
    this.#pad();
  }

  room(): Buffer {
    if (this.#at === this.#filled || this.#free() < roomBytesMin) this.#compact(roomBytesMin);
    return this.#buffer.subarray(this.#filled, this.#buffer.length - padBytes);
  }

  filled(bytes: number): void {
    this.#filled += bytes;
    this.#pad();
  }

  push(bytes: Uint8Array): void {
    if (this.#free() < bytes.length) this.#compact(bytes.length);
    this.#buffer.set(bytes, this.#filled);
    this.filled(bytes.length);
  }

  end(): void {
    this.#ended = true;
  }

  decode(arrival: Millis, rowsMax: number): boolean {
    for (;;) {
      if (this.#isFull(rowsMax)) return true;
      if (this.#broken) {
        if (!this.#resynchronise(arrival)) return false;
        continue;
      }
      if (this.#base + this.#at === 0 && !this.#skipMark()) return false;
      this.#at = skipBlanks(this.#buffer, this.#at);
      if (this.#kernel?.isReady) this.#readByKernel(this.#kernel, arrival, rowsMax);
      if (this.#templates && this.#at < this.#filled) {
        const rowsTo = this.#kernel?.isReady ? Math.min(rowsMax, this.#rows + this.#patience) : rowsMax;
        if (this.#readLikeBefore(this.#templates, arrival, rowsTo)) continue;
      }
      if (this.#isFull(rowsMax)) return true;
      if (this.#at === this.#filled) return false;
      if (!this.#record(arrival)) return false;
    }
  }

  reject(rejected: RejectedRecord): void {
    const record = new Uint8Array(rejected.record.subarray(0, rejectedBytesMax));
    this.#rejected.push({ ...rejected, after: this.#rows, record });
    this.#rejectedBytes += record.length;
  }

  take(): Decoded {
    const rows = this.#rows;
    const rejected = this.#rejected;
    this.#rejected = [];
    this.#rejectedBytes = 0;
    this.#bytes = 0;
    if (rows === 0) return { batch: null, rejected };
    const batch: Batch = {
      length: rows,
      rowtime: this.#arrivals.take(rows),
      columns: this.#columns.map((column) => column.take(rows)),
    };
    this.#rows = 0;
    return { batch, rejected };
  }

  #isFull(rowsMax: number): boolean {
    return (
      this.#rows >= rowsMax ||
      this.#rejected.length >= rowsMax ||
      this.#bytes >= takenBytesMax ||
      this.#rejectedBytes >= rejectedBytesTotalMax
    );
  }

  /** Reads records from #at on as long as the kernel can. */
  #readByKernel(kernel: Kernel, arrival: Millis, rowsMax: number): void {
    const from = this.#rows;
    let to = from;
    while (to < rowsMax) {
      if (to === this.#capacity) this.#grow();
      // What is in the buffer is not much, so the bytes are counted at its end.
      const rowsTo = Math.min(rowsMax, this.#capacity);
      const before = to;
      to = kernel.read(this.#address + this.#at, before, rowsTo);
      if (to === before) break;
      const at = kernel.at - this.#address;
      const end = kernel.end - this.#address;
      this.#arrivals.from(before, arrival);
      this.#bytes += end - this.#at;
      this.#rows = to;
      this.#at = at;
      this.#offset = this.#base + end;
      if (to < rowsTo) break;
    }
    this.#patience = to > from ? 1 : Math.min(this.#patience * 2, patienceMax);
  }

  /** Reads records from #at on as long as templates match them. Whether there were any. */
  #readLikeBefore(templates: Templates, arrival: Millis, rowsMax: number): boolean {
    const rowsTo = Math.min(rowsMax, this.#capacity);
    const from = this.#rows;
    let row = from;
    let at = this.#at;
    let end = 0;
    // What is in the buffer is not much, so the bytes are counted at its end.
    while (row < rowsTo) {
      const next = templates.read(at, row);
      if (next < 0) break;
      if (next - at > this.#recordBytesMax) {
        for (const column of this.#columns) column.giveUp(row, row + 1);
        break;
      }
      row++;
      end = next;
      // Not a local: a new text may have moved the memory.
      at = this.#buffer[next] === 0x7b ? next : skipBlanks(this.#buffer, next);
    }
    if (end > 0) {
      this.#arrivals.from(from, arrival);
      this.#bytes += end - this.#at;
      this.#rows = row;
      this.#at = at;
      this.#offset = this.#base + end;
    }
    return end > 0;
  }

  /** Decodes or gives up the record at #at. False: more bytes are wanting. */
  #record(arrival: Millis): boolean {
    const from = this.#at;
    const first = this.#buffer[from];
    if (first !== 0x7b && first !== 0x5b) {
      this.#breakOff(`a record is a JSON object: ${shownByte(first)}`);
      return true;
    }
    const end = this.#scanner.scan(this.#buffer, from);
    const reached = end < 0 ? this.#scanner.failedAt : end;
    if (reached - from > this.#recordBytesMax) {
      this.#breakOff(`the record is longer than ${this.#recordBytesMax} bytes`);
      return true;
    }
    if (end < 0) {
      if (reached >= this.#filled && !this.#ended) return false;
      this.#breakOff(this.#whyMalformed(reached));
      return true;
    }
    this.#at = end;
    this.#accept(from, end, arrival);
    return true;
  }

  #whyMalformed(at: number): string {
    if (this.#scanner.tooDeep) return `the record is nested more than ${nestingMax} levels deep`;
    if (at >= this.#filled) return 'malformed JSON: the input ends inside the record';
    return `malformed JSON: ${shownByte(this.#buffer[at])} at byte ${this.#base + at}`;
  }

  /** A valid JSON value in [from, to): its rows, or a rejected record if a column cannot hold a value. */
  #accept(from: number, to: number, arrival: Millis): void {
    const scanner = this.#scanner;
    if (scanner.bits >= 0x80 && !isUtf8(this.#buffer.subarray(from, to))) {
      this.#reject('MalformedRecord', 'the record is not valid UTF-8', from, to, arrival);
      return;
    }
    if (this.#buffer[from] === 0x5b && !this.#tree.root.element) {
      const reason = 'a record is a JSON object, not an array (unless the row path is $[0:])';
      this.#reject('MalformedRecord', reason, from, to, arrival);
      return;
    }
    const before = this.#rows;
    let failure: string | null = null;
    // An array without elements gives one row, as does a record without the array.
    const rows = Math.max(scanner.elements, 1);
    for (let i = 0; i < rows && failure === null; i++) {
      if (i < scanner.elements) scanner.selectElement(i);
      failure = this.#row(arrival);
    }
    if (failure === null) {
      this.#offset = this.#base + to;
      this.#bytes += to - from;
      this.#templates?.learn(from, to);
    } else {
      for (const column of this.#columns) column.giveUp(before, this.#rows + 1);
      this.#rows = before;
      this.#reject('CoercionError', failure, from, to, arrival);
    }
  }

  #row(arrival: Millis): string | null {
    const { kinds, starts, ends } = this.#scanner;
    const { slotOfColumn } = this.#tree;
    const row = this.#rows;
    if (row === this.#capacity) this.#grow();
    const value = this.#value;
    for (let c = 0; c < this.#columns.length; c++) {
      const slot = slotOfColumn[c];
      value.kind = kinds[slot];
      value.from = starts[slot];
      value.to = ends[slot];
      const failure = coerce(this.#columns[c], row, value);
      if (failure !== null) return `column "${this.schema[c].name}": ${failure}`;
    }
    this.#arrivals.from(row, arrival);
    this.#rows++;
    return null;
  }

  /** A byte order mark at the start of the input is skipped. False: bytes are wanting. */
  #skipMark(): boolean {
    const bytes = this.#buffer;
    if (bytes[0] !== 0xef) return true;
    if (this.#filled < 3 && !this.#ended) return false;
    if (bytes[1] === 0xbb && bytes[2] === 0xbf) this.#at = 3;
    return true;
  }

  #breakOff(reason: string): void {
    const first = this.#buffer[this.#at];
    const mayNest = first === 0x7b || first === 0x5b || first === 0x22;
    this.#broken = { reason, mayNest, kept: Buffer.alloc(0) };
    this.#start = this.#base + this.#at;
    this.#at++;
  }

  /** Looks for the end of the broken record and rejects it. False: more bytes are wanting. */
  #resynchronise(arrival: Millis): boolean {
    const bytes = this.#buffer;
    const { mayNest } = this.#broken!;
    for (;;) {
      const byte = bytes[this.#at];
      if (this.#at === this.#filled) {
        if (!this.#ended) return false;
        this.#rejectBroken(this.#at, arrival);
        return true;
      }
      if (byte === 0x0a) {
        this.#at++;
        this.#rejectBroken(this.#at, arrival);
        return true;
      }
      if (byte === 0x7b) {
        const isRecord = this.#recordBegins(this.#at, mayNest);
        if (isRecord === null) return false;
        if (isRecord) {
          this.#rejectBroken(this.#at, arrival);
          return true;
        }
      }
      this.#at++;
    }
  }

  /** Whether an intact record begins here, inside or behind a broken one. null: more bytes are wanting. */
  #recordBegins(from: number, mayBeNested: boolean): boolean | null {
    const bytes = this.#buffer;
    const scanner = this.#scanner;
    const end = scanner.scan(bytes, from);
    const reached = end < 0 ? scanner.failedAt : end;
    if (reached - from > this.#recordBytesMax) return false;
    if (end < 0) return reached >= this.#filled && !this.#ended ? null : false;
    if (mayBeNested) {
      let at = end;
      while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0d) at++;
      if (at === this.#filled && !this.#ended) return null;
      const next = bytes[at];
      if (next === 0x2c || next === 0x7d || next === 0x5d || next === 0x3a || next === 0x22) return false;
    }
    return this.#tree.slots === 0 || scanner.elements > 0 || scanner.kinds.some((kind) => kind !== missing);
  }

  #rejectBroken(to: number, arrival: Millis): void {
    const { reason, kept } = this.#broken!;
    const from = this.#start + kept.length - this.#base;
    const rest = this.#buffer.subarray(from, Math.min(to, from + rejectedBytesMax - kept.length));
    let record = Buffer.concat([kept, rest]);
    while (record.length > 0 && skipBlanks(record, record.length - 1) === record.length)
      record = record.subarray(0, -1);
    this.#broken = null;
    this.#offset = this.#base + to;
    this.#push('MalformedRecord', reason, this.#start, record, arrival);
  }

  #reject(name: string, reason: string, from: number, to: number, arrival: Millis): void {
    this.#offset = this.#base + to;
    const record = Buffer.from(this.#buffer.subarray(from, Math.min(to, from + rejectedBytesMax)));
    this.#push(name, reason, this.#base + from, record, arrival);
  }

  #push(name: string, reason: string, offset: number, bytes: Buffer, time: Millis): void {
    const where = `record at byte ${offset}${this.#input && ` of ${this.#input}`}`;
    const record = new Uint8Array(bytes);
    this.#rejected.push({ time, after: this.#rows, name, message: `${reason}; ${where}`, record });
    this.#rejectedBytes += record.length;
  }

  #free(): number {
    return this.#buffer.length - padBytes - this.#filled;
  }

  /** Drops the bytes before #at, and makes room for `free` more behind those that stay. */
  #compact(free: number): void {
    const broken = this.#broken;
    if (broken) {
      const keptTo = Math.min(this.#base + this.#at, this.#start + rejectedBytesMax);
      const from = this.#start + broken.kept.length - this.#base;
      broken.kept = Buffer.concat([broken.kept, this.#buffer.subarray(from, keptTo - this.#base)]);
    }
    const needed = this.#filled - this.#at + free + padBytes;
    if (needed > this.#size) {
      const size = Math.max(needed, this.#size * 2);
      this.#address = this.#memory.reallocate(this.#address, this.#size, size);
      this.#size = size;
      this.#look();
    }
    this.#buffer.copyWithin(0, this.#at, this.#filled);
    this.#base += this.#at;
    this.#filled -= this.#at;
    this.#at = 0;
    this.#pad();
  }

  #look(): void {
    this.#buffer = Buffer.from(this.#memory.buffer, this.#address, this.#size);
    this.#view = new DataView(this.#memory.buffer, this.#address, this.#size);
    this.#value.bytes = this.#buffer;
    this.#value.view = this.#view;
    this.#templates?.use(this.#buffer, this.#view);
  }

  #pad(): void {
    this.#buffer.fill(0, this.#filled, this.#filled + padBytes);
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const column of this.#columns) column.grow();
  }
}

function shownByte(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? `unexpected ${JSON.stringify(String.fromCharCode(byte))}`
    : `unexpected byte ${byte}`;
}
