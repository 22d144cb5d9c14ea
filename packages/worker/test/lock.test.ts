import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lock } from '../src/service/lock.ts';
import { temporaryFolder } from './rowtime.ts';

const names = (folder: string) => readdirSync(folder);

test('one process at a time; the next may come when it is done', () => {
  const folder = join(temporaryFolder(), 'state');
  const first = lock(folder);
  expect(() => lock(folder)).toThrow(`is in use by process ${process.pid}`);
  expect(names(folder)).toEqual(['lock-1']);
  first.release();
  expect(names(folder)).toEqual([]);
  lock(folder).release();
});

test('the lock of a process that was killed holds nobody up', async () => {
  const folder = temporaryFolder();
  const code = `import { lock } from ${JSON.stringify(new URL('../dist/service/lock.js', import.meta.url).href)}; lock(${JSON.stringify(folder)}); console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(() => lock(folder)).toThrow(`is in use by process ${child.pid}`);
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await gone;
  const { release } = lock(folder);
  expect(names(folder)).toEqual(['lock-2']);
  release();
});

test.each([
  ['of before the machine started again', { pid: process.pid, boot: 'another', started: '' }],
  ['whose number another process has by now', { pid: process.pid, boot: null, started: '1' }],
  ['half written', '{"pid": 1'],
])('a lock %s holds nobody up', (_, content) => {
  const folder = temporaryFolder();
  const { release } = lock(folder);
  release();
  const own =
    typeof content === 'string' ? content : JSON.stringify({ ...content, boot: content.boot ?? bootOf(folder) });
  writeFileSync(join(folder, 'lock-1'), own);
  lock(folder).release();
  expect(names(folder)).toEqual([]);
});

/** The id that a lock of this process holds. */
function bootOf(folder: string): string {
  const { release } = lock(folder);
  const [name] = names(folder);
  const { boot } = JSON.parse(readFileSync(join(folder, name!), 'utf8'));
  release();
  return boot;
}
