import type { Millis } from '@rowtime/core';

const dateText = '(\\d{4})-(\\d{2})-(\\d{2})';
const timeText = '(\\d{2}):(\\d{2}):(\\d{2})(?:\\.(\\d+))?';
const datetime = new RegExp(`^${dateText}(?:[ T]${timeText}Z?)?$`);
const timeOfDay = new RegExp(`^${timeText}$`);

/**
 * `1992-02-14`, `1992-02-14 18:35:44.0` or ISO 8601 with `T` and perhaps a final `Z`; NaN otherwise. What is finer than
 * a millisecond is cut. Everything is UTC, so other offsets are refused rather than ignored.
 */
export function parseTimestamp(text: string): Millis {
  const match = datetime.exec(text);
  if (!match) return Number.NaN;
  const days = daysFromCivil(Number(match[1]), Number(match[2]), Number(match[3]));
  return days * dayMs + (match[4] === undefined ? 0 : clock(match[4], match[5], match[6], match[7]));
}

/** Midnight of the day in a date or timestamp text; NaN otherwise. */
export function parseDate(text: string): Millis {
  return Math.floor(parseTimestamp(text) / dayMs) * dayMs;
}

/** Milliseconds since midnight, from a time of day or a timestamp text; NaN otherwise. */
export function parseTime(text: string): Millis {
  const match = timeOfDay.exec(text);
  if (match) return clock(match[1], match[2], match[3], match[4]);
  const timestamp = parseTimestamp(text);
  return timestamp - Math.floor(timestamp / dayMs) * dayMs;
}

const dayMs = 86_400_000;

function clock(hours: string, minutes: string, seconds: string, fraction: string | undefined): Millis {
  const millis = Number((fraction ?? '').slice(0, 3).padEnd(3, '0'));
  return timeOf(Number(hours), Number(minutes), Number(seconds), millis);
}

/** Milliseconds since midnight; NaN if there is no such time. */
export function timeOf(hours: number, minutes: number, seconds: number, millis: number): Millis {
  if (hours > 23 || minutes > 59 || seconds > 59) return Number.NaN;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis;
}

/** Days since 1970-01-01 in the Gregorian calendar; NaN if there is no such day. */
export function daysFromCivil(year: number, month: number, day: number): number {
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return Number.NaN;
  // Years that begin on 1 March put the leap day last (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
