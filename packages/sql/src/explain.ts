import { type Expr, printType, type Schema } from '@rowtime/core';
import { unreachable } from './ast.ts';
import type { WindowPlan } from './bound.ts';
import type { PlanNode, PumpPlan } from './plan.ts';
import { printName } from './suggest.ts';

/** A plan as text, one operator a line, the last one first. */
export function explain({ name, into, root }: PumpPlan): string {
  return [`pump ${printName(name)} into ${printName(into)}`, ...explainNode(root, 1)].join('\n');
}

export function printSchema(schema: Schema): string {
  return schema
    .map(({ name, type, nullable }) => `${printName(name)} ${printType(type)}${nullable ? '' : ' NOT NULL'}`)
    .join(', ');
}

function explainNode(node: PlanNode, depth: number): string[] {
  const line = ('  '.repeat(depth) + describe(node)).trimEnd();
  if (node.kind === 'read') return [line];
  const inputs = node.kind === 'union' ? node.inputs : [node.input];
  return [line, ...inputs.flatMap((input) => explainNode(input, depth + 1))];
}

function describe(node: PlanNode): string {
  switch (node.kind) {
    case 'read':
      return `read ${printName(node.stream)}`;
    case 'filter':
      return `filter ${printExpr(node.predicate, node.input.schema)}`;
    case 'project':
      return `project ${node.exprs.map((expr, i) => `${printName(node.schema[i]?.name ?? '')} = ${printExpr(expr, node.input.schema)}`).join(', ')}`;
    case 'tumble': {
      const column = (i: number): string => printName(node.input.schema[i]?.name ?? '');
      const calls = node.calls.map(({ name, input }) => `${name}(${input === null ? '*' : column(input)})`);
      return `tumble ${printWindow(node.window)} by [${node.keys.map(column).join(', ')}] compute [${calls.join(', ')}]`;
    }
    case 'sort': {
      const column = (i: number): string => printName(node.schema[i]?.name ?? '');
      const keys = node.keys.map(({ index, descending }) => column(index) + (descending ? ' desc' : ''));
      return `sort ${[column(node.time), ...keys].join(', ')}`;
    }
    case 'union':
      return 'union';
    case 'tableFunction':
      return `${node.name}(${node.args.map((arg) => JSON.stringify(arg)).join(', ')})`;
    default:
      return unreachable(node);
  }
}

function printWindow({ unit, size }: WindowPlan): string {
  return unit === 'month' ? `${size} months` : `${size} ms`;
}

function printExpr(expr: Expr, schema: Schema): string {
  switch (expr.kind) {
    case 'column':
      return printName(schema[expr.index]?.name ?? `#${expr.index}`);
    case 'rowtime':
      return 'ROWTIME';
    case 'literal':
      return `${JSON.stringify(expr.value)}:${printType(expr.type)}`;
    case 'cast':
      return `cast(${printExpr(expr.arg, schema)} as ${printType(expr.type)})`;
    case 'call':
      return `${expr.name}(${expr.args.map((arg) => printExpr(arg, schema)).join(', ')})`;
    default:
      return unreachable(expr);
  }
}
