import type { Column } from './column.ts';

/** The first row in (from, to) whose value is not that of row `from`, NULL being a value; `to` if there is none. */
export function runEnd(column: Column, from: number, to: number): number {
  const { valid } = column;
  if (column.kind === 'exact') return endOf(column.units, valid, from, to);
  return endOf(column.kind === 'text' ? column.codes : column.values, valid, from, to);
}

function endOf<T>(values: ArrayLike<T>, valid: Uint8Array | null, from: number, to: number): number {
  const value = values[from];
  const state = valid ? valid[from] : 1;
  let i = from + 1;
  if (!valid) while (i < to && values[i] === value) i++;
  else while (i < to && valid[i] === state && (state !== 1 || values[i] === value)) i++;
  return i;
}
