import {
  type AggregateCall,
  aggregateFunction,
  analyticFunction,
  assert,
  compile,
  Distinct,
  type Expr,
  Failures,
  type FunctionLookup,
  filter,
  type GraphNode,
  GroupAll,
  Join,
  type JoinSide,
  lookup,
  type Millis,
  Once,
  type Operator,
  project,
  type Relation,
  RowErrors,
  Slide,
  Sort,
  type SqlType,
  Stagger,
  stateless,
  streamId,
  Tumble,
  Union,
} from '@rowtime/core';
import { unreachable } from './ast.ts';
import type { CatalogStream } from './catalog.ts';
import { inputsOf, type LeafNode, type PlanNode, type PumpPlan } from './plan.ts';
import { tableFunction } from './table-functions/index.ts';
import { windowFrom } from './windows.ts';

export interface InstantiateOptions {
  readonly seed: number;
  /** Reference tables, and what the queries of tables gave. */
  readonly tables: ReadonlyMap<string, Relation>;
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
  while (done.size < pumps.length) {
    const next = pumps.find((pump) => !done.has(pump) && ready(pump));
    assert(next, 'pumps form no cycle');
    outputs.set(next.name, new PumpBuilder(next, nodes, options, clocks).build());
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

function streamNode({ name, schema: declared, metadata }: CatalogStream, writers: readonly string[]): GraphNode {
  const schema = [...declared, ...metadata];
  const operator =
    writers.length > 1 ? new Union(schema, writers.length) : stateless(schema, (batch, out) => out(batch));
  return { id: streamId(name), operator, from: writers };
}

/** Makes the operators of one pump, inputs first; their ids are the pump's name and their place. */
class PumpBuilder {
  readonly #pump: PumpPlan;
  readonly #nodes: GraphNode[];
  readonly #options: InstantiateOptions;
  readonly #clocks: readonly string[];
  #place = 0;

  constructor(pump: PumpPlan, nodes: GraphNode[], options: InstantiateOptions, clocks: readonly string[]) {
    this.#pump = pump;
    this.#nodes = nodes;
    this.#options = options;
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
    this.#nodes.push({ id, operator: operatorOf(node, errors, this.#options), from, errors });
    return id;
  }
}

/** The operator of a plan node. */
export function operatorOf(
  node: Exclude<PlanNode, LeafNode> | Extract<PlanNode, { kind: 'once' }>,
  errors: RowErrors,
  { seed, tables, functions }: InstantiateOptions,
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
    case 'stagger': {
      const input = node.input.schema;
      return new Stagger({ input, range: node.range, keys: node.keys, calls: aggregateCalls(node), errors });
    }
    case 'distinct':
      return new Distinct({ schema: node.schema, time: node.time, timeAt: timeAt(node, functions), keys: node.keys });
    case 'sort': {
      const { schema, time, keys, window } = node;
      const rowtimeIsKey = window === null && node.timeExpr.type.kind === 'timestamp';
      return new Sort({ schema, time, keys, rowtimeIsKey, timeAt: timeAt(node, functions) });
    }
    case 'slide': {
      const windows = node.windows.map(({ frame, partitionBy, calls }) => ({
        frame,
        partitionBy,
        calls: calls.map(({ name, input, args, options }) => {
          const analytic = analyticFunction(name)?.bind(args, options);
          assert(analytic, `${name} OVER was bound`);
          return { name, input, analytic };
        }),
      }));
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
      return fn.create(node.input.schema, node.schema, node.args, { errors, seed });
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

function aggregateCalls({
  input,
  calls,
}: Extract<PlanNode, { kind: 'tumble' | 'stagger' | 'groupAll' }>): AggregateCall[] {
  return calls.map(({ name, input: index }) => {
    const types = index === null ? [] : [input.schema[index]?.type as SqlType];
    const aggregate = aggregateFunction(name)?.bind(types);
    assert(aggregate, `${name} was bound`);
    return { name, input: index, aggregate };
  });
}

/** The smallest leading key of a row that comes at `rowtime` or later. */
function timeAt(
  { timeExpr, window }: Extract<PlanNode, { kind: 'sort' | 'distinct' }>,
  functions: FunctionLookup,
): (rowtime: Millis) => number {
  if (window) {
    // Rows of a window have its end as ROWTIME, and its start as key.
    const { start } = windowFrom(window);
    return (rowtime) => start(rowtime - 1);
  }
  return evaluateAt(timeExpr, functions);
}

function evaluateAt(expr: Expr, functions: FunctionLookup): (rowtime: Millis) => number {
  const kernel = compile(expr, new Failures(), functions);
  return (rowtime) => {
    const column = kernel({ length: 1, rowtime: Float64Array.of(rowtime), columns: [] });
    assert(column.kind === 'num', 'a time key is a number');
    return column.values[0] ?? Number.NEGATIVE_INFINITY;
  };
}
