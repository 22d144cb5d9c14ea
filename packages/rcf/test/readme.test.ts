import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as rcf from '../src/index.ts';

test('the README’s example prints what its comments say', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const printed: string[] = [];
  const body = example.replace(/import (\{.*\}) from '@rowtime\/rcf';/, 'const $1 = rcf;');
  new Function('rcf', 'console', body)(rcf, { log: (...values: unknown[]) => printed.push(values.join(' ')) });
  const promised = [...example.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map((match) => match[1]);
  expect(promised.length).toBe(5);
  expect(printed).toEqual(promised);
});
