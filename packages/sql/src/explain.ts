import { type Expr, isNumeric, printType, type Schema } from '@rowtime/core';
import { unreachable } from './ast.ts';
import type { WindowPlan } from './bound.ts';
import { inputsOf, type PlanNode, type PumpPlan } from './plan.ts';
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
  return [line, ...inputsOf(node).flatMap((input) => explainNode(input, depth + 1))];
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
    case 'stagger': {
      const column = (i: number): string => printName(node.input.schema[i]?.name ?? '');
      const calls = node.calls.map(({ name, input }) => `${name}(${input === null ? '*' : column(input)})`);
      return `stagger ${node.range} ms by [${node.keys.map(column).join(', ')}] compute [${calls.join(', ')}]`;
    }
    case 'distinct':
      return `distinct [${node.keys.map((i) => printName(node.schema[i]?.name ?? '')).join(', ')}]`;
    case 'sort': {
      const column = (i: number): string => printName(node.schema[i]?.name ?? '');
      const keys = node.keys.map(({ index, descending }) => column(index) + (descending ? ' desc' : ''));
      return `sort ${[column(node.time), ...keys].join(', ')}`;
    }
    case 'slide':
      return node.windows
        .map(({ frame, partitionBy, calls }) => {
          const column = (i: number): string => printName(node.input.schema[i]?.name ?? '');
          const reach = frame.kind === 'range' ? `range ${frame.millis} ms` : `rows ${frame.preceding}`;
          const computed = calls.map(({ name, input, args, options }) => {
            const flags = (options.ignoreNulls ? ' ignore nulls' : '') + (options.fromLast ? ' from last' : '');
            const printed = [input === null ? '*' : column(input), ...args.slice(1).map((arg) => printExpr(arg, []))];
            return `${name}(${printed.join(', ')})${flags}`;
          });
          return `slide ${reach} by [${partitionBy.map(column).join(', ')}] compute [${computed.join(', ')}]`;
        })
        .join('; ');
    case 'join': {
      const sides = node.sides.map(({ frame, keys, isOuter }, i) => {
        const reach =
          frame === null
            ? 'current row'
            : frame.kind === 'range'
              ? `range ${frame.millis} ms`
              : `rows ${frame.preceding}`;
        const columns = keys.map((key) => printName(node.inputs[i]?.schema[key]?.name ?? ''));
        return `${reach} by [${columns.join(', ')}]${isOuter ? ' outer' : ''}`;
      });
      return `join ${sides.join(' with ')}${node.residual ? ` where ${printExpr(node.residual, node.schema)}` : ''}`;
    }
    case 'lookup': {
      const keys = node.streamKeys.map((key) => printName(node.input.schema[key]?.name ?? ''));
      const rest = node.residual ? ` where ${printExpr(node.residual, node.schema)}` : '';
      return `look up ${printName(node.table)} by [${keys.join(', ')}]${node.isOuter ? ' outer' : ''}${rest}`;
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
      return `${isNumeric(expr.type) ? String(expr.value) : JSON.stringify(expr.value)}:${printType(expr.type)}`;
    case 'cast':
      return `cast(${printExpr(expr.arg, schema)} as ${printType(expr.type)})`;
    case 'call':
      return `${expr.name}(${expr.args.map((arg) => printExpr(arg, schema)).join(', ')})`;
    default:
      return unreachable(expr);
  }
}
