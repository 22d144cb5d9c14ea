import { type Checkpoint, encodeCheckpoint } from '@rowtime/core';
import { Unavailable } from '@rowtime/sinks/s3-store';
import { expect, test } from 'vitest';
import { pack } from '../src/checkpoint-files.ts';
import { CopiedStore, type CopiedStoreOptions } from '../src/copy/copied-store.ts';
import { CheckpointCopies, type CopiesOptions } from '../src/copy/copies.ts';
import { CommandError, exitCodes } from '../src/exit.ts';

const live = new AbortController().signal;

function checkpoint(clock: number): Checkpoint {
  return {
    version: 2,
    plan: 'p',
    position: clock,
    clock,
    nodes: [],
    operators: { 'P/1': { sums: new Float64Array(32).fill(clock / 8) } },
    parts: [],
  };
}

const copied = (clock: number, local: Readonly<Record<string, unknown>> = {}) => ({
  file: Buffer.concat(pack(checkpoint(clock))),
  local,
});

/** A prefix of S3 in memory. */
function prefix() {
  const objects = new Map<string, Buffer>();
  const refused: string[] = [];
  const store: CopiesOptions['store'] = {
    locate: (name) => `s3://copies/${name}`,
    list: async (start) => [...objects.keys()].filter((name) => name.startsWith(start)).sort(),
    get: async (name) => (objects.has(name) ? { bytes: objects.get(name)!, etag: '"1"' } : null),
    put: async (name, bytes) => {
      if (objects.has(name)) return null;
      objects.set(name, Buffer.from(bytes));
      return '"1"';
    },
    remove: async (name) => void objects.delete(name),
  };
  const copies = (own: Partial<CopiesOptions['store']> = {}) =>
    new CheckpointCopies({
      store: { ...store, ...own },
      onRefused: (place, reason) => refused.push(`${place}: ${reason}`),
      onRetry: () => {},
      wait: async () => {},
    });
  return { objects, refused, store, copies };
}

const name = (epoch: number, number: number) =>
  `checkpoint-${String(epoch).padStart(12, '0')}-${String(number).padStart(12, '0')}`;

test('the last three are kept; those of a later epoch are the newer ones, whatever their numbers', async () => {
  const { objects, copies } = prefix();
  for (const number of [7, 8, 9]) await copies().save({ epoch: 1, number }, copied(number), live);
  await copies().save({ epoch: 2, number: 3 }, copied(20), live);
  expect([...objects.keys()].sort()).toEqual([name(1, 8), name(1, 9), name(2, 3)]);
  // Of a worker that should be dead: not the newest.
  await copies().save({ epoch: 1, number: 10 }, copied(10), live);
  expect((await copies().newest())!.checkpoint).toStrictEqual(checkpoint(20));
  expect([...objects.keys()].sort()).toEqual([name(1, 9), name(1, 10), name(2, 3)]);
});

test('what participants have on disk comes back with the checkpoint', async () => {
  const { copies } = prefix();
  const local = { 'output A': { parts: [{ sequence: 3, bytes: Uint8Array.of(1, 2) }] } };
  await copies().save({ epoch: 1, number: 1 }, copied(1, local), live);
  expect(await copies().newest()).toStrictEqual({ name: name(1, 1), checkpoint: checkpoint(1), local });
});

test('a copy is written again until S3 answers, once, and never after its time', async () => {
  const { objects, store, copies } = prefix();
  let puts = 0;
  const flaky = copies({
    put: async (...args) => {
      const etag = puts++ === 2 ? await store.put(...args) : null;
      if (puts <= 3) throw new Unavailable('no answer');
      return etag ?? store.put(...args);
    },
  });
  await flaky.save({ epoch: 1, number: 1 }, copied(1), live);
  expect({ puts, names: [...objects.keys()] }).toEqual({ puts: 4, names: [name(1, 1)] });
  const late = flaky.save({ epoch: 1, number: 2 }, copied(2), AbortSignal.abort());
  await expect(late).rejects.toThrow();
  expect(objects.size).toBe(1);
});

test('no copy that differs in one bit, and no beginning of one, is accepted', async () => {
  const { objects, copies } = prefix();
  await copies().save({ epoch: 1, number: 1 }, copied(1, { a: Uint8Array.of(5) }), live);
  const whole = objects.get(name(1, 1))!;
  const accepted: string[] = [];
  const attempt = async (bytes: Buffer, what: string) => {
    objects.set(name(1, 1), bytes);
    await copies()
      .newest()
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
  expect(accepted).toEqual([]);
});

test('whatever happened to the newest copy, the one before it is used: 10,000 kinds of damage', async () => {
  const { objects, copies } = prefix();
  await copies().save({ epoch: 1, number: 1 }, copied(1), live);
  await copies().save({ epoch: 1, number: 2 }, copied(2, { part: new Uint8Array(300).fill(7) }), live);
  const whole = objects.get(name(1, 2))!;
  let state = 54_321;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const damages: ((bytes: Buffer) => Buffer)[] = [
    (bytes) => bytes.fill(0, random(bytes.length)),
    (bytes) => bytes.fill(random(256), random(bytes.length), random(bytes.length) + 1),
    (bytes) => Buffer.from(bytes).copyWithin(random(bytes.length), random(bytes.length)),
    (bytes) => bytes.subarray(0, random(bytes.length)),
    (bytes) => bytes.subarray(random(bytes.length - 1) + 1),
    (bytes) => Buffer.concat([bytes, bytes.subarray(random(bytes.length))]),
  ];
  for (let n = 0; n < 10_000; n++) {
    const damaged = damages[n % damages.length]!(Buffer.from(whole));
    if (damaged.equals(whole)) continue;
    objects.set(name(1, 2), damaged);
    const { checkpoint: found } = (await copies().newest())!;
    if (found.clock !== 1) throw new Error(`damage ${n} was not noticed`);
  }
});

test('with nothing but damaged copies nothing begins anew in silence', async () => {
  const { objects, refused, copies } = prefix();
  await copies().save({ epoch: 1, number: 1 }, copied(1), live);
  await copies().save({ epoch: 1, number: 2 }, { ...copied(2), file: Uint8Array.of(1) }, live);
  objects.set(name(1, 1), Buffer.from('something else'));
  objects.set(name(1, 3), Buffer.concat(pack({ other: encodeCheckpoint(1) })));
  await expect(copies().newest()).rejects.toMatchObject({ exitCode: exitCodes.checkpoint });
  expect(refused).toEqual([
    `s3://copies/${name(1, 3)}: it holds something else than a copy of a checkpoint`,
    `s3://copies/${name(1, 2)}: it has 1 bytes, less than any checkpoint`,
    `s3://copies/${name(1, 1)}: it has 14 bytes, less than any checkpoint`,
  ]);
});

/** A machine: its own checkpoint, and what it did with copies. */
function machine(more: Partial<CopiedStoreOptions> = {}) {
  const steps: string[] = [];
  let own: Checkpoint | null = null;
  let number = 0;
  const store = new CopiedStore({
    own: {
      load: async () => own,
      save: async (saved) => {
        number++;
        own = saved;
        steps.push(`save ${saved.clock}`);
      },
    },
    newest: async () => number,
    isCopiedFirst: false,
    copies: {
      newest: async () => null,
      save: async ({ epoch, number: of }) => void steps.push(`copy ${of} of epoch ${epoch}`),
    },
    epoch: 4,
    expectHeld: () => {},
    parts: new Map([
      [
        'part',
        {
          copy: async () => steps.push('copy part'),
          paste: async (bytes: unknown) => void steps.push(`paste ${bytes}`),
        },
      ],
    ]),
    relocate: (position) => `after ${position}`,
    isStopping: () => false,
    hurry: new AbortController().signal,
    onRestored: (found, missing) => steps.push(`restored ${found.name}, without ${missing}`),
    onCopied: () => steps.push('copied'),
    onFailed: (error) => steps.push(`failed: ${(error as Error).message}`),
    ...more,
  });
  return { store, steps };
}

test('a checkpoint is saved here first, then what it needs is read, then it is copied', async () => {
  const { store, steps } = machine();
  await store.save(checkpoint(1));
  await store.settle();
  expect(steps).toEqual(['save 1', 'copy part', 'copy 1 of epoch 4', 'copied']);
});

test('while a copy is on its way the job goes on; the last checkpoint is copied and waited for', async () => {
  let arrive = (): void => {};
  let isStopping = false;
  const { store, steps } = machine({
    isStopping: () => isStopping,
    copies: {
      newest: async () => null,
      save: async ({ number }) => {
        steps.push(`copy ${number}`);
        await new Promise<void>((resolve) => {
          arrive = resolve;
        });
      },
    },
  });
  for (const clock of [1, 2, 3]) await store.save(checkpoint(clock));
  expect(steps).toEqual(['save 1', 'copy part', 'copy 1', 'save 2', 'save 3']);
  isStopping = true;
  const last = store.save(checkpoint(4));
  await Promise.resolve();
  arrive();
  await expect.poll(() => steps.at(-1)).toBe('copy 4');
  arrive();
  await last;
  expect(steps.slice(5)).toEqual(['save 4', 'copied', 'copy part', 'copy 4', 'copied']);
});

test('nobody waits for a copy when there is no time left', async () => {
  const { store } = machine({
    isStopping: () => true,
    hurry: AbortSignal.timeout(1),
    copies: { newest: async () => null, save: () => new Promise(() => {}) },
  });
  await store.save(checkpoint(1));
});

test('a copy that cannot be made ends nothing, and the next is tried', async () => {
  let tries = 0;
  const { store, steps } = machine({
    copies: {
      newest: async () => null,
      save: async () => {
        if (tries++ === 0) throw new Error('AccessDenied');
      },
    },
  });
  await store.save(checkpoint(1));
  await store.settle();
  await store.save(checkpoint(2));
  await store.settle();
  expect(steps.filter((step) => !step.startsWith('copy'))).toEqual([
    'save 1',
    'failed: AccessDenied',
    'save 2',
    'copied',
  ]);
});

test('where another machine would not do the same again, a checkpoint is in S3 before it is saved here', async () => {
  const { store, steps } = machine({ isCopiedFirst: true });
  await store.save(checkpoint(1));
  await store.save(checkpoint(2));
  expect(steps).toEqual([
    ...['copy part', 'copy 1 of epoch 4', 'copied', 'save 1'],
    ...['copy part', 'copy 2 of epoch 4', 'copied', 'save 2'],
  ]);
});

test('there a copy that cannot be made is a checkpoint that cannot be taken, and no name is used twice', async () => {
  const numbers: number[] = [];
  let tries = 0;
  const { store, steps } = machine({
    isCopiedFirst: true,
    copies: {
      newest: async () => null,
      save: async ({ number }) => {
        numbers.push(number);
        if (tries++ === 0) throw new Error('AccessDenied');
      },
    },
  });
  await expect(store.save(checkpoint(1))).rejects.toThrow('AccessDenied');
  await store.save(checkpoint(2));
  expect(steps).toEqual(['copy part', 'failed: AccessDenied', 'copy part', 'copied', 'save 2']);
  expect(numbers).toEqual([1, 2]);
});

test('there a stop that has no time left saves nothing, and says that not all was delivered', async () => {
  const { store, steps } = machine({
    isCopiedFirst: true,
    isStopping: () => true,
    hurry: AbortSignal.timeout(1),
    copies: { newest: async () => null, save: () => new Promise(() => {}) },
  });
  await expect(store.save(checkpoint(1))).rejects.toMatchObject({ exitCode: exitCodes.undelivered });
  expect(steps).toEqual(['copy part']);
});

test('a worker whose lease is lost saves nothing, and publishes nothing of what it saved', async () => {
  let held = 3;
  const { store, steps } = machine({
    expectHeld: () => {
      if (held-- <= 0) throw new Error('lost');
    },
  });
  await store.save(checkpoint(1));
  await store.settle();
  await expect(store.save(checkpoint(2))).rejects.toThrow('lost');
  expect(steps).not.toContain('save 2');
  held = 2;
  await expect(store.save(checkpoint(3))).rejects.toThrow('lost'); // so the job commits nothing
  expect(steps).toContain('save 3');
});

test('a machine without a checkpoint goes on from the newest copy, and has it as its own first', async () => {
  const found = { name: 'c', checkpoint: checkpoint(9), local: { part: 'bytes', gone: 'others' } };
  const { store, steps } = machine({ copies: { newest: async () => found, save: async () => {} } });
  expect(await store.load()).toStrictEqual({ ...checkpoint(9), position: 'after 9' });
  expect(steps).toEqual(['paste bytes', 'save 9', 'restored c, without gone']);
  // From now on it is its own.
  expect((await store.load())?.position).toBe('after 9');
  expect(steps).toHaveLength(3);
});

test('a machine whose own checkpoints are all damaged goes on from a copy; without one it says so', async () => {
  const damaged = new CommandError('no whole checkpoint is left', exitCodes.checkpoint);
  const own = { load: () => Promise.reject(damaged), save: async () => {} };
  const found = { name: 'c', checkpoint: checkpoint(9), local: {} };
  const with1 = machine({ own, copies: { newest: async () => found, save: async () => {} } });
  expect((await with1.store.load())?.clock).toBe(9);
  await expect(machine({ own }).store.load()).rejects.toBe(damaged);
  const defect = new Error('EACCES');
  const broken = machine({ own: { ...own, load: () => Promise.reject(defect) } });
  await expect(broken.store.load()).rejects.toBe(defect);
});
