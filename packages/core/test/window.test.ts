import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monthOf, monthStart, step, stepMonths, type Window } from '../src/window.ts';

const times = fc.oneof(
  fc.integer({ min: Date.UTC(1969, 0, 1), max: Date.UTC(2040, 0, 1) }),
  fc.integer({ min: Date.parse('0000-01-01T00:00:00Z'), max: Date.parse('9999-12-31T00:00:00Z') }),
);
const windows = fc.oneof(
  fc.integer({ min: 1, max: 400 * 86_400_000 }).map((size) => ({ name: `step(${size})`, window: step(size) })),
  fc.integer({ min: 1, max: 60 }).map((months) => ({ name: `stepMonths(${months})`, window: stepMonths(months) })),
);

describe('windows', () => {
  test('hold their time: start <= t < end', () => {
    fc.assert(
      fc.property(windows, times, ({ window }, t) => {
        const start = window.start(t);
        expect(start <= t && t < window.end(start)).toBe(true);
      }),
    );
  });

  test('adjoin: the end of one is the start of the next', () => {
    fc.assert(
      fc.property(windows, times, ({ window }, t) => {
        const end = window.end(window.start(t));
        expect(window.start(end)).toBe(end);
        expect(window.start(end - 1)).toBe(window.start(t));
      }),
    );
  });

  test('are aligned to 1970-01-01', () => {
    fc.assert(
      fc.property(windows, ({ window }) => {
        expect(window.start(0)).toBe(0);
      }),
    );
  });
});

// …[23:59:50)[00:00:00, 00:00:10)[00:00:10 …
test.each<[string, Window, string, string, string]>([
  ['ten seconds', step(10_000), '2024-01-01T00:00:09.999', '2024-01-01T00:00:00', '2024-01-01T00:00:10'],
  ['ten seconds, on the boundary', step(10_000), '2024-01-01T00:00:10', '2024-01-01T00:00:10', '2024-01-01T00:00:20'],
  ['ten seconds before 1970', step(10_000), '1969-12-31T23:59:59.999', '1969-12-31T23:59:50', '1970-01-01T00:00:00'],
  [
    'seven days from a Thursday',
    step(7 * 86_400_000),
    '1970-01-08T00:00:00',
    '1970-01-08T00:00:00',
    '1970-01-15T00:00:00',
  ],
  ['a leap February', stepMonths(1), '2024-02-29T23:59:59', '2024-02-01T00:00:00', '2024-03-01T00:00:00'],
  ['a quarter', stepMonths(3), '2024-12-31T00:00:00', '2024-10-01T00:00:00', '2025-01-01T00:00:00'],
  ['a year before 1970', stepMonths(12), '1969-12-31T00:00:00', '1969-01-01T00:00:00', '1970-01-01T00:00:00'],
  [
    'the year 99, which is not 1999',
    stepMonths(12),
    '0099-06-01T00:00:00',
    '0099-01-01T00:00:00',
    '0100-01-01T00:00:00',
  ],
])('%s', (_, window, t, start, end) => {
  const [from, at, to] = [start, t, end].map((text) => Date.parse(`${text}Z`));
  expect(window.start(at!)).toBe(from);
  expect(window.end(from!)).toBe(to);
});

test('months count from January 1970 in both directions', () => {
  fc.assert(
    fc.property(fc.integer({ min: -20_000, max: 90_000 }), (month) => {
      expect(monthOf(monthStart(month))).toBe(month);
      expect(monthOf(monthStart(month) - 1)).toBe(month - 1);
    }),
  );
});
