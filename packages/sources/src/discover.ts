import { isUtf8 } from 'node:buffer';
import type { SqlType } from '@rowtime/core';
import { parseTimestamp } from './decode/datetime.ts';
import { numberIn } from './decode/exact-number.ts';
import { createJsonDecoder, type InputColumn } from './decode/json.ts';
import { reservedWords } from './reserved-words.ts';

/** How many records a schema is discovered from, and how many of their bytes. */
export const sampleRecordsMax = 10_000;
export const sampleBytesMax = 1 << 20;

/**
 * The columns of some records, by the rules of the service's DiscoverInputSchema as far as they are known: of parsed
 * rows, or bytes as a source has them, with rows at `rowPath`. What is no JSON object is passed over. Names are the members' names, or
 * `COL_…` where such a name would have to be quoted; types are the narrowest that hold every sample: a VARCHAR is as long
 * as the next power of two, and longer values that come later are cut to it, as the service did.
 */
export function discoverSchema(samples: Uint8Array | readonly unknown[], rowPath = '$'): InputColumn[] {
  const records =
    samples instanceof Uint8Array
      ? ((rowPath === '$' ? sampleLines(samples) : null) ?? sampleRecords(samples, rowPath))
      : samples;
  const members = new Map<string, Member>();
  for (const record of records.slice(0, sampleRecordsMax)) {
    if (isObject(record)) for (const [key, value] of Object.entries(record)) memberOf(members, key).add(value);
  }
  const names = new Names();
  const columns: InputColumn[] = [];
  for (const [key, member] of members) {
    const path = `$${pathStep(key)}`;
    if (!member.isFlattened) {
      columns.push({ name: names.of(key), type: member.type(), mapping: path });
      continue;
    }
    // One level: `{"address": {"city": …}}` is column address_city; what lies deeper is text.
    for (const [inner, value] of member.members) {
      columns.push({ name: names.of(`${key}_${inner}`), type: value.type(), mapping: path + pathStep(inner) });
    }
  }
  return columns.slice(0, columnsMax);
}

/** AWS developer guide, "Limits". */
export const columnsMax = 1000;
const textBytesMax = 65_535;
/** For a column that was NULL in every sample. */
const unknownText: SqlType = { kind: 'varchar', length: 64 };

/** What `sampleRecords` gives, several times faster, if each line is one object that needs no closer look; else null. */
function sampleLines(bytes: Uint8Array): unknown[] | null {
  const sample = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, sampleBytesMax));
  if (!isUtf8(sample)) return null;
  const lines = sample.toString('utf8').split('\n');
  const isCut = bytes.length > sampleBytesMax;
  const records: unknown[] = [];
  for (let i = 0; i < lines.length && records.length < sampleRecordsMax; i++) {
    const line = lines[i];
    if (line === '' || line === '\r') continue;
    // What is nested too deep is no record: levels are not counted here.
    if (line[0] !== '{' || line.includes('[') || line.includes('{', 1)) return null;
    try {
      records.push(parsed(line));
    } catch {
      return isCut && i === lines.length - 1 && !line.includes('}') ? records : null;
    }
  }
  return records;
}

/** The records at the start of an input, parsed. A number written with a point or exponent comes out as some fraction. */
function sampleRecords(bytes: Uint8Array, rowPath: string): unknown[] {
  const decoder = createJsonDecoder({
    columns: [{ name: 'record', type: { kind: 'varchar', length: null }, mapping: '$' }],
    rowPath,
  });
  decoder.begin();
  decoder.push(bytes.subarray(0, sampleBytesMax));
  if (bytes.length <= sampleBytesMax) decoder.end();
  const records: unknown[] = [];
  for (let more = true; more && records.length < sampleRecordsMax; ) {
    more = decoder.decode(0, sampleRecordsMax);
    const column = decoder.take().batch?.columns[0];
    if (column?.kind !== 'text') continue;
    const values = column.dict.map((text) => (text === '' ? null : parsed(text)));
    for (const code of column.codes) records.push(values[code]);
  }
  return records;
}

function parsed(text: string): unknown {
  return JSON.parse(unlikePrinted.test(text) ? text.replace(tokens, floatShown) : text);
}

/** Something like a number that JavaScript would print otherwise, or too long to tell: see `floatShown`. */
const unlikePrinted = /\d[eE]|\.\d*0(?!\d)|\.0000|[\d.]{17}/;

/** Strings, so that digits inside them are left alone, and numbers. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

// JSON.parse forgets that 512.0 was written with a point, by a program that will write 512.5 next.
function floatShown(token: string): string {
  return token[0] !== '"' && /[.eE]/.test(token) ? `0.${'1'.repeat(Math.max(token.length - 2, 1))}` : token;
}

/** What is known of one member from the samples seen so far. */
export class Member {
  readonly members = new Map<string, Member>();
  #objects = 0;
  #booleans = 0;
  #integers = 0;
  #floats = 0;
  #timestamps = 0;
  #texts = 0;
  #nested = 0;
  #integerMax = 0;
  #textMax = 0;
  /** How long they are as text is told when the member turns out to be text: printing is slow. */
  readonly #numbers: number[] = [];

  /** Seen as an object with members and never as anything else. */
  get isFlattened(): boolean {
    return this.members.size > 0 && this.#values === 0;
  }

  get #values(): number {
    return this.#booleans + this.#integers + this.#floats + this.#timestamps + this.#texts + this.#nested;
  }

  add(value: unknown): void {
    switch (typeof value) {
      case 'boolean':
        this.#booleans++;
        this.#long(String(value).length);
        break;
      case 'number':
        this.#numbers.push(value);
        if (Number.isInteger(value)) this.#addInteger(value);
        else this.#floats++;
        break;
      case 'string':
        this.#long(value.length);
        if (value.length > 10 && !Number.isNaN(parseTimestamp(value))) this.#timestamps++;
        else this.#texts++;
        break;
      default:
        if (isObject(value)) this.#addObject(value);
        else if (Array.isArray(value)) this.#addNested(value);
    }
  }

  /** A value as CSV has it: what it looks like is what it is. */
  addText(text: string): void {
    const number = numberIn(text);
    if (number !== null) {
      this.#long(text.length);
      if (/[.eE]/.test(number)) this.#floats++;
      else this.#addInteger(Number(number));
    } else if (/^(?:true|false)$/i.test(text)) {
      this.add(text.length === 4);
    } else if (text !== '') {
      this.add(text);
    }
  }

  type(): SqlType {
    const values = this.#values + this.#objects;
    if (values === 0) return unknownText;
    if (this.#booleans === values) return { kind: 'boolean' };
    // A few bad records among the samples must not turn a number into text: they are for error_stream to show.
    const most = values * (2 / 3);
    if (this.#timestamps >= most) return { kind: 'timestamp' };
    if (this.#integers + this.#floats >= most) {
      // The largest BIGINT reads as 2^63, which is the nearest double.
      if (this.#floats > 0 || this.#integerMax > 2 ** 63) return { kind: 'double' };
      // The service took TINYINT and SMALLINT from small samples, and rejected the rows that then came.
      return { kind: this.#integerMax < 2 ** 31 ? 'integer' : 'bigint' };
    }
    for (const number of this.#numbers) this.#long(String(number).length);
    const length = 2 ** Math.ceil(Math.log2(Math.max(this.#textMax, 4)));
    return { kind: 'varchar', length: Math.min(length, textBytesMax) };
  }

  #addInteger(value: number): void {
    this.#integers++;
    this.#integerMax = Math.max(this.#integerMax, value < 0 ? -value - 1 : value);
  }

  #addObject(value: Record<string, unknown>): void {
    this.#objects++;
    for (const [key, inner] of Object.entries(value)) {
      const member = memberOf(this.members, key);
      if (isObject(inner)) member.#addNested(inner);
      else member.add(inner);
    }
    this.#textOf(value);
  }

  #addNested(value: unknown): void {
    this.#nested++;
    this.#textOf(value);
  }

  // As text it has the blanks that the record has, which are unknown here.
  #textOf(value: unknown): void {
    this.#long(JSON.stringify(value).length * 2);
  }

  #long(length: number): void {
    this.#textMax = Math.max(this.#textMax, length);
  }
}

function memberOf(members: Map<string, Member>, key: string): Member {
  let member = members.get(key);
  if (!member) {
    member = new Member();
    members.set(key, member);
  }
  return member;
}

/** Column names (AWS developer guide, "Using the Schema Discovery Feature on Streaming Data"). */
export class Names {
  readonly #taken = new Set<string>();

  of(key: string): string {
    const left = key.replace(/[^A-Za-z0-9_]/g, '');
    const plain = left === key && /^[A-Za-z_]/.test(key) && !reservedWords.has(key.toUpperCase());
    let name = plain ? key : `COL_${left}`;
    // Too little or too much is left, or another member has the name: the column's place has to do, from 0 on.
    if (left === '' || key.length > 100) name = `COL_${this.#taken.size}`;
    for (let n = this.#taken.size; this.#taken.has(name); n++) name = `COL_${n}`;
    this.#taken.add(name);
    return name;
  }
}

function pathStep(key: string): string {
  return /^\w+$/.test(key) ? `.${key}` : `['${key.replace(/['\\]/g, '\\$&')}']`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
