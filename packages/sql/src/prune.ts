import type { Expr } from '@rowtime/core';
import { unreachable } from './ast.ts';
import type { PlanNode } from './plan.ts';

/** Which columns of a stream a query reads: a source need not decode the others. */
export function columnsRead(node: PlanNode, stream: string): Set<number> {
  const used = new Set<number>();
  visit(node, allColumns(node), stream, used);
  return used;
}

// `wanted`: the columns of the node's output that somebody needs.
function visit(node: PlanNode, wanted: ReadonlySet<number>, stream: string, used: Set<number>): void {
  switch (node.kind) {
    case 'read':
      if (node.stream === stream) for (const index of wanted) used.add(index);
      return;
    case 'filter':
      visit(node.input, union(wanted, columnsOf([node.predicate])), stream, used);
      return;
    case 'project':
      visit(node.input, columnsOf(node.exprs), stream, used);
      return;
    case 'tumble':
      visit(node.input, new Set([...node.keys, ...node.calls.flatMap(({ input }) => input ?? [])]), stream, used);
      return;
    case 'sort':
      visit(node.input, allColumns(node.input), stream, used);
      return;
    case 'union':
      for (const input of node.inputs) visit(input, allColumns(input), stream, used);
      return;
    case 'tableFunction':
      visit(node.input, allColumns(node.input), stream, used);
      return;
    default:
      unreachable(node);
  }
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

function union(a: ReadonlySet<number>, b: ReadonlySet<number>): Set<number> {
  return new Set([...a, ...b]);
}
