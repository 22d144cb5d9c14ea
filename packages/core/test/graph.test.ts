import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aggregateFunction } from '../src/aggregates/index.ts';
import { type Millis, toRows } from '../src/batch.ts';
import { errorStream, Graph, type GraphNode, streamId } from '../src/graph.ts';
import { type Operator, stateless } from '../src/operator.ts';
import { filter } from '../src/operators/filter.ts';
import { project } from '../src/operators/project.ts';
import { Tumble } from '../src/operators/tumble.ts';
import { Union } from '../src/operators/union.ts';
import { errorStreamSchema, RowErrors } from '../src/row-errors.ts';
import type { Step } from '../src/testing/index.ts';
import { step } from '../src/window.ts';
import { call, column, integer, literal, varchar } from './expressions.ts';
import { arbitrarySteps, batchOf, schemaOf, type TimedRow, tuples } from './rows.ts';

const schema = schemaOf({ n: integer, s: varchar(9) });
const pass = (): Operator => stateless(schema, (batch, out) => out(batch));
const stream = (name: string, ...from: string[]): GraphNode => ({ id: streamId(name), operator: pass(), from });

/** Keeps n > least. */
function above(least: number, pump: string, from: string): GraphNode {
  const errors = new RowErrors(pump);
  const predicate = call('>', column(0, integer), literal(least, integer));
  return { id: `pump/${pump}/1`, operator: filter(schema, predicate, errors), from: [streamId(from)], errors };
}

/** n / (n - 5): fails the rows where n is 5. */
function quotients(pump: string, from: string): GraphNode {
  const errors = new RowErrors(pump);
  const n = column(0, integer);
  const exprs = [call('/', n, call('-', n, literal(5, integer))), column(1, varchar(9))];
  return { id: `pump/${pump}/1`, operator: project(schema, schema, exprs, errors), from: [streamId(from)], errors };
}

/** SUM(n) by second. */
function sums(pump: string, from: string): GraphNode {
  const errors = new RowErrors(pump);
  const sum = aggregateFunction('SUM')!.bind([integer])!;
  const operator = new Tumble({
    input: schema,
    window: step(1_000),
    keys: [],
    calls: [{ name: 'SUM', input: 0, aggregate: sum }],
    errors,
  });
  return { id: `pump/${pump}/1`, operator, from: [streamId(from)], errors };
}

function collect(graph: Graph, name: string, into: (TimedRow & { stream: string })[] = []) {
  const of = graph.schema(name) ?? errorStreamSchema;
  graph.listen(name, (batch) => into.push(...toRows(of, batch).map((row) => ({ ...row, stream: name }))));
  return into;
}

const batch = batchOf(schema, [0, 1, 'a'], [500, 5, 'b'], [1_000, 9, 'c']);

describe('a graph', () => {
  test('gives each reader of a stream the same batch', () => {
    const graph = new Graph(
      [stream('S'), above(4, 'P', 'S'), stream('T', 'pump/P/1'), above(8, 'Q', 'S'), stream('U', 'pump/Q/1')],
      '',
    );
    const [t, u] = [collect(graph, 'T'), collect(graph, 'U')];
    const seen: unknown[] = [];
    graph.listen('S', (passed) => seen.push(passed));
    graph.push('S', batch);
    expect(seen).toEqual([batch]);
    expect(t.map(({ row }) => row['n'])).toEqual([5, 9]);
    expect(u.map(({ row }) => row['n'])).toEqual([9]);
  });

  test('merges several pumps into one stream by ROWTIME', () => {
    const into: GraphNode = { id: streamId('T'), operator: new Union(schema, 2), from: ['pump/P/1', 'pump/Q/1'] };
    const graph = new Graph([stream('S'), above(0, 'P', 'S'), above(4, 'Q', 'S'), into], '');
    const found = collect(graph, 'T');
    graph.push('S', batch);
    graph.advance(1_000);
    expect(found.map(({ rowtime, row }) => [rowtime, row['n']])).toEqual([
      [0, 1],
      [500, 5],
      [500, 5],
    ]);
    graph.advance(1_001);
    expect(found).toHaveLength(5);
  });

  //  S      0   500   1000 | time passes to 1500
  //  sums   [1 + 5)  [9 …  |
  test('lets time pass through chains, each operator as far as the one before it promises', () => {
    const watermarks: Millis[] = [];
    const spy: Operator = { ...pass(), advance: (t) => watermarks.push(t) && t };
    const withSpy = new Graph([stream('S'), sums('P', 'S'), { id: 'spy', operator: spy, from: ['pump/P/1'] }], '');
    withSpy.push('S', batch);
    withSpy.advance(1_500);
    withSpy.advance(1_999);
    withSpy.advance(2_000);
    expect(watermarks).toEqual([2_000, 3_000]);
  });

  test('waits for the slowest of several input streams', () => {
    const into: GraphNode = { id: streamId('T'), operator: new Union(schema, 2), from: [streamId('A'), streamId('B')] };
    const graph = new Graph([stream('A'), stream('B'), into], '');
    const found = collect(graph, 'T');
    graph.push('A', batch);
    graph.advance(5_000, 'A');
    expect(found).toEqual([]);
    graph.push('B', batchOf(schema, [700, 2, 'x']));
    graph.advance(800, 'B');
    expect(found.map(({ rowtime }) => rowtime)).toEqual([0, 500, 700]);
    graph.advance(5_000);
    expect(found.map(({ rowtime }) => rowtime)).toEqual([0, 500, 700, 1_000]);
  });

  test('never lets time go back', () => {
    const graph = new Graph([stream('S'), sums('P', 'S'), stream('T', 'pump/P/1')], '');
    const found = collect(graph, 'T');
    graph.advance(9_000);
    graph.advance(10);
    graph.push('S', batchOf(schema, [9_000, 1, 'a']));
    graph.advance(9_999);
    expect(found).toEqual([]);
    graph.advance(10_000);
    expect(found).toHaveLength(1);
  });

  test('refuses to push into a stream that it does not have', () => {
    const graph = new Graph([stream('S')], '');
    expect(() => graph.push('T', batch)).toThrow('stream T exists');
    expect(graph.schema('T')).toBeNull();
    expect(graph.schema(errorStream)).toBe(errorStreamSchema);
  });

  test('refuses a snapshot that lacks an operator', () => {
    const graph = new Graph([stream('S'), sums('P', 'S')], '');
    const { 'pump/P/1': _, ...less } = graph.snapshot();
    expect(() => new Graph([stream('S'), sums('P', 'S')], '').restore(less)).toThrow('pump/P/1');
  });
});

describe('error_stream', () => {
  const nodes = (): GraphNode[] => [
    stream('S'),
    quotients('P', 'S'),
    stream('T', 'pump/P/1'),
    quotients('Q', 'T'),
    stream('U', 'pump/Q/1'),
  ];

  test('has the errors of all pumps in ROWTIME order, the input first, then pumps in their order', () => {
    const graph = new Graph(nodes(), '');
    const found = collect(graph, errorStream);
    // In T, 6 becomes 6 / 1 = 6, and -5 stays 0; 5 fails in P. Only what is 5 in T fails in Q: none here.
    graph.push('S', batchOf(schema, [10, 5, 'p'], [20, 6, 'q'], [30, 5, 'r']));
    graph.reject([{ time: 1, name: 'CoercionError', message: 'bad', record: new Uint8Array([1]) }], 30);
    expect(found).toEqual([]);
    graph.advance(31);
    expect(found.map(({ rowtime, row }) => [rowtime, row['ERROR_NAME'], row['PUMP_NAME']])).toEqual([
      [10, 'DivisionByZero', 'P'],
      [30, 'CoercionError', null],
      [30, 'DivisionByZero', 'P'],
    ]);
  });

  test('holds errors until time has passed them, and says how many', () => {
    const graph = new Graph(nodes(), '');
    const found = collect(graph, errorStream);
    graph.push('S', batchOf(schema, [10, 5, 'p']));
    graph.advance(10);
    expect([found.length, graph.errorsHeld]).toEqual([0, 1]);
    graph.advance(11);
    expect([found.length, graph.errorsHeld]).toEqual([1, 0]);
  });

  test('has the errors that operators report when time closes a window', () => {
    const graph = new Graph([stream('S'), sums('P', 'S')], '');
    const found = collect(graph, errorStream);
    graph.push('S', batchOf(schema, [10, 2 ** 31 - 1, 'p'], [20, 1, 'q']));
    graph.advance(1_000);
    graph.advance(1_001);
    expect(found.map(({ rowtime, row }) => [rowtime, row['ERROR_NAME']])).toEqual([[1_000, 'NumericOverflow']]);
  });

  test('gives a record that came before any ROWTIME the oldest time there is', () => {
    const graph = new Graph([stream('S')], '');
    const found = collect(graph, errorStream);
    graph.reject(
      [{ time: 1e12, name: 'CoercionError', message: 'bad', record: new Uint8Array([1]) }],
      Number.NEGATIVE_INFINITY,
    );
    graph.push('S', batchOf(schema, [10, 1, 'a']));
    graph.reject([{ time: 1e12, name: 'CoercionError', message: 'bad', record: new Uint8Array([2]) }], 10);
    graph.advance(Number.POSITIVE_INFINITY);
    expect(found.map(({ rowtime, row }) => [rowtime, row['ERROR_TIME'], row['DATA_ROW']])).toEqual([
      [0, 0, '01'],
      [10, 10, '02'],
    ]);
  });
});

describe('for any rows', () => {
  const build = (): Graph => {
    const into: GraphNode = { id: streamId('M'), operator: new Union(schema, 2), from: ['pump/P/1', 'pump/Q/1'] };
    return new Graph(
      [
        stream('S'),
        stream('R'),
        quotients('P', 'S'),
        above(0, 'Q', 'R'),
        into,
        sums('W', 'M'),
        stream('T', 'pump/W/1'),
      ],
      '',
    );
  };
  const steps = arbitrarySteps(schema, { inputs: 2, gapMax: 1_500 });

  // The watermark of a source is the time of its last row: both streams are fed by one source here.
  function play(given: readonly Step[], rowsAtOnce: number, restore: boolean): readonly TimedRow[] {
    const found: (TimedRow & { stream: string })[] = [];
    const start = (): Graph => {
      const graph = build();
      for (const name of ['M', 'T', errorStream]) collect(graph, name, found);
      return graph;
    };
    let graph = start();
    for (const made of given) {
      const parts: Step[] =
        'advance' in made
          ? [made]
          : Array.from({ length: Math.ceil(made.batch.length / rowsAtOnce) }, (_, i) => {
              const rows = toRows(schema, made.batch).slice(i * rowsAtOnce, (i + 1) * rowsAtOnce);
              return { ...made, batch: batchOf(schema, ...tuples(rows)) };
            });
      for (const part of parts) {
        if (restore) {
          const state = structuredClone(graph.snapshot());
          graph = start();
          graph.restore(state);
        }
        if ('batch' in part) graph.push(part.input === 0 ? 'S' : 'R', part.batch);
        graph.advance('advance' in part ? part.advance : part.batch.rowtime.at(-1)!);
      }
    }
    const of = (name: string): TimedRow[] => found.filter((row) => row.stream === name);
    for (const name of ['M', 'T', errorStream]) {
      const times = of(name).map(({ rowtime }) => rowtime);
      expect(times, `${name} is in ROWTIME order`).toEqual([...times].sort((a, b) => a - b));
    }
    return [...of('M'), ...of('T'), ...of(errorStream)];
  }

  test('every stream is in ROWTIME order, however the rows are cut, and restored or not', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const whole = play(given, Number.MAX_SAFE_INTEGER, false);
        expect(play(given, 1, false)).toEqual(whole);
        expect(play(given, 7, false)).toEqual(whole);
        expect(play(given, 1, true)).toEqual(whole);
        expect(play(given, Number.MAX_SAFE_INTEGER, true)).toEqual(whole);
      }),
    );
  });
});

test('rows that the readers of a stream cannot take become rows of error_stream, in ROWTIME order', () => {
  const graph = new Graph([stream('S')], 'plan');
  const found: [number, unknown, unknown][] = [];
  // Two readers refuse the same rows: every odd one.
  for (const name of ['A', 'B']) {
    graph.listen('S', (batch, errors) => {
      for (let row = 1; row < batch.length; row += 2) errors.report({ name, message: 'too large' }, schema, batch, row);
    });
  }
  graph.listen(errorStream, (batch) => {
    for (const { rowtime, row } of toRows(errorStreamSchema, batch))
      found.push([rowtime, row['ERROR_NAME'], row['DATA_ROWTIME']]);
  });
  graph.push('S', batchOf(schema, [1, 1, 'a'], [2, 2, 'b'], [3, 3, 'c'], [4, 4, 'd']));
  expect(found).toEqual([]);
  graph.advance(Number.POSITIVE_INFINITY);
  expect(found).toEqual([
    [2, 'A', 2],
    [2, 'B', 2],
    [4, 'A', 4],
    [4, 'B', 4],
  ]);
});
