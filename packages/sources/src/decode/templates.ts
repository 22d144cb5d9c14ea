import { isUtf8 } from 'node:buffer';
import type { SqlType } from '@rowtime/core';
import { coerce, integerMax, type JsonValue } from './coerce.ts';
import type { ColumnWriter } from './column-writer.ts';
import { daysFromCivil, timeOf } from './datetime.ts';
import type { PathNode, PathTree } from './json-path.ts';
import type { Kernel } from './kernel.ts';
import { findNode, jsonArray, jsonNumber, jsonString, missing, RecordScanner, skipBlanks } from './record-scanner.ts';
import { hashBytes } from './text-interner.ts';

/**
 * The fast path. Records of one program look alike: `{"user": "`, a text, `", "rating": `, a number, `}`. A template is
 * what one record had between its values; later records are compared with it four bytes at a time, and their values
 * read where they lie. What a template does not match is left to the scanner, which decides: this path is never laxer.
 *
 * After Mison (Li et al., VLDB 2017): speculate on where the fields are, fall back.
 */
export class Templates {
  readonly #tree: PathTree;
  readonly #columns: readonly ColumnWriter[];
  /** Scans single values, and what a new template is learnt from. */
  readonly #scanner: RecordScanner;
  readonly #templates: Template[] = [];
  /** The one that read the last record: the next record likely looks the same. */
  #last = 0;
  #misses = 0;
  #reads = 0;
  /** Told of each template. */
  readonly #kernel: Kernel | null;

  readonly #value: { -readonly [K in keyof JsonValue]: JsonValue[K] };
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** A row given up halfway may have left NULLs behind. */
  #hasNulls = false;

  constructor(tree: PathTree, columns: readonly ColumnWriter[], depthMax: number, kernel: Kernel | null) {
    this.#tree = tree;
    this.#columns = columns;
    this.#kernel = kernel;
    this.#scanner = new RecordScanner(tree, depthMax);
    this.#value = { bytes: this.#bytes, view: this.#view, kind: missing, from: 0, to: 0 };
  }

  /** The bytes that `read` and `learn` speak of. As the scanner demands, zeros follow the last one: eight of them. */
  use(bytes: Buffer, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
    this.#value.bytes = bytes;
    this.#value.view = view;
  }

  /** Reads the record at `at` into a row of the columns. Its end; -1: no template matches, and nothing is said. */
  read(at: number, row: number): number {
    const templates = this.#templates;
    let i = this.#last;
    for (let tried = 0; tried < templates.length; tried++, i++) {
      if (i >= templates.length) i = 0;
      const end = this.#match(templates[i], at, row);
      if (end >= 0) {
        this.#hasNulls = false;
        this.#last = i;
        templates[i].lastRead = ++this.#reads;
        return end;
      }
      if (this.#hasNulls) {
        this.#hasNulls = false;
        for (const column of this.#columns) column.giveUp(row, row + 1);
      }
    }
    return -1;
  }

  /** A valid record, which gave one row, was not read: remembers how it looks, now or when that happens often. */
  learn(from: number, to: number): void {
    const templates = this.#templates;
    const isFull = templates.length === templatesMax;
    if (isFull && ++this.#misses < missesMax) return;
    this.#misses = 0;
    const template = this.#learnt(from, to);
    if (!template || templates.some((known) => known.text === template.text)) return;
    if (isFull) this.#askKernel();
    const t = isFull ? templates.indexOf(leastRead(templates)) : templates.length;
    templates[t] = template;
    this.#kernel?.learn(t, template);
  }

  /** What the kernel read counts as read now. */
  #askKernel(): void {
    this.#reads++;
    for (let t = 0; t < this.#templates.length; t++) {
      if (this.#kernel?.hasRead(t)) this.#templates[t].lastRead = this.#reads;
    }
  }

  #match(template: Template, from: number, row: number): number {
    let bytes = this.#bytes;
    let view = this.#view;
    const { words, masks, wordsTo, lengths, slots } = template;
    let at = from;
    let w = 0;
    for (let s = 0; ; s++) {
      const wordTo = wordsTo[s];
      for (let p = at; w < wordTo; w++, p += 4) {
        if (((view.getInt32(p, true) ^ words[w]) & masks[w]) !== 0) return -1;
      }
      at += lengths[s];
      if (s === slots.length) break;
      const slot = slots[s];
      switch (slot.op) {
        case skipText:
        case readText: {
          if (bytes[at] !== 0x22) {
            at = this.#other(slot, at, row);
            bytes = this.#bytes;
            view = this.#view;
            break;
          }
          const start = at + 1;
          let p = start;
          let bits = 0;
          for (;;) {
            const word = view.getInt32(p, true);
            const quotes = word ^ 0x22222222;
            const slashes = word ^ 0x5c5c5c5c;
            // The top bit of a byte is set if it is a quote, a backslash, a control character or not ASCII.
            const stops =
              (((quotes - 0x01010101) & ~quotes) |
                ((slashes - 0x01010101) & ~slashes) |
                ((word - 0x20202020) & ~word) |
                word) &
              0x80808080;
            if (stops !== 0) {
              bits |= word;
              const end = plainEnd(bytes, p);
              if (end !== p + 4) {
                p = end;
                break;
              }
            }
            p += 4;
          }
          if (bytes[p] !== 0x22 || ((bits & 0x80808080) !== 0 && !isUtf8(bytes.subarray(start, p)))) {
            at = this.#other(slot, at, row);
            bytes = this.#bytes;
            view = this.#view;
            break;
          }
          if (slot.op === readText) {
            const column = slot.column!;
            const code = column.texts.codeOfBytes(bytes, view, start, p, hashBytes(view, start, p));
            column.codes[row] = code;
            // A new text may have moved the memory.
            bytes = this.#bytes;
            view = this.#view;
          }
          at = p + 1;
          break;
        }
        case readInteger: {
          const isNegative = bytes[at] === 0x2d;
          const start = isNegative ? at + 1 : at;
          let p = start;
          let number = 0;
          for (let digit = bytes[p] - 0x30; digit >= 0 && digit <= 9; digit = bytes[++p] - 0x30) {
            number = number * 10 + digit;
          }
          const digits = p - start;
          const next = bytes[p];
          if (
            digits === 0 ||
            digits > 15 ||
            (digits > 1 && bytes[start] === 0x30) ||
            next === 0x2e ||
            (next | 0x20) === 0x65 ||
            number > slot.max
          ) {
            at = this.#other(slot, at, row);
          } else {
            slot.column!.numbers[row] = isNegative ? 0 - number : number;
            at = p;
          }
          break;
        }
        case readFloat: {
          const isNegative = bytes[at] === 0x2d;
          const start = isNegative ? at + 1 : at;
          let p = start;
          let number = 0;
          let digit = bytes[p] - 0x30;
          for (; digit >= 0 && digit <= 9; digit = bytes[++p] - 0x30) number = number * 10 + digit;
          const whole = p - start;
          let places = 0;
          // Digits up to the 15th are one exact number; those after it are another.
          let rest = 0;
          let restDigits = 0;
          if (digit === -2) {
            const point = p;
            const exactTo = point + 1 + Math.max(15 - whole, 0);
            digit = bytes[++p] - 0x30;
            for (; digit >= 0 && digit <= 9 && p < exactTo; digit = bytes[++p] - 0x30) number = number * 10 + digit;
            for (; digit >= 0 && digit <= 9; digit = bytes[++p] - 0x30) {
              rest = rest * 10 + digit;
              restDigits++;
            }
            places = p - point - 1;
            if (places === 0) {
              at = -1;
              break;
            }
          }
          if (
            whole === 0 ||
            whole > 15 ||
            restDigits > 4 ||
            (whole > 1 && bytes[start] === 0x30) ||
            (bytes[p] | 0x20) === 0x65 ||
            places > slot.scale ||
            (slot.isDecimal && restDigits > 0)
          ) {
            at = this.#other(slot, at, row);
            break;
          }
          if (restDigits > 0) {
            number = quotient(number, tens[restDigits], rest, tens[places]);
            if (Number.isNaN(number)) {
              at = this.#other(slot, at, row);
              break;
            }
          } else if (places > 0) {
            number /= tens[places];
          }
          if (number >= slot.max) {
            at = this.#other(slot, at, row);
            break;
          }
          if (slot.isReal) number = Math.fround(number);
          slot.column!.numbers[row] = isNegative ? slot.zero - number : number;
          at = p;
          break;
        }
        case readTimestamp: {
          at = this.#timestamp(slot, at, row);
          break;
        }
        default:
          at = this.#other(slot, at, row);
          bytes = this.#bytes;
          view = this.#view;
      }
      if (at < 0) return -1;
    }
    const { absent } = template;
    for (let i = 0; i < absent.length; i++) absent[i].valid[row] = 0;
    return at;
  }

  /** The date and time that programs write: `yyyy-MM-dd HH:mm:ss`, or T, with a fraction, with Z. */
  #timestamp(slot: Slot, from: number, row: number): number {
    const bytes = this.#bytes;
    const at = from + 1;
    const between = bytes[at + 10];
    const isShaped =
      bytes[from] === 0x22 &&
      bytes[at + 4] === 0x2d &&
      bytes[at + 7] === 0x2d &&
      (between === 0x20 || between === 0x54) &&
      bytes[at + 13] === 0x3a &&
      bytes[at + 16] === 0x3a;
    if (!isShaped) return this.#other(slot, from, row);
    const days = daysFromCivil(
      twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2),
      twoDigits(bytes, at + 5),
      twoDigits(bytes, at + 8),
    );
    let millis = 0;
    let p = at + 19;
    if (bytes[p] === 0x2e) {
      let scale = 100;
      let digit = bytes[++p] - 0x30;
      if (digit < 0 || digit > 9) return this.#other(slot, from, row);
      for (; digit >= 0 && digit <= 9; digit = bytes[++p] - 0x30) {
        if (scale >= 1) millis += digit * scale;
        scale /= 10;
      }
    }
    if (bytes[p] === 0x5a) p++;
    const time = timeOf(twoDigits(bytes, at + 11), twoDigits(bytes, at + 14), twoDigits(bytes, at + 17), millis);
    const timestamp = days * 86_400_000 + time;
    // A digit that is none has made it NaN.
    if (bytes[p] !== 0x22 || Number.isNaN(timestamp)) return this.#other(slot, from, row);
    slot.column!.numbers[row] = timestamp;
    return p + 1;
  }

  /** Any value, by the exact path's own means. */
  #other(slot: Slot, from: number, row: number): number {
    const bytes = this.#bytes;
    const first = bytes[from];
    if (slot.isScalar && (first === 0x7b || first === 0x5b)) return -1;
    const scanner = this.#scanner;
    const end = scanner.scanPart(bytes, from, slot.depth);
    if (end < 0) return -1;
    if (scanner.bits >= 0x80 && !isUtf8(bytes.subarray(from, end))) return -1;
    const { column } = slot;
    if (!column) return end;
    const value = this.#value;
    const quote = first === 0x22 ? 1 : 0;
    value.kind = scanner.kind;
    value.from = from + quote;
    value.to = end - quote;
    if (coerce(column, row, value) !== null) return -1;
    if (column.valid[row] === 0) this.#hasNulls = true;
    return end;
  }

  /** The template of the valid record in bytes [from, to); null if one cannot say what its like would mean. */
  #learnt(from: number, to: number): Template | null {
    const { root, slotOfColumn, elementFrom, elementTo } = this.#tree;
    if (root.slot >= 0 || elementFrom < elementTo || this.#bytes[from] !== 0x7b) return null;
    const found: Found[] = [];
    const nodes = new Set<PathNode>();
    if (this.#find(from, root, 1, found, nodes) < 0) return null;
    const columns = this.#columns;
    const slots: Slot[] = [];
    for (const { node, from, depth } of found) {
      const mapped = node && node.slot >= 0 ? columns.filter((_, c) => slotOfColumn[c] === node.slot) : [];
      const used = mapped.filter((column) => column.used);
      if (used.length > 1) return null;
      slots.push(slotOf(used[0] ?? null, this.#kindAt(from), depth, node !== null && node.children.length > 0));
    }
    const seen = new Set([...nodes].map((node) => node.slot));
    const absent = columns.filter((column, c) => column.used && !seen.has(slotOfColumn[c]));
    const starts = [from, ...found.map((value) => value.to)];
    const ends = [...found.map((value) => value.from), to];
    return templateOf(
      this.#bytes,
      starts.map((start, i) => ({ from: start, to: ends[i] })),
      slots,
      absent,
    );
  }

  /** The values of the object at `from` that may differ in the next record; its end, or -1 if a key is there twice. */
  #find(from: number, node: PathNode, depth: number, found: Found[], nodes: Set<PathNode>): number {
    const bytes = this.#bytes;
    let at = skipBlanks(bytes, from + 1);
    while (bytes[at] !== 0x7d) {
      if (bytes[at] === 0x2c) at = skipBlanks(bytes, at + 1);
      const keyTo = this.#scanner.scanPart(bytes, at, 0);
      const isEscaped = this.#scanner.kind !== jsonString;
      const child = findNode(node.children, bytes, at + 1, keyTo - 1, isEscaped);
      if (child) {
        if (nodes.has(child)) return -1;
        nodes.add(child);
      }
      at = skipBlanks(bytes, skipBlanks(bytes, keyTo) + 1);
      let to: number;
      if (child && child.children.length > 0 && bytes[at] === 0x7b) {
        // A path may end here and others go on: then the object itself is a value.
        to = child.slot >= 0 ? -1 : this.#find(at, child, depth + 1, found, nodes);
        if (to < 0) return -1;
      } else {
        to = this.#scanner.scanPart(bytes, at, 0);
        if (child && child.children.length > 0 && this.#scanner.kind >= jsonArray) return -1;
        found.push({ node: child, from: at, to, depth });
      }
      at = skipBlanks(bytes, to);
    }
    return at + 1;
  }

  #kindAt(from: number): number {
    this.#scanner.scanPart(this.#bytes, from, 0);
    return this.#scanner.kind;
  }
}

const templatesMax = 8;
/** With that many templates, so many records must miss them all before one gives way. */
const missesMax = 32;

const skipText = 0;
const readText = 1;
const readInteger = 2;
const readFloat = 3;
const readTimestamp = 4;
const readOther = 5;

/** A value in a record: the node of its path, if that is wanted, and how many containers it is in. */
interface Found {
  readonly node: PathNode | null;
  readonly from: number;
  readonly to: number;
  readonly depth: number;
}

/** Where a template has a value. */
export interface Slot extends Limits {
  readonly op: number;
  /** null: no one wants the value, but it must be valid. */
  readonly column: ColumnWriter | null;
  readonly depth: number;
  /** An array or object here would have parts that a column wants. */
  readonly isScalar: boolean;
}

export interface Template {
  readonly literals: readonly Uint8Array[];
  /** All literals in words of four bytes; the last word of each is masked. Those of literal s end before wordsTo[s]. */
  readonly words: Int32Array;
  readonly masks: Int32Array;
  readonly wordsTo: Int32Array;
  readonly lengths: Int32Array;
  /** One between any two literals. */
  readonly slots: readonly Slot[];
  /** Columns that such records lack. */
  readonly absent: readonly ColumnWriter[];
  /** Equal for equal templates. */
  readonly text: string;
  lastRead: number;
}

function slotOf(column: ColumnWriter | null, kind: number, depth: number, isScalar: boolean): Slot {
  const type = column === null ? null : column.type;
  return { op: opOf(type, kind), column, depth, isScalar, ...limitsOf(type) };
}

function opOf(type: SqlType | null, kind: number): number {
  if (kind === jsonString) {
    if (type === null) return skipText;
    if (type.kind === 'varchar' || type.kind === 'char') return readText;
    if (type.kind === 'timestamp') return readTimestamp;
  }
  if (type === null || kind !== jsonNumber) return readOther;
  switch (type.kind) {
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return readInteger;
    case 'decimal':
    case 'real':
    case 'double':
      return readFloat;
    default:
      return readOther;
  }
}

/** The numbers that the fast path may write into a column of this type. */
interface Limits {
  /** Integers up to this, other numbers below it. */
  readonly max: number;
  /** Digits after the point. */
  readonly scale: number;
  readonly isDecimal: boolean;
  readonly isReal: boolean;
  /** What a negative number is taken from: -0 is a DOUBLE, but no DECIMAL. */
  readonly zero: number;
}

export function limitsOf(type: SqlType | null): Limits {
  const double = { max: Number.POSITIVE_INFINITY, scale: Number.POSITIVE_INFINITY, zero: -0 };
  const limits = { ...double, isDecimal: false, isReal: type?.kind === 'real' };
  switch (type?.kind) {
    case 'tinyint':
    case 'smallint':
    case 'integer':
    case 'bigint':
      return { ...limits, max: integerMax[type.kind], scale: 0, zero: 0 };
    case 'decimal':
      // With the zeros up to the scale it has at most 15 digits; numbers with more are not stored as doubles.
      return {
        ...limits,
        max: 10 ** (Math.min(type.precision, 15) - type.scale),
        scale: type.scale,
        zero: 0,
        isDecimal: true,
      };
    default:
      return limits;
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function templateOf(
  bytes: Buffer,
  literals: readonly Range[],
  slots: readonly Slot[],
  absent: readonly ColumnWriter[],
): Template {
  const words: number[] = [];
  const masks: number[] = [];
  const wordsTo: number[] = [];
  for (const { from, to } of literals) {
    for (let at = from; at < to; at += 4) {
      const length = Math.min(4, to - at);
      words.push(bytes.readUIntLE(at, length) | 0);
      masks.push(length === 4 ? -1 : (1 << (length * 8)) - 1);
    }
    wordsTo.push(words.length);
  }
  const text = literals
    .map(({ from, to }, i) => `${bytes.toString('latin1', from, to)}\0${slots[i]?.op ?? ''}\0`)
    .join('');
  return {
    literals: literals.map(({ from, to }) => Uint8Array.from(bytes.subarray(from, to))),
    words: Int32Array.from(words),
    masks: Int32Array.from(masks),
    wordsTo: Int32Array.from(wordsTo),
    lengths: Int32Array.from(literals, ({ from, to }) => to - from),
    slots,
    absent,
    text,
    lastRead: 0,
  };
}

function leastRead(templates: readonly Template[]): Template {
  return templates.reduce((least, template) => (template.lastRead < least.lastRead ? template : least));
}

/** The first of the four bytes at `from` that ends or escapes a string or may not be in one; from + 4: there is none. */
function plainEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (at < from + 4 && bytes[at] >= 0x20 && bytes[at] !== 0x22 && bytes[at] !== 0x5c) at++;
  return at;
}

/** The number that two digits spell; NaN if they are none. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = bytes[at] - 0x30;
  const ones = bytes[at + 1] - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Powers of ten that a double holds exactly. */
const tens = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * (number × shift + rest) / divisor as the nearest double; NaN when in doubt. Seventeen digits, as Python prints a time,
 * exceed a double, so the sum and the quotient are carried as two doubles each (Dekker 1971).
 */
function quotient(number: number, shift: number, rest: number, divisor: number): number {
  const short = number * shift + rest;
  if (short <= Number.MAX_SAFE_INTEGER) return short / divisor;
  const product = number * shift;
  const high = product + rest;
  const low = productError(number, shift, product) + (rest - (high - product));
  const estimate = high / divisor;
  const back = estimate * divisor;
  const correction = (high - back - productError(estimate, divisor, back) + low) / divisor;
  // The correction is good to 40 bits and more: if its error cannot matter, the sum rounds as the true quotient does.
  const least = estimate + (correction - Math.abs(correction) * 2 ** -40);
  const most = estimate + (correction + Math.abs(correction) * 2 ** -40);
  return least === most ? least : Number.NaN;
}

/** a × b - product, exactly, where product is the nearest double (Dekker's product with Veltkamp's split). */
function productError(a: number, b: number, product: number): number {
  const aScaled = a * 134_217_729;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = b * 134_217_729;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}
