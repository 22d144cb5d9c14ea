import type { Column } from '../column.ts';
import { scaleOf } from '../exact.ts';
import { isNumbers } from '../exact-column.ts';
import type { Expr, ScalarFunction } from '../expr.ts';
import { type Comparison, compareColumns } from '../kernels/compare.ts';
import { both } from '../kernels/valid.ts';
import { isBinary, isNumeric, isText, type SqlType } from '../schema.ts';

export const comparisonFunctions: readonly ScalarFunction[] = [
  comparison('=', 'Equal.'),
  comparison('<>', 'Not equal.'),
  comparison('<', 'Less than.'),
  comparison('<=', 'Less than or equal.'),
  comparison('>', 'Greater than.'),
  comparison('>=', 'Greater than or equal.'),
];

function comparison(name: Comparison, doc: string): ScalarFunction {
  return {
    name,
    doc,
    bind: ([a, b, ...rest]) => {
      if (!a || !b || rest.length > 0 || !comparable(a.type, b.type)) return null;
      const isPadded = hasPadding(a) || hasPadding(b);
      const [left, right] = [scaleOf(a.type), scaleOf(b.type)];
      const scales = left === null || right === null ? null : ([left, right] as const);
      return {
        type: { kind: 'boolean' },
        kernel: ([left, right]) => {
          return (batch) => {
            const [x, y] = [left(batch), right(batch)].map((column) => (isPadded ? withoutPadding(column) : column));
            const valid = both(x.valid, y.valid);
            // A bare NULL is stored as numbers, whatever the other side is.
            const isBareNull = x.kind !== y.kind && !(isNumbers(x) && isNumbers(y));
            if (isBareNull) return { kind: 'bool', values: new Uint8Array(batch.length), valid };
            return { kind: 'bool', values: compareColumns(name, x, y, scales), valid };
          };
        },
      };
    },
  };
}

/** Whether blanks were put behind the text to fill a CHAR(n): they do not count (SQL:2008 8.2, PAD SPACE). A literal has
 *  those that it was written with. */
function hasPadding({ kind, type }: Expr): boolean {
  return type.kind === 'char' && kind !== 'literal';
}

function withoutPadding(column: Column): Column {
  return column.kind === 'text' ? { ...column, dict: column.dict.map(withoutBlanks) } : column;
}

function withoutBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === ' ') end--;
  return text.slice(0, end);
}

/** Numbers with numbers, texts with texts, datetimes with their own kind (AWS SQL reference, "Data Types"). */
export function comparable(a: SqlType, b: SqlType): boolean {
  if (a.kind === 'null' || b.kind === 'null') return true;
  if (isNumeric(a) && isNumeric(b)) return true;
  if (isText(a) && isText(b)) return true;
  if (isBinary(a) && isBinary(b)) return true;
  if (a.kind === 'interval' && b.kind === 'interval') return a.unit === b.unit;
  return a.kind === b.kind;
}
