import type { TextColumn, Valid } from '../column.ts';

/** `f` of every text: called once per distinct text, not once per row. null makes the row NULL. */
export function mapText(column: TextColumn, f: (text: string) => string | null): TextColumn {
  const { add, dict } = interner();
  const moved = Int32Array.from(column.dict, (text) => {
    const result = f(text);
    return result === null ? -1 : add(result);
  });
  const codes = new Int32Array(column.codes.length);
  let valid = column.valid;
  let copied = false;
  for (let i = 0; i < codes.length; i++) {
    const code = moved[column.codes[i]];
    if (code >= 0) codes[i] = code;
    else if (!valid || valid[i] === 1) {
      if (!copied) valid = valid ? valid.slice() : new Uint8Array(codes.length).fill(1);
      copied = true;
      valid![i] = 0;
    }
  }
  if (dict.length === 0) dict.push('');
  return { kind: 'text', codes, dict, valid };
}

/** `f` of every row, texts interned. Only where no operand is one of a few distinct texts. */
export function textOfRows(length: number, valid: Valid, f: (row: number) => string): TextColumn {
  const { add, dict } = interner();
  const codes = new Int32Array(length);
  for (let i = 0; i < length; i++) if (!valid || valid[i] === 1) codes[i] = add(f(i));
  if (dict.length === 0) dict.push('');
  return { kind: 'text', codes, dict, valid };
}

/** `f` of every text, as numbers by row. */
export function numbersOfTexts(column: TextColumn, f: (text: string) => number): Float64Array {
  const table = Float64Array.from(column.dict, f);
  const out = new Float64Array(column.codes.length);
  for (let i = 0; i < out.length; i++) out[i] = table[column.codes[i]];
  return out;
}

/** Numbers the distinct texts of a column under construction. */
export function interner(): { add(text: string): number; dict: string[] } {
  const dict: string[] = [];
  const known = new Map<string, number>();
  return {
    dict,
    add(text) {
      let code = known.get(text);
      if (code === undefined) {
        code = dict.length;
        dict.push(text);
        known.set(text, code);
      }
      return code;
    },
  };
}
