// Texts to codes: the same table, in the same memory, as src/decode/text-interner.ts keeps.

import { state, stateWanting, stateWantingTexts } from './state';

const table: usize = 0;
const tableMask: usize = 4;
const entries: usize = 8;
const entriesMax: usize = 12;
const entriesCount: usize = 16;
const arena: usize = 20;
const arenaMax: usize = 24;
const arenaEnd: usize = 28;
const numbers: usize = 32;
const numbersCount: usize = 36;
const dict: usize = 40;
const dictCount: usize = 44;
const batch: usize = 48;
const keptUpTo: usize = 52;

/** The code of the text in bytes [from, from + length); -1: it has to be cut, or there is no room for it. */
export function codeOf(texts: usize, from: usize, length: i32): i32 {
  const hash = hashOf(from, length);
  const mask = load<u32>(texts, tableMask);
  const places = load<usize>(texts, table);
  const known = load<usize>(texts, entries);
  let place = (hash ^ (hash >>> 15)) & mask;
  for (;;) {
    const entry = load<u32>(places + (<usize>place << 2));
    if (entry == 0) return add(texts, from, length, hash, places + (<usize>place << 2));
    const at = known + (<usize>(entry - 1) << 4);
    if (load<u32>(at) == hash && load<i32>(at, 8) == length) {
      if (same(load<usize>(texts, arena) + load<usize>(at, 4), from, length)) return code(texts, load<u32>(at, 12));
    }
    place = (place + 1) & mask;
  }
  return -1;
}

/** The `length` bytes at `from`, up to 16 of them, and zeros. */
// @ts-ignore: decorator
@inline
function blockOf(from: usize, length: i32): v128 {
  const iota = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return v128.and(v128.load(from), i8x16.lt_s(iota, i8x16.splat(<i8>length)));
}

// @ts-ignore: decorator
@inline
function mixed(hash: u32, block: v128): u32 {
  const products = i32x4.mul(block, i32x4(0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f));
  const twos = i32x4.add(products, v128.shuffle<i32>(products, products, 2, 3, 0, 1));
  const sum = i32x4.extract_lane(twos, 0) + i32x4.extract_lane(twos, 1);
  return (hash ^ (hash >>> 15)) * 0x9e3779b1 + sum;
}

// @ts-ignore: decorator
@inline
function hashOf(from: usize, length: i32): u32 {
  let hash: u32 = 0;
  let at = from;
  let left = length;
  for (; left > 16; left -= 16, at += 16) hash = mixed(hash, v128.load(at));
  return mixed(hash, blockOf(at, left));
}

// @ts-ignore: decorator
@inline
function same(a: usize, b: usize, length: i32): bool {
  let left = length;
  let p = a;
  let q = b;
  for (; left > 16; left -= 16, p += 16, q += 16) {
    if (v128.any_true(v128.xor(v128.load(p), v128.load(q)))) return false;
  }
  return !v128.any_true(v128.xor(blockOf(p, left), blockOf(q, left)));
}

function add(texts: usize, from: usize, length: i32, hash: u32, place: usize): i32 {
  if (length > load<i32>(texts, keptUpTo)) return -1;
  const entry = load<u32>(texts, entriesCount);
  const number = load<u32>(texts, numbersCount);
  const start = load<u32>(texts, arenaEnd);
  const max = load<u32>(texts, entriesMax);
  if (entry >= max || number >= max || start + length + 16 > load<u32>(texts, arenaMax)) {
    store<i32>(state, length, stateWanting);
    store<usize>(state, texts, stateWantingTexts);
    return -1;
  }
  memory.copy(load<usize>(texts, arena) + start, from, length);
  const at = load<usize>(texts, entries) + (<usize>entry << 4);
  store<u32>(at, hash);
  store<u32>(at, start, 4);
  store<i32>(at, length, 8);
  store<u32>(at, number, 12);
  store<u32>(place, entry + 1);
  store<u32>(load<usize>(texts, numbers) + (<usize>number << 4), entry, 8);
  store<u32>(texts, entry + 1, entriesCount);
  store<u32>(texts, number + 1, numbersCount);
  store<u32>(texts, start + length, arenaEnd);
  return code(texts, number);
}

/** The code that the text has in this batch. */
// @ts-ignore: decorator
@inline
function code(texts: usize, number: u32): i32 {
  const at = load<usize>(texts, numbers) + (<usize>number << 4);
  const now = load<i32>(texts, batch);
  if (load<i32>(at, 4) == now) return load<i32>(at);
  const next = load<i32>(texts, dictCount);
  store<u32>(load<usize>(texts, dict) + (<usize>next << 2), number);
  store<i32>(texts, next + 1, dictCount);
  store<i32>(at, next);
  store<i32>(at, now, 4);
  return next;
}

/** Whether bytes [from, to) are UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
export function isUtf8(from: usize, to: usize): bool {
  let at = from;
  while (at < to) {
    const first = <u32>load<u8>(at++);
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4 || at == to) return false;
    const second = <u32>load<u8>(at++);
    if ((second & 0xc0) != 0x80) return false;
    if (first < 0xe0) continue;
    if (first == 0xe0 && second < 0xa0) return false;
    if (first == 0xed && second > 0x9f) return false;
    if (first == 0xf0 && second < 0x90) return false;
    if (first == 0xf4 && second > 0x8f) return false;
    if (at == to || (<u32>load<u8>(at++) & 0xc0) != 0x80) return false;
    if (first < 0xf0) continue;
    if (at == to || (<u32>load<u8>(at++) & 0xc0) != 0x80) return false;
  }
  return true;
}
