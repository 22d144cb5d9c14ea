import type { Layout } from './layout.ts';
import type { Row } from './settings.ts';
import { numberOf, same } from './values.ts';
import type { Window } from './window.ts';

const sampleMax = 16;

/**
 * How much two windows look like one: 0 to 1, from a sample of their keys. Every factor of ten by which two numbers are
 * closer counts, so windows of steady traffic, whose totals differ by some per cent, are told from the same window with
 * some records more or less.
 */
export function likeness(a: Window, b: Window, layout: Layout): number {
  const { rows } = a;
  if (rows.size === 0 || b.rows.size === 0) return 0;
  let sampled = 0;
  let sum = 0;
  for (const [key, row] of rows) {
    const other = b.rows.get(key);
    if (other !== undefined) sum += rowLikeness(row, other, layout);
    if (++sampled === sampleMax) break;
  }
  return ((sum / sampled) * Math.min(rows.size, b.rows.size)) / Math.max(rows.size, b.rows.size);
}

export function rowLikeness(a: Row, b: Row, { measures, tolerances }: Layout): number {
  if (measures.length === 0) return 1;
  let sum = 0;
  for (const at of measures) {
    const [x, y] = [a[at] ?? null, b[at] ?? null];
    sum += same(x, y, tolerances[at] ?? null) ? 1 : closeness(numberOf(x), numberOf(y));
  }
  return sum / measures.length;
}

function closeness(x: number, y: number): number {
  const scale = Math.max(Math.abs(x), Math.abs(y));
  if (!Number.isFinite(scale)) return 0;
  return Math.min(0.95, Math.max(0, -Math.log10(Math.abs(x - y) / scale) / 6));
}
