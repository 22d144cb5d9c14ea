import type { BoolColumn, Column, Valid } from '../column.ts';

// Three-valued logic over (value, validity) pairs, with failures as a fourth value: what decides the result without them
// does, so that `d <> 0 AND 100 / d > 1` holds no division by zero.

export function and(a: BoolColumn, b: BoolColumn): BoolColumn {
  return decide(a, b, 0);
}

export function or(a: BoolColumn, b: BoolColumn): BoolColumn {
  return decide(a, b, 1);
}

/** FALSE decides AND, TRUE decides OR. */
function decide(a: BoolColumn, b: BoolColumn, deciding: 0 | 1): BoolColumn {
  const length = a.values.length;
  const values = new Uint8Array(length);
  if (!a.valid && !b.valid) {
    if (deciding === 0) for (let i = 0; i < length; i++) values[i] = a.values[i] & b.values[i];
    else for (let i = 0; i < length; i++) values[i] = a.values[i] | b.values[i];
    return { kind: 'bool', values, valid: null };
  }
  const valid = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const va = a.valid ? a.valid[i] : 1;
    const vb = b.valid ? b.valid[i] : 1;
    if ((va === 1 && a.values[i] === deciding) || (vb === 1 && b.values[i] === deciding)) {
      values[i] = deciding;
      valid[i] = 1;
    } else {
      values[i] = 1 - deciding;
      valid[i] = va === 1 ? vb : va > 1 ? va : vb > 1 ? vb : 0;
    }
  }
  return { kind: 'bool', values, valid };
}

export function not(a: BoolColumn): BoolColumn {
  const values = new Uint8Array(a.values.length);
  for (let i = 0; i < values.length; i++) values[i] = 1 - a.values[i];
  return { kind: 'bool', values, valid: a.valid };
}

/** 1 where the column is NULL; failures stay failures. */
export function isNull(column: Column, length: number): BoolColumn {
  const values = new Uint8Array(length);
  let failed: Valid = null;
  if (column.valid) {
    for (let i = 0; i < length; i++) {
      values[i] = column.valid[i] === 0 ? 1 : 0;
      if (column.valid[i] > 1) {
        failed ??= new Uint8Array(length).fill(1);
        failed[i] = column.valid[i];
      }
    }
  }
  return { kind: 'bool', values, valid: failed };
}

/** 1 where the condition is TRUE (or FALSE, for `wanted` 0): never NULL. */
export function isTruth(a: BoolColumn, wanted: 0 | 1): BoolColumn {
  const values = new Uint8Array(a.values.length);
  for (let i = 0; i < values.length; i++) {
    values[i] = (!a.valid || a.valid[i] === 1) && a.values[i] === wanted ? 1 : 0;
  }
  return { kind: 'bool', values, valid: isNull(a, values.length).valid };
}
