import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Column } from '../src/column.ts';
import { finestWindow, valueWindow } from '../src/value-window.ts';
import { step, stepMonths, type Window } from '../src/window.ts';

const lastTime = 8.64e15;
const times = fc.integer({ min: Date.parse('0000-01-01T00:00:00Z'), max: Date.parse('9999-12-31T00:00:00Z') });
const calendar = fc.oneof(
  fc.integer({ min: 1, max: 400 * 86_400_000 }).map((size) => step(size)),
  fc.integer({ min: 1, max: 60 }).map((months) => stepMonths(months)),
);
const numbers = (f: (t: number) => number) => (ts: Float64Array) =>
  ({ kind: 'num', values: ts.map(f), valid: null }) as const;

describe('the windows in which a function of time keeps its value', () => {
  test('are those of the calendar for its functions, whether they ascend or descend', () => {
    fc.assert(
      fc.property(calendar, times, fc.constantFrom(1, -1), (window: Window, t, sign) => {
        const found = valueWindow(numbers((x) => sign * window.start(x)));
        const start = window.start(t);
        expect([found.start(t), found.end(start)]).toEqual([start, window.end(start)]);
      }),
    );
  });

  test('remember nothing but the last of them', () => {
    fc.assert(
      fc.property(calendar, fc.array(times, { minLength: 2 }), (window, ts) => {
        const found = valueWindow(numbers((x) => window.start(x)));
        expect(ts.map((t) => [found.start(t), found.end(t)])).toEqual(
          ts.map((t) => [window.start(t), window.end(window.start(t))]),
        );
      }),
    );
  });

  test('of a value that never changes are all of time', () => {
    const { start, end } = valueWindow(numbers(() => 7));
    expect([start(5), end(5)]).toEqual([-lastTime, lastTime]);
  });

  test('take what cannot be computed for a value of its own', () => {
    const values = (ts: Float64Array): Column => ({
      kind: 'num',
      values: ts,
      valid: Uint8Array.from(ts, (t) => (t < 1_000 ? 1 : 2)),
    });
    expect(valueWindow(values).end(999)).toBe(1_000);
    expect(valueWindow(values).start(5_000)).toBe(1_000);
  });

  test('of texts are those in which the text is the same', () => {
    const values = (ts: Float64Array): Column => {
      const dict = [...new Set(Array.from(ts, (t) => new Date(t).toISOString().slice(0, 10)))];
      const codes = Int32Array.from(ts, (t) => dict.indexOf(new Date(t).toISOString().slice(0, 10)));
      return { kind: 'text', codes, dict, valid: null };
    };
    const { start, end } = valueWindow(values);
    const noon = Date.parse('2024-02-29T12:00:00Z');
    expect([start(noon), end(noon)]).toEqual([Date.parse('2024-02-29T00:00:00Z'), Date.parse('2024-03-01T00:00:00Z')]);
  });
});

test('several windows end where the first of them does', () => {
  const window = finestWindow([step(7), step(60)]);
  const starts = [0, 55, 56, 59, 60, 62, 63].map((t) => [window.start(t), window.end(t)]);
  expect(starts).toEqual([
    [0, 7],
    [49, 56],
    [56, 60],
    [56, 60],
    [60, 63],
    [60, 63],
    [63, 70],
  ]);
});
