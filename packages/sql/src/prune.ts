import type { Expr } from '@rowtime/core';
import { unreachable } from './ast.ts';
import { inputsOf, type PlanNode, withInputs } from './plan.ts';
import { isSimple, substitute, withoutIdentity } from './rules.ts';

/** Reads of a stream take only the columns that the query needs: sources need not decode the others, and a row in
 *  error_stream shows what was read of it. */
export function prune(root: PlanNode): PlanNode {
  return pruned(root, allColumns(root)).node;
}

/** Which columns of a stream a pruned query reads. */
export function columnsRead(node: PlanNode, stream: string): number[] {
  if (node.kind === 'project' && node.input.kind === 'read') {
    return node.input.stream === stream ? [...columnsOf(node.exprs)] : [];
  }
  if (node.kind === 'read') return node.stream === stream ? [...allColumns(node)] : [];
  return inputsOf(node).flatMap((input) => columnsRead(input, stream));
}

/** A node that emits at least the `wanted` columns of the old one, and where each of those is now. */
interface Pruned {
  readonly node: PlanNode;
  readonly places: ReadonlyMap<number, number>;
}

function pruned(node: PlanNode, wanted: ReadonlySet<number>): Pruned {
  switch (node.kind) {
    case 'read':
      return pruneRead(node, wanted);
    case 'filter': {
      const { node: input, places } = pruned(node.input, new Set([...wanted, ...columnsOf([node.predicate])]));
      return { node: { ...node, input, predicate: moved(node.predicate, places), schema: input.schema }, places };
    }
    case 'project': {
      // What is only passed on and not wanted goes; what is computed stays, because it may fail its row.
      const kept = [...node.exprs.keys()].filter((i) => wanted.has(i) || !isSimple(node.exprs[i] as Expr));
      const exprs = kept.map((i) => node.exprs[i] as Expr);
      const { node: input, places } = pruned(node.input, columnsOf(exprs));
      const narrow: PlanNode = {
        ...node,
        input,
        exprs: exprs.map((expr) => moved(expr, places)),
        schema: kept.flatMap((i) => node.schema[i] ?? []),
      };
      // `*` over an input stream: the read leaves its metadata out already.
      return { node: withoutIdentity(narrow) ?? narrow, places: new Map(kept.map((i, place) => [i, place])) };
    }
    case 'slide': {
      const width = node.input.schema.length;
      const read = node.windows.flatMap(({ partitionBy, calls }) => [
        ...partitionBy,
        ...calls.flatMap(({ input }) => input ?? []),
      ]);
      const { node: input, places } = pruned(node.input, new Set([...read, ...[...wanted].filter((i) => i < width)]));
      const to = (i: number): number => places.get(i) ?? i;
      const windows = node.windows.map(({ frame, partitionBy, calls }) => ({
        frame,
        partitionBy: partitionBy.map(to),
        calls: calls.map((call) => ({ ...call, input: call.input === null ? null : to(call.input) })),
      }));
      const results = node.schema.slice(width);
      return {
        node: { ...node, input, windows, schema: [...input.schema, ...results] },
        places: new Map([...places, ...results.map((_, r): [number, number] => [width + r, input.schema.length + r])]),
      };
    }
    case 'union':
    case 'join':
    case 'lookup':
    case 'tumble':
    case 'groupRuns':
    case 'stagger':
    case 'retime':
    case 'distinct':
    case 'sort':
    case 'tableFunction':
      return unmoved(withInputs(node, prune));
    default:
      return unreachable(node);
  }
}

function pruneRead(node: Extract<PlanNode, { kind: 'read' }>, wanted: ReadonlySet<number>): Pruned {
  const columns = [...wanted].sort((a, b) => a - b);
  if (columns.length === node.schema.length) return unmoved(node);
  const schema = columns.flatMap((index) => node.schema[index] ?? []);
  const exprs = columns.map((index, i): Expr => ({ kind: 'column', index, type: schema[i]?.type ?? { kind: 'null' } }));
  return {
    node: { kind: 'project', input: node, exprs, schema },
    places: new Map(columns.map((index, place) => [index, place])),
  };
}

function unmoved(node: PlanNode): Pruned {
  return { node, places: new Map(node.schema.map((_, i) => [i, i])) };
}

function moved(expr: Expr, places: ReadonlyMap<number, number>): Expr {
  return substitute(expr, (column) => ({ ...column, index: places.get(column.index) ?? column.index }));
}

function allColumns({ schema }: PlanNode): Set<number> {
  return new Set(schema.keys());
}

function columnsOf(exprs: readonly Expr[], into = new Set<number>()): Set<number> {
  for (const expr of exprs) {
    if (expr.kind === 'column') into.add(expr.index);
    else if (expr.kind === 'call') columnsOf(expr.args, into);
    else if (expr.kind === 'cast') columnsOf([expr.arg], into);
  }
  return into;
}
