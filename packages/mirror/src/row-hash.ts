import type { Row } from './settings.ts';
import { decimal, digits } from './values.ts';

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

/** A number for the values of some columns: 53 bits, so that two different rows of a comparison do not have the same. */
export function rowHash(row: Row, columns: readonly number[]): number {
  let a = 0x2545f491;
  let b = 0x1b873593;
  for (const at of columns) {
    const value = asNumber(row[at]);
    if (typeof value === 'number') {
      double[0] = value === 0 ? 0 : value; // -0 is 0
      a = mix(mix(a, words[0]!), words[1]!);
      b = mix(mix(b, words[1]! ^ 0x55555555), words[0]!);
      continue;
    }
    const text = textOf(value);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b + code, 0x85ebca6b) ^ (b >>> 15);
    }
    a = mix(a, text.length);
    b = mix(b, ~text.length);
  }
  a ^= a >>> 15;
  return (a >>> 0) * 0x20_0000 + (b >>> 11);
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x9e3779b1) ^ hash;
}

/** Numbers that are equal have one form, however they are written. */
function asNumber(value: Row[number] | undefined): Row[number] {
  if (typeof value === 'string') {
    const first = value.charCodeAt(0);
    if (!(first > 42 && first < 58) || !decimal.test(value)) return value;
    return value.length < 16 ? Number(value) : exactly(digits(value));
  }
  if (typeof value === 'bigint') return exactly(digits(value));
  return value ?? null;
}

function exactly(text: string): number | string {
  const number = Number(text);
  return digits(number) === text ? number : text;
}

function textOf(value: string | bigint | boolean | null): string {
  return typeof value === 'string' ? value : value === null ? '\u0000' : value ? '\u0001t' : '\u0001f';
}
