import type { PathNode, PathTree } from './json-path.ts';

/** What a slot's value is, as the bytes of the record say. */
export const missing = 0;
export const jsonNull = 1;
export const jsonTrue = 2;
export const jsonFalse = 3;
export const jsonNumber = 4;
/** A string without escapes: its bytes between the quotes are its text. */
export const jsonString = 5;
export const jsonEscapedString = 6;
export const jsonArray = 7;
export const jsonObject = 8;

/**
 * Finds where a JSON value ends and where in it the wanted values lie, by the grammar of RFC 8259 and nothing laxer.
 * The byte at `to` must be 0: no value continues over it, so no loop here asks where the buffer ends.
 */
export class RecordScanner {
  /** By slot: the kind of its value and its bytes [starts, ends), for strings without the quotes. */
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Elements of the flattened array: see `selectElement`. */
  elements = 0;
  /** Where the last failed scan stopped. */
  failedAt = 0;
  tooDeep = false;
  /** Of the value scanned last. */
  kind = missing;
  /** All bytes of strings and keys or-ed together: below 0x80 the record is ASCII. */
  bits = 0;

  readonly #tree: PathTree;
  readonly #depthMax: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #depth = 0;
  #escaped = false;
  #elementValues = new Int32Array(64);

  constructor(tree: PathTree, depthMax: number) {
    this.#tree = tree;
    this.#depthMax = depthMax;
    this.kinds = new Uint8Array(tree.slots);
    this.starts = new Int32Array(tree.slots);
    this.ends = new Int32Array(tree.slots);
  }

  /** The end of the value that begins at `from`; -1: it is malformed, or goes on beyond the bytes there are. */
  scan(bytes: Uint8Array, from: number): number {
    this.#bytes = bytes;
    this.#depth = 0;
    this.bits = 0;
    this.tooDeep = false;
    this.elements = 0;
    this.kinds.fill(missing);
    return this.#value(from, this.#tree.root);
  }

  /** The same for a value inside a record, `depth` containers deep; it fills no slots. `kind` is then what it is. */
  scanPart(bytes: Uint8Array, from: number, depth: number): number {
    this.#bytes = bytes;
    this.#depth = depth;
    this.bits = 0;
    return this.#value(from, null);
  }

  /** Makes the slots of the flattened array hold the values of one element. */
  selectElement(element: number): void {
    const { elementFrom: from, elementTo: to } = this.#tree;
    let at = element * (to - from) * 3;
    for (let slot = from; slot < to; slot++) {
      this.kinds[slot] = this.#elementValues[at++];
      this.starts[slot] = this.#elementValues[at++];
      this.ends[slot] = this.#elementValues[at++];
    }
  }

  #value(from: number, node: PathNode | null): number {
    const bytes = this.#bytes;
    let kind: number;
    let start = from;
    let end: number;
    let next: number;
    switch (bytes[from]) {
      case 0x22:
        start = from + 1;
        next = this.#string(start);
        end = next - 1;
        kind = this.#escaped ? jsonEscapedString : jsonString;
        break;
      case 0x7b:
        next = end = this.#object(from + 1, node);
        kind = jsonObject;
        break;
      case 0x5b:
        next = end = this.#array(from + 1, node);
        kind = jsonArray;
        break;
      case 0x74:
        next = end = this.#word(from, trueBytes);
        kind = jsonTrue;
        break;
      case 0x66:
        next = end = this.#word(from, falseBytes);
        kind = jsonFalse;
        break;
      case 0x6e:
        next = end = this.#word(from, nullBytes);
        kind = jsonNull;
        break;
      default:
        next = end = this.#number(from);
        kind = jsonNumber;
    }
    this.kind = kind;
    if (next >= 0 && node && node.slot >= 0) {
      this.kinds[node.slot] = kind;
      this.starts[node.slot] = start;
      this.ends[node.slot] = end;
    }
    return next;
  }

  #object(from: number, node: PathNode | null): number {
    if (++this.#depth > this.#depthMax) return this.#deep(from - 1);
    const bytes = this.#bytes;
    const wanted = node !== null && node.children.length > 0 ? node.children : null;
    let at = skipBlanks(bytes, from);
    if (bytes[at] === 0x7d) {
      this.#depth--;
      return at + 1;
    }
    for (;;) {
      if (bytes[at] !== 0x22) return this.#fail(at);
      const keyFrom = at + 1;
      at = this.#string(keyFrom);
      if (at < 0) return at;
      let child: PathNode | null = null;
      if (wanted) {
        child = findNode(wanted, bytes, keyFrom, at - 1, this.#escaped);
        // The last of equal keys counts, so what an earlier one brought is forgotten.
        if (child) this.#forget(child);
      }
      at = skipBlanks(bytes, at);
      if (bytes[at] !== 0x3a) return this.#fail(at);
      at = this.#value(skipBlanks(bytes, at + 1), child);
      if (at < 0) return at;
      at = skipBlanks(bytes, at);
      if (bytes[at] === 0x2c) {
        at = skipBlanks(bytes, at + 1);
      } else if (bytes[at] === 0x7d) {
        this.#depth--;
        return at + 1;
      } else {
        return this.#fail(at);
      }
    }
  }

  #array(from: number, node: PathNode | null): number {
    if (++this.#depth > this.#depthMax) return this.#deep(from - 1);
    const bytes = this.#bytes;
    const element = node === null ? null : node.element;
    let at = skipBlanks(bytes, from);
    if (bytes[at] === 0x5d) {
      this.#depth--;
      return at + 1;
    }
    for (;;) {
      if (element) this.#forget(element);
      at = this.#value(at, element);
      if (at < 0) return at;
      if (element) this.#keepElement(element);
      at = skipBlanks(bytes, at);
      if (bytes[at] === 0x2c) {
        at = skipBlanks(bytes, at + 1);
      } else if (bytes[at] === 0x5d) {
        if (element) this.#forget(element);
        this.#depth--;
        return at + 1;
      } else {
        return this.#fail(at);
      }
    }
  }

  /** From behind the opening quote to behind the closing one. */
  #string(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    let bits = 0;
    this.#escaped = false;
    for (;;) {
      const byte = bytes[at];
      if (byte === 0x22) break;
      if (byte === 0x5c) {
        this.#escaped = true;
        const code = bytes[at + 1];
        if (code === 0x75) {
          for (let i = at + 2; i < at + 6; i++) if (!isHex(bytes[i])) return this.#fail(i);
          at += 6;
        } else if (isEscape(code)) {
          at += 2;
        } else {
          return this.#fail(at + 1);
        }
      } else if (byte < 0x20) {
        return this.#fail(at);
      } else {
        bits |= byte;
        at++;
      }
    }
    this.bits |= bits;
    return at + 1;
  }

  #number(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    if (bytes[at] === 0x2d) at++;
    if (bytes[at] === 0x30) at++;
    else if (isDigit(bytes[at])) while (isDigit(bytes[at])) at++;
    else return this.#fail(at);
    if (bytes[at] === 0x2e) {
      at++;
      if (!isDigit(bytes[at])) return this.#fail(at);
      while (isDigit(bytes[at])) at++;
    }
    if (bytes[at] === 0x65 || bytes[at] === 0x45) {
      at++;
      if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
      if (!isDigit(bytes[at])) return this.#fail(at);
      while (isDigit(bytes[at])) at++;
    }
    return at;
  }

  #word(from: number, word: readonly number[]): number {
    for (let i = 0; i < word.length; i++) if (this.#bytes[from + i] !== word[i]) return this.#fail(from + i);
    return from + word.length;
  }

  #fail(at: number): number {
    this.failedAt = at;
    return -1;
  }

  #deep(at: number): number {
    this.tooDeep = true;
    return this.#fail(at);
  }

  #forget(node: PathNode): void {
    for (let slot = node.from; slot < node.to; slot++) this.kinds[slot] = missing;
    if (node.holdsElements) this.elements = 0;
  }

  #keepElement(node: PathNode): void {
    const width = (node.to - node.from) * 3;
    let at = this.elements++ * width;
    if (at + width > this.#elementValues.length) {
      const grown = new Int32Array(Math.max(this.#elementValues.length * 2, at + width));
      grown.set(this.#elementValues);
      this.#elementValues = grown;
    }
    for (let slot = node.from; slot < node.to; slot++) {
      this.#elementValues[at++] = this.kinds[slot];
      this.#elementValues[at++] = this.starts[slot];
      this.#elementValues[at++] = this.ends[slot];
    }
  }
}

/** The node of the key in bytes [from, to), if any is wanted. */
export function findNode(
  nodes: readonly PathNode[],
  bytes: Uint8Array,
  from: number,
  to: number,
  isEscaped: boolean,
): PathNode | null {
  if (isEscaped) {
    const key: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(from - 1, to + 1)));
    return nodes.find((node) => node.key === key) ?? null;
  }
  for (let i = 0; i < nodes.length; i++) {
    const key = nodes[i].keyBytes;
    if (key.length !== to - from) continue;
    let same = 0;
    while (same < key.length && key[same] === bytes[from + same]) same++;
    if (same === key.length) return nodes[i];
  }
  return null;
}

const trueBytes = [0x74, 0x72, 0x75, 0x65];
const falseBytes = [0x66, 0x61, 0x6c, 0x73, 0x65];
const nullBytes = [0x6e, 0x75, 0x6c, 0x6c];

/** The first byte from `from` on that is not a blank, tab or line end. */
export function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return at;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

/** What may follow a backslash, besides u: " \ / b f n r t */
function isEscape(byte: number): boolean {
  switch (byte) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true;
    default:
      return false;
  }
}
