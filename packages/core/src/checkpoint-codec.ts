// magic · version · header bytes · header: JSON, in UTF-8 · the typed arrays in the order in which the header names them
//
// All integers are little-endian, and each typed array begins at a multiple of 8, padded with zeros. In the header objects,
// texts, booleans, null and finite numbers stand for themselves; the rest is an array that begins with a tag:
//
//   ["a", …]  array     ["n", "NaN"]  number     ["i", "-12"]  bigint     ["f64", length]  typed array, see `kinds`

/** Plain data (objects, arrays, texts, numbers, bigints, booleans, null, typed arrays) as bytes: what operators snapshot
 *  and sinks prepare. Throws, with the place, for what it cannot give back as it was: undefined, a Map, a Date. */
export function encodeCheckpoint(value: unknown): Uint8Array {
  const sections: TypedArray[] = [];
  const header = utf8.encode(JSON.stringify(pack(value, sections, [])));
  let size = aligned(prologueBytes + header.length);
  for (const section of sections) size = aligned(size + section.byteLength);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, version, true);
  view.setUint32(8, header.length, true);
  bytes.set(header, prologueBytes);
  let at = aligned(prologueBytes + header.length);
  for (const section of sections) {
    bytes.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), at);
    at = aligned(at + section.byteLength);
  }
  return bytes;
}

/** What `encodeCheckpoint` was given, all of it new. Bytes may come from anywhere: every length is checked, and what is not
 *  an encoding throws. A flipped bit inside a number is not seen here; the store has a checksum. */
export function decodeCheckpoint(bytes: Uint8Array): unknown {
  if (bytes.length < prologueBytes) throw damaged(`${bytes.length} bytes are too few`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magic) throw damaged('it does not begin as a checkpoint does');
  const found = view.getUint32(4, true);
  if (found !== version) throw damaged(`it has version ${found}, this program reads version ${version}`);
  const headerEnd = prologueBytes + view.getUint32(8, true);
  if (headerEnd > bytes.length) throw damaged(`its header ends at ${headerEnd}, its bytes at ${bytes.length}`);
  const sections: Sections = { bytes, at: aligned(headerEnd) };
  expectZeros(bytes, headerEnd, sections.at);
  const value = unpack(parse(bytes.subarray(prologueBytes, headerEnd)), sections, 0);
  if (sections.at !== bytes.length) throw damaged(`its arrays end at ${sections.at}, its bytes at ${bytes.length}`);
  return value;
}

const magic = 0x50435452; // "RTCP"
const version = 1;
const prologueBytes = 12;
/** Operator state is a few levels deep. A bound, because JSON from elsewhere can exhaust the stack. */
const depthMax = 200;

type TypedArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Uint8Array;

interface Kind {
  readonly tag: string;
  readonly name: string;
  readonly bytes: number;
  readonly view: (buffer: ArrayBuffer) => TypedArray;
}

const kinds: readonly Kind[] = [
  { tag: 'f64', name: 'Float64Array', bytes: 8, view: (buffer) => new Float64Array(buffer) },
  { tag: 'f32', name: 'Float32Array', bytes: 4, view: (buffer) => new Float32Array(buffer) },
  { tag: 'i64', name: 'BigInt64Array', bytes: 8, view: (buffer) => new BigInt64Array(buffer) },
  { tag: 'i32', name: 'Int32Array', bytes: 4, view: (buffer) => new Int32Array(buffer) },
  { tag: 'u32', name: 'Uint32Array', bytes: 4, view: (buffer) => new Uint32Array(buffer) },
  { tag: 'i16', name: 'Int16Array', bytes: 2, view: (buffer) => new Int16Array(buffer) },
  { tag: 'u16', name: 'Uint16Array', bytes: 2, view: (buffer) => new Uint16Array(buffer) },
  { tag: 'u8', name: 'Uint8Array', bytes: 1, view: (buffer) => new Uint8Array(buffer) },
];
const kindByName = new Map(kinds.map((kind) => [kind.name, kind]));
const kindByTag = new Map(kinds.map((kind) => [kind.tag, kind]));

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

function pack(value: unknown, sections: TypedArray[], path: string[]): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : ['n', Object.is(value, -0) ? '-0' : String(value)];
    case 'bigint':
      return ['i', String(value)];
    case 'object':
      break;
    default:
      throw unfit(path, `${typeof value}`);
  }
  if (value === null) return null;
  if (path.length > depthMax) throw unfit(path.slice(0, 3), `something nested more than ${depthMax} deep`);
  if (Array.isArray(value)) {
    const packed: Json[] = ['a'];
    for (let i = 0; i < value.length; i++) packed.push(packAt(value[i], String(i), sections, path));
    return packed;
  }
  if (ArrayBuffer.isView(value)) return packTyped(value, sections, path);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw unfit(path, `a ${value.constructor?.name ?? 'class'}`);
  // fromEntries defines keys, so that `__proto__` is one like any other.
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, packAt(v, key, sections, path)]));
}

function packAt(value: unknown, key: string, sections: TypedArray[], path: string[]): Json {
  path.push(key);
  const packed = pack(value, sections, path);
  path.pop();
  return packed;
}

function packTyped(value: ArrayBufferView, sections: TypedArray[], path: string[]): Json {
  // By tag, not by class: a Buffer is a Uint8Array, and so is one of another realm.
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
  const kind = kindByName.get(name);
  if (!kind) throw unfit(path, `a ${name}`);
  const array = value as TypedArray;
  sections.push(array);
  return [kind.tag, array.length];
}

function unfit(path: readonly string[], what: string): Error {
  return new Error(`a checkpoint holds plain data, not ${what}, at ${path.length === 0 ? 'its top' : path.join('.')}`);
}

interface Sections {
  readonly bytes: Uint8Array;
  /** Where the next one begins. */
  at: number;
}

function parse(header: Uint8Array): Json {
  try {
    return JSON.parse(strictUtf8.decode(header)) as Json;
  } catch (cause) {
    throw damaged('its header is not JSON', cause);
  }
}

function unpack(packed: Json, sections: Sections, depth: number): unknown {
  if (typeof packed !== 'object' || packed === null) return packed;
  if (depth > depthMax) throw damaged(`it is nested more than ${depthMax} deep`);
  if (!isArray(packed)) {
    return Object.fromEntries(Object.entries(packed).map(([key, v]) => [key, unpack(v, sections, depth + 1)]));
  }
  const tag = packed[0];
  if (tag === 'a') return packed.slice(1).map((v) => unpack(v, sections, depth + 1));
  const [, content, ...more] = packed;
  if (more.length === 0) {
    if (tag === 'n' && typeof content === 'string' && specials.has(content)) return Number(content);
    if (tag === 'i' && typeof content === 'string' && /^(0|-?[1-9]\d*)$/.test(content)) return BigInt(content);
    const kind = typeof tag === 'string' ? kindByTag.get(tag) : undefined;
    if (kind && typeof content === 'number') return unpackTyped(kind, content, sections);
  }
  throw damaged(`its header holds an array with the tag ${typeof tag === 'string' ? tag.slice(0, 20) : typeof tag}`);
}

const specials: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity', '-0']);

function unpackTyped(kind: Kind, length: number, sections: Sections): TypedArray {
  const { bytes, at } = sections;
  const end = at + length * kind.bytes;
  if (!Number.isSafeInteger(length) || length < 0 || end > bytes.length) {
    throw damaged(`a ${kind.name} of ${length} begins at ${at}, its bytes end at ${bytes.length}`);
  }
  sections.at = aligned(end);
  expectZeros(bytes, end, sections.at);
  // A copy: the operator goes on to change it, and the bytes may lie at an odd place.
  const own = new Uint8Array(end - at);
  own.set(bytes.subarray(at, end));
  return kind.view(own.buffer);
}

function expectZeros(bytes: Uint8Array, from: number, to: number): void {
  if (to > bytes.length) throw damaged(`it ends at ${bytes.length}, inside the padding up to ${to}`);
  for (let i = from; i < to; i++) if (bytes[i] !== 0) throw damaged(`its padding at ${i} is not zero`);
}

function aligned(at: number): number {
  return Math.ceil(at / 8) * 8;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function damaged(why: string, cause?: unknown): Error {
  return new Error(`not a whole checkpoint: ${why}`, { cause });
}
