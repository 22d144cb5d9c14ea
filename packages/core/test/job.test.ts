import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateFunction } from '../src/aggregates/index.ts';
import type { Batch } from '../src/batch.ts';
import type { Checkpoint } from '../src/checkpoint.ts';
import { arrivalClock, columnClock } from '../src/clock.ts';
import { errorStream, Graph, streamId } from '../src/graph.ts';
import { type Job, PlanMismatch, type Progress, run, type StateChange } from '../src/job.ts';
import { stateless } from '../src/operator.ts';
import { project } from '../src/operators/project.ts';
import { Tumble } from '../src/operators/tumble.ts';
import { errorStreamSchema, RowErrors } from '../src/row-errors.ts';
import type { Participant } from '../src/sink.ts';
import type { Source } from '../src/source.ts';
import { memoryStore, type Scripted, scriptedSource, sinkContract } from '../src/testing/index.ts';
import { step } from '../src/window.ts';
import { call, column, integer, literal, varchar } from './expressions.ts';
import { type Recording, recordingSink } from './recording-sink.ts';
import { arbitrarySteps, batchOf, schemaOf } from './rows.ts';

const schema = schemaOf({ s: varchar(9), n: integer });
const live = new AbortController().signal;

// S → P: COUNT and SUM(10 / n) by s and minute → T; rows with n = 0 go to error_stream.
function buildGraph(plan = 'plan'): Graph {
  const errors = new RowErrors('P');
  const exprs = [column(0, varchar(9)), call('/', literal(10, integer), column(1, integer))];
  const calls = [
    { name: 'n', input: null, aggregate: aggregateFunction('COUNT')!.bind([])! },
    { name: 'sum', input: 1, aggregate: aggregateFunction('SUM')!.bind([integer])! },
  ];
  const tumble = new Tumble({ input: schema, window: step(60_000), keys: [0], calls, errors: new RowErrors('P') });
  return new Graph(
    [
      { id: streamId('S'), operator: stateless(schema, (batch, out) => out(batch)), from: [] },
      { id: 'pump/P/1', operator: project(schema, schema, exprs, errors), from: [streamId('S')], errors },
      { id: 'pump/P/2', operator: tumble, from: ['pump/P/1'] },
      { id: streamId('T'), operator: stateless(tumble.schema, (batch, out) => out(batch)), from: ['pump/P/2'] },
    ],
    plan,
  );
}

interface Outcome {
  readonly windows: Recording;
  readonly errors: Recording;
}

function job(source: Source<number>, outcome: Outcome, more: Partial<Job> = {}): Job {
  const graph = buildGraph();
  return {
    source,
    stream: 'S',
    clock: arrivalClock(),
    graph,
    sinks: [
      { stream: 'T', sink: recordingSink(outcome.windows, graph.schema('T')!) },
      { stream: errorStream, sink: recordingSink(outcome.errors, errorStreamSchema) },
    ],
    store: memoryStore(),
    checkpointDue: () => false,
    ...more,
  };
}

const fresh = (): Outcome => ({ windows: { published: [] }, errors: { published: [] } });
const minute = (n: number, ...rows: [string, number][]): Batch =>
  batchOf(schema, ...rows.map(([s, v], i) => [n * 60_000 + i, s, v] as const));
const three: Scripted[] = [minute(0, ['a', 1], ['b', 2]), 'idle', minute(0, ['a', 5], ['c', 0]), minute(1, ['a', 1])];

describe('a job', () => {
  test('closes all windows at the end of its source, and publishes everything', async () => {
    const outcome = fresh();
    const progress = await run(job(scriptedSource(schema, three), outcome), live);
    expect(outcome.windows.published).toEqual(['[60000,"a",0,2,12]', '[60000,"b",0,1,5]', '[120000,"a",60000,1,10]']);
    expect(outcome.errors.published).toHaveLength(1);
    expect(progress).toEqual({ rows: 5, rejected: 0, watermark: 60_000, checkpoints: 1, restored: false });
  });

  test('goes on after a crash from its last checkpoint: nothing is lost, nothing comes twice', async () => {
    const [unbroken, outcome] = [fresh(), fresh()];
    await run(job(scriptedSource(schema, three), unbroken), live);
    const source = scriptedSource(schema, [three[0]!, three[1]!, 'crash', three[2]!, 'crash', three[3]!]);
    const store = memoryStore();
    const again = () => run(job(source, outcome, { store, checkpointDue: () => true }), live);
    await expect(again()).rejects.toThrow('scripted crash');
    await expect(again()).rejects.toThrow('scripted crash');
    await expect(again()).resolves.toMatchObject({ restored: true });
    expect(outcome).toEqual(unbroken);
  });

  test('gives what an unbroken run gives, for any rows, crashes and checkpoints', async () => {
    const scripts = arbitrarySteps(schema, { gapMax: 30_000 }).chain((steps) =>
      fc
        .array(fc.constantFrom<Scripted[]>([], [], ['idle'], ['crash'], ['crash', 'crash']), {
          minLength: steps.length,
          maxLength: steps.length,
        })
        .map((between) => steps.flatMap((made, i) => ('batch' in made ? [...between[i]!, made.batch] : between[i]!))),
    );
    await fc.assert(
      fc.asyncProperty(scripts, fc.integer({ min: 1, max: 4 }), async (script, polls) => {
        const [unbroken, outcome] = [fresh(), fresh()];
        await run(
          job(
            scriptedSource(
              schema,
              script.filter((made) => made !== 'crash'),
            ),
            unbroken,
          ),
          live,
        );
        const source = scriptedSource(schema, script);
        const store = memoryStore();
        for (let died = true; died; ) {
          let polled = 0;
          const due = () => ++polled % polls === 0;
          died = await run(job(source, outcome, { store, checkpointDue: due }), live).then(
            () => false,
            (error: Error) => error.message === 'scripted crash' || Promise.reject(error),
          );
        }
        expect(outcome).toEqual(unbroken);
      }),
      { numRuns: 60 },
    );
  });

  describe('whose checkpoints cannot always be taken', () => {
    /** A store whose saves fail as `fails` says, in turn. */
    const failing = (fails: readonly boolean[]) => {
      const { load, save } = memoryStore();
      let saves = 0;
      return {
        load,
        save: async (checkpoint: Checkpoint) => {
          if (fails[saves++]) throw new Error('no space left');
          await save(checkpoint);
        },
      };
    };

    test('ends with the first that fails, if nobody says otherwise', async () => {
      const made = job(scriptedSource(schema, three), fresh(), { store: failing([true]) });
      await expect(run(made, live)).rejects.toThrow('no space left');
    });

    test('goes on, and tries again when the next is due, or at once when it cannot go on without', async () => {
      const outcome = fresh();
      const asked: boolean[] = [];
      const progress = await run(
        job(scriptedSource(schema, three), outcome, {
          store: failing([true, true, false, true, true, false]),
          checkpointDue: () => true,
          onCheckpointFailed: async (error, isBlocked) => {
            expect(error).toMatchObject({ message: 'no space left' });
            asked.push(isBlocked);
          },
        }),
        live,
      );
      // After the first two polls, and twice at the end.
      expect(asked).toEqual([false, false, true, true]);
      expect(progress.checkpoints).toBe(2);
      const unbroken = fresh();
      await run(job(scriptedSource(schema, three), unbroken), live);
      expect(outcome).toEqual(unbroken);
    });

    test('polls nothing more while too much waits', async () => {
      const steps: string[] = [];
      const source = scriptedSource(schema, three);
      const polling: Source<number> = {
        ...source,
        poll(signal) {
          steps.push('poll');
          return source.poll(signal);
        },
      };
      await run(
        job(polling, fresh(), {
          pendingBytesMax: -1,
          store: failing([false, true, true]),
          onCheckpointFailed: async () => void steps.push('failed'),
        }),
        live,
      );
      expect(steps.slice(0, 5)).toEqual(['poll', 'poll', 'failed', 'failed', 'poll']);
    });

    test('ends with what its owner makes of it', async () => {
      const made = job(scriptedSource(schema, three), fresh(), {
        store: failing([true, true]),
        onCheckpointFailed: async () => Promise.reject(new Error('that was one too many')),
      });
      await expect(run(made, live)).rejects.toThrow('one too many');
    });

    test('gives what one gives whose checkpoints are all taken, for any rows, failures and crashes', async () => {
      const scripts = arbitrarySteps(schema, { gapMax: 30_000 }).map((steps) =>
        steps.flatMap((made) => ('batch' in made ? [made.batch] : [])),
      );
      const fails = fc.array(fc.boolean(), { maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(scripts, fails, fc.nat({ max: 20 }), async (batches, failures, crashAt) => {
          const [unbroken, outcome] = [fresh(), fresh()];
          await run(job(scriptedSource(schema, batches), unbroken), live);
          const script: Scripted[] = [...batches.slice(0, crashAt), 'crash', ...batches.slice(crashAt)];
          const source = scriptedSource(schema, script);
          const more = { store: failing(failures), checkpointDue: () => true, onCheckpointFailed: async () => {} };
          const again = () => run(job(source, outcome, more), live);
          await expect(again()).rejects.toThrow('scripted crash');
          await again();
          expect(outcome).toEqual(unbroken);
        }),
        { numRuns: 60 },
      );
    });
  });

  test('deals the partitions of its source to several streams in turn', async () => {
    const names = ['S1', 'S2'];
    const recordings: Recording[] = names.map(() => ({ published: [] }));
    const passing = stateless(schema, (batch, out) => out(batch));
    const graph = new Graph(
      names.map((name) => ({ id: streamId(name), operator: passing, from: [] })),
      'plan',
    );
    const script = scriptedSource(schema, [minute(0, ['a', 0]), minute(1, ['b', 1]), minute(2, ['c', 2])]);
    let partition = 0;
    const source = {
      ...script,
      poll: async (signal: AbortSignal) => ({ ...(await script.poll(signal)), partition: partition++ }),
    };
    const sinks = names.map((stream, i) => ({ stream, sink: recordingSink(recordings[i]!, schema) }));
    await run(job(source, fresh(), { stream: names, graph, sinks }), live);
    expect(recordings.map(({ published }) => published)).toEqual([['[0,"a",0]', '[120000,"c",2]'], ['[60000,"b",1]']]);
  });

  test('deals the rows of one batch by the partition of each, those that the clock leaves out too', async () => {
    const names = ['S1', 'S2', 'S3'];
    const recordings: Recording[] = names.map(() => ({ published: [] }));
    const errors: Recording = { published: [] };
    const passing = stateless(schema, (batch, out) => out(batch));
    const graph = new Graph(
      names.map((name) => ({ id: streamId(name), operator: passing, from: [] })),
      'plan',
    );
    const script = scriptedSource(schema, [batchOf(schema, ...[1, 2, 3, 0, 5].map((n) => [0, `${n}`, n] as const))]);
    const source = {
      ...script,
      poll: async (signal: AbortSignal) => ({
        ...(await script.poll(signal)),
        partition: Float64Array.of(7, 1, 3, 4, 0),
      }),
    };
    const sinks = [
      ...names.map((stream, i) => ({ stream, sink: recordingSink(recordings[i]!, schema) })),
      { stream: errorStream, sink: recordingSink(errors, errorStreamSchema) },
    ];
    const clock = columnClock(schema, 1, 'ms');
    await run(job(source, fresh(), { stream: names, graph, sinks, clock }), live);
    expect(recordings.map(({ published }) => published)).toEqual([
      ['[3,"3",3]', '[5,"5",5]'],
      ['[1,"1",1]', '[2,"2",2]'],
      [],
    ]);
    expect(errors.published).toHaveLength(1);
  });

  test('never lets ROWTIME go back over a restart, although arrival times do', async () => {
    const script: Scripted[] = [minute(2, ['a', 1]), minute(0, ['a', 1]), minute(3, ['a', 1])];
    const [unbroken, outcome, store] = [fresh(), fresh(), memoryStore()];
    await run(job(scriptedSource(schema, script), unbroken), live);
    expect(unbroken.windows.published[0]).toBe('[180000,"a",120000,2,20]');
    const source = scriptedSource(schema, [script[0]!, 'crash', script[1]!, script[2]!]);
    const again = () => run(job(source, outcome, { store, checkpointDue: () => true }), live);
    await expect(again()).rejects.toThrow('scripted crash');
    await again();
    expect(outcome).toEqual(unbroken);
  });

  test('run again after its end adds nothing', async () => {
    const outcome = fresh();
    const [source, store] = [scriptedSource(schema, three), memoryStore()];
    await run(job(source, outcome, { store }), live);
    const before = structuredClone(outcome);
    await run(job(source, outcome, { store }), live);
    expect(outcome).toEqual(before);
  });

  test('refuses to lose state of another program before it opens anything, unless it is told to', async () => {
    const store = memoryStore();
    const stop = new AbortController();
    const stopping = ({ rows }: Progress): void => {
      if (rows === 2) stop.abort();
    };
    await run(job(scriptedSource(schema, three), fresh(), { store, onProgress: stopping }), stop.signal);
    const opened: string[] = [];
    const source: Source<number> = { ...scriptedSource(schema, three), open: async () => void opened.push('source') };
    const change = (more: Partial<Job>) =>
      run(job(source, fresh(), { store, graph: buildGraph('another plan'), ...more }), live);
    const refused = await change({}).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PlanMismatch);
    expect((refused as PlanMismatch).message).toMatch(/^CHECKPOINT_PLAN: the checkpoint was taken by another program/);
    const lost = [{ owner: 'pump/P/2', what: 'operator', remembers: '2 keys open', why: 'has changed' }];
    expect((refused as PlanMismatch).change).toMatchObject({ lost, kept: [], saved: 'plan', current: 'another plan' });
    expect(opened).toEqual([]);
    const changes: StateChange[] = [];
    await change({ allowStateDrop: true, onUpgrade: (found) => changes.push(found) });
    expect(changes).toMatchObject([{ lost }]);
    expect(opened).toEqual(['source']);
  });

  test('refuses the checkpoint of another input, whatever it is told', async () => {
    const store = memoryStore();
    await run(job(scriptedSource(schema, three), fresh(), { store }), live);
    const passing = stateless(schema, (batch, out) => out(batch));
    const graph = new Graph([{ id: streamId('S2'), operator: passing, from: [] }], 'plan');
    const other = job(scriptedSource(schema, three), fresh(), { store, graph, stream: 'S2', sinks: [] });
    await expect(run({ ...other, allowStateDrop: true }, live)).rejects.toMatchObject({
      message: expect.stringMatching(/^CHECKPOINT_INPUT: the checkpoint was taken with another input/),
      change: { inputs: ['stream/S is gone', 'stream/S2 is new'] },
    });
  });

  test('stops between two polls when it is told to, with its windows open in the checkpoint', async () => {
    const outcome = fresh();
    const [source, store, stop] = [scriptedSource(schema, three), memoryStore(), new AbortController()];
    const stopping = (progress: Progress): void => {
      if (progress.rows === 2) stop.abort();
    };
    const first = await run(job(source, outcome, { store, onProgress: stopping }), stop.signal);
    expect(first).toMatchObject({ rows: 2, checkpoints: 1 });
    expect(outcome.windows.published).toEqual([]);
    const unbroken = fresh();
    await run(job(scriptedSource(schema, three), unbroken), live);
    await run(job(source, outcome, { store }), live);
    expect(outcome).toEqual(unbroken);
  });

  test('takes a checkpoint when more bytes wait than may', async () => {
    const outcome = fresh();
    let checkpoints = 0;
    await run(
      job(scriptedSource(schema, [...three, minute(2, ['a', 1]), 'idle', 'idle']), outcome, {
        pendingBytesMax: 10,
        onProgress: (progress) => {
          checkpoints = progress.checkpoints;
        },
      }),
      live,
    );
    expect(checkpoints).toBe(3); // two windows closed, and the end
  });

  test('sends rejected records to error_stream with the time of the stream, and counts them', async () => {
    const source = scriptedSource(schema, [three[0]!]);
    const record = new TextEncoder().encode('{"n": "x"}');
    const rejecting: Source<number> = {
      ...source,
      async poll(signal) {
        const poll = await source.poll(signal);
        return { ...poll, rejected: [{ time: 0, after: 2, name: 'CoercionError', message: 'n is no number', record }] };
      },
    };
    const outcome = fresh();
    const progress = await run(job(rejecting, outcome), live);
    expect(progress.rejected).toBe(1);
    const data = Buffer.from(record).toString('hex').toUpperCase();
    expect(outcome.errors.published).toEqual([`[1,1,"ERROR","CoercionError","n is no number",1,"${data}",null]`]);
  });
});

// 'bad' is a record that gives no row; a number is a row of that arrival time, and of that time in its column.
const records = fc.array(fc.tuple(fc.nat(20), fc.boolean()), { minLength: 1, maxLength: 20 });
const schemaOfTimes = schemaOf({ n: integer });

test.each([
  ['arrival', () => arrivalClock()],
  ['column', () => columnClock(schemaOfTimes, 0, 'ms')],
])('what is no row has its place in error_stream, however records were split into polls: %s', async (_, clock) => {
  await fc.assert(
    fc.asyncProperty(records, fc.array(fc.nat(4), { minLength: 1 }), async (given, sizes) => {
      const outcomes = [];
      for (const split of [[given.length], sizes.map((size) => size + 1)]) {
        let [at, polls] = [0, 0];
        const source: Source<number> = {
          schema: schemaOfTimes,
          open: async () => {},
          position: () => at,
          close: async () => {},
          async poll() {
            const taken = given.slice(at, at + split[polls++ % split.length]!);
            const rows = taken.filter(([, isBad]) => !isBad);
            const rejected = taken.flatMap(([time, isBad], i) => {
              const after = taken.slice(0, i).filter(([, isBadToo]) => !isBadToo).length;
              return isBad ? [{ time, after, name: 'bad', message: String(at + i), record: new Uint8Array(0) }] : [];
            });
            at += taken.length;
            const batch = rows.length === 0 ? null : batchOf(schemaOfTimes, ...rows.map(([t]) => [t, t] as const));
            return { batch, rejected, caughtUpTo: Number.NEGATIVE_INFINITY, end: at >= given.length };
          },
        };
        const errors: Recording = { published: [] };
        const passing = stateless(schemaOfTimes, (batch, out) => out(batch));
        const graph = new Graph([{ id: streamId('S'), operator: passing, from: [] }], '');
        const sinks = [{ stream: errorStream, sink: recordingSink(errors, errorStreamSchema) }];
        await run(job(source, fresh(), { graph, clock: clock(), sinks }), live);
        outcomes.push(errors.published);
      }
      expect(outcomes[1]).toEqual(outcomes[0]);
    }),
  );
});

describe('what takes part in checkpoints', () => {
  function participant(steps: string[], name: string, failing = ''): Participant {
    const took = (what: string) => {
      steps.push(`${name} ${what}`);
      if (what === failing) throw new Error(`${name} cannot ${what}`);
    };
    return {
      pendingBytes: 0,
      open: async (prepared) => took(`open ${JSON.stringify(prepared)}`),
      advance: (watermark) => took(`advance ${watermark}`),
      prepare: async () => {
        took('prepare');
        return `${name} prepared`;
      },
      commit: async (prepared) => took(`commit ${JSON.stringify(prepared)}`),
      close: async () => took('close'),
    };
  }
  const watched = (steps: string[], failing = '') => {
    const store = memoryStore();
    const saving = {
      load: store.load,
      save: (checkpoint: Checkpoint) => {
        steps.push('save');
        return store.save(checkpoint);
      },
    };
    const participants = [participant(steps, 'A'), participant(steps, 'B', failing)];
    return job(scriptedSource(schema, [three[0]!]), fresh(), { store: saving, participants });
  };

  test('is prepared before the checkpoint is saved, and committed after it', async () => {
    const steps: string[] = [];
    await run(watched(steps), live);
    expect(steps).toEqual([
      'A open null',
      'B open null',
      'A advance Infinity',
      'B advance Infinity',
      'A prepare',
      'B prepare',
      'save',
      'A commit "A prepared"',
      'B commit "B prepared"',
      'A close',
      'B close',
    ]);
  });

  test('is closed when one of them cannot go on, and nothing is saved', async () => {
    const steps: string[] = [];
    await expect(run(watched(steps, 'prepare'), live)).rejects.toThrow('B cannot prepare');
    expect(steps).not.toContain('save');
    expect(steps.slice(-2)).toEqual(['A close', 'B close']);
  });

  test('gets back what it prepared after a restart', async () => {
    const steps: string[] = [];
    const made = watched(steps);
    await run(made, live);
    steps.length = 0;
    await run({ ...job(scriptedSource(schema, [three[0]!]), fresh(), made), graph: buildGraph() }, live);
    expect(steps.slice(0, 2)).toEqual(['A open "A prepared"', 'B open "B prepared"']);
  });

  test('publishes what it has left when the job has no place for it any more, which is said once', async () => {
    const steps: string[] = [];
    const store = memoryStore();
    const source = scriptedSource(schema, three);
    const landing = { ...participant(steps, 'A'), name: 'landing' };
    await run(job(source, fresh(), { store, participants: [landing] }), live);
    steps.length = 0;
    const changes: StateChange[] = [];
    const without = job(source, fresh(), {
      store,
      onUpgrade: (change) => changes.push(change),
      retire: async ({ name, prepared }) => (prepared === `A prepared` ? participant(steps, `old ${name}`) : null),
    });
    await run(without, live);
    expect(changes.map(({ retired, lost }) => ({ retired, lost }))).toEqual([{ retired: ['landing'], lost: [] }]);
    expect(steps).toEqual([
      'old landing open "A prepared"',
      'old landing advance Infinity',
      'old landing advance Infinity',
      'old landing prepare',
      'old landing commit "old landing prepared"',
      'old landing close',
    ]);
    await run({ ...without, graph: buildGraph(), sinks: job(source, fresh()).sinks }, live);
    expect(changes).toHaveLength(1);
  });

  test('is named when it cannot publish what it has left, and the job does not start unless it is told to', async () => {
    const store = memoryStore();
    const source = scriptedSource(schema, three);
    const landing = { ...participant([], 'A'), name: 'landing' };
    await run(job(source, fresh(), { store, participants: [landing] }), live);
    const again = (more: Partial<Job>) => run(job(source, fresh(), { store, ...more }), live);
    const lost = { owner: 'output', what: 'landing', remembers: 'what it had not published', why: 'is gone' };
    await expect(again({})).rejects.toMatchObject({ change: { lost: [lost] } });
    const retire = async () => ({ lost: 'an open object of 7 bytes' });
    await expect(again({ retire })).rejects.toMatchObject({
      change: { lost: [{ ...lost, remembers: 'an open object of 7 bytes' }] },
    });
    await expect(again({ allowStateDrop: true })).resolves.toMatchObject({ restored: true });
    await expect(again({})).resolves.toMatchObject({ restored: true });
  });

  test('closes what it holds open when rows of its stream have other columns now', async () => {
    const steps: string[] = [];
    const store = memoryStore();
    const sinkOf = (name: string) => ({ ...participant(steps, name), write() {} });
    const source = scriptedSource(schema, three);
    const from = (more: Partial<Job>) => job(source, fresh(), { store, ...more });
    await run(from({ sinks: [{ stream: 'T', sink: sinkOf('A') }] }), live);
    steps.length = 0;
    await run(from({ sinks: [{ stream: 'T', sink: sinkOf('A') }] }), live);
    expect(steps.slice(0, 2)).toEqual(['A open "A prepared"', 'A advance Infinity']);
    const atOpen = steps.filter((step) => step.startsWith('A advance')).length;
    steps.length = 0;
    await run(from({ sinks: [{ stream: 'S', name: 'T', sink: sinkOf('A') }] }), live);
    expect(steps.filter((step) => step.startsWith('A advance'))).toHaveLength(atOpen + 1);
  });

  test('publishes what it holds when the job is stopped for good', async () => {
    const stop = new AbortController();
    const steps: string[] = [];
    const participants = [participant(steps, 'A')];
    const stopping = job(scriptedSource(schema, three), fresh(), { participants, publishOnStop: true });
    stop.abort();
    await run(stopping, stop.signal);
    expect(steps).toContain('A advance Infinity');
    steps.length = 0;
    await run(job(scriptedSource(schema, three), fresh(), { participants }), stop.signal);
    expect(steps).not.toContain('A advance Infinity');
  });
});

describe('the recording sink of these tests keeps the contract of sinks', () => {
  for (const { name, run: check } of sinkContract) {
    test(name, async () => {
      const storages = new Map<string, Recording>();
      const storage = (of: string): Recording => {
        if (!storages.has(of)) storages.set(of, { published: [] });
        return storages.get(of)!;
      };
      await check({
        delivers: 'exactly once',
        create: (of, columns, beforeStep) => recordingSink(storage(of), columns, beforeStep),
        delivered: async (of) => storage(of).published,
      });
      expect(storages.size).toBeGreaterThan(0);
    });
  }
});
