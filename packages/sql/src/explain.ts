import { type Expr, type Frame, isNumeric, printType, type Schema } from '@rowtime/core';
import { unreachable } from './ast.ts';
import type { WindowPlan } from './bound.ts';
import { type GroupCall, inputsOf, type PlanNode, type PumpPlan } from './plan.ts';
import { printName } from './suggest.ts';
import type { Subquery, TablePlan } from './table-queries.ts';

/** A plan as text, one operator a line, the last one first. */
export function explain({ name, into, root }: PumpPlan): string {
  return [`pump ${printName(name)} into ${printName(into)}`, ...explainNode(root, 1)].join('\n');
}

/** The plan of a query of tables, whose rows are a table of that name. */
export function explainTable({ name, root }: TablePlan): string {
  return [`table ${printName(name)}`, ...explainNode(root, 1)].join('\n');
}

/** A subquery in an expression: a function over a table. */
export function explainSubquery({ name, table, keys, residual }: Subquery, schema: Schema): string {
  const by = schema.slice(0, keys).map((field) => printName(field.name));
  const rest = residual ? ` where ${printExpr(residual, schema)}` : '';
  return `subquery ${name} of ${printName(table)} by [${by.join(', ')}]${rest}`;
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
    case 'table':
      return `table ${printName(node.table)}`;
    case 'values':
      return `values ${node.rows.map((row) => `(${row.map((expr) => printExpr(expr, [])).join(', ')})`).join(', ')}`;
    case 'once':
      return `once ${printName(node.table)}`;
    case 'groupAll': {
      const column = (i: number): string => printName(node.input.schema[i]?.name ?? '');
      const calls = node.calls.map(({ name, input }) => `${name}(${input === null ? '*' : column(input)})`);
      return `group by [${node.keys.map(column).join(', ')}] compute [${calls.join(', ')}]`;
    }
    case 'filter':
      return `filter ${printExpr(node.predicate, node.input.schema)}`;
    case 'project':
      return `project ${node.exprs.map((expr, i) => `${printName(node.schema[i]?.name ?? '')} = ${printExpr(expr, node.input.schema)}`).join(', ')}`;
    case 'tumble': {
      const column = (i: number): string => printName(node.input.schema[i]?.name ?? '');
      const calls = node.calls.map((call) => printCall(call, column));
      return `tumble ${printWindow(node.window)} by [${node.keys.map(column).join(', ')}] compute [${calls.join(', ')}]`;
    }
    case 'groupRuns': {
      const column = (i: number): string => printName(node.input.schema[i]?.name ?? '');
      const calls = node.calls.map((call) => printCall(call, column));
      return `group runs of ${column(node.run)} by [${node.keys.map(column).join(', ')}] compute [${calls.join(', ')}]`;
    }
    case 'stagger': {
      const column = (i: number): string => printName(node.input.schema[i]?.name ?? '');
      const calls = node.calls.map((call) => printCall(call, column));
      return `stagger ${node.range} ms by [${node.keys.map(column).join(', ')}] compute [${calls.join(', ')}]`;
    }
    case 'retime': {
      const { bound, within } = node;
      const late = bound?.sorts ? ' in order' : within > 0 ? ` within ${within} ms` : '';
      const from = bound?.window
        ? ` start of ${printWindow(bound.window)}`
        : bound?.lag
          ? ` ROWTIME - ${bound.lag} ms`
          : '';
      const least = bound ? ` at least ${printExpr(bound.expr, [])}${from && ` of${from}`}` : '';
      return `retime ${printName(node.schema[node.time]?.name ?? '')}${late}${least}`;
    }
    case 'distinct':
      return `distinct ${node.isRun ? `in runs of ${printName(node.schema[node.time]?.name ?? '')} ` : ''}[${node.keys.map((i) => printName(node.schema[i]?.name ?? '')).join(', ')}]`;
    case 'sort': {
      const column = (i: number): string => printName(node.schema[i]?.name ?? '');
      const keys = node.keys.map(
        ({ index, descending, nulls }) =>
          column(index) + (descending ? ' desc' : '') + (nulls ? ` nulls ${nulls}` : ''),
      );
      return `sort ${node.isRun ? 'runs of ' : ''}${[column(node.time), ...keys].join(', ')}`;
    }
    case 'slide':
      return node.windows
        .map(({ frame, partitionBy, calls }) => {
          const column = (i: number): string => printName(node.input.schema[i]?.name ?? '');
          const reach = printFrame(frame);
          const computed = calls.map(({ name, input, args, options }) => {
            const flags =
              (options.distinct ? ' distinct' : '') +
              (options.ignoreNulls ? ' ignore nulls' : '') +
              (options.fromLast ? ' from last' : '');
            const printed = [input === null ? '*' : column(input), ...args.slice(1).map((arg) => printExpr(arg, []))];
            return `${name}(${printed.join(', ')})${flags}`;
          });
          return `slide ${reach} by [${partitionBy.map(column).join(', ')}] compute [${computed.join(', ')}]`;
        })
        .join('; ');
    case 'join': {
      const sides = node.sides.map(({ frame, keys, isOuter }, i) => {
        const reach = frame === null ? 'current row' : printFrame(frame);
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

function printCall({ name, input, ignoreNulls }: GroupCall, column: (i: number) => string): string {
  return `${name}(${input === null ? '*' : column(input)})${ignoreNulls ? ' ignore nulls' : ''}`;
}

function printFrame(frame: Frame): string {
  if (frame.kind === 'unbounded') return 'unbounded';
  return frame.kind === 'range' ? `range ${frame.millis} ms` : `rows ${frame.preceding}`;
}

function printWindow(plan: WindowPlan): string {
  if (plan.unit === 'expression') return `where ${plan.exprs.map((expr) => printExpr(expr, [])).join(', ')} stay`;
  const { unit, size } = plan;
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
