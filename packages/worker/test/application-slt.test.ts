import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSlt } from '@rowtime/testing/slt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApplicationCase, cells, type Services, startServices } from './application-slt.ts';
import { temporaryFolder } from './rowtime.ts';

// slt/*.slt: whole applications, with what goes in and what comes out over the wire; see application-slt.ts.
const folder = join(import.meta.dirname, 'slt');

let services: Services;
beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  services = await startServices();
}, 30_000);
afterAll(() => services.close());

test.each(readdirSync(folder).sort())(
  'slt/%s',
  async (file) => {
    const records = parseSlt(readFileSync(join(folder, file), 'utf8'));
    expect(records.some(({ words }) => words[0] === 'expect')).toBe(true);
    const application = new ApplicationCase(services, temporaryFolder());
    try {
      for (const { words, body, line } of records) {
        const lines = body.map(({ text }) => text);
        if (words[0] !== 'expect') {
          await application.perform(words, lines);
          continue;
        }
        const found = async () => (await application.look(words)).map((text) => cells(text).join('  '));
        const expected = lines.map((text) => cells(text).join('  '));
        await expect.poll(found, { timeout: 15_000, interval: 50, message: `line ${line}` }).toEqual(expected);
      }
    } finally {
      await application.close();
    }
  },
  60_000,
);
