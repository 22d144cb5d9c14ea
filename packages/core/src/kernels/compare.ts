import type { Column, TextColumn } from '../column.ts';
import { rescale } from '../exact.ts';
import { doublesOf, isNumbers, unitsOf } from '../exact-column.ts';

/** What a comparison asks of the sign of a - b. */
export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** 1 where the comparison holds. Rows that are NULL or failed hold anything: the caller has their validity. `scales`: the
 *  digits after the point of two exact types; null: one is approximate, and both are compared as doubles. */
export function compareColumns(
  op: Comparison,
  a: Column,
  b: Column,
  scales: readonly [number, number] | null,
): Uint8Array {
  if (a.kind === 'text' && b.kind === 'text') return compareTexts(op, a, b);
  if (a.kind === 'num' && b.kind === 'num') return compareNumbers(op, a.values, b.values);
  if (isNumbers(a) && isNumbers(b)) {
    const [x, y] = [doublesOf(a), doublesOf(b)];
    const out = compareNumbers(op, x, y);
    if (!scales) return out;
    // Rounding keeps the order, so that only numbers with the same nearest double need a second look.
    const scale = Math.max(...scales);
    const [m, n] = [unitsOf(a, scales[0]), unitsOf(b, scales[1])];
    for (let i = 0; i < out.length; i++) {
      if (x[i] !== y[i]) continue;
      const [left, right] = [rescale(m[i], scales[0], scale), rescale(n[i], scales[1], scale)];
      out[i] = holdsFor(op, left < right ? -1 : left > right ? 1 : 0) ? 1 : 0;
    }
    return out;
  }
  if (a.kind === 'bool' && b.kind === 'bool') {
    return compareNumbers(op, Float64Array.from(a.values), Float64Array.from(b.values));
  }
  throw new Error('broken invariant: both sides of a comparison have one kind');
}

function compareNumbers(op: Comparison, a: Float64Array, b: Float64Array): Uint8Array {
  const out = new Uint8Array(a.length);
  switch (op) {
    case '=':
      for (let i = 0; i < out.length; i++) out[i] = a[i] === b[i] ? 1 : 0;
      break;
    case '<>':
      for (let i = 0; i < out.length; i++) out[i] = a[i] !== b[i] ? 1 : 0;
      break;
    case '<':
      for (let i = 0; i < out.length; i++) out[i] = a[i] < b[i] ? 1 : 0;
      break;
    case '<=':
      for (let i = 0; i < out.length; i++) out[i] = a[i] <= b[i] ? 1 : 0;
      break;
    case '>':
      for (let i = 0; i < out.length; i++) out[i] = a[i] > b[i] ? 1 : 0;
      break;
    case '>=':
      for (let i = 0; i < out.length; i++) out[i] = a[i] >= b[i] ? 1 : 0;
      break;
  }
  return out;
}

function compareTexts(op: Comparison, a: TextColumn, b: TextColumn): Uint8Array {
  const out = new Uint8Array(a.codes.length);
  if (b.dict.length === 1) {
    // A literal: one comparison per distinct text.
    const holds = Uint8Array.from(a.dict, (text) => (holdsFor(op, sign(text, b.dict[0])) ? 1 : 0));
    for (let i = 0; i < out.length; i++) out[i] = holds[a.codes[i]];
  } else {
    for (let i = 0; i < out.length; i++) out[i] = holdsFor(op, sign(a.dict[a.codes[i]], b.dict[b.codes[i]])) ? 1 : 0;
  }
  return out;
}

// By UTF-16 code unit, as Java's String.compareTo.
function sign(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function holdsFor(op: Comparison, sign: number): boolean {
  switch (op) {
    case '=':
      return sign === 0;
    case '<>':
      return sign !== 0;
    case '<':
      return sign < 0;
    case '<=':
      return sign <= 0;
    case '>':
      return sign > 0;
    case '>=':
      return sign >= 0;
  }
}
