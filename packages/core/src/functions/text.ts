import type { Column, TextColumn } from '../column.ts';
import type { BoundFunction, Expr, ScalarFunction } from '../expr.ts';
import { mapText, numbersOfTexts, textOfRows } from '../kernels/text.ts';
import { both } from '../kernels/valid.ts';
import { isBinary, isText, type SqlType } from '../schema.ts';

export const textFunctions: readonly ScalarFunction[] = [
  {
    name: '||',
    doc: 'Both texts, or both binary strings, one after the other.',
    bind: (args) =>
      args.length === 2 && (args.every(isTextual) || areBinary(args))
        ? {
            type: { kind: areBinary(args) ? 'varbinary' : 'varchar', length: sumOfLengths(args) },
            kernel: ([left, right]) => {
              return (batch) => {
                const [a, b] = [asText(left(batch)), asText(right(batch))];
                if (!a.valid && a.dict.length === 1) return mapText(b, (text) => a.dict[0] + text);
                if (!b.valid && b.dict.length === 1) return mapText(a, (text) => text + b.dict[0]);
                return textOfRows(batch.length, both(a.valid, b.valid), (i) => a.dict[a.codes[i]] + b.dict[b.codes[i]]);
              };
            },
          }
        : null,
  },
  mapping('UPPER', 'The text in upper case.', (text) => text.toUpperCase()),
  mapping('LOWER', 'The text in lower case.', (text) => text.toLowerCase()),
  mapping('INITCAP', 'First letter of each word in upper case, the others in lower case.', initcap),
  {
    name: 'CHAR_LENGTH',
    doc: 'Number of characters; the blanks that pad a CHAR count.',
    bind: (args) =>
      args.length === 1 && args.every(isTextual)
        ? {
            type: { kind: 'integer' },
            kernel:
              ([a]) =>
              (batch) => {
                const column = asText(a(batch));
                return { kind: 'num', values: numbersOfTexts(column, (text) => text.length), valid: column.valid };
              },
          }
        : null,
  },
];

/** A bare NULL is what the other is. */
function areBinary(args: readonly Expr[]): boolean {
  return args.some(({ type }) => isBinary(type)) && args.every(({ type }) => isBinary(type) || type.kind === 'null');
}

function mapping(name: string, doc: string, f: (text: string) => string): ScalarFunction {
  return {
    name,
    doc,
    bind: ([a, ...rest]): BoundFunction | null =>
      a && rest.length === 0 && isTextual(a)
        ? {
            type: textType(a.type),
            kernel:
              ([arg]) =>
              (batch) =>
                mapText(asText(arg(batch)), f),
          }
        : null,
  };
}

// AWS SQL reference, "INITCAP": words are runs of letters and digits.
function initcap(text: string): string {
  return text.toLowerCase().replace(/[\p{L}\p{N}]+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}

/** A bare NULL where a text is expected is a column of numbers. */
export function asText(column: Column): TextColumn {
  if (column.kind === 'text') return column;
  const length = column.valid?.length ?? 0;
  return { kind: 'text', codes: new Int32Array(length), dict: [''], valid: new Uint8Array(length) };
}

function textType(type: SqlType): SqlType {
  return type.kind === 'null' ? { kind: 'varchar', length: null } : type;
}

function sumOfLengths(args: readonly Expr[]): number | null {
  return args.reduce<number | null>((sum, { type }) => {
    const length = 'length' in type ? type.length : 0;
    return sum === null || length === null ? null : sum + length;
  }, 0);
}

function isTextual({ type }: Expr): boolean {
  return isText(type) || type.kind === 'null';
}
