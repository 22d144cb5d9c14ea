import type { Batch } from './batch.ts';
import type { Value } from './column.ts';
import { mayBeExact } from './exact.ts';
import type { Schema, SqlType } from './schema.ts';

/** Rows that end: a reference table, VALUES, or what a query makes of them. Their ROWTIME means nothing and is 0. */
export interface Relation {
  readonly schema: Schema;
  readonly rows: Batch;
}

/** Values as the key of a Map: rows of equal values have equal keys. */
export function mapKey(values: readonly Value[]): unknown {
  return values.length === 1 ? values[0] : JSON.stringify(values);
}

/** For values of a type, the value that stands for all that equal it, of whatever type they are: 7.0 is 7, and the blanks that
 *  pad a CHAR do not count. */
export function representative(type: SqlType): (value: Value) => Value {
  if (type.kind === 'char') return (value) => (typeof value === 'string' ? value.replace(/ +$/, '') : value);
  if (!mayBeExact(type)) return (value) => value;
  // What no double holds is its digits.
  return (value) => {
    if (typeof value !== 'string') return value;
    const digits = value.includes('.') ? value.replace(/\.?0+$/, '') : value;
    const number = Number(digits);
    return Number.isSafeInteger(number) ? number : digits;
  };
}
