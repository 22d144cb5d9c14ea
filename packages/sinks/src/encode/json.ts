import {
  assert,
  type Batch,
  type Column,
  type ExactColumn,
  type Field,
  printUnits,
  type Schema,
  type SqlType,
} from '@rowtime/core';

export interface JsonOptions {
  /** 'iso': ROWTIME is the first key, as `2024-01-01T00:01:00.000Z`, unless the schema has a column of that name. */
  readonly rowtime?: 'iso' | false;
  /** After each row. Firehose adds nothing between records, hence the default ''. */
  readonly delimiter?: string;
  /** Before each row. */
  readonly prefix?: string;
}

/** Rows as bytes. Both arrays are the encoder's own: valid until it encodes the next batch. */
export interface EncodedRows {
  readonly bytes: Uint8Array;
  /** Row i is bytes[ends[i - 1], ends[i]). */
  readonly ends: Uint32Array;
}

export interface JsonEncoder {
  encode(batch: Batch): EncodedRows;
}

/** A row as one JSON object in UTF-8, keys in schema order, names as stored; NULL is null (AWS SQL reference, "Output").
 *  Numbers have the fewest digits that give the value back, DECIMAL has its scale's digits, a TIMESTAMP is
 *  `yyyy-MM-dd HH:mm:ss.SSS`, BINARY is base64. What JSON cannot say (NaN, infinities) is null. */
export function createJsonEncoder(schema: Schema, options: JsonOptions = {}): JsonEncoder {
  const { prefix = '', delimiter = '' } = options;
  const ownRowtime = options.rowtime === 'iso' && !schema.some(({ name }) => name === 'ROWTIME');
  const cells = schema.map((field, i) => cellOf(field, i === 0 && !ownRowtime));
  const rowtime = ownRowtime ? new RowtimeCell() : null;
  const head = utf8(`${prefix}{`);
  const tail = utf8(`}${delimiter}`);
  let out = new Uint8Array(1 << 16);
  let ends = new Uint32Array(1024);

  return {
    encode(batch) {
      const { length } = batch;
      if (ends.length < length) ends = new Uint32Array(length * 2);
      let rowBytesMax = head.length + tail.length + (rowtime ? rowtime.bytesMax : 0);
      for (let c = 0; c < cells.length; c++) {
        cells[c]!.begin(batch.columns[c]!, length);
        rowBytesMax += cells[c]!.bytesMax;
      }
      let at = 0;
      for (let row = 0; row < length; row++) {
        if (at + rowBytesMax > out.length) out = grown(out, at, rowBytesMax);
        at = put(out, at, head);
        if (rowtime) at = rowtime.write(out, at, batch.rowtime[row]!);
        for (let c = 0; c < cells.length; c++) at = cells[c]!.write(out, at, row);
        at = put(out, at, tail);
        ends[row] = at;
      }
      return { bytes: out.subarray(0, at), ends: ends.subarray(0, length) };
    },
  };
}

function grown(out: Uint8Array<ArrayBuffer>, used: number, more: number): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(Math.max(out.length * 2, used + more));
  next.set(out.subarray(0, used));
  return next;
}

/** Writes one column's part of a row: its key and value. */
interface Cell {
  /** No `write` before the next `begin` adds more than this. */
  readonly bytesMax: number;
  begin(column: Column, length: number): void;
  /** Returns where the next byte goes. */
  write(out: Uint8Array, at: number, row: number): number;
}

function cellOf({ name, type }: Field, first: boolean): Cell {
  const key = utf8(`${first ? '' : ','}${JSON.stringify(name)}:`);
  switch (type.kind) {
    case 'boolean':
      return new BoolCell(key);
    case 'char':
    case 'varchar':
      return new TextCell(key, (text) => text);
    case 'binary':
    case 'varbinary':
      return new TextCell(key, (hex) => Buffer.from(hex, 'hex').toString('base64'));
    default:
      return new NumberCell(key, numberWriter(type));
  }
}

class BoolCell implements Cell {
  readonly bytesMax: number;
  readonly #texts: readonly Uint8Array[];
  #values = new Uint8Array(0);
  #valid: Uint8Array | null = null;

  constructor(key: Uint8Array) {
    this.#texts = ['false', 'true', 'null'].map((text) => utf8(text, key));
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

/** Each text that occurs is quoted and escaped once per batch, key included, and copied from then on. */
class TextCell implements Cell {
  bytesMax = 0;
  readonly #key: Uint8Array;
  readonly #null: Uint8Array;
  readonly #show: (text: string) => string;
  /** The texts of this batch, one after the other; that of code c is [from[c], to[c]), and to[c] is 0 if not there yet. */
  #texts = new Uint8Array(4096);
  #from = new Uint32Array(64);
  #to = new Uint32Array(64);
  #codes = new Int32Array(0);
  #valid: Uint8Array | null = null;

  constructor(key: Uint8Array, show: (text: string) => string) {
    this.#key = key;
    this.#null = utf8('null', key);
    this.#show = show;
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
      const end = this.#encode(this.#show(dict[code]!), at);
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
    const texts = this.#texts;
    let at = put(texts, from, this.#key);
    texts[at++] = quote;
    for (let i = 0; i < text.length; i++) {
      const char = text.charCodeAt(i);
      if (char < 0x20 || char > 0x7e || char === quote || char === backslash) {
        at = from + this.#key.length;
        return at + encoder.encodeInto(JSON.stringify(text), texts.subarray(at)).written;
      }
      texts[at++] = char;
    }
    texts[at++] = quote;
    return at;
  }
}

class RowtimeCell {
  readonly bytesMax: number;
  readonly #key = utf8('"ROWTIME":"');
  readonly #day = new DayWriter();

  constructor() {
    this.bytesMax = this.#key.length + numberBytesMax;
  }

  write(out: Uint8Array, from: number, time: number): number {
    let at = put(out, from, this.#key);
    const millis = Math.floor(time);
    const day = Math.floor(millis / dayMs);
    at = this.#day.write(out, at, day);
    out[at++] = 0x54; // T
    at = putClock(out, at, millis - day * dayMs);
    out[at++] = 0x5a; // Z
    out[at++] = quote;
    return at;
  }
}

type NumberWriter = (out: Uint8Array, at: number, value: number) => number;

class NumberCell implements Cell {
  readonly bytesMax: number;
  readonly #key: Uint8Array;
  readonly #put: NumberWriter;
  #values = new Float64Array(0);
  /** Of a batch with numbers that no double holds. */
  #exact: ExactColumn | null = null;
  #valid: Uint8Array | null = null;

  constructor(key: Uint8Array, writer: NumberWriter) {
    this.#key = key;
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
    return known ? this.#put(out, at, value) : putAscii(out, at, 'null');
  }

  #writeExact(out: Uint8Array, at: number, row: number, { units, scale, valid }: ExactColumn): number {
    const known = valid === null || valid[row] === 1;
    return putAscii(out, at, known ? printUnits(units[row]!, scale) : 'null');
  }
}

/** Room for any number (toFixed gives at most 22 digits and its scale) or time. */
const numberBytesMax = 64;

function numberWriter(type: SqlType): NumberWriter {
  switch (type.kind) {
    case 'decimal':
      return decimalWriter(type.scale);
    case 'real':
      return putReal;
    case 'date':
    case 'time':
    case 'timestamp':
      return timeWriter(type.kind);
    default:
      return putNumber;
  }
}

/** As String(value). */
function putNumber(out: Uint8Array, at: number, value: number): number {
  if (Math.trunc(value) === value) {
    if (value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER) return putInteger(out, at, value);
    return putAscii(out, at, String(value));
  }
  // At most 15 digits with at most 4 after the point: prices, ratings. Two decimals of up to 15 digits are never the same
  // double, so the one that gives the value back is the shortest. About twice as fast as String().
  const size = Math.abs(value);
  if (size < 1e11) {
    for (let digits = 1, scale = 10; digits <= 4; digits++, scale *= 10) {
      const scaled = Math.round(size * scale);
      if (scaled / scale === size) return putScaled(out, at, value < 0, scaled, digits, scale);
    }
  }
  return putAscii(out, at, String(value));
}

/** `scaled` / `scale`, where scale is 10 ** digits. */
function putScaled(
  out: Uint8Array,
  from: number,
  negative: boolean,
  scaled: number,
  digits: number,
  scale: number,
): number {
  let at = from;
  if (negative) out[at++] = minus;
  const whole = Math.floor(scaled / scale);
  at = putInteger(out, at, whole);
  out[at] = 0x2e; // .
  let fraction = scaled - whole * scale;
  for (let i = digits; i > 0; i--) {
    const next = Math.floor(fraction / 10);
    out[at + i] = zero + fraction - next * 10;
    fraction = next;
  }
  return at + 1 + digits;
}

function putInteger(out: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  if (rest < 0) {
    out[at++] = minus;
    rest = -rest;
  }
  if (rest >= 1e9) {
    const high = Math.floor(rest / 1e9);
    at = putInteger(out, at, high);
    return putDigits(out, at, rest - high * 1e9, 9);
  }
  return putDigits(out, at, rest, rest < 10 ? 1 : rest < 100 ? 2 : rest < 1000 ? 3 : rest < 1e4 ? 4 : digitsOf(rest));
}

function digitsOf(value: number): number {
  return value < 1e5 ? 5 : value < 1e6 ? 6 : value < 1e7 ? 7 : value < 1e8 ? 8 : 9;
}

/** The last `count` digits of an integer under 2 ** 31. */
function putDigits(out: Uint8Array, at: number, value: number, count: number): number {
  let rest = value | 0;
  for (let i = at + count - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    out[i] = zero + rest - next * 10;
    rest = next;
  }
  return at + count;
}

/** A decimal is kept as the double nearest to it: rounding at its scale gives its digits back. */
function decimalWriter(scale: number): NumberWriter {
  if (scale === 0)
    return (out, at, value) =>
      Number.isSafeInteger(value) ? putInteger(out, at, value) : putAscii(out, at, value.toFixed(0));
  const factor = 10 ** scale;
  return (out, at, value) => {
    const scaled = Math.round(Math.abs(value) * factor);
    if (scaled >= 2 ** 51 || scale > 15) return putAscii(out, at, value.toFixed(scale));
    return putScaled(out, at, value < 0 && scaled > 0, scaled, scale, factor);
  };
}

/** The fewest digits that give the 32-bit float back: 0.1, not 0.10000000149011612. */
function putReal(out: Uint8Array, at: number, value: number): number {
  const real = Math.fround(value);
  if (Math.trunc(real) === real && Math.abs(real) < 2 ** 24) return putInteger(out, at, real);
  if (!Number.isFinite(real)) return putAscii(out, at, 'null');
  // Six digits survive a float and nine tell any two apart; below the normal floats fewer than six may do.
  let text = '';
  for (let digits = Math.abs(real) < 2 ** -126 ? 1 : 6; digits <= 9; digits++) {
    text = real.toPrecision(digits);
    if (Math.fround(Number(text)) === real) break;
  }
  return putAscii(out, at, String(Number(text)));
}

function timeWriter(kind: 'date' | 'time' | 'timestamp'): NumberWriter {
  const days = new DayWriter();
  return (out, from, value) => {
    const millis = Math.floor(value);
    const day = Math.floor(millis / dayMs);
    if (day < -dayMax || day > dayMax) return putAscii(out, from, 'null');
    let at = from;
    out[at++] = quote;
    if (kind !== 'time') at = days.write(out, at, day);
    if (kind === 'timestamp') out[at++] = 0x20;
    if (kind !== 'date') at = putClock(out, at, millis - day * dayMs);
    out[at++] = quote;
    return at;
  };
}

const dayMs = 86_400_000;
/** The calendar of ECMAScript ends here. */
const dayMax = 1e8;

/** `yyyy-MM-dd`. Rows in time order stay on one day for long, so its text is kept. */
class DayWriter {
  #day = Number.NaN;
  #text = new Uint8Array(0);

  write(out: Uint8Array, at: number, day: number): number {
    if (day !== this.#day) {
      this.#day = day;
      this.#text = utf8(dayText(day));
    }
    return put(out, at, this.#text);
  }
}

// Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days: years begin in March, eras have 400 of them.
function dayText(day: number): string {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * march + 2) / 5) + 1;
  const month = march < 10 ? march + 3 : march - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${yearText(year)}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`;
}

/** Outside 0000–9999 as ISO 8601 and Date do: a sign and six digits. */
function yearText(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return (year < 0 ? '-' : '+') + String(Math.abs(year)).padStart(6, '0');
}

/** `HH:mm:ss.SSS` of a millisecond of the day. */
function putClock(out: Uint8Array, at: number, millis: number): number {
  const seconds = (millis / 1000) | 0;
  const minutes = (seconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  putDigits(out, at, hours, 2);
  out[at + 2] = colon;
  putDigits(out, at + 3, minutes - hours * 60, 2);
  out[at + 5] = colon;
  putDigits(out, at + 6, seconds - minutes * 60, 2);
  out[at + 8] = 0x2e; // .
  return putDigits(out, at + 9, millis - seconds * 1000, 3);
}

const zero = 0x30;
const minus = 0x2d;
const colon = 0x3a;
const quote = 0x22;
const backslash = 0x5c;

function put(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const { length } = bytes;
  for (let i = 0; i < length; i++) out[at + i] = bytes[i]!;
  return at + length;
}

function putAscii(out: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

const encoder = new TextEncoder();

function utf8(text: string, before?: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(text);
  if (!before) return bytes;
  const joined = new Uint8Array(before.length + bytes.length);
  joined.set(before);
  joined.set(bytes, before.length);
  return joined;
}
