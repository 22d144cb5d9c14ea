import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DateFormat } from '../src/functions/date-format.ts';

interface Golden {
  format: [pattern: string, millis: number, text: string][];
  parse: [pattern: string, text: string, strict: number | null, lenient: number | null][];
}

// How the file was made is written in it.
const golden: Golden = JSON.parse(
  readFileSync(new URL('golden/simple-date-format.json', import.meta.url), 'utf8'),
) as Golden;

const orNull = (t: number): number | null => (Number.isNaN(t) ? null : t);

// Java counts years before 1582 by the Julian calendar; see DateFormat.
const isGregorian = (t: number | null): boolean => t === null || t > Date.UTC(1600, 0);

test('formats as Java does', () => {
  const ours = golden.format.map(([pattern, t]) => [pattern, t, new DateFormat(pattern).format(t)]);
  expect(ours).toEqual(golden.format);
});

describe('parses as Java does', () => {
  test.each([
    ['strictly', false],
    ['leniently', true],
  ] as const)('%s', (_, lenient) => {
    const cases = golden.parse
      .map(([pattern, text, strict, loose]) => [pattern, text, lenient ? loose : strict] as const)
      .filter(([, , expected]) => isGregorian(expected));
    const ours = cases.map(([pattern, text]) => [pattern, text, orNull(new DateFormat(pattern).parse(text, lenient))]);
    expect(ours).toEqual(cases);
  });
});

test('says what is wrong with a pattern', () => {
  expect(() => new DateFormat('yyyy-MM-ddTHH')).toThrow('there is no pattern letter T');
  expect(() => new DateFormat("yyyy 'at")).toThrow('the quote at character 6 is not closed');
});
