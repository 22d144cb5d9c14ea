import { isUtf8 } from 'node:buffer';
import { type Batch, type Millis, printType, type RejectedRecord, type Schema, type SqlType } from '@rowtime/core';
import { SourceError } from '../errors.ts';
import { Arrivals } from './arrivals.ts';
import { coerce, integerMax, type JsonValue } from './coerce.ts';
import { ColumnWriter } from './column-writer.ts';
import { daysFromCivil, timeOf } from './datetime.ts';
import { type Decoded, type JsonDecoder, rejectedBytesMax, rejectedBytesTotalMax } from './json.ts';
import { Memory } from './memory.ts';
import { jsonString } from './record-scanner.ts';
import { hashBytes } from './text-interner.ts';

/** CSVMappingParameters of the service's InputSchema: what stands between rows, and between columns. */
export interface CsvFormat {
  /** Default a line end, with or without a carriage return. */
  readonly rowDelimiter?: string;
  /** Default a comma. */
  readonly columnDelimiter?: string;
}

export interface CsvDecoderOptions extends CsvFormat {
  /** By position: the first so many columns of a row. */
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
  /** As for JSON. */
  readonly used?: readonly boolean[];
  readonly recordBytesMax?: number;
}

/** The same contract as JSON's: rows and positions depend on the bytes alone, never on how they were cut. */
export type CsvDecoder = JsonDecoder;

/**
 * CSV rows to column batches.
 *
 *     Doe, John ,67321        blanks around a value are not part of it; too few values: the rest is NULL; more: ignored
 *     "Doe, J.","a ""b""",    in quotes delimiters are text and a doubled quote is one; nothing is NULL
 *                             an empty row is no row; a header is a row like any other
 */
export function createCsvDecoder(options: CsvDecoderOptions): CsvDecoder {
  return new Decoder(options);
}

const roomBytesMin = 64 * 1024;
const roomBytes = 256 * 1024;
/** Behind the last byte there is the first one of a row delimiter, where every search ends, and then room to look at. */
const padBytes = 64;
const rowsAtFirst = 1024;
const takenBytesMax = 32 << 20;
const delimiterBytesMax = 1024;

/** What is at the end of a value. */
const nothing = 0;
const columnEnd = 1;
const rowEnd = 2;
const inputEnd = 3;
const wanting = 4;
const malformed = 5;

/** How a column is read. */
const readAny = 0;
const readText = 1;
const readInteger = 2;
const readFloat = 3;
const readTimestamp = 4;
const skip = 5;

const quote = 0x22;

/** A row that is malformed or too long reaches to the next row delimiter, quotes or not: a quote that nobody closes then
 *  costs its own row and no other. */
interface Broken {
  readonly reason: string;
  /** Its first bytes, once they had to leave the buffer. */
  kept: Buffer;
}

class Decoder implements CsvDecoder {
  readonly schema: Schema;
  readonly #columns: readonly ColumnWriter[];
  readonly #reads: Uint8Array;
  readonly #integerMax: Float64Array;
  readonly #recordBytesMax: number;
  readonly #rowDelimiter: Buffer;
  readonly #columnDelimiter: Buffer;
  /** Both delimiters are one byte: then there is no such thing as half a delimiter. */
  readonly #isSimple: boolean;
  readonly #hasQuotes: boolean;
  /** By byte: 1 if it does not belong to the value that it stands around. */
  readonly #blank: Uint8Array;

  #buffer = Buffer.alloc(roomBytes);
  /** Bytes [#at, #filled) wait to be decoded; byte 0 of the buffer is byte #base of the input. */
  #at = 0;
  #filled = 0;
  #base = 0;
  #input = '';
  #ended = true;
  /** While #broken: it began at byte #start of the input, and up to #at no row delimiter begins. */
  #broken: Broken | null = null;
  #start = 0;

  /** Of the value read last: its bytes, whether it was in quotes, doubled ones in it, and what ends it. */
  #from = 0;
  #to = 0;
  #quoted = false;
  #doubled = false;
  #end = nothing;
  readonly #read: { -readonly [K in keyof JsonValue]: JsonValue[K] };
  /** All bytes of the row, or-ed: below 0x80 they are ASCII. */
  #bits = 0;

  #rows = 0;
  #capacity = rowsAtFirst;
  readonly #arrivals = new Arrivals();
  #offset = 0;
  #rejected: RejectedRecord[] = [];
  #rejectedBytes = 0;
  #bytes = 0;

  constructor({ columns, used, recordBytesMax = 1 << 20, ...format }: CsvDecoderOptions) {
    const { rowDelimiter = '\n', columnDelimiter = ',' } = format;
    this.#rowDelimiter = delimiterOf(rowDelimiter, 'row');
    this.#columnDelimiter = delimiterOf(columnDelimiter, 'column');
    if (rowDelimiter === columnDelimiter) {
      throw new SourceError(`rows and columns have the same delimiter, ${JSON.stringify(rowDelimiter)}`);
    }
    const firsts = [this.#rowDelimiter[0], this.#columnDelimiter[0]];
    this.#isSimple = this.#rowDelimiter.length === 1 && this.#columnDelimiter.length === 1;
    this.#hasQuotes = !firsts.includes(quote);
    this.#blank = new Uint8Array(256);
    for (const blank of rowDelimiter === '\n' ? ' \t\r' : ' \t') this.#blank[blank.charCodeAt(0)] = 1;
    for (const first of firsts) this.#blank[first] = 0;
    this.#recordBytesMax = recordBytesMax;
    this.schema = columns.map(({ name, type }) => ({ name, type, nullable: true }));
    const memory = new Memory(null, 0);
    this.#columns = columns.map(({ name, type }, c) => {
      if (type.kind === 'interval' || type.kind === 'null') {
        throw new SourceError(`column "${name}" cannot be ${printType(type)}: an input column holds no such values`);
      }
      const isText = type.kind === 'char' || type.kind === 'varchar';
      return new ColumnWriter(memory, type, !isText || (used?.[c] ?? true), rowsAtFirst);
    });
    // A delimiter that could be part of a number leaves the quick ways out.
    const isPlain = firsts.every((first) => !' 0123456789-.:TZ'.includes(String.fromCharCode(first)));
    this.#reads = Uint8Array.from(this.#columns, (column) => readOf(column, isPlain));
    this.#integerMax = Float64Array.from(columns, ({ type }) => maxOf(type));
    this.#read = { bytes: this.#buffer, view: viewOf(this.#buffer), kind: jsonString, from: 0, to: 0 };
    this.#pad();
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
      if (this.#at === this.#filled || !this.#row(arrival)) return false;
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

  /** Decodes or gives up the row at #at. False: more bytes are wanting. */
  #row(arrival: Millis): boolean {
    const from = this.#at;
    const row = this.#rows;
    if (row === this.#capacity) this.#grow();
    if (this.#skipEmptyRow()) return true;
    const columns = this.#columns;
    let at = from;
    let failure: string | null = null;
    this.#bits = 0;
    this.#end = columnEnd;
    for (let c = 0; c < columns.length && this.#end < wanting; c++) {
      const column = columns[c];
      if (this.#end !== columnEnd) {
        column.valid[row] = 0;
        continue;
      }
      if (failure !== null) {
        at = this.#value(at);
        continue;
      }
      let next = -1;
      switch (this.#reads[c]) {
        case readInteger:
          next = this.#integer(column, at, row, this.#integerMax[c]);
          break;
        case readFloat:
          next = this.#float(column, at, row);
          break;
        case readTimestamp:
          next = this.#timestamp(column, at, row);
          break;
      }
      if (next >= 0) {
        at = next;
        continue;
      }
      at = this.#value(at);
      if (this.#end >= wanting) break;
      const why = this.#write(column, this.#reads[c], row);
      if (why !== null) failure = `column "${this.schema[c].name}": ${why}`;
    }
    while (this.#end === columnEnd) at = this.#value(at);
    return this.#finish(from, at, failure, arrival);
  }

  /** The row in bytes [from, at), its delimiter included, has been read, or cannot be. False: more bytes are wanting. */
  #finish(from: number, at: number, failure: string | null, arrival: Millis): boolean {
    const end = this.#end;
    const to = end === rowEnd ? at - this.#rowDelimiter.length : at;
    // While bytes are wanting, the end may be some bytes of a delimiter away from what was looked at.
    const slack = end === wanting ? this.#rowDelimiter.length + this.#columnDelimiter.length + 2 : 0;
    if ((end === wanting ? this.#filled : to) - from > this.#recordBytesMax + slack) {
      this.#breakOff(`the record is longer than ${this.#recordBytesMax} bytes`);
    } else if (end === wanting) {
      this.#giveUp();
      return false;
    } else if (end === malformed) {
      this.#breakOff(this.#whyMalformed(at));
    } else {
      this.#at = at;
      this.#offset = this.#base + at;
      if (this.#bits >= 0x80 && !isUtf8(this.#buffer.subarray(from, to))) {
        this.#reject('MalformedRecord', 'the record is not valid UTF-8', from, to, arrival);
      } else if (failure !== null) {
        this.#reject('CoercionError', failure, from, to, arrival);
      } else {
        this.#arrivals.from(this.#rows, arrival);
        this.#rows++;
        this.#bytes += to - from;
      }
    }
    return true;
  }

  /** A row without a byte is none. */
  #skipEmptyRow(): boolean {
    let at = this.#at;
    // With \n between rows, \r\n is a line end too.
    if (this.#buffer[at] === 0x0d && this.#blank[0x0d] === 1) at++;
    if (at >= this.#filled || this.#delimiterAt(at) !== rowEnd) return false;
    this.#at = at + this.#rowDelimiter.length;
    return true;
  }

  /** What stands at byte `at`. */
  #delimiterAt(at: number): number {
    if (at >= this.#filled) return this.#ended ? inputEnd : wanting;
    const byte = this.#buffer[at];
    if (this.#isSimple) {
      return byte === this.#columnDelimiter[0] ? columnEnd : byte === this.#rowDelimiter[0] ? rowEnd : nothing;
    }
    // The longer one first: the other may be its beginning.
    if (this.#rowDelimiter.length >= this.#columnDelimiter.length) {
      return this.#matches(at, this.#rowDelimiter, rowEnd) || this.#matches(at, this.#columnDelimiter, columnEnd);
    }
    return this.#matches(at, this.#columnDelimiter, columnEnd) || this.#matches(at, this.#rowDelimiter, rowEnd);
  }

  #matches(at: number, delimiter: Buffer, end: number): number {
    const bytes = this.#buffer;
    for (let i = 0; i < delimiter.length; i++) {
      if (at + i === this.#filled) return this.#ended ? nothing : wanting;
      if (bytes[at + i] !== delimiter[i]) return nothing;
    }
    return end;
  }

  /** Passes the delimiter at `at`, if one is there; else -1. */
  #pass(at: number): number {
    let next = at;
    if (this.#buffer[next] === 0x0d && this.#blank[0x0d] === 1) next++;
    const end = this.#delimiterAt(next);
    if (end === nothing || (next > at && end === columnEnd)) return -1;
    this.#end = end;
    return this.#behind(next, end);
  }

  #behind(at: number, end: number): number {
    if (end === columnEnd) return at + this.#columnDelimiter.length;
    return end === rowEnd ? at + this.#rowDelimiter.length : at;
  }

  /** Finds the value at `at` and its end. Returns where the next one begins. */
  #value(at: number): number {
    const bytes = this.#buffer;
    const blank = this.#blank;
    const column = this.#columnDelimiter[0];
    const row = this.#rowDelimiter[0];
    let p = at;
    while (blank[bytes[p]] === 1) p++;
    this.#quoted = false;
    if (bytes[p] === quote && this.#hasQuotes && p < this.#filled) return this.#quotedValue(p);
    const from = p;
    let bits = 0;
    let end = nothing;
    for (;;) {
      let byte = bytes[p];
      while (byte !== column && byte !== row) {
        bits |= byte;
        byte = bytes[++p];
      }
      end = this.#delimiterAt(p);
      if (end !== nothing) break;
      bits |= byte;
      p++;
    }
    let to = p;
    while (to > from && blank[bytes[to - 1]] === 1) to--;
    this.#bits |= bits;
    this.#from = from;
    this.#to = to;
    this.#end = end;
    return this.#behind(p, end);
  }

  /** As `#value`, of one that begins with the quote at `at`. */
  #quotedValue(at: number): number {
    const bytes = this.#buffer;
    const filled = this.#filled;
    let bits = 0;
    let p = at + 1;
    this.#quoted = true;
    this.#doubled = false;
    for (; ; p += 2) {
      while (p < filled && bytes[p] !== quote) bits |= bytes[p++];
      if (p + 1 >= filled && !this.#ended) {
        this.#end = wanting;
        return p;
      }
      if (p >= filled) {
        this.#end = malformed;
        return p;
      }
      if (bytes[p + 1] !== quote || p + 1 >= filled) break;
      this.#doubled = true;
    }
    this.#bits |= bits;
    this.#from = at + 1;
    this.#to = p++;
    while (this.#blank[bytes[p]] === 1) p++;
    const end = this.#delimiterAt(p);
    this.#end = end === nothing ? malformed : end;
    return this.#behind(p, end);
  }

  #whyMalformed(at: number): string {
    if (at >= this.#filled) return 'malformed CSV: a quote is not closed';
    return `malformed CSV: text behind a closing quote at byte ${this.#base + at}`;
  }

  /** Writes the value found last. Returns null, or why the column cannot hold it. */
  #write(column: ColumnWriter, read: number, row: number): string | null {
    const isText = read === readText || read === skip;
    if (this.#from === this.#to && !(isText && this.#quoted)) {
      column.valid[row] = 0;
      return null;
    }
    if (read === skip) return null;
    const value = this.#quoted && this.#doubled ? this.#unquoted() : this.#plain();
    if (read !== readText) return coerce(column, row, value);
    const { bytes, view, from, to } = value;
    // First the code: to make it may move the column.
    const code = column.texts.codeOfBytes(bytes, view, from, to, hashBytes(view, from, to));
    column.codes[row] = code;
    return null;
  }

  #plain(): JsonValue {
    const value = this.#read;
    value.from = this.#from;
    value.to = this.#to;
    return value;
  }

  #unquoted(): JsonValue {
    const text = this.#buffer.toString('latin1', this.#from, this.#to).replaceAll('""', '"');
    const bytes = Buffer.from(text, 'latin1');
    return { bytes, view: viewOf(bytes), kind: jsonString, from: 0, to: bytes.length };
  }

  /** The value at `at` if it is some digits; else -1. Returns where the next one begins. */
  #integer(column: ColumnWriter, at: number, row: number, max: number): number {
    const bytes = this.#buffer;
    const isNegative = bytes[at] === 0x2d;
    const start = isNegative ? at + 1 : at;
    let p = start;
    let number = 0;
    for (let digit = bytes[p] - 0x30; digit >= 0 && digit <= 9; digit = bytes[++p] - 0x30) number = number * 10 + digit;
    if (p === start || p - start > 15 || number > max) return -1;
    const next = this.#pass(p);
    if (next >= 0) column.numbers[row] = isNegative ? 0 - number : number;
    return next;
  }

  /** The value at `at` if it is some digits, perhaps with a point between; else -1. */
  #float(column: ColumnWriter, at: number, row: number): number {
    const bytes = this.#buffer;
    const isNegative = bytes[at] === 0x2d;
    const start = isNegative ? at + 1 : at;
    let p = start;
    let number = 0;
    let digit = bytes[p] - 0x30;
    for (; digit >= 0 && digit <= 9; digit = bytes[++p] - 0x30) number = number * 10 + digit;
    const whole = p - start;
    let places = 0;
    if (digit === -2) {
      const point = p;
      for (digit = bytes[++p] - 0x30; digit >= 0 && digit <= 9; digit = bytes[++p] - 0x30) number = number * 10 + digit;
      places = p - point - 1;
      if (places === 0) return -1;
    }
    const digits = whole + places;
    if (whole === 0 || digits > 40) return -1;
    const next = this.#pass(p);
    if (next < 0 || this.#end === wanting) return next;
    // Up to 15 digits are exact in a double, and so is the power of ten: one division rounds once (Clinger 1990).
    let value = digits <= 15 ? number / tens[places] : Number(bytes.toString('latin1', start, p));
    if (column.type.kind === 'real') {
      value = Math.fround(value);
      if (value === Number.POSITIVE_INFINITY) return -1;
    }
    column.numbers[row] = isNegative ? -value : value;
    return next;
  }

  /** The value at `at` if it is `yyyy-MM-dd HH:mm:ss`, or T, with a fraction, with Z; else -1. */
  #timestamp(column: ColumnWriter, at: number, row: number): number {
    const bytes = this.#buffer;
    if (at + 19 > this.#filled) return -1;
    const between = bytes[at + 10];
    if (bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d || bytes[at + 13] !== 0x3a || bytes[at + 16] !== 0x3a)
      return -1;
    if (between !== 0x20 && between !== 0x54) return -1;
    const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
    const days = daysFromCivil(year, twoDigits(bytes, at + 5), twoDigits(bytes, at + 8));
    let p = at + 19;
    let millis = 0;
    if (bytes[p] === 0x2e) {
      const point = p;
      let scale = 100;
      for (let digit = bytes[++p] - 0x30; digit >= 0 && digit <= 9; digit = bytes[++p] - 0x30) {
        if (scale >= 1) millis += digit * scale;
        scale /= 10;
      }
      if (p === point + 1) return -1;
    }
    if (bytes[p] === 0x5a) p++;
    const time = timeOf(twoDigits(bytes, at + 11), twoDigits(bytes, at + 14), twoDigits(bytes, at + 17), millis);
    // A digit that is none has made it NaN.
    const timestamp = days * 86_400_000 + time;
    if (Number.isNaN(timestamp)) return -1;
    const next = this.#pass(p);
    if (next >= 0) column.numbers[row] = timestamp;
    return next;
  }

  /** A byte order mark at the start of the input is skipped. False: bytes are wanting. */
  #skipMark(): boolean {
    const bytes = this.#buffer;
    if (bytes[0] !== 0xef) return true;
    if (this.#filled < 3 && !this.#ended) return false;
    if (this.#filled >= 3 && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#at = 3;
    return true;
  }

  #breakOff(reason: string): void {
    this.#giveUp();
    this.#broken = { reason, kept: Buffer.alloc(0) };
    this.#start = this.#base + this.#at;
  }

  /** What was written of a row is written over. */
  #giveUp(): void {
    for (const column of this.#columns) column.giveUp(this.#rows, this.#rows + 1);
  }

  /** Looks for the end of the broken row and rejects it. False: more bytes are wanting. */
  #resynchronise(arrival: Millis): boolean {
    const { reason, kept } = this.#broken!;
    const delimiter = this.#rowDelimiter;
    const found = this.#buffer.subarray(0, this.#filled).indexOf(delimiter, this.#at);
    if (found < 0 && !this.#ended) {
      this.#at = Math.max(this.#at, this.#filled - delimiter.length + 1);
      return false;
    }
    const to = found < 0 ? this.#filled : found;
    const from = this.#start + kept.length - this.#base;
    const rest = this.#buffer.subarray(from, Math.min(to, from + rejectedBytesMax - kept.length));
    this.#broken = null;
    this.#at = found < 0 ? to : to + delimiter.length;
    this.#offset = this.#base + this.#at;
    this.#pushRejected('MalformedRecord', reason, this.#start, Buffer.concat([kept, rest]), arrival);
    return true;
  }

  #reject(name: string, reason: string, from: number, to: number, arrival: Millis): void {
    this.#giveUp();
    const record = Buffer.from(this.#buffer.subarray(from, Math.min(to, from + rejectedBytesMax)));
    this.#pushRejected(name, reason, this.#base + from, record, arrival);
  }

  #pushRejected(name: string, reason: string, offset: number, bytes: Buffer, time: Millis): void {
    const where = `record at byte ${offset}${this.#input && ` of ${this.#input}`}`;
    const end = this.#blank[0x0d] === 1 && bytes.at(-1) === 0x0d ? -1 : bytes.length;
    const record = new Uint8Array(bytes.subarray(0, end));
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
    const bytes = this.#buffer;
    if (needed > bytes.length) {
      this.#buffer = Buffer.alloc(Math.max(needed, bytes.length * 2));
      this.#read.bytes = this.#buffer;
      this.#read.view = viewOf(this.#buffer);
    }
    bytes.copy(this.#buffer, 0, this.#at, this.#filled);
    this.#base += this.#at;
    this.#filled -= this.#at;
    this.#at = 0;
    this.#pad();
  }

  #pad(): void {
    this.#buffer.fill(0, this.#filled, this.#filled + padBytes);
    this.#buffer[this.#filled] = this.#rowDelimiter[0];
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const column of this.#columns) column.grow();
  }
}

function delimiterOf(text: string, of: 'row' | 'column'): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 0 && bytes.length <= delimiterBytesMax) return bytes;
  throw new SourceError(`the ${of} delimiter must have 1 to ${delimiterBytesMax} bytes, not ${bytes.length}`);
}

function readOf({ type, used, kind }: ColumnWriter, isPlain: boolean): number {
  switch (type.kind) {
    case 'char':
    case 'varchar':
      return used ? readText : skip;
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return isPlain && kind === 'num' ? readInteger : readAny;
    case 'real':
    case 'double':
      return isPlain ? readFloat : readAny;
    case 'timestamp':
      return isPlain ? readTimestamp : readAny;
    default:
      return readAny;
  }
}

/** The largest integer that a column of this type takes. */
function maxOf({ kind }: SqlType): number {
  return kind in integerMax ? integerMax[kind as keyof typeof integerMax] : 0;
}

/** Powers of ten that a double holds exactly. */
const tens = Float64Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));

/** The number that two digits spell; NaN if they are none. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = bytes[at] - 0x30;
  const ones = bytes[at + 1] - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
