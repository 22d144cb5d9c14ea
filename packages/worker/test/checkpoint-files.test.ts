import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint } from '@rowtime/core';
import { storeContract } from '@rowtime/core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkpointFiles } from '../src/checkpoint-files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowtime-checkpoints-'));
});
afterEach(() => rm(folder, { recursive: true }));

function checkpoint(clock: number): Checkpoint {
  return {
    version: 2,
    plan: 'p',
    position: clock,
    clock,
    operators: { 'P/1': { sums: Float64Array.of(clock) } },
    nodes: [],
    parts: [],
  };
}

const fileName = (number: number) => join(folder, `checkpoint-${String(number).padStart(12, '0')}`);

describe('contract', () => {
  for (const { name, run } of storeContract)
    test(name, () => run({ create: () => checkpointFiles(join(folder, 'a/b')) }));
});

test('keeps the last three files and nothing else', async () => {
  const store = checkpointFiles(folder);
  for (let i = 1; i <= 5; i++) await store.save(checkpoint(i));
  expect((await readdir(folder)).map((name) => join(folder, name)).sort()).toEqual([3, 4, 5].map(fileName));
});

test('loads the newest whole file and says which ones it refused', async () => {
  const store = checkpointFiles(folder);
  for (let i = 1; i <= 3; i++) await store.save(checkpoint(i));
  await writeFile(fileName(3), (await readFile(fileName(3))).subarray(0, 50));
  await writeFile(fileName(2), 'not one of ours, but of the same name');
  const refused: string[] = [];
  const onRefused = (file: string, reason: string) => refused.push(`${file}: ${reason}`);
  expect(await checkpointFiles(folder, { onRefused }).load()).toStrictEqual(checkpoint(1));
  expect(refused).toEqual([
    expect.stringMatching(/003: it says it holds \d+ bytes, and holds 26$/),
    `${fileName(2)}: it does not begin as a checkpoint does`,
  ]);
});

test('says whose a checkpoint of another format is', async () => {
  const store = checkpointFiles(folder);
  for (let i = 1; i <= 2; i++) await store.save(checkpoint(i));
  for (const [number, format] of [
    [1, 1],
    [2, 3],
  ] as const) {
    const bytes = await readFile(fileName(number));
    bytes.writeUInt32LE(format, 8);
    await writeFile(fileName(number), bytes);
  }
  await expect(checkpointFiles(folder).load()).rejects.toThrow(
    [
      `no whole checkpoint is left; to start from the beginning, remove ${folder}`,
      `  ${fileName(2)}: it has format 3, and this rowtime reads format 2: a newer rowtime took it`,
      `  ${fileName(1)}: it has format 1, and this rowtime reads format 2: an older rowtime took it, which can go on with it`,
    ].join('\n'),
  );
});

test('never gives a name twice, not even that of a damaged file', async () => {
  await checkpointFiles(folder).save(checkpoint(1));
  await writeFile(fileName(7), 'damaged');
  await checkpointFiles(folder).save(checkpoint(8));
  expect(await checkpointFiles(folder).load()).toStrictEqual(checkpoint(8));
  expect((await readdir(folder)).at(-1)).toBe('checkpoint-000000000008');
});

test('rejects when only damaged files are left, and does not start anew in silence', async () => {
  await checkpointFiles(folder).save(checkpoint(1));
  await writeFile(fileName(1), '');
  await expect(checkpointFiles(folder).load()).rejects.toThrow('no whole checkpoint is left');
});

test('removes what a dead process left half-written, and leaves alone what is not its own', async () => {
  await checkpointFiles(folder).save(checkpoint(1));
  await writeFile(`${fileName(2)}.tmp`, 'half');
  await writeFile(join(folder, 'notes.tmp'), 'mine');
  expect(await checkpointFiles(folder).load()).toStrictEqual(checkpoint(1));
  expect((await readdir(folder)).sort()).toEqual(['checkpoint-000000000001', 'notes.tmp']);
});

test('refuses every file that differs in one bit, and every beginning of one', async () => {
  await checkpointFiles(folder).save(checkpoint(1));
  const whole = await readFile(fileName(1));
  const accepted: string[] = [];
  const attempt = async (bytes: Uint8Array, what: string) => {
    await writeFile(fileName(1), bytes);
    await checkpointFiles(folder)
      .load()
      .then(
        () => accepted.push(what),
        () => {},
      );
  };
  for (let length = 0; length < whole.length; length++) await attempt(whole.subarray(0, length), `cut at ${length}`);
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const bytes = Buffer.from(whole);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    await attempt(bytes, `bit ${bit} flipped`);
  }
  await attempt(Buffer.concat([whole, Buffer.alloc(1)]), 'a byte more');
  expect(accepted).toEqual([]);
  await writeFile(fileName(1), whole);
  expect(await checkpointFiles(folder).load()).toStrictEqual(checkpoint(1));
});

test('whatever happened to the newest file, the one before it is used: 10,000 kinds of damage', async () => {
  await checkpointFiles(folder).save(checkpoint(1));
  await checkpointFiles(folder).save({
    ...checkpoint(2),
    operators: { 'P/1': { sums: new Float64Array(64).fill(0.1) } },
  });
  const whole = await readFile(fileName(2));
  let state = 12_345;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  /** Zeroed, as after a crash; overwritten; moved; cut; or longer. */
  const damages: ((bytes: Buffer) => Buffer)[] = [
    (bytes) => bytes.fill(0, random(bytes.length)),
    (bytes) => bytes.fill(random(256), random(bytes.length), random(bytes.length) + 1),
    (bytes) => Buffer.from(bytes).copyWithin(random(bytes.length), random(bytes.length)),
    (bytes) => bytes.subarray(0, random(bytes.length)),
    (bytes) => bytes.subarray(random(bytes.length - 1) + 1),
    (bytes) => Buffer.concat([bytes, bytes.subarray(random(bytes.length))]),
  ];
  const store = checkpointFiles(folder);
  for (let n = 0; n < 10_000; n++) {
    const damaged = damages[n % damages.length]!(Buffer.from(whole));
    if (damaged.equals(whole)) continue;
    await writeFile(fileName(2), damaged);
    const { clock } = (await store.load())!;
    if (clock !== 1) throw new Error(`damage ${n} was not noticed`);
  }
});

test('reads back what it saved, and says so when it is something else than a checkpoint', async () => {
  const saved = checkpointFiles(folder).save({ ...checkpoint(1), operators: [] as never });
  await expect(saved).rejects.toThrow('it holds something else than a checkpoint');
});
