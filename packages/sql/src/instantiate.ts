import {
  type AggregateCall,
  aggregateFunction,
  analyticFunction,
  assert,
  compile,
  Distinct,
  doublesOf,
  type Expr,
  Failures,
  type FunctionLookup,
  filter,
  type GraphNode,
  GroupAll,
  GroupRuns,
  Join,
  type JoinSide,
  lookup,
  type Millis,
  Once,
  type Operator,
  type OverWindow,
  project,
  type Relation,
  Retime,
  RowErrors,
  Slide,
  Sort,
  type SqlType,
  Stagger,
  StartTime,
  stateless,
  streamId,
  Tumble,
  Union,
} from '@rowtime/core';
import { unreachable } from './ast.ts';
import type { TimeBound } from './bound.ts';
import type { CatalogStream } from './catalog.ts';
import { functionsAt } from './functions/index.ts';
import { type Definitions, operatorIdentity, startIdentity, streamIdentity } from './identity.ts';
import { monotonicity } from './monotonic.ts';
import { inputsOf, type LeafNode, type PlanNode, type PumpPlan, type SlideCall } from './plan.ts';
import { substitute } from './rules.ts';
import { tableFunction } from './table-functions/index.ts';
import { windowFrom, windowOfValues } from './windows.ts';

export interface InstantiateOptions {
  readonly seed: number;
  readonly definitions: Definitions;
  /** Reference tables, and what the queries of tables gave. */
  readonly tables: ReadonlyMap<string, Relation>;
  /** These functions, and those that ask the tables. */
  readonly withSubqueries: (functions: FunctionLookup) => FunctionLookup;
  /** When the queries start; null: CURRENT_TIMESTAMP is the ROWTIME of its row. */
  readonly now: Millis | null;
}

/** What operators need that their plan does not say. */
export interface OperatorOptions extends Pick<InstantiateOptions, 'seed' | 'tables'> {
  readonly functions: FunctionLookup;
}

/** The only place that makes operators: pumps in an order in which each comes after those it reads. */
export function instantiate(
  streams: readonly CatalogStream[],
  pumps: readonly PumpPlan[],
  options: InstantiateOptions,
): GraphNode[] {
  const nodes: GraphNode[] = [];
  const clocks = clocksOf(streams, pumps);
  const waiting = new Map(streams.map((stream) => [stream.name, stream]));
  const ready = (pump: PumpPlan): boolean => streamsRead(pump.root).every((stream) => !waiting.has(stream));
  const addStreams = (): void => {
    for (const stream of waiting.values()) {
      const writers = pumps.filter(({ into }) => into === stream.name);
      if (!writers.every((pump) => done.has(pump))) continue;
      nodes.push(
        streamNode(
          stream,
          writers.map(({ name }) => outputs.get(name) ?? ''),
        ),
      );
      waiting.delete(stream.name);
    }
  };
  const done = new Set<PumpPlan>();
  const outputs = new Map<string, string>();
  addStreams();
  const start = options.now === null ? null : new StartTime(options.now);
  const functions = options.withSubqueries(functionsAt(start && (() => start.time)));
  const operators: OperatorOptions = { seed: options.seed, tables: options.tables, functions };
  // It reads a stream only because every node does.
  const [stream] = nodes;
  if (start && stream) nodes.push({ id: 'start', operator: start, from: [stream.id], identity: startIdentity });
  while (done.size < pumps.length) {
    const next = pumps.find((pump) => !done.has(pump) && ready(pump));
    assert(next, 'pumps form no cycle');
    outputs.set(next.name, new PumpBuilder(next, nodes, operators, options.definitions, clocks).build());
    done.add(next);
    addStreams();
  }
  return nodes;
}

/** The streams that tell what time it is: the input streams; in a program without any, those that nobody writes. */
function clocksOf(streams: readonly CatalogStream[], pumps: readonly PumpPlan[]): readonly string[] {
  const inputs = streams.filter(({ input }) => input);
  const unwritten = streams.filter(({ name }) => !pumps.some(({ into }) => into === name));
  return (inputs.length > 0 ? inputs : unwritten).map(({ name }) => streamId(name));
}

/** The streams that a query reads, each once. */
export function streamsRead(node: PlanNode): readonly string[] {
  if (node.kind === 'read') return [node.stream];
  return [...new Set(inputsOf(node).flatMap(streamsRead))];
}

function streamNode(stream: CatalogStream, writers: readonly string[]): GraphNode {
  const { name, schema: declared, metadata } = stream;
  const schema = [...declared, ...metadata];
  const operator =
    writers.length > 1 ? new Union(schema, writers.length) : stateless(schema, (batch, out) => out(batch));
  return { id: streamId(name), operator, from: writers, identity: streamIdentity(stream, writers.length) };
}

/** Makes the operators of one pump, inputs first; their ids are the pump's name and their place. */
class PumpBuilder {
  readonly #pump: PumpPlan;
  readonly #nodes: GraphNode[];
  readonly #options: OperatorOptions;
  readonly #definitions: Definitions;
  readonly #clocks: readonly string[];
  #place = 0;

  constructor(
    pump: PumpPlan,
    nodes: GraphNode[],
    options: OperatorOptions,
    definitions: Definitions,
    clocks: readonly string[],
  ) {
    this.#pump = pump;
    this.#nodes = nodes;
    this.#options = options;
    this.#definitions = definitions;
    this.#clocks = clocks;
  }

  /** The id of the node that emits what the pump inserts. */
  build(): string {
    return this.#build(this.#pump.root);
  }

  #build(node: PlanNode): string {
    if (node.kind === 'read') return streamId(node.stream);
    assert(node.kind !== 'table' && node.kind !== 'values', 'tables are read by queries of tables');
    const from = node.kind === 'once' ? this.#clocks : inputsOf(node).map((input) => this.#build(input));
    const id = `pump/${this.#pump.name}/${++this.#place}`;
    const errors = new RowErrors(this.#pump.name);
    const identity = operatorIdentity(this.#pump.name, node, this.#definitions);
    this.#nodes.push({ id, operator: operatorOf(node, errors, this.#options), from, errors, identity });
    return id;
  }
}

/** The operator of a plan node. */
export function operatorOf(
  node: Exclude<PlanNode, LeafNode> | Extract<PlanNode, { kind: 'once' }>,
  errors: RowErrors,
  { seed, tables, functions }: OperatorOptions,
): Operator {
  switch (node.kind) {
    case 'once':
      return new Once(node.schema, tableNamed(node.table, tables).rows);
    case 'groupAll':
      return new GroupAll({ input: node.input.schema, keys: node.keys, calls: aggregateCalls(node), errors });
    case 'filter':
      return filter(node.schema, node.predicate, errors, functions);
    case 'project':
      return project(node.input.schema, node.schema, node.exprs, errors, functions);
    case 'tumble': {
      const input = node.input.schema;
      return new Tumble({
        input,
        window: windowFrom(node.window),
        keys: node.keys,
        calls: aggregateCalls(node),
        errors,
      });
    }
    case 'groupRuns': {
      const { keys, run } = node;
      return new GroupRuns({ input: node.input.schema, keys, run, calls: aggregateCalls(node), errors });
    }
    case 'stagger': {
      const input = node.input.schema;
      return new Stagger({ input, range: node.range, keys: node.keys, calls: aggregateCalls(node), errors });
    }
    case 'retime': {
      const { schema, time, within, bound } = node;
      const boundAt = bound && boundOf(bound, functions);
      return new Retime({ schema, time, within: bound?.sorts ? null : within, bound: boundAt, errors });
    }
    case 'distinct':
      return new Distinct({ schema: node.schema, time: node.time, timeAt: timeAt(node, functions), keys: node.keys });
    case 'sort': {
      const { schema, time, keys, window } = node;
      const rowtimeIsKey = window === null && !node.isRun && node.timeExpr.type.kind === 'timestamp';
      const startOf = window === null && !rowtimeIsKey ? startOfValue(node.timeExpr) : undefined;
      return new Sort({ schema, time, keys, rowtimeIsKey, startOf, timeAt: timeAt(node, functions) });
    }
    case 'slide': {
      const windows = node.windows.map(({ frame, partitionBy, calls }): OverWindow => {
        if (frame.kind === 'unbounded') return { frame, partitionBy, calls: calls.map(runningCall) };
        const ended = calls.map(({ name, input, args, options }) => {
          const analytic = analyticFunction(name)?.bind(args, options);
          assert(analytic, `${name} OVER was bound`);
          return { name, input, analytic };
        });
        return { frame, partitionBy, calls: ended };
      });
      return new Slide({ input: node.input.schema, windows, errors });
    }
    case 'join': {
      const { sides, schema, residual } = node;
      const side = (i: 0 | 1): JoinSide => ({ ...sides[i], schema: node.inputs[i].schema });
      return new Join({ left: side(0), right: side(1), schema, residual, errors, functions });
    }
    case 'lookup': {
      const table = tableNamed(node.table, tables);
      return lookup({ ...node, input: node.input.schema, table, errors, functions });
    }
    case 'union':
      return new Union(node.schema, node.inputs.length);
    case 'tableFunction': {
      const fn = tableFunction(node.name);
      assert(fn, `${node.name} was bound`);
      return fn.create(node.columns, node.schema, node.args, { errors, seed });
    }
    default:
      return unreachable(node);
  }
}

function tableNamed(name: string, tables: ReadonlyMap<string, Relation>): Relation {
  const table = tables.get(name);
  assert(table, `table ${name} is there`);
  return table;
}

function runningCall({ name, input, args, options }: SlideCall): AggregateCall {
  const aggregate = aggregateFunction(name)?.bind(
    args.map(({ type }) => type),
    options,
  );
  assert(aggregate, `${name} OVER was bound`);
  return { name, input, aggregate };
}

function aggregateCalls({
  input,
  calls,
}: Extract<PlanNode, { kind: 'tumble' | 'groupRuns' | 'stagger' | 'groupAll' }>): AggregateCall[] {
  return calls.map(({ name, input: index, ignoreNulls }) => {
    const types = index === null ? [] : [input.schema[index]?.type as SqlType];
    const aggregate = aggregateFunction(name)?.bind(types, { ignoreNulls });
    assert(aggregate, `${name} was bound`);
    return { name, input: index, aggregate };
  });
}

/** The smallest leading key of a row that comes at `rowtime` or later; null where only a row can tell. */
function timeAt(
  { timeExpr, window, isRun }: Extract<PlanNode, { kind: 'sort' | 'distinct' }>,
  functions: FunctionLookup,
): ((rowtime: Millis) => number) | null {
  if (isRun) return null;
  if (!window) return evaluateAt(timeExpr, functions);
  // Rows of a window have its end as ROWTIME, and its start as their only column in the key.
  const { start } = windowFrom(window);
  const ofStart = substitute(timeExpr, () => ({ kind: 'rowtime', type: { kind: 'timestamp' } }));
  const value = evaluateAt(ofStart, functions);
  return (rowtime) => value(start(rowtime - 1));
}

function boundOf({ expr, window, lag }: TimeBound, functions: FunctionLookup): (rowtime: Millis) => Millis {
  const value = evaluateAt(expr, functions);
  const windows = window && windowFrom(window);
  return (rowtime) => value(windows ? windows.start(rowtime - 1) : rowtime - lag);
}

/** The ROWTIME of rows that were gathered while the leading key stayed the same: when that began. */
function startOfValue(timeExpr: Expr): (first: Millis) => Millis {
  return monotonicity(timeExpr)?.isOfRowtime ? windowOfValues(timeExpr).start : (first) => first;
}

function evaluateAt(expr: Expr, functions: FunctionLookup): (rowtime: Millis) => number {
  const kernel = compile(expr, new Failures(), functions);
  return (rowtime) => {
    const column = kernel({ length: 1, rowtime: Float64Array.of(rowtime), columns: [] });
    return doublesOf(column)[0] ?? Number.NEGATIVE_INFINITY;
  };
}
