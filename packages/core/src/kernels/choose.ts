import type { BoolColumn, Column } from '../column.ts';
import { isNumbers, unitsOf } from '../exact-column.ts';

/** CASE: per row the first of `values` whose condition is TRUE, else the last of `values`. Values not chosen do not
 *  count, not even as failures; a failed condition fails the row if it was reached. */
export function choose(conditions: readonly BoolColumn[], values: readonly Column[], length: number): Column {
  const chosen = new Uint16Array(length);
  const valid = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    let c = 0;
    for (; c < conditions.length; c++) {
      const state = conditions[c].valid ? conditions[c].valid![i] : 1;
      if (state > 1) {
        valid[i] = state;
        break;
      }
      if (state === 1 && conditions[c].values[i] === 1) break;
    }
    chosen[i] = c;
    const value = values[c];
    if (valid[i] === 0) valid[i] = value.valid ? value.valid[i] : 1;
  }
  return pick(values, chosen, valid, length);
}

/** COALESCE: per row the first value that is not NULL. */
export function firstNotNull(values: readonly Column[], length: number): Column {
  const chosen = new Uint16Array(length);
  const valid = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    for (let c = 0; c < values.length; c++) {
      const column = values[c];
      chosen[i] = c;
      valid[i] = column.valid ? column.valid[i] : 1;
      if (valid[i] !== 0) break;
    }
  }
  return pick(values, chosen, valid, length);
}

function pick(columns: readonly Column[], chosen: Uint16Array, valid: Uint8Array, length: number): Column {
  const first = columns[0];
  if (first.kind === 'text') {
    const dict: string[] = [];
    const known = new Map<string, number>();
    const moved = columns.map((column) =>
      Int32Array.from(column.kind === 'text' ? column.dict : [], (text) => {
        const code = known.get(text) ?? dict.push(text) - 1;
        known.set(text, code);
        return code;
      }),
    );
    const codes = new Int32Array(length);
    for (let i = 0; i < length; i++) {
      const column = columns[chosen[i]];
      if (column.kind === 'text') codes[i] = moved[chosen[i]][column.codes[i]];
    }
    return { kind: 'text', codes, dict, valid };
  }
  const exact = columns.find((column) => column.kind === 'exact');
  if (exact) {
    const units = columns.map((column) => (isNumbers(column) ? unitsOf(column, exact.scale) : null));
    const out = new BigInt64Array(length);
    for (let i = 0; i < length; i++) out[i] = units[chosen[i]]?.[i] ?? 0n;
    return { kind: 'exact', units: out, scale: exact.scale, valid };
  }
  if (first.kind === 'num') {
    const values = new Float64Array(length);
    for (let i = 0; i < length; i++) {
      const column = columns[chosen[i]];
      if (column.kind === 'num') values[i] = column.values[i];
    }
    return { kind: 'num', values, valid };
  }
  const values = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const column = columns[chosen[i]];
    if (column.kind === 'bool') values[i] = column.values[i];
  }
  return { kind: 'bool', values, valid };
}
