import { columnKind, mayBeExact, type SqlType, scaleOf } from '@rowtime/core';

/** Whether values that are equal are stored alike, so that a join of streams finds them by hash: not 1 and 1.00 where they may
 *  be too long for a double, nor a CHAR and a text without its padding. */
export function areOneKey(a: SqlType, b: SqlType): boolean {
  if (columnKind(a) !== columnKind(b)) return false;
  if (columnKind(a) === 'num') return scaleOf(a) === scaleOf(b) || !(mayBeExact(a) || mayBeExact(b));
  const isPadded = a.kind === 'char' || b.kind === 'char';
  return !isPadded || (a.kind === b.kind && 'length' in a && 'length' in b && a.length === b.length);
}

/** Whether a table is found by the value: its index has a representative for all that equal it, which no DOUBLE has for
 *  digits that no double holds. */
export function areLookUpKeys(a: SqlType, b: SqlType): boolean {
  if (areOneKey(a, b)) return true;
  if (columnKind(a) !== columnKind(b)) return false;
  return columnKind(a) === 'text' || (scaleOf(a) !== null && scaleOf(b) !== null);
}
