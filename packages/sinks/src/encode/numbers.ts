import type { SqlType } from '@rowtime/core';
import { put, putAscii, utf8 } from './bytes.ts';

export type NumberWriter = (out: Uint8Array, at: number, value: number) => number;

/** Room for any number (toFixed gives at most 22 digits and its scale) or time. */
export const numberBytesMax = 64;

/** What a format writes for what it has no digits for, and around dates and times. */
export interface Notation {
  readonly null: string;
  readonly quotesTimes: boolean;
}

export function numberWriter(type: SqlType, notation: Notation): NumberWriter {
  switch (type.kind) {
    case 'decimal':
      return decimalWriter(type.scale);
    case 'real':
      return realWriter(notation.null);
    case 'date':
    case 'time':
    case 'timestamp':
      return timeWriter(type.kind, notation);
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
function realWriter(nullText: string): NumberWriter {
  return (out, at, value) => {
    const real = Math.fround(value);
    if (Math.trunc(real) === real && Math.abs(real) < 2 ** 24) return putInteger(out, at, real);
    if (!Number.isFinite(real)) return putAscii(out, at, nullText);
    // Six digits survive a float and nine tell any two apart; below the normal floats fewer than six may do.
    let text = '';
    for (let digits = Math.abs(real) < 2 ** -126 ? 1 : 6; digits <= 9; digits++) {
      text = real.toPrecision(digits);
      if (Math.fround(Number(text)) === real) break;
    }
    return putAscii(out, at, String(Number(text)));
  };
}

function timeWriter(kind: 'date' | 'time' | 'timestamp', notation: Notation): NumberWriter {
  const days = new DayWriter();
  return (out, from, value) => {
    const millis = Math.floor(value);
    const day = Math.floor(millis / dayMs);
    if (day < -dayMax || day > dayMax) return putAscii(out, from, notation.null);
    let at = from;
    if (notation.quotesTimes) out[at++] = quote;
    if (kind !== 'time') at = days.write(out, at, day);
    if (kind === 'timestamp') out[at++] = 0x20;
    if (kind !== 'date') at = putClock(out, at, millis - day * dayMs);
    if (notation.quotesTimes) out[at++] = quote;
    return at;
  };
}

export const dayMs = 86_400_000;
/** The calendar of ECMAScript ends here. */
const dayMax = 1e8;

/** `yyyy-MM-dd`. Rows in time order stay on one day for long, so its text is kept. */
export class DayWriter {
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
export function putClock(out: Uint8Array, at: number, millis: number): number {
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
