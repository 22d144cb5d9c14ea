// The kernel of the fast path: reads records by learnt templates, as src/decode/templates.ts does, and stops at the first
// that it cannot read. It is never laxer than that one, and where it reads a record it gives the same values.

import { digitsAt, longNumber, longNumberEnd, longNumberIsRounded, longNumberPlaces, mantissa, numberEnd, ten } from './numbers';
import {
  columnTexts,
  columnUsed,
  columnValid,
  columnValues,
  opBoolean,
  opFloat,
  opInteger,
  opSkip,
  opText,
  opTimestamp,
  state,
  stateAt,
  stateColumnList,
  stateColumns,
  stateEnd,
  stateLast,
  stateRecordBytesMax,
  stateTemplates,
  stateWanting,
  stepBytes,
  stepColumn,
  stepIsDecimal,
  stepIsReal,
  stepLength,
  stepLiteral,
  stepLiteralTo,
  stepMax,
  stepOp,
  stepScale,
  stepZero,
  templateAbsent,
  templateAbsentTo,
  templateRead,
  templateSteps,
  templatesMax,
} from './state';
import { codeOf, isUtf8 } from './texts';
import { timestamp, timestampEnd } from './timestamps';

/** The first address that the kernel does not use itself; `stateAddress` is where its state is. */
export function firstAddress(): usize {
  return __heap_base;
}

export function stateAddress(): usize {
  return state;
}

/** A row given up halfway may have left NULLs behind. */
let hasNulls: bool = false;

/** Reads records from `from` on into rows [row, rowsTo). Returns the first row not filled; see `state` for the rest. */
export function read(from: usize, row: i32, rowsTo: i32): i32 {
  const recordBytesMax = load<u32>(state, stateRecordBytesMax);
  let at = from;
  let end: usize = 0;
  store<i32>(state, -1, stateWanting);
  while (row < rowsTo) {
    const next = readRecord(at, row);
    if (next == 0) break;
    if (<u32>(next - at) > recordBytesMax) {
      giveUp(row);
      break;
    }
    row++;
    end = next;
    at = next;
    for (;;) {
      const byte = load<u8>(at);
      if (byte == 0x7b || (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09)) break;
      at++;
    }
  }
  store<usize>(state, at, stateAt);
  store<usize>(state, end, stateEnd);
  return row;
}

// @ts-ignore: decorator
@inline
function readRecord(at: usize, row: i32): usize {
  let i = load<i32>(state, stateLast);
  for (let tried = 0; tried < templatesMax; tried++) {
    const template = load<usize>(state + (<usize>i << 2), stateTemplates);
    if (template) {
      hasNulls = false;
      const end = match(template, at, row);
      if (end) {
        store<i32>(state, i, stateLast);
        store<i32>(template, 1, templateRead);
        return end;
      }
      if (hasNulls) giveUp(row);
      if (load<i32>(state, stateWanting) >= 0) return 0;
    }
    i = (i + 1) & (templatesMax - 1);
  }
  return 0;
}

function giveUp(row: i32): void {
  const columns = load<i32>(state, stateColumns);
  const list = load<usize>(state, stateColumnList);
  for (let c = 0; c < columns; c++) {
    const column = load<usize>(list + (<usize>c << 2));
    store<u8>(load<usize>(column, columnValid) + <usize>row, load<u8>(column, columnUsed));
  }
}

function match(template: usize, from: usize, row: i32): usize {
  let at = from;
  for (let step = template + templateSteps; ; step += stepBytes) {
    const literalTo = load<usize>(step, stepLiteralTo);
    for (let literal = load<usize>(step, stepLiteral), p = at; literal < literalTo; literal += 32, p += 16) {
      const differs = v128.and(v128.xor(v128.load(p), v128.load(literal)), v128.load(literal, 16));
      if (v128.any_true(differs)) return 0;
    }
    at += load<usize>(step, stepLength);
    const column = load<usize>(step, stepColumn);
    const first = load<u8>(at);
    switch (load<i32>(step, stepOp)) {
      case opText: {
        if (first != 0x22) {
          at = skipNull(at, column, row);
          break;
        }
        const end = string(at + 1);
        if (end == 0) return 0;
        const code = codeOf(load<usize>(column, columnTexts), at + 1, <i32>(end - at) - 1);
        if (code < 0) return 0;
        store<i32>(load<usize>(column, columnValues) + (<usize>row << 2), code);
        at = end + 1;
        break;
      }
      case opInteger: {
        const start = at + <usize>(first == 0x2d);
        const block = v128.load(start);
        const whole = ctz(~digitsAt(block));
        if (whole == 0) {
          at = skipNull(at, column, row);
          break;
        }
        const next = load<u8>(start + <usize>whole);
        if (whole > 15 || (whole > 1 && load<u8>(start) == 0x30) || next == 0x2e || (next | 0x20) == 0x65) return 0;
        const number = <f64>mantissa(block, whole, 0);
        if (number > load<f64>(step, stepMax)) return 0;
        storeNumber(column, row, first == 0x2d ? 0 - number : number);
        at = start + <usize>whole;
        break;
      }
      case opFloat: {
        const start = at + <usize>(first == 0x2d);
        const block = v128.load(start);
        const digits = digitsAt(block);
        const whole = ctz(~digits);
        if (whole == 0) {
          at = skipNull(at, column, row);
          break;
        }
        let places: i32 = 0;
        let end = start + <usize>whole;
        const hasPoint = load<u8>(end) == 0x2e;
        if (hasPoint && whole < 15) {
          places = ctz(~(digits >>> (whole + 1)));
          end += 1 + <usize>places;
        }
        if ((whole > 1 && load<u8>(start) == 0x30) || (hasPoint && places == 0)) return 0;
        let number: f64;
        if (whole + places + <i32>hasPoint < 16) {
          number = <f64>mantissa(block, whole, places);
          if (places > 0) number /= ten(places);
        } else {
          if (!hasPoint) return 0;
          number = longNumber(block, start, whole);
          if (number != number) return 0;
          if (longNumberIsRounded && load<i32>(step, stepIsDecimal)) return 0;
          places = longNumberPlaces;
          end = longNumberEnd;
        }
        if (places > load<i32>(step, stepScale) || (load<u8>(end) | 0x20) == 0x65) return 0;
        if (number >= load<f64>(step, stepMax)) return 0;
        if (load<i32>(step, stepIsReal)) number = <f64>(<f32>number);
        storeNumber(column, row, first == 0x2d ? load<f64>(step, stepZero) - number : number);
        at = end;
        break;
      }
      case opTimestamp: {
        if (first != 0x22) {
          at = skipNull(at, column, row);
          break;
        }
        const millis = timestamp(at);
        if (millis != millis) return 0;
        storeNumber(column, row, millis);
        at = timestampEnd;
        break;
      }
      case opBoolean: {
        const word = wordEnd(at);
        if (word == 0) return 0;
        if (first == 0x6e) {
          setNull(column, row);
        } else {
          store<u8>(load<usize>(column, columnValues) + <usize>row, <u8>(first == 0x74));
        }
        at = word;
        break;
      }
      case opSkip: {
        if (first == 0x22) {
          const end = string(at + 1);
          if (end == 0) return 0;
          at = end + 1;
        } else {
          at = first == 0x2d || <u32>first - 0x30 <= 9 ? numberEnd(at) : wordEnd(at);
        }
        break;
      }
      default: {
        const to = load<usize>(template, templateAbsentTo);
        for (let absent = load<usize>(template, templateAbsent); absent < to; absent += 4) {
          setNull(load<usize>(absent), row);
        }
        return at;
      }
    }
    if (at == 0) return 0;
  }
  return 0;
}

/** The closing quote of a string that begins at `from`; 0: it has escapes or is malformed. */
// @ts-ignore: decorator
@inline
function string(from: usize): usize {
  let at = from;
  let high: u32 = 0;
  for (;;) {
    // 32 bytes at a time: most strings are shorter, and a branch on the length of each would often be guessed wrong.
    const first = v128.load(at);
    const second = v128.load(at, 16);
    const stops = stopsIn(first) | (stopsIn(second) << 16);
    const notAscii = <u32>i8x16.bitmask(first) | (<u32>i8x16.bitmask(second) << 16);
    if (stops != 0) {
      high |= notAscii & ((stops & -stops) - 1);
      at += <usize>ctz(stops);
      break;
    }
    high |= notAscii;
    at += 32;
  }
  if (load<u8>(at) != 0x22 || (high != 0 && !isUtf8(from, at))) return 0;
  return at;
}

/** A bit for each quote, backslash and control character. */
// @ts-ignore: decorator
@inline
function stopsIn(block: v128): u32 {
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(block, i8x16.splat(0x22)), i8x16.eq(block, i8x16.splat(0x5c))),
      i8x16.lt_u(block, i8x16.splat(0x20)),
    ),
  );
}

// @ts-ignore: decorator
@inline
function storeNumber(column: usize, row: i32, number: f64): void {
  store<f64>(load<usize>(column, columnValues) + (<usize>row << 3), number);
}

function setNull(column: usize, row: i32): void {
  store<u8>(load<usize>(column, columnValid) + <usize>row, 0);
  hasNulls = true;
}

/** Behind the null at `at`, which is now in the column; 0: there is something else. */
function skipNull(at: usize, column: usize, row: i32): usize {
  if (load<u32>(at) != 0x6c6c756e) return 0;
  setNull(column, row);
  return at + 4;
}

/** Behind true, false or null; 0: it is none of them. */
function wordEnd(at: usize): usize {
  const word = load<u32>(at);
  if (word == 0x65757274 || word == 0x6c6c756e) return at + 4;
  return word == 0x736c6166 && load<u8>(at, 4) == 0x65 ? at + 5 : 0;
}
