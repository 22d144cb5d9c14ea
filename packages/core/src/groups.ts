import { assert } from './assert.ts';
import { type Column, ColumnBuilder, type ExactColumn, valueAt } from './column.ts';
import { limitError } from './errors.ts';
import type { ColumnKind } from './schema.ts';

/** Key columns → dense group ids, in the order in which the groups are first seen. NULL is a key like any other.
 *  Holds at most `groupsMax` groups, then throws a LimitError. */
export class Groups {
  readonly #keys: readonly KeyValues[];
  /** For each key but the first: (id so far, value id of this key) → id. */
  readonly #pairs: readonly PairTable[];
  /** For each key, the value id of each group. */
  readonly #members: IntList[];
  readonly #groupsMax: number;
  #size = 0;
  #ids = new Int32Array(0);
  #valueIds = new Int32Array(0);

  constructor(kinds: readonly ColumnKind[], groupsMax = 20_000_000) {
    this.#keys = kinds.map((kind) => (kind === 'text' ? new TextValues() : new NumberValues(kind)));
    this.#pairs = kinds.slice(1).map(() => new PairTable());
    this.#members = kinds.map(() => new IntList());
    this.#groupsMax = groupsMax;
  }

  get size(): number {
    return this.#size;
  }

  /** The group of rows [from, to): row i is in group result[i - from]. The array is good until the next call. */
  ids(columns: readonly Column[], from: number, to: number): Int32Array {
    const count = to - from;
    if (this.#ids.length < count) {
      this.#ids = new Int32Array(count);
      this.#valueIds = new Int32Array(count);
    }
    if (columns.length === 0) {
      // One group, already there or new; the ids are all 0 and stay so.
      this.#size = 1;
      return this.#ids;
    }
    this.#keys[0].ids(columns[0], from, to, this.#ids);
    for (let k = 1; k < columns.length; k++) {
      this.#keys[k].ids(columns[k], from, to, this.#valueIds);
      this.#pairs[k - 1].combine(this.#ids, this.#valueIds, count);
    }
    this.#remember(count);
    return this.#ids;
  }

  /** The key columns of all groups, one row per group in id order. */
  columns(): Column[] {
    return this.#keys.map((key, k) => key.column(this.#members[k].view(this.#size)));
  }

  /** The key columns of some groups, one row per id. */
  columnsOf(ids: Int32Array): Column[] {
    return this.#keys.map((key, k) => {
      const members = this.#members[k].view(this.#size);
      return key.columnOf(ids.map((id) => members[id]));
    });
  }

  clear(): void {
    this.#size = 0;
    for (const key of this.#keys) key.clear();
    for (const pair of this.#pairs) pair.clear();
    for (const list of this.#members) list.clear();
  }

  snapshot(): unknown {
    return { size: this.#size, columns: this.columns() };
  }

  restore(state: unknown): void {
    const { size, columns } = state as { size: number; columns: Column[] };
    if (size > 0) this.ids(columns, 0, size);
    assert(this.#size === size, 'the groups of a snapshot are distinct');
  }

  // A new group has the largest id so far, so new ones are those that reach beyond the size.
  #remember(count: number): void {
    const last = this.#keys.length - 1;
    const size = last === 0 ? this.#keys[0].size : this.#pairs[last - 1].size;
    if (size === this.#size) return;
    if (size > this.#groupsMax) {
      throw limitError(
        'LIMIT_GROUPS',
        `a window has more than ${this.#groupsMax} groups; group by fewer or coarser keys, or use a shorter window`,
      );
    }
    if (last === 0) {
      for (let group = this.#size; group < size; group++) this.#members[0].push(group);
    } else {
      const pair = this.#pairs[last - 1];
      for (let group = this.#size; group < size; group++) this.#member(pair, last, group);
    }
    this.#size = size;
    assert(count > 0, 'new groups come from rows');
  }

  // Walks the pairs back: the id of the last pair names the id of the one before it and a value.
  #member(pair: PairTable, key: number, id: number): void {
    this.#members[key].push(pair.second(id));
    const rest = pair.first(id);
    if (key === 1) this.#members[0].push(rest);
    else this.#member(this.#pairs[key - 2], key - 1, rest);
  }
}

/** The distinct values of one key column. */
interface KeyValues {
  readonly size: number;
  ids(column: Column, from: number, to: number, out: Int32Array): void;
  /** All values, for a column that may hold most of them. */
  column(ids: Int32Array): Column;
  /** The values of a few. */
  columnOf(ids: Int32Array): Column;
  clear(): void;
}

class TextValues implements KeyValues {
  #values: string[] = [];
  #known = new Map<string, number>();
  #null = -1;
  /** The value ids of the batch dictionary last seen: each text is looked up once per batch, not once per row. */
  #dict: readonly string[] | null = null;
  #moved = new Int32Array(0);

  get size(): number {
    return this.#values.length;
  }

  ids(column: Column, from: number, to: number, out: Int32Array): void {
    assert(column.kind === 'text', 'a text key is a column of texts');
    const { codes, dict, valid } = column;
    if (this.#dict !== dict) {
      this.#dict = dict;
      if (this.#moved.length < dict.length) this.#moved = new Int32Array(dict.length * 2);
      this.#moved.fill(-1, 0, dict.length);
    }
    const moved = this.#moved;
    for (let i = from; i < to; i++) {
      const code = codes[i];
      const id = valid && valid[i] !== 1 ? this.#nullId() : moved[code];
      out[i - from] = id >= 0 ? id : this.#lookUp(code, dict[code]);
    }
  }

  column(ids: Int32Array): Column {
    const valid = this.#null < 0 ? null : Uint8Array.from(ids, (id) => (id === this.#null ? 0 : 1));
    return { kind: 'text', codes: ids.slice(), dict: this.#values.slice(), valid };
  }

  columnOf(ids: Int32Array): Column {
    const builder = new ColumnBuilder('text', Math.max(ids.length, 1));
    for (const id of ids) builder.push(id === this.#null ? null : this.#values[id]);
    return builder.finish();
  }

  clear(): void {
    this.#values = [];
    this.#known = new Map();
    this.#null = -1;
    this.#dict = null;
  }

  #lookUp(code: number, text: string): number {
    let id = this.#known.get(text);
    if (id === undefined) {
      id = this.#values.length;
      this.#values.push(text);
      this.#known.set(text, id);
    }
    this.#moved[code] = id;
    return id;
  }

  // NULL takes the place of a text that no row can have: dictionaries must stay free of duplicates.
  #nullId(): number {
    if (this.#null < 0) {
      this.#null = this.#values.length;
      this.#values.push(`\u0000NULL ${this.#null}`);
    }
    return this.#null;
  }
}

class NumberValues implements KeyValues {
  readonly #kind: 'num' | 'bool';
  #values: (number | string)[] = [];
  /** By value; by the digits of one that no double holds. */
  #known = new Map<number | string, number>();
  #null = -1;
  #isExact = false;

  constructor(kind: 'num' | 'bool') {
    this.#kind = kind;
  }

  get size(): number {
    return this.#values.length;
  }

  ids(column: Column, from: number, to: number, out: Int32Array): void {
    if (column.kind === 'exact') {
      this.#exactIds(column, from, to, out);
      return;
    }
    assert(column.kind === this.#kind, 'a key column keeps its kind');
    const { values, valid } = column;
    let last = Number.NaN;
    let lastId = -1;
    for (let i = from; i < to; i++) {
      if (valid && valid[i] !== 1) {
        out[i - from] = this.#nullId();
        continue;
      }
      // Runs of one value are common: event time cut to a minute, for one.
      if (values[i] !== last) {
        last = values[i];
        lastId = this.#lookUp(last);
      }
      out[i - from] = lastId;
    }
  }

  column(ids: Int32Array): Column {
    if (this.#isExact) {
      const builder = new ColumnBuilder('num', Math.max(ids.length, 1));
      for (const id of ids) builder.push(id === this.#null ? null : this.#values[id]);
      return builder.finish();
    }
    const values = Float64Array.from(ids, (id) => Number(this.#values[id]));
    const valid = this.#null < 0 ? null : Uint8Array.from(ids, (id) => (id === this.#null ? 0 : 1));
    return this.#kind === 'num'
      ? { kind: 'num', values, valid }
      : { kind: 'bool', values: Uint8Array.from(values), valid };
  }

  columnOf(ids: Int32Array): Column {
    return this.column(ids);
  }

  clear(): void {
    this.#values = [];
    this.#known = new Map();
    this.#null = -1;
    this.#isExact = false;
  }

  #exactIds(column: ExactColumn, from: number, to: number, out: Int32Array): void {
    this.#isExact = true;
    for (let i = from; i < to; i++) {
      const value = valueAt(column, i);
      out[i - from] = typeof value === 'number' || typeof value === 'string' ? this.#lookUp(value) : this.#nullId();
    }
  }

  #lookUp(value: number | string): number {
    let id = this.#known.get(value);
    if (id === undefined) {
      id = this.#values.length;
      this.#values.push(value);
      this.#known.set(value, id);
    }
    return id;
  }

  #nullId(): number {
    if (this.#null < 0) {
      this.#null = this.#values.length;
      this.#values.push(0);
    }
    return this.#null;
  }
}

/** Pairs of ids → dense ids: an open-addressing table with linear probing, at most half full. */
class PairTable {
  #slots = new Int32Array(64).fill(-1);
  readonly #first = new IntList();
  readonly #second = new IntList();

  get size(): number {
    return this.#first.length;
  }

  first(id: number): number {
    return this.#first.at(id);
  }

  second(id: number): number {
    return this.#second.at(id);
  }

  /** first[i] becomes the id of the pair (first[i], second[i]). */
  combine(first: Int32Array, second: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) first[i] = this.#id(first[i], second[i]);
  }

  clear(): void {
    this.#slots = new Int32Array(64).fill(-1);
    this.#first.clear();
    this.#second.clear();
  }

  #id(a: number, b: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash(a, b) & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot];
      if (id < 0) return this.#add(a, b, slot);
      if (this.#first.at(id) === a && this.#second.at(id) === b) return id;
    }
  }

  #add(a: number, b: number, slot: number): number {
    const id = this.#first.length;
    this.#first.push(a);
    this.#second.push(b);
    this.#slots[slot] = id;
    if (this.#first.length * 2 > this.#slots.length) this.#grow();
    return id;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#first.length; id++) {
      let slot = hash(this.#first.at(id), this.#second.at(id)) & mask;
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}

function hash(a: number, b: number): number {
  const x = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  return x ^ (x >>> 15);
}

/** A growing list of int32. */
class IntList {
  #items = new Int32Array(16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(i: number): number {
    return this.#items[i];
  }

  push(item: number): void {
    if (this.#length === this.#items.length) {
      const items = new Int32Array(this.#length * 2);
      items.set(this.#items);
      this.#items = items;
    }
    this.#items[this.#length++] = item;
  }

  view(length: number): Int32Array {
    return this.#items.subarray(0, length);
  }

  clear(): void {
    this.#length = 0;
  }
}
