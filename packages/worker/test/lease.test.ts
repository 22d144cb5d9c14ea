import { Unavailable, type WriteCondition } from '@rowtime/sinks/s3-store';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acquireLease, type LeaseOptions, type LeaseStore, type LeaseTime } from '../src/copy/lease.ts';

const leaseMs = 30_000;

/** A bucket with one object, as S3 has it: a condition and a write are one step. */
function bucket() {
  let object: { readonly bytes: Buffer; readonly etag: string } | null = null;
  let writes = 0;
  return {
    get object() {
      return object;
    },
    remove() {
      object = null;
    },
    put(bytes: Uint8Array, condition: WriteCondition): string | null {
      const holds = condition === 'none' ? object === null : object?.etag === condition.etag;
      if (!holds) return null;
      object = { bytes: Buffer.from(bytes), etag: `"${++writes}"` };
      return object.etag;
    },
  };
}
type Bucket = ReturnType<typeof bucket>;

/** A worker's way to the bucket, which breaks as its test says: before a call is done, or after it. */
function wayTo(to: Bucket, breaks: () => 'before' | 'after' | null = () => null): LeaseStore {
  const call = async <T>(done: () => T): Promise<T> => {
    const how = breaks();
    if (how === 'before') throw new Unavailable('no way');
    const result = done();
    if (how === 'after') throw new Unavailable('no way back');
    return result;
  };
  return {
    locate: (name) => `s3://bucket/${name}`,
    get: () => call(() => to.object),
    put: (_, bytes, condition) => call(() => to.put(bytes, condition)),
  };
}

/** Time of all machines; a worker's own clock may stand still with it. */
function world() {
  let now = 0;
  let timers: { readonly at: number; readonly ring: () => void }[] = [];
  const settled = async () => {
    for (let i = 0; i < 50; i++) await Promise.resolve();
  };
  return {
    now: () => now,
    time: (): LeaseTime => ({
      waited: () => now,
      held: () => now,
      wait: (millis, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) return resolve();
          const ring = (): void => {
            timers = timers.filter((one) => one !== timer);
            signal.removeEventListener('abort', ring);
            resolve();
          };
          const timer = { at: now + millis, ring };
          timers.push(timer);
          signal.addEventListener('abort', ring);
        }),
    }),
    async pass(millis: number) {
      const to = now + millis;
      await settled();
      for (;;) {
        const next = timers.reduce<(typeof timers)[number] | null>((a, b) => (a && a.at <= b.at ? a : b), null);
        if (!next || next.at > to) break;
        now = Math.max(now, next.at);
        next.ring();
        await settled();
      }
      now = to;
      await settled();
    },
  };
}

function worker(owner: string, store: LeaseStore, time: LeaseTime, more: Partial<LeaseOptions> = {}) {
  const said: string[] = [];
  const stop = new AbortController();
  const lease = acquireLease(
    {
      store,
      time,
      owner,
      leaseMs,
      application: 'captains',
      machine: `machine of ${owner}`,
      predecessors: [],
      epochBefore: async () => 0,
      onWaiting: (holder) => said.push(`waits for ${holder}`),
      onUnreached: () => said.push('unreached'),
      onLost: (reason) => said.push(`lost: ${reason}`),
      ...more,
    },
    stop.signal,
  );
  return { lease, said, stop };
}

test('the first has it at once, and keeps it', async () => {
  const { pass, time } = world();
  const s3 = bucket();
  const a = worker('a', wayTo(s3), time());
  await pass(0);
  const lease = (await a.lease)!;
  expect(lease.epoch).toBe(1);
  for (let i = 0; i < 100; i++) {
    await pass(7_919);
    lease.expectHeld();
  }
  expect(a.said).toEqual([]);
});

test('the next waits until the one before has not been seen to renew it for its whole length', async () => {
  const { pass, time } = world();
  const s3 = bucket();
  let isCut = false;
  const a = worker(
    'a',
    wayTo(s3, () => (isCut ? 'before' : null)),
    time(),
  );
  await pass(100_000);
  const b = worker('b', wayTo(s3), time());
  await pass(100_000);
  expect(b.said).toEqual(['waits for machine of a']);
  isCut = true;
  await pass(29_000);
  const first = (await a.lease)!;
  // It has stopped, and the other one has not begun.
  expect(() => first.expectHeld()).toThrow('s3://bucket/lease.json is lost: it could not be renewed in time');
  expect(a.said.at(-1)).toBe('lost: it could not be renewed in time');
  expect(JSON.parse(s3.object!.bytes.toString())).toMatchObject({ owner: 'a', epoch: 1 });
  await pass(35_000);
  expect((await b.lease)!.epoch).toBe(2);
  expect(JSON.parse(s3.object!.bytes.toString())).toMatchObject({ owner: 'b', epoch: 2 });
});

test('the next has it at once when it was given back, and when its holder is known to be dead', async () => {
  const { pass, time } = world();
  const s3 = bucket();
  const a = worker('a', wayTo(s3), time());
  await pass(0);
  const released = (await a.lease)!.release();
  await pass(0);
  await released;
  const b = worker('b', wayTo(s3), time());
  await pass(0);
  expect((await b.lease)!.epoch).toBe(2);
  const c = worker('c', wayTo(s3), time(), { predecessors: ['b'] });
  await pass(0);
  expect((await c.lease)!.epoch).toBe(3);
  // The one before finds out with its next write.
  await pass(11_000);
  expect(b.said).toEqual(['lost: another worker has it, or somebody removed it']);
  expect(() => (b.lease as never as { expectHeld(): void }).expectHeld()).toThrow();
});

test('an answer that was lost loses no lease', async () => {
  const { pass, time } = world();
  const s3 = bucket();
  let calls = 0;
  const a = worker(
    'a',
    wayTo(s3, () => (++calls % 5 === 2 ? 'after' : null)),
    time(),
  );
  await pass(600_000);
  (await a.lease)!.expectHeld();
  expect(new Set(a.said)).toEqual(new Set(['unreached']));
  expect((await a.lease)!.epoch).toBe(1);
});

test('one that was removed is lost to its holder; the next has an epoch above that of the copies', async () => {
  const { pass, time } = world();
  const s3 = bucket();
  const a = worker('a', wayTo(s3), time());
  await pass(0);
  s3.remove();
  await pass(11_000);
  expect(a.said).toEqual(['lost: another worker has it, or somebody removed it']);
  const b = worker('b', wayTo(s3), time(), { epochBefore: async () => 7 });
  await pass(0);
  expect((await b.lease)!.epoch).toBe(8);
});

test('a machine that slept has lost it, whatever its steady clock says', async () => {
  const { pass, time, now } = world();
  const s3 = bucket();
  let slept = 0;
  const a = worker('a', wayTo(s3), { ...time(), waited: now, held: () => now() + slept });
  await pass(0);
  const lease = (await a.lease)!;
  slept = 28_000;
  expect(() => lease.expectHeld()).toThrow('lost');
});

test('who is told to stop while it waits gets none', async () => {
  const { pass, time } = world();
  const s3 = bucket();
  worker('a', wayTo(s3), time());
  await pass(0);
  const b = worker('b', wayTo(s3), time());
  await pass(50_000);
  b.stop.abort();
  await pass(0);
  expect(await b.lease).toBe(null);
});

test.each([
  ['{"half', 's3://bucket/lease.json is no lease'],
  ['{"application":"captains","epoch":-1}', 's3://bucket/lease.json is no lease'],
  [
    JSON.stringify({ application: 'x', epoch: 1, owner: 'o', machine: 'm', leaseMs: 1, isReleased: true }),
    's3://bucket/ belongs to the application x; give this one another prefix',
  ],
])('what is there and is not its own is left alone: %s', async (text, message) => {
  const { pass, time } = world();
  const s3 = bucket();
  s3.put(Buffer.from(text), 'none');
  const a = worker('a', wayTo(s3), time());
  await Promise.all([expect(a.lease).rejects.toThrow(message), pass(0)]);
  expect(s3.object!.bytes.toString()).toBe(text);
});

test('two never have it at once, however their ways to S3 break', async () => {
  const breaks = fc.array(fc.constantFrom<('before' | 'after' | null)[]>(null, null, 'before', 'after'), {
    maxLength: 60,
  });
  const broken = fc.tuple(
    breaks,
    fc.array(fc.tuple(fc.nat({ max: 60_000 }), fc.nat({ max: 90_000 })), { maxLength: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(broken, { minLength: 2, maxLength: 4 }), async (ways) => {
      const { pass, time, now } = world();
      const s3 = bucket();
      const workers = ways.map(([script, outages], i) => {
        let call = 0;
        const ends = outages.map((_, n) =>
          outages.slice(0, n + 1).reduce((sum, [gap, length]) => sum + gap + length, 0),
        );
        const spans = outages.map(([, length], n) => [ends[n]! - length, ends[n]!] as const);
        const isOut = () => spans.some(([from, to]) => now() >= from && now() < to);
        return worker(
          `w${i}`,
          wayTo(s3, () => (isOut() ? 'before' : (script[call++] ?? null))),
          time(),
        );
      });
      const leases: (Awaited<(typeof workers)[number]['lease']> | undefined)[] = [];
      workers.forEach(({ lease }, i) => void lease.then((got) => (leases[i] = got)));
      const epochs: number[] = [];
      for (let step = 0; step < 150; step++) {
        await pass(2_000);
        const holders = leases.filter((lease) => {
          try {
            lease?.expectHeld();
            return lease !== undefined;
          } catch {
            return false;
          }
        });
        expect(holders.length).toBeLessThanOrEqual(1);
        for (const holder of holders) if (holder!.epoch !== epochs.at(-1)) epochs.push(holder!.epoch);
      }
      expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
      // All ways are whole again: nobody waits for one that is no more.
      await pass(500_000);
      expect(leases.filter((lease) => lease !== undefined).length).toBeGreaterThan(0);
    }),
    { numRuns: 100 },
  );
});
