import type { Expr, ScalarFunction } from '../expr.ts';
import { isBinary, isInteger, isText, type SqlType } from '../schema.ts';
import { byValue, Fail } from './by-value.ts';

/** Functions that count characters from 1. A character is a UTF-16 unit, as in Java. */
export const textPositionFunctions: readonly ScalarFunction[] = [
  {
    name: 'SUBSTRING',
    doc: 'SUBSTRING(s FROM p FOR n): n characters (of a binary string: bytes) from the one at p. A p below 1 shortens n; past the end it is empty.',
    bind: (args) => {
      const [s, ...counts] = args;
      if (!s || counts.length < 1 || counts.length > 2 || !counts.every(isCount)) return null;
      if (isBinary(s.type)) {
        const type: SqlType = { kind: 'varbinary', length: 'length' in s.type ? s.type.length : null };
        // Two hex digits a byte.
        return byValue(type, args, ([hex, from, length]) =>
          substring(hex as string, (from as number) * 2 - 1, length === undefined ? undefined : (length as number) * 2),
        );
      }
      if (!isTextual(s)) return null;
      return byValue(varchar(s), args, ([text, from, length]) =>
        substring(text as string, from as number, length as number | undefined),
      );
    },
  },
  {
    name: 'POSITION',
    doc: 'POSITION(x IN s): where x first begins in s, 0 if it does not; an empty x is at 1.',
    bind: (args) =>
      args.length === 2 && args.every(isTextual)
        ? byValue({ kind: 'integer' }, args, ([part, text]) => (text as string).indexOf(part as string) + 1)
        : null,
  },
  {
    name: 'OVERLAY',
    doc: 'OVERLAY(s PLACING r FROM p FOR n): s with r instead of the n characters from p. n is the length of r by default.',
    bind: (args) => {
      const [s, r, ...counts] = args;
      if (!s || !r || !isTextual(s) || !isTextual(r)) return null;
      if (counts.length < 1 || counts.length > 2 || !counts.every(isCount)) return null;
      return byValue({ kind: 'varchar', length: sum(s, r) }, args, ([text, by, from, length]) =>
        overlay(text as string, by as string, from as number, length as number | undefined),
      );
    },
  },
  trim('TRIM BOTH', 'both ends', true, true),
  trim('TRIM LEADING', 'the beginning', true, false),
  trim('TRIM TRAILING', 'the end', false, true),
];

const negativeLength = new Fail('InvalidArgument', 'a length is negative');

// AWS SQL reference, "SUBSTRING". One table gives '' past the end, another NULL: SEMANTICS.md, "SUBSTRING".
function substring(text: string, from: number, length = Number.POSITIVE_INFINITY): string | Fail {
  if (length < 0) return negativeLength;
  const start = Math.max(from, 1) - 1;
  return text.slice(start, Math.max(start, from - 1 + length));
}

// AWS SQL reference, "OVERLAY":
//
//   OVERLAY('12345' PLACING 'foo' FROM -2)     -2 -1  0 [1 2 3 4 5]
//                                               f  o  o                foo12345
function overlay(text: string, by: string, from: number, length = by.length): string | Fail {
  if (length < 0) return negativeLength;
  return text.slice(0, Math.max(from - 1, 0)) + by + text.slice(Math.max(from - 1 + length, 0));
}

function trim(name: string, where: string, leading: boolean, trailing: boolean): ScalarFunction {
  return {
    name,
    doc: `${name.replace(' ', '(')} c FROM s): s without the characters c at ${where}. c is one character, a blank by default.`,
    bind: (args) => {
      const [character, s] = args;
      if (args.length !== 2 || !character || !s || !isTextual(character) || !isTextual(s)) return null;
      return byValue(varchar(s), args, ([c, text]) => trimmed(text as string, c as string, leading, trailing));
    },
  };
}

// AWS SQL reference, "TRIM": anything but one character is an error.
const oneCharacter = new Fail('InvalidArgument', 'TRIM takes one character to trim');

function trimmed(text: string, character: string, leading: boolean, trailing: boolean): string | Fail {
  if (character.length !== 1) return oneCharacter;
  let from = 0;
  let to = text.length;
  while (leading && from < to && text[from] === character) from++;
  while (trailing && from < to && text[to - 1] === character) to--;
  return text.slice(from, to);
}

function varchar({ type }: Expr): SqlType {
  return { kind: 'varchar', length: 'length' in type ? type.length : null };
}

function sum(a: Expr, b: Expr): number | null {
  const [x, y] = [varchar(a), varchar(b)];
  return 'length' in x && 'length' in y && x.length !== null && y.length !== null ? x.length + y.length : null;
}

function isTextual({ type }: Expr): boolean {
  return isText(type) || type.kind === 'null';
}

function isCount({ type }: Expr): boolean {
  return isInteger(type) || type.kind === 'null';
}
