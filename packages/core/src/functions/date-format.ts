import type { Millis } from '../batch.ts';
import {
  addDays,
  CalendarFields,
  dayOfWeek,
  dayOfYear,
  type FieldName,
  weekNumber,
  weekYear,
} from './calendar-fields.ts';
import { parseZone } from './time-zone.ts';

/** A pattern of Java's SimpleDateFormat, with the names of the US locale, in UTC (AWS SQL reference, "Date and Time
 *  Patterns"). The calendar is the Gregorian one at all times; Java changes to the Julian before October 1582. */
export class DateFormat {
  readonly #tokens: readonly Token[];

  /** Throws a RangeError that says what is wrong with the pattern. */
  constructor(pattern: string) {
    this.#tokens = tokens(pattern);
  }

  format(t: Millis): string {
    const date = new Date(t);
    let text = '';
    for (const token of this.#tokens) {
      text += token.kind === 'literal' ? token.text : (formatters[token.letter] ?? fail)(date, token.count);
    }
    return text;
  }

  /** The instant that a text beginning with this format means; NaN if it does not, or if a field is out of its range: the
   *  30th of February, the hour 13 for hh (AWS SQL reference, "CHAR_TO_TIMESTAMP"). `lenient`: such fields carry over. */
  parse(text: string, lenient = false): Millis {
    const fields = new CalendarFields();
    let at = 0;
    for (let i = 0; i < this.#tokens.length; i++) {
      const token = this.#tokens[i];
      if (token.kind === 'literal') {
        if (!text.startsWith(token.text, at)) return Number.NaN;
        at += token.text.length;
      } else {
        at = parseField(text, at, token, isNumber(this.#tokens[i + 1]), lenient, fields);
        if (at < 0) return Number.NaN;
      }
    }
    return at > 0 ? fields.instant(lenient) : Number.NaN;
  }
}

type Token =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'field'; readonly letter: string; readonly count: number };

function tokens(pattern: string): Token[] {
  const out: Token[] = [];
  const literal = (text: string): void => {
    const last = out.at(-1);
    if (last?.kind === 'literal') out[out.length - 1] = { kind: 'literal', text: last.text + text };
    else out.push({ kind: 'literal', text });
  };
  for (let i = 0; i < pattern.length; ) {
    const c = pattern[i];
    if (c === "'") {
      const quoted = /'((?:[^']|'')*)'/y;
      quoted.lastIndex = i;
      const match = quoted.exec(pattern);
      if (!match) throw new RangeError(`the quote at character ${i + 1} is not closed`);
      literal(match[1] === '' ? "'" : match[1].replaceAll("''", "'"));
      i = quoted.lastIndex;
    } else if (/[A-Za-z]/.test(c)) {
      if (!Object.hasOwn(formatters, c)) throw new RangeError(`there is no pattern letter ${c}`);
      let to = i + 1;
      while (pattern[to] === c) to++;
      out.push({ kind: 'field', letter: c, count: to - i });
      i = to;
    } else {
      literal(c);
      i++;
    }
  }
  return out;
}

/** In "yyyyMMdd", where one number follows another, the count of letters says where it ends. */
function isNumber(token: Token | undefined): boolean {
  if (token?.kind !== 'field') return false;
  return token.letter === 'M' || token.letter === 'L' ? token.count <= 2 : !'GEaXzZ'.includes(token.letter);
}

const numberFields: Readonly<Record<string, FieldName>> = {
  y: 'year',
  Y: 'weekYear',
  M: 'month',
  L: 'month',
  w: 'weekOfYear',
  W: 'weekOfMonth',
  D: 'dayOfYear',
  d: 'day',
  F: 'dayOfWeekInMonth',
  u: 'dayOfWeek',
  H: 'hourOfDay',
  k: 'hourOfDay',
  K: 'hour',
  h: 'hour',
  m: 'minute',
  s: 'second',
  S: 'millisecond',
};

/** Where the text goes on; -1 if the field is not there. */
function parseField(
  text: string,
  from: number,
  { letter, count }: { letter: string; count: number },
  obeyCount: boolean,
  lenient: boolean,
  fields: CalendarFields,
): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  if (at >= text.length) return -1;
  if (letter === 'z' || letter === 'Z' || letter === 'X') return parseZone(text, at, letter, count, fields);
  if (letter === 'G') return parseName(text, from, eras, (era) => fields.set('era', era));
  if (letter === 'a') return parseName(text, from, halves, (half) => fields.set('half', half));
  if (letter === 'E') return parseName(text, from, dayNames, (day) => fields.set('dayOfWeek', day % 7));
  if ((letter === 'M' || letter === 'L') && count > 2) {
    return parseName(text, from, monthNames, (month) => fields.set('month', month % 12));
  }
  if (obeyCount && from + count > text.length) return -1;
  const digits = /-?\d+/y;
  digits.lastIndex = at;
  const match = digits.exec(obeyCount ? text.slice(0, from + count) : text);
  if (!match) return -1;
  const value = Number(match[0]);
  if (Math.abs(value) > 2 ** 31) return -1;
  const number = fieldValue(letter, value, count, match[0], lenient);
  if (number === null) return -1;
  fields.set(numberFields[letter], number);
  return digits.lastIndex;
}

// What SimpleDateFormat does to a number before it becomes a field of the calendar; null: it does not stand for one.
function fieldValue(letter: string, value: number, count: number, text: string, lenient: boolean): number | null {
  switch (letter) {
    case 'y':
    case 'Y':
      return count <= 2 && /^\d\d$/.test(text) ? inCentury(value) : value;
    case 'M':
    case 'L':
      return value - 1;
    case 'k':
      if (!lenient && (value < 1 || value > 24)) return null;
      return value === 24 ? 0 : value;
    case 'h':
      if (!lenient && (value < 1 || value > 12)) return null;
      return value === 12 ? 0 : value;
    case 'u':
      if (value >= 1 && value <= 7) return value % 7;
      return lenient ? value - 1 : null;
    default:
      return value;
  }
}

// SimpleDateFormat takes two digits to lie within 80 years before and 20 after the moment it is made. A replay must give
// the same result, so that moment is fixed: 2026, the year the service ended (SEMANTICS.md, "two-digit years").
const centuryStart = 1946;

function inCentury(twoDigits: number): number {
  return 1900 + twoDigits + (twoDigits < centuryStart % 100 ? 100 : 0);
}

/** The longest name that the text has here, in any case. */
function parseName(text: string, from: number, names: readonly string[], found: (index: number) => void): number {
  let best = -1;
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    if (best >= 0 && name.length <= names[best].length) continue;
    if (text.slice(from, from + name.length).toUpperCase() === name.toUpperCase()) best = i;
  }
  if (best < 0) return -1;
  found(best);
  return from + names[best].length;
}

const eras = ['BC', 'AD'];
const halves = ['AM', 'PM'];
const longDays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const dayNames = [...longDays, ...longDays.map((name) => name.slice(0, 3))];
const longMonths = `January February March April May June
  July August September October November December`.split(/\s+/);
const monthNames = [...longMonths, ...longMonths.map((name) => name.slice(0, 3))];

type Formatter = (date: Date, count: number) => string;

const formatters: Readonly<Record<string, Formatter>> = {
  G: (date) => eras[date.getUTCFullYear() > 0 ? 1 : 0],
  y: (date, count) => year(date.getUTCFullYear() > 0 ? date.getUTCFullYear() : 1 - date.getUTCFullYear(), count),
  Y: (date, count) => year(weekYear(date.getTime()), count),
  M: month,
  L: month,
  w: (date, count) => padded(weekNumber(date.getTime()), count),
  W: (date, count) => padded(weekOfMonth(date), count),
  D: (date, count) => padded(dayOfYear(date.getTime()), count),
  d: (date, count) => padded(date.getUTCDate(), count),
  F: (date, count) => padded(Math.ceil(date.getUTCDate() / 7), count),
  E: (date, count) => named(longDays[date.getUTCDay()], count),
  u: (date, count) => padded(date.getUTCDay() || 7, count),
  a: (date) => halves[date.getUTCHours() < 12 ? 0 : 1],
  H: (date, count) => padded(date.getUTCHours(), count),
  k: (date, count) => padded(date.getUTCHours() || 24, count),
  K: (date, count) => padded(date.getUTCHours() % 12, count),
  h: (date, count) => padded(date.getUTCHours() % 12 || 12, count),
  m: (date, count) => padded(date.getUTCMinutes(), count),
  s: (date, count) => padded(date.getUTCSeconds(), count),
  S: (date, count) => padded(date.getUTCMilliseconds(), count),
  z: (_, count) => (count < 4 ? 'UTC' : 'Coordinated Universal Time'),
  Z: () => '+0000',
  X: () => 'Z',
};

function fail(): never {
  throw new Error('broken invariant: the letters of a pattern were checked');
}

function year(value: number, count: number): string {
  return count === 2 ? padded(value % 100, 2) : padded(value, count);
}

function month(date: Date, count: number): string {
  return count > 2 ? named(longMonths[date.getUTCMonth()], count) : padded(date.getUTCMonth() + 1, count);
}

function named(name: string, count: number): string {
  return count > 3 ? name : name.slice(0, 3);
}

function padded(value: number, count: number): string {
  return String(value).padStart(count, '0');
}

// Weeks begin on Sunday, and the first one of a month or year is the one that holds its first day (US locale).
function weekOfMonth(date: Date): number {
  const first = dayOfWeek(addDays(date.getTime(), 1 - date.getUTCDate()));
  return Math.floor((date.getUTCDate() - 1 + first) / 7) + 1;
}
