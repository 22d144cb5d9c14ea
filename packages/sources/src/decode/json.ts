import { isUtf8 } from 'node:buffer';
import type { Millis, SqlType } from '@rowtime/core';
import { SourceError } from '../errors.ts';
import { coerce, type JsonValue } from './coerce.ts';
import { BufferedDecoder, type InputDecoder } from './input-decoder.ts';
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

/** The records of an input of JSON are objects with any blanks between them, or none: NDJSON and what Firehose concatenates
 *  alike. */
export function createJsonDecoder(options: JsonDecoderOptions): InputDecoder {
  return new Decoder(options);
}

const nestingMax = 64;
const patienceMax = 64;
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
class Decoder extends BufferedDecoder {
  readonly #tree: PathTree;
  readonly #scanner: RecordScanner;
  readonly #templates: Templates | null;
  readonly #recordBytesMax: number;
  readonly #value: { -readonly [K in keyof JsonValue]: JsonValue[K] };

  readonly #kernel: Kernel | null;
  /** So many records JavaScript reads before the kernel is asked again: more, the more often it had nothing to say. */
  #patience = 1;
  /** Whether the broken record may hold others. */
  #mayNest = false;

  constructor({ columns, rowPath = '$', used, recordBytesMax = 1 << 20, engine = 'auto' }: JsonDecoderOptions) {
    const wasm = engine === 'auto' || engine === 'wasm' ? instantiateKernel() : null;
    if (engine === 'wasm' && !wasm) throw new SourceError('this runtime has no WebAssembly with SIMD');
    const memory = new Memory(wasm?.memory ?? null, wasm?.exports.firstAddress() ?? 0);
    super(memory, 0, columns, used);
    this.#tree = pathTree(columns, rowPath);
    this.#scanner = new RecordScanner(this.#tree, nestingMax);
    this.#recordBytesMax = recordBytesMax;
    this.#kernel = wasm ? new Kernel(wasm.exports, memory, this.columns, recordBytesMax) : null;
    this.#templates = engine === 'none' ? null : new Templates(this.#tree, this.columns, nestingMax, this.#kernel);
    this.#value = { bytes: this.bytes, view: this.view, kind: missing, from: 0, to: 0 };
    memory.onMove(() => this.look());
    this.look();
  }

  protected override onMove(): void {
    this.#value.bytes = this.bytes;
    this.#value.view = this.view;
    this.#templates?.use(this.bytes, this.view);
  }

  decode(arrival: Millis, rowsMax: number): boolean {
    for (;;) {
      if (this.isFull(rowsMax)) return true;
      if (this.broken) {
        if (!this.#resynchronise(arrival)) return false;
        continue;
      }
      if (!this.skipMark()) return false;
      this.at = skipBlanks(this.bytes, this.at);
      if (this.#kernel?.isReady) this.#readByKernel(this.#kernel, arrival, rowsMax);
      if (this.#templates && this.at < this.filledTo) {
        const rowsTo = this.#kernel?.isReady ? Math.min(rowsMax, this.row + this.#patience) : rowsMax;
        if (this.#readLikeBefore(this.#templates, arrival, rowsTo)) continue;
      }
      if (this.isFull(rowsMax)) return true;
      if (this.at === this.filledTo) return false;
      if (!this.#record(arrival)) return false;
    }
  }

  /** Reads records from #at on as long as the kernel can. */
  #readByKernel(kernel: Kernel, arrival: Millis, rowsMax: number): void {
    const from = this.row;
    let to = from;
    while (to < rowsMax) {
      if (to === this.capacity) this.grow();
      // What is in the buffer is not much, so the bytes are counted at its end.
      const rowsTo = Math.min(rowsMax, this.capacity);
      const before = to;
      to = kernel.read(this.address + this.at, before, rowsTo);
      if (to === before) break;
      const at = kernel.at - this.address;
      const end = kernel.end - this.address;
      this.arrivals.from(before, arrival);
      this.takenBytes += end - this.at;
      this.row = to;
      this.at = at;
      this.decodedTo = this.base + end;
      if (to < rowsTo) break;
    }
    this.#patience = to > from ? 1 : Math.min(this.#patience * 2, patienceMax);
  }

  /** Reads records from #at on as long as templates match them. Whether there were any. */
  #readLikeBefore(templates: Templates, arrival: Millis, rowsMax: number): boolean {
    const rowsTo = Math.min(rowsMax, this.capacity);
    const from = this.row;
    let row = from;
    let at = this.at;
    let end = 0;
    // What is in the buffer is not much, so the bytes are counted at its end.
    while (row < rowsTo) {
      const next = templates.read(at, row);
      if (next < 0) break;
      if (next - at > this.#recordBytesMax) {
        for (const column of this.columns) column.giveUp(row, row + 1);
        break;
      }
      row++;
      end = next;
      // Not a local: a new text may have moved the memory.
      at = this.bytes[next] === 0x7b ? next : skipBlanks(this.bytes, next);
    }
    if (end > 0) {
      this.arrivals.from(from, arrival);
      this.takenBytes += end - this.at;
      this.row = row;
      this.at = at;
      this.decodedTo = this.base + end;
    }
    return end > 0;
  }

  /** Decodes or gives up the record at #at. False: more bytes are wanting. */
  #record(arrival: Millis): boolean {
    const from = this.at;
    const first = this.bytes[from];
    if (first !== 0x7b && first !== 0x5b) {
      this.#skip(`a record is a JSON object: ${shownByte(first)}`);
      return true;
    }
    const end = this.#scanner.scan(this.bytes, from);
    const reached = end < 0 ? this.#scanner.failedAt : end;
    if (reached - from > this.#recordBytesMax) {
      this.#skip(`the record is longer than ${this.#recordBytesMax} bytes`);
      return true;
    }
    if (end < 0) {
      if (reached >= this.filledTo && !this.ended) return false;
      this.#skip(this.#whyMalformed(reached));
      return true;
    }
    this.at = end;
    this.#accept(from, end, arrival);
    return true;
  }

  #whyMalformed(at: number): string {
    if (this.#scanner.tooDeep) return `the record is nested more than ${nestingMax} levels deep`;
    if (at >= this.filledTo) return 'malformed JSON: the input ends inside the record';
    return `malformed JSON: ${shownByte(this.bytes[at])} at byte ${this.base + at}`;
  }

  /** A valid JSON value in [from, to): its rows, or a rejected record if a column cannot hold a value. */
  #accept(from: number, to: number, arrival: Millis): void {
    const scanner = this.#scanner;
    if (scanner.bits >= 0x80 && !isUtf8(this.bytes.subarray(from, to))) {
      this.#reject('MalformedRecord', 'the record is not valid UTF-8', from, to, arrival);
      return;
    }
    if (this.bytes[from] === 0x5b && !this.#tree.root.element) {
      const reason = 'a record is a JSON object, not an array (unless the row path is $[0:])';
      this.#reject('MalformedRecord', reason, from, to, arrival);
      return;
    }
    const before = this.row;
    let failure: string | null = null;
    // An array without elements gives one row, as does a record without the array.
    const rows = Math.max(scanner.elements, 1);
    for (let i = 0; i < rows && failure === null; i++) {
      if (i < scanner.elements) scanner.selectElement(i);
      failure = this.#row(arrival);
    }
    if (failure === null) {
      this.decodedTo = this.base + to;
      this.takenBytes += to - from;
      this.#templates?.learn(from, to);
    } else {
      for (const column of this.columns) column.giveUp(before, this.row + 1);
      this.row = before;
      this.#reject('CoercionError', failure, from, to, arrival);
    }
  }

  #row(arrival: Millis): string | null {
    const { kinds, starts, ends } = this.#scanner;
    const { slotOfColumn } = this.#tree;
    const row = this.row;
    if (row === this.capacity) this.grow();
    const value = this.#value;
    for (let c = 0; c < this.columns.length; c++) {
      const slot = slotOfColumn[c];
      value.kind = kinds[slot];
      value.from = starts[slot];
      value.to = ends[slot];
      const failure = coerce(this.columns[c], row, value);
      if (failure !== null) return `column "${this.schema[c].name}": ${failure}`;
    }
    this.arrivals.from(row, arrival);
    this.row++;
    return null;
  }

  #skip(reason: string): void {
    const first = this.bytes[this.at];
    this.#mayNest = first === 0x7b || first === 0x5b || first === 0x22;
    this.breakOff(reason);
    this.at++;
  }

  /** Looks for the end of the broken record and rejects it. False: more bytes are wanting. */
  #resynchronise(arrival: Millis): boolean {
    for (;;) {
      const at = this.at;
      const byte = this.bytes[at];
      if (at === this.filledTo) {
        if (!this.ended) return false;
        this.rejectBroken(at, at, arrival);
        return true;
      }
      if (byte === 0x0a) {
        this.rejectBroken(at, at + 1, arrival);
        return true;
      }
      if (byte === 0x7b) {
        const isRecord = this.#recordBegins(at, this.#mayNest);
        if (isRecord === null) return false;
        if (isRecord) {
          this.rejectBroken(at, at, arrival);
          return true;
        }
      }
      this.at++;
    }
  }

  /** Whether an intact record begins here, inside or behind a broken one. null: more bytes are wanting. */
  #recordBegins(from: number, mayBeNested: boolean): boolean | null {
    const bytes = this.bytes;
    const scanner = this.#scanner;
    const end = scanner.scan(bytes, from);
    const reached = end < 0 ? scanner.failedAt : end;
    if (reached - from > this.#recordBytesMax) return false;
    if (end < 0) return reached >= this.filledTo && !this.ended ? null : false;
    if (mayBeNested) {
      let at = end;
      while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0d) at++;
      if (at === this.filledTo && !this.ended) return null;
      const next = bytes[at];
      if (next === 0x2c || next === 0x7d || next === 0x5d || next === 0x3a || next === 0x22) return false;
    }
    return this.#tree.slots === 0 || scanner.elements > 0 || scanner.kinds.some((kind) => kind !== missing);
  }

  #reject(name: string, reason: string, from: number, to: number, arrival: Millis): void {
    this.decodedTo = this.base + to;
    this.rejectRecord(name, reason, from, to, arrival);
  }

  protected override trimmed(record: Buffer): Buffer {
    let to = record.length;
    while (to > 0 && skipBlanks(record, to - 1) === to) to--;
    return record.subarray(0, to);
  }
}

function shownByte(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? `unexpected ${JSON.stringify(String.fromCharCode(byte))}`
    : `unexpected byte ${byte}`;
}
