import { expect, test } from 'vitest';
import { ticks, timeText, timeTicks } from '../../src/mirror/page/axes.ts';
import { barChart } from '../../src/mirror/page/bars.ts';
import { page } from '../../src/mirror/page/page.ts';
import { exampleReport, exampleResult, exampleSeries, hostile } from './example-report.ts';
import { type Element, parseMarkup, textOf } from './parse-markup.ts';

const made = { version: '0.1.0', time: Date.UTC(2026, 10, 23, 7) };
const start = Date.UTC(2024, 0, 1);

function find(root: Element, test: (element: Element) => boolean): Element[] {
  return [
    ...(test(root) ? [root] : []),
    ...root.children.flatMap((child) => (typeof child === 'string' ? [] : find(child, test))),
  ];
}

const named = (name: string) => (element: Element) => element.name === name;

test('every element is closed, and ids are there once', () => {
  const root = parseMarkup(page({ ...exampleResult(), made }));
  const ids = find(root, ({ attributes }) => attributes.has('id')).map(({ attributes }) => attributes.get('id'));
  expect(ids.length).toBeGreaterThan(5);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { attributes } of find(root, ({ attributes }) => attributes.has('aria-labelledby'))) {
    expect(ids).toEqual(expect.arrayContaining(attributes.get('aria-labelledby')!.split(' ')));
  }
});

test('nothing in it asks for anything: no address, no script', () => {
  const text = page({ ...exampleResult(), made });
  const root = parseMarkup(text);
  expect(text.replace(/s3:\/\/results\/captain-scores/g, '')).not.toMatch(/:\/\//);
  expect(find(root, ({ name }) => ['script', 'link', 'img', 'iframe'].includes(name))).toEqual([]);
  expect(
    find(root, ({ attributes }) => attributes.has('src') || [...attributes.keys()].some((key) => key.startsWith('on'))),
  ).toEqual([]);
  for (const { attributes } of find(root, named('a'))) expect(attributes.get('href')).toMatch(/^#/);
});

test('what rows hold is text, whatever it looks like', () => {
  const root = parseMarkup(page({ ...exampleResult(), made }));
  const cells = find(root, named('td')).map(textOf);
  expect(cells).toContain(hostile.replace('\u0007', '\ufffd'));
  const report = { ...exampleReport(), stream: '"><svg onload=x>', reasons: [hostile], notices: [hostile] };
  const odd = parseMarkup(page({ ...exampleResult(report), notices: [hostile], made }));
  expect(find(odd, ({ attributes }) => attributes.has('onload'))).toEqual([]);
  expect(find(odd, named('script'))).toEqual([]);
});

/** Lines of a picture, wide and narrow, as lists of places. */
function lines(root: Element, line: string): number[][][] {
  return find(root, ({ attributes }) => attributes.get('data-line') === line).map((group) => {
    const [polyline] = find(group, named('polyline'));
    return polyline!.attributes
      .get('points')!
      .split(' ')
      .map((point) => point.split(',').map(Number));
  });
}

test.each([1, 2, 90, 240])('a series of %d has as many points in each picture, in order, inside of it', (length) => {
  const series = exampleSeries(length);
  const root = parseMarkup(page({ ...exampleResult(exampleReport(series)), made }));
  const drawn = lines(root, 'agreement');
  expect(drawn.map((points) => points.length)).toEqual([length, length]);
  for (const [i, points] of drawn.entries()) {
    const xs = points.map(([x]) => x!);
    expect(xs).toEqual(xs.toSorted((a, b) => a - b));
    for (const [x, y] of points) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThanOrEqual([860, 330][i]!);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(200);
    }
  }
});

test('a bar stands for each window with a difference, as high as the difference is', () => {
  const root = parseMarkup(page({ ...exampleResult(), made }));
  const different = exampleSeries().filter(
    (point) => point.different + point.onlyOurs + point.onlyRecorded + point.moved > 0,
  );
  const bars = find(root, ({ name, attributes }) => name === 'g' && attributes.get('class') === 'bar');
  expect(bars).toHaveLength(2 * different.length);
  const [svg] = find(
    parseMarkup(
      barChart({
        caption: { id: 'a', title: 'a', text: 'a' },
        height: 100,
        isTime: true,
        parts: [{ name: 'one', style: 'one' }],
        bars: [1, 2, 4].map((value, i) => ({
          from: start + i * 60_000,
          to: start + (i + 1) * 60_000,
          values: [value],
          text: '',
        })),
      }).text,
    ),
    named('svg'),
  );
  const heights = find(svg!, named('rect')).map(({ attributes }) => Number(attributes.get('height')));
  expect(heights.map((height) => Math.round((height / heights[0]!) * 10) / 10)).toEqual([1, 2, 4]);
});

test('both distributions are drawn, with two points for each bar of the histogram', () => {
  const root = parseMarkup(page({ ...exampleResult(), made }));
  for (const side of ['recorded', 'ours']) expect(lines(root, side).map((points) => points.length)).toEqual([80, 80]);
});

test('the first window that differs has both sides, and marks the values that differ', () => {
  const root = parseMarkup(page({ ...exampleResult(), made }));
  const [table] = find(root, ({ attributes }) => attributes.get('class') === 'sides');
  const marked = find(table!, ({ attributes }) => attributes.get('class')?.startsWith('marked') === true).map(textOf);
  expect(marked).toEqual(['≠ 478', '≠ 478.73']);
  expect(find(table!, ({ attributes }) => attributes.get('class') === 'missing').map(textOf)).toEqual([
    'no such row',
    'no such row',
  ]);
  expect(textOf(table!)).toContain('9007199254740993');
});

test('a recording without times, scores and differences is a page too', () => {
  const series = exampleSeries(3).map(({ window, ...point }) => ({ ...point, window: { ...window, from: null } }));
  const report = {
    ...exampleReport(series),
    verdict: 'agree' as const,
    scores: [],
    findings: [],
    differences: [],
    firstDifferent: null,
  };
  const root = parseMarkup(page({ ...exampleResult(report), made }));
  expect(textOf(find(root, named('h1'))[0]!)).toContain('The results agree.');
  const none = parseMarkup(page({ ...exampleResult({ ...report, series: [] }), made }));
  expect(find(none, named('polyline'))).toEqual([]);
});

test('ticks are round, and inside', () => {
  expect(ticks(0, 1, 4)).toEqual([0, 0.5, 1]);
  expect(ticks(0.6, 1, 4)).toEqual([0.6, 0.7, 0.8, 0.9, 1]);
  expect(ticks(0, 4, 4)).toEqual([0, 1, 2, 3, 4]);
  expect(ticks(5, 5, 4)).toEqual([5]);
  const minutes = timeTicks(start + 30_000, start + 610_000, 5).map((time) => timeText(time, 580_000));
  expect(minutes).toEqual(['00:02', '00:04', '00:06', '00:08', '00:10']);
  const month = timeTicks(start, start + 30 * 86_400_000, 5).map((time) => timeText(time, 30 * 86_400_000));
  expect(month).toEqual(['2024-01-04', '2024-01-11', '2024-01-18', '2024-01-25']);
});
