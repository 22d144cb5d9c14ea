import fc from 'fast-check';
import { from, lastValueFrom, NEVER, Observable, of, Subject, throwError, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { type Batch, type Row, toRows } from '../src/batch.ts';
import { arrivalClock } from '../src/clock.ts';
import { Graph, streamId } from '../src/graph.ts';
import { run } from '../src/job.ts';
import { stateless } from '../src/operator.ts';
import { project } from '../src/operators/project.ts';
import { RowErrors } from '../src/row-errors.ts';
import { avg, count, fromObservable, max, min, observableSink, step, sum, through, tumble } from '../src/rxjs.ts';
import { memoryStore } from '../src/testing/index.ts';
import { call, column, integer, literal } from './expressions.ts';
import { batchOf, schemaOf } from './rows.ts';

const schema = schemaOf({ n: integer });
const live = new AbortController().signal;
const batches = [batchOf(schema, [1, 1], [2, 2]), batchOf(schema, [3, 3])];
const all = <T>(rows: Observable<T>): Promise<T[]> => lastValueFrom(rows.pipe(toArray()));

/** S → P: 10 / n → T. */
function quotients(): Graph {
  const errors = new RowErrors('P');
  const exprs = [call('/', literal(10, integer), column(0, integer))];
  return new Graph(
    [
      { id: streamId('S'), operator: stateless(schema, (batch, out) => out(batch)), from: [] },
      { id: streamId('T'), operator: project(schema, schema, exprs, errors), from: [streamId('S')], errors },
    ],
    'quotients',
  );
}

describe('a source of an observable', () => {
  test('gives its batches in order, and the end with the last', async () => {
    const source = fromObservable(from(batches), schema, 10);
    await source.open(null);
    expect(await source.poll(live)).toEqual({ batch: batches[0], rejected: [], caughtUpTo: 2, end: false });
    expect(await source.poll(live)).toEqual({ batch: batches[1], rejected: [], caughtUpTo: 3, end: true });
  });

  test('waits for a batch that is still to come', async () => {
    const subject = new Subject<Batch>();
    const source = fromObservable(subject, schema, 10);
    await source.open(null);
    const poll = source.poll(live);
    subject.next(batches[0]!);
    expect((await poll).batch).toBe(batches[0]);
    const end = source.poll(live);
    subject.complete();
    expect(await end).toMatchObject({ batch: null, end: true });
  });

  test('stops waiting when the job is told to stop, before or while it waits', async () => {
    const stop = new AbortController();
    const source = fromObservable(NEVER, schema, 10);
    await source.open(null);
    const poll = source.poll(stop.signal);
    stop.abort();
    expect(await poll).toMatchObject({ batch: null, end: false });
    expect(await source.poll(stop.signal)).toMatchObject({ batch: null, end: false });
  });

  test('leaves nothing behind on the signal, however often it is polled', async () => {
    const subject = new Subject<Batch>();
    const source = fromObservable(subject, schema, 10);
    await source.open(null);
    const stop = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = stop.signal;
    stop.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(stop.signal, args);
    };
    stop.signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(stop.signal, args);
    };
    for (let i = 0; i < 5; i++) {
      const poll = source.poll(stop.signal);
      subject.next(batches[0]!);
      await poll;
    }
    expect(listeners).toBe(0);
  });

  test('fails loudly when more batches wait than may', async () => {
    const source = fromObservable(of(...batches, ...batches), schema, 3);
    await source.open(null);
    await expect(source.poll(live)).rejects.toThrow('LIMIT_WAITING_BATCHES: more than 3 batches wait');
  });

  test('fails as its observable fails', async () => {
    const source = fromObservable(
      throwError(() => new Error('gone')),
      schema,
      3,
    );
    await source.open(null);
    await expect(source.poll(live)).rejects.toThrow('gone');
  });

  test('lets go of its observable when it is closed', async () => {
    let subscribed = false;
    const observable = new Observable<Batch>(() => {
      subscribed = true;
      return () => {
        subscribed = false;
      };
    });
    const source = fromObservable(observable, schema, 3);
    await source.open(null);
    expect(subscribed).toBe(true);
    await source.close();
    expect(subscribed).toBe(false);
  });

  test('runs a job into an observable sink, which completes with the job', async () => {
    const sink = observableSink();
    const found: number[][] = [];
    let completed = false;
    sink.batches.subscribe({
      next: (batch) => found.push(toRows(schema, batch).map(({ row }) => Number(row['n']))),
      complete: () => {
        completed = true;
      },
    });
    const source = fromObservable(from(batches), schema, 10);
    const sinks = [{ stream: 'T', sink }];
    const job = { source, stream: 'S', clock: arrivalClock(), graph: quotients(), sinks, store: memoryStore() };
    await run({ ...job, checkpointDue: () => false }, live);
    expect(found).toEqual([[10, 5], [3]]);
    expect(completed).toBe(true);
  });
});

describe('through a graph', () => {
  const options = { from: 'S', to: 'T', rowtime: (row: { t: number }) => row.t };

  test('plain objects go in and result rows come out, with ROWTIME', async () => {
    const rows = from([{ t: 5, n: 2 }, { t: 7, n: 5 }, { t: 7 }]);
    expect(await all(rows.pipe(through(quotients(), options)))).toEqual([
      { ROWTIME: 5, n: 5 },
      { ROWTIME: 7, n: 2 },
      { ROWTIME: 7, n: null },
    ]);
  });

  test('rows of one turn of the event loop come out in one turn after it', async () => {
    const subject = new Subject<{ t: number; n: number }>();
    const found: number[] = [];
    subject.pipe(through(quotients(), options)).subscribe(({ ROWTIME }) => found.push(ROWTIME));
    subject.next({ t: 1, n: 1 });
    subject.next({ t: 2, n: 1 });
    expect(found).toEqual([]);
    await Promise.resolve();
    expect(found).toEqual([1, 2]);
  });

  test('an error row errors the observable, if nobody takes error rows', async () => {
    const rows = from([
      { t: 5, n: 0 },
      { t: 7, n: 5 },
    ]);
    await expect(all(rows.pipe(through(quotients(), options)))).rejects.toThrow('DivisionByZero: division by zero');
  });

  test('error rows go to whoever takes them, and the others go on', async () => {
    const errors: Row[] = [];
    const rows = from([
      { t: 5, n: 0 },
      { t: 7, n: 5 },
    ]);
    const found = await all(rows.pipe(through(quotients(), { ...options, onErrorRow: (row) => errors.push(row) })));
    expect(found).toEqual([{ ROWTIME: 7, n: 2 }]);
    expect(errors).toMatchObject([{ ERROR_NAME: 'DivisionByZero', DATA_ROWTIME: 5, PUMP_NAME: 'P' }]);
  });

  test('a row that is late, or has no time, goes to error_stream and nothing else is lost', async () => {
    const errors: Row[] = [];
    const rows = from([
      { t: 5, n: 1 },
      { t: 4, n: 2 },
      { t: Number.NaN, n: 2 },
      { t: 6, n: 2 },
    ]);
    const found = await all(rows.pipe(through(quotients(), { ...options, onErrorRow: (row) => errors.push(row) })));
    expect(found.map(({ ROWTIME }) => ROWTIME)).toEqual([5, 6]);
    expect(errors.map(({ ERROR_NAME, MESSAGE, ERROR_TIME }) => [ERROR_NAME, MESSAGE, ERROR_TIME])).toEqual([
      ['LateRow', 'ROWTIME 4 is older than 5 of the row before it', 5],
      ['InvalidRowtime', 'ROWTIME NaN is no time', 5],
    ]);
    expect(JSON.parse(Buffer.from(String(errors[0]!['DATA_ROW']), 'hex').toString())).toEqual({ t: 4, n: 2 });
  });

  test('what came before an error of the input comes out before it', async () => {
    const found: number[] = [];
    const failing = new Observable<{ t: number; n: number }>((subscriber) => {
      subscriber.next({ t: 1, n: 1 });
      subscriber.error(new Error('gone'));
    });
    const done = new Promise((resolve) => {
      failing
        .pipe(through(quotients(), options))
        .subscribe({ next: ({ ROWTIME }) => found.push(ROWTIME), error: resolve });
    });
    expect(await done).toEqual(new Error('gone'));
    expect(found).toEqual([1]);
  });

  test('what the caller throws errors the observable', async () => {
    const bad = {
      ...options,
      rowtime: (): number => {
        throw new Error('no time');
      },
    };
    await expect(all(from([{ t: 1 }]).pipe(through(quotients(), bad)))).rejects.toThrow('no time');
  });

  test('a graph refuses a second subscription, whose rows would meet those of the first', async () => {
    const rows = from([{ t: 1, n: 1 }]).pipe(through(quotients(), options));
    await all(rows);
    await expect(all(rows)).rejects.toThrow('a graph serves one subscription');
  });

  test('a stream that is not there is named', () => {
    expect(() => through(quotients(), { ...options, to: 'X' })).toThrow('the graph has no stream X');
    expect(() => through(quotients(), { ...options, from: 'Y' })).toThrow('the graph has no stream Y');
  });

  test('more rows than fit in a batch come out all, in order', async () => {
    const rows = Array.from({ length: 10_000 }, (_, t) => ({ t, n: 1 }));
    const found = await all(from(rows).pipe(through(quotients(), options)));
    expect(found.map(({ ROWTIME }) => ROWTIME)).toEqual(rows.map(({ t }) => t));
  });
});

describe('tumble', () => {
  //         0            1000          2000
  //         [a1--b2--a3--)[a4----------)
  const rows = [
    { at: 0, k: 'a', x: 1 },
    { at: 10, k: 'b', x: 2 },
    { at: 999, k: 'a', x: 4 },
    { at: 1_000, k: 'a', x: 4 },
  ];
  const options = { size: 1_000, time: (row: { at: number }) => row.at, by: ['k'] };

  test('groups by window and columns, without SQL', async () => {
    const aggregates = { n: count(), total: sum('x'), mean: avg('x'), least: min('x'), most: max('x') };
    expect(await all(from(rows).pipe(tumble({ ...options, aggregates })))).toEqual([
      { ROWTIME: 1_000, k: 'a', 'window start': 0, n: 2, total: 5, mean: 2.5, least: 1, most: 4 },
      { ROWTIME: 1_000, k: 'b', 'window start': 0, n: 1, total: 2, mean: 2, least: 2, most: 2 },
      { ROWTIME: 2_000, k: 'a', 'window start': 1_000, n: 1, total: 4, mean: 4, least: 4, most: 4 },
    ]);
  });

  test('takes the types of columns that are neither texts nor DOUBLEs', async () => {
    const aggregates = { mean: avg('x') };
    const found = await all(from(rows).pipe(tumble({ ...options, by: ['x'], aggregates, types: { x: integer } })));
    expect(found.map(({ x, mean }) => [x, mean])).toEqual([
      [1, 1],
      [2, 2],
      [4, 4],
      [4, 4],
    ]);
  });

  test('says which aggregate does not take which column', () => {
    expect(() => tumble({ ...options, aggregates: { x: sum('k') } })).toThrow('SUM does not take column k');
  });

  test('a time that goes back errors the observable', async () => {
    const back = from([rows[3]!, rows[0]!, { ...rows[3]!, at: 5_000 }]);
    await expect(all(back.pipe(tumble({ ...options, aggregates: { n: count() } })))).rejects.toThrow('LateRow');
  });

  test('each subscription has windows of its own', async () => {
    const counted = from(rows).pipe(tumble({ ...options, aggregates: { n: count() } }));
    expect(await all(counted)).toEqual(await all(counted));
  });

  test('the counts of all windows together are the number of rows', async () => {
    const times = fc.array(fc.nat(900), { maxLength: 40 }).map((gaps) => {
      let at = 0;
      return gaps.map((gap) => {
        at += gap;
        return { at, k: gap % 3 === 0 ? 'a' : 'b' };
      });
    });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 2_000 }), async (given, size) => {
        const found = await all(from(given).pipe(tumble({ ...options, size, aggregates: { n: count() } })));
        expect(found.reduce((total, { n }) => total + Number(n), 0)).toBe(given.length);
      }),
    );
  });
});

describe('step', () => {
  //        0      10      20      30
  //        [0--9--)[10----)       [35 …
  test('gathers the rows of each window, and skips empty ones', async () => {
    expect(await all(from([0, 9, 10, 35]).pipe(step(10, (t) => t)))).toEqual([
      { from: 0, to: 10, rows: [0, 9] },
      { from: 10, to: 20, rows: [10] },
      { from: 30, to: 40, rows: [35] },
    ]);
  });

  test('emits a window with the row that closes it, not later', () => {
    const subject = new Subject<number>();
    const found: number[] = [];
    subject.pipe(step(10, (t) => t)).subscribe(({ from: start }) => found.push(start));
    subject.next(5);
    expect(found).toEqual([]);
    subject.next(10);
    expect(found).toEqual([0]);
  });

  test('what the caller throws errors the observable', async () => {
    const bad = (): number => {
      throw new Error('no time');
    };
    await expect(all(from([1]).pipe(step(10, bad)))).rejects.toThrow('no time');
  });

  test('passes errors on', async () => {
    await expect(all(throwError(() => new Error('gone')).pipe(step(10, () => 0)))).rejects.toThrow('gone');
  });
});
