import type { Millis } from './batch.ts';

/** Equal or calendar windows that adjoin: [start, end). */
export interface Window {
  /** Start of the window that holds t. */
  start(t: Millis): Millis;
  /** End of the window that starts at `start`: the start of the next. */
  end(start: Millis): Millis;
}

/** STEP(t BY size), aligned to the epoch (AWS SQL reference, "STEP"). FLOOR(t TO MINUTE) is step(60_000). */
export const step = (size: Millis): Window => ({
  start: (t) => Math.floor(t / size) * size,
  end: (start) => start + size,
});

/** STEP(t BY INTERVAL 'n' MONTH), aligned to January 1970; 12 months is FLOOR(t TO YEAR). */
export const stepMonths = (months: number): Window => ({
  start: (t) => monthStart(Math.floor(monthOf(t) / months) * months),
  end: (start) => monthStart(monthOf(start) + months),
});

/** Months since January 1970. */
export function monthOf(t: Millis): number {
  const date = new Date(t);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

/** The first instant of a month, counted from January 1970. */
export function monthStart(month: number): Millis {
  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(1970 + Math.floor(month / 12), month - Math.floor(month / 12) * 12, 1);
  return date.getTime();
}
