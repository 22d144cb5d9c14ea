// The mirror's page in a real browser. `pnpm test:peers` runs it, with a Chromium that it found or fetched: ROWTIME_CHROMIUM.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { page as pageOf } from '../../src/mirror/page/page.ts';
import { temporaryFolder } from '../rowtime.ts';
import { exampleReport, exampleResult, exampleSeries } from './example-report.ts';

let browser: Browser;

beforeAll(async () => {
  const { ROWTIME_CHROMIUM: executablePath, ROWTIME_CHROMIUM_FLAGS: flags } = process.env;
  if (!executablePath) throw new Error('ROWTIME_CHROMIUM names no browser');
  browser = await chromium.launch({ executablePath, args: flags ? JSON.parse(flags) : [] });
});
afterAll(() => browser?.close());

const made = { version: '0.1.0', time: Date.UTC(2026, 10, 23, 7) };
const result = exampleResult();
const several = {
  ...result,
  streams: [
    ...result.streams,
    { ...result.streams[0]!, report: { ...exampleReport(exampleSeries(3)), stream: 'OTHER' } },
  ],
};

/** Opens a page as a user would, from a file, and keeps what it complained about and asked for. */
async function opened(
  html: string,
  options: Parameters<Browser['newPage']>[0],
): Promise<{ page: Page; complaints: string[]; asked: string[] }> {
  const file = join(temporaryFolder(), 'report.html');
  writeFileSync(file, html);
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => asked.push(request.url()));
  const url = pathToFileURL(file).href;
  await page.goto(url);
  return { page, complaints, asked: asked.filter((one) => one !== url) };
}

const shapes = [
  { name: 'a desk, light', viewport: { width: 1200, height: 900 }, colorScheme: 'light' },
  { name: 'a phone, dark', viewport: { width: 360, height: 740 }, colorScheme: 'dark' },
] as const;

test.each(shapes)(
  'on $name every picture is drawn, nothing is asked for, and nothing is wider than the screen',
  async ({ name, viewport, colorScheme }) => {
    const { page, complaints, asked } = await opened(pageOf({ ...several, made }), { viewport, colorScheme });
    expect({ complaints, asked }).toEqual({ complaints: [], asked: [] });

    const pictures = await page.locator('.picture svg:visible').all();
    expect(pictures).toHaveLength(5);
    for (const picture of pictures) {
      const box = (await picture.boundingBox())!;
      expect(box.width).toBeGreaterThan(250);
      expect(box.height).toBeGreaterThan(100);
      expect(box.x + box.width).toBeLessThanOrEqual(viewport.width);
      // What is drawn in it is inside of it, and of some size.
      for (const drawn of await picture.locator('polyline, rect').all()) {
        const inner = (await drawn.boundingBox())!;
        expect(inner.width).toBeGreaterThan(0);
        expect(inner.x).toBeGreaterThanOrEqual(box.x - 1);
        expect(inner.x + inner.width).toBeLessThanOrEqual(box.x + box.width + 1);
        expect(inner.y + inner.height).toBeLessThanOrEqual(box.y + box.height + 1);
      }
      // Text in a picture is as large as small text around it.
      const letters = (await picture.locator('text').first().boundingBox())!;
      expect(letters.height).toBeGreaterThanOrEqual(11);
    }
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width);

    // `ROWTIME_SCREENSHOTS`: a folder to look at them.
    const folder = process.env['ROWTIME_SCREENSHOTS'];
    if (folder) {
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `${name.replace(/\W+/g, '-')}.png`), fullPage: true });
    }
  },
);

/** The contrast of an element with its ground (WCAG 2, "contrast ratio"). Runs in the browser. */
function contrastOf(element: SVGElement | HTMLElement): number {
  const parts = (text: string) => text.match(/[\d.]+/g)!.map(Number);
  const light = ([r, g, b]: readonly number[]) => {
    const linear = (v: number) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r!) + 0.7152 * linear(g!) + 0.0722 * linear(b!);
  };
  let ground: Element | null = element;
  while (ground && (parts(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0) ground = ground.parentElement;
  const style = getComputedStyle(element);
  const ink = light(parts(element instanceof SVGElement ? style.fill : style.color));
  const paper = light(parts(ground ? getComputedStyle(ground).backgroundColor : 'rgb(255, 255, 255)'));
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
}

test.each(shapes)(
  'on $name text stands out from its ground (4.5 and more), and tables can be reached by keyboard',
  async ({ viewport, colorScheme }) => {
    const { page } = await opened(pageOf({ ...result, made }), { viewport, colorScheme });
    for (const selector of [
      'h1',
      'p',
      'dt',
      'dd',
      'td',
      'th',
      'summary',
      '.tag',
      '.marked',
      '.picture svg:visible text',
      'footer',
    ]) {
      for (const element of (await page.locator(selector).all()).slice(0, 8)) {
        if (!(await element.isVisible())) continue;
        const contrast = await element.evaluate(contrastOf);
        expect(contrast, `${selector}: ${await element.textContent()}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    await page.locator('summary').first().click();
    expect(await page.locator('details table').first().isVisible()).toBe(true);
    const headers = await page.getByRole('columnheader').allTextContents();
    expect(headers).toEqual(expect.arrayContaining(['Window', 'Agreement', 'Column', 'AVERAGE_RATING']));
    expect(await page.getByRole('img', { name: /^Agreement over time/ }).count()).toBe(1);
  },
);

test('links between streams lead to them', async () => {
  const { page } = await opened(pageOf({ ...several, made }), { viewport: shapes[0].viewport });
  await page.getByRole('link', { name: 'OTHER' }).click();
  expect(await page.evaluate('location.hash')).toBe('#stream-1');
  expect(await page.getByRole('heading', { name: 'OTHER' }).isVisible()).toBe(true);
});
