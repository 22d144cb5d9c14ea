import type { CalendarFields } from './calendar-fields.ts';

/** Reads the time zone at `at` and sets its offset; where the text goes on, or -1 if there is none.
 *  z and Z: `GMT`, `GMT-8:00`, `-0800` or a name. X, XX, XXX: `Z`, or `-08`, `-0800`, `-08:00`. */
export function parseZone(text: string, at: number, letter: string, count: number, fields: CalendarFields): number {
  if (letter === 'X') {
    if (text[at] === 'Z') return found(fields, 0, at + 1);
    return parseOffset(text, at, isoOffsets[Math.min(count, 3) - 1], fields);
  }
  if (text.slice(at, at + 3).toUpperCase() === 'GMT') {
    const next = parseOffset(text, at + 3, gmtOffset, fields);
    if (next >= 0) return next;
    return text[at + 3] === '+' || text[at + 3] === '-' ? -1 : found(fields, 0, at + 3);
  }
  if (text[at] === '+' || text[at] === '-') return parseOffset(text, at, isoOffsets[1], fields);
  const name = /[A-Za-z]+( [A-Z][a-z]+)*/y;
  name.lastIndex = at;
  const written = name.exec(text)?.[0].toUpperCase() ?? '';
  const known = Object.keys(zoneHours)
    .filter((zone) => written.startsWith(zone.toUpperCase()))
    .sort((a, b) => b.length - a.length)[0];
  return known === undefined ? -1 : found(fields, zoneHours[known] * 3_600_000, at + known.length);
}

const gmtOffset = /([+-])(\d{1,2}):(\d\d)/y;
const isoOffsets = [/([+-])(\d\d)()/y, /([+-])(\d\d)(\d\d)/y, /([+-])(\d\d):(\d\d)/y];

function parseOffset(text: string, at: number, pattern: RegExp, fields: CalendarFields): number {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (!match) return -1;
  const [hours, minutes] = [Number(match[2]), Number(match[3])];
  if (hours > 23 || minutes > 59) return -1;
  const sign = match[1] === '-' ? -1 : 1;
  return found(fields, sign * (hours * 60 + minutes) * 60_000, pattern.lastIndex);
}

function found(fields: CalendarFields, offset: number, next: number): number {
  fields.set('zoneOffset', offset);
  return next;
}

/** Hours ahead of UTC. Java knows some six hundred zones and takes an ambiguous name for the zone of its machine; these
 *  are the ones that log files have. */
const zoneHours: Readonly<Record<string, number>> = {
  UTC: 0,
  'Coordinated Universal Time': 0,
  'Greenwich Mean Time': 0,
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
  AKST: -9,
  AKDT: -8,
  HST: -10,
  'Eastern Standard Time': -5,
  'Eastern Daylight Time': -4,
  'Central Standard Time': -6,
  'Central Daylight Time': -5,
  'Mountain Standard Time': -7,
  'Mountain Daylight Time': -6,
  'Pacific Standard Time': -8,
  'Pacific Daylight Time': -7,
  WET: 0,
  WEST: 1,
  CET: 1,
  CEST: 2,
  EET: 2,
  EEST: 3,
  JST: 9,
};
