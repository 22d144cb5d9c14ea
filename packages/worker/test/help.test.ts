import { expect, test } from 'vitest';
import { rowtime } from './rowtime.ts';

async function help(...command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await rowtime(...command, '--help').finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** The names under "Commands:", as a help page has them. */
function commandsIn(page: string): string[] {
  const [, list = ''] = /\nCommands:\n([\s\S]*?)(\n\n|$)/.exec(page) ?? [];
  return [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name!).filter((name) => name !== 'help');
}

test('the help of every command shows it in use', async () => {
  const pages = new Map<string, string>();
  const all = commandsIn(await help());
  expect(all).toEqual(expect.arrayContaining(['run', 'init', 'top', 'checkpoints']));
  for (const name of all) {
    const page = await help(name);
    pages.set(name, page);
    for (const inner of commandsIn(page)) pages.set(`${name} ${inner}`, await help(name, inner));
  }
  expect([...pages.keys()]).toContain('checkpoints restore');
  const without = [...pages].filter(([name, page]) => !page.replace(/^Usage:.*/, '').includes(`rowtime ${name}`));
  expect(without.map(([name]) => name)).toEqual([]);
}, 30_000);
