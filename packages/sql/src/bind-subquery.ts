import { columnKind, commonType, type Expr, printType, type SqlType } from '@rowtime/core';
import type * as ast from './ast.ts';
import { bindQuery } from './bind.ts';
import { bindExpr, call, type ExprContext, notYet } from './bind-expr.ts';
import type { BoundItem, BoundQuery, BoundSelect } from './bound.ts';
import type { Catalog } from './catalog.ts';
import { SqlError } from './errors.ts';
import { Outer } from './outer.ts';
import { conjuncts } from './push-equalities.ts';
import { substitute } from './rules.ts';
import type { Subquery } from './table-queries.ts';
import { streamOf } from './tables.ts';

/** EXISTS, IN or a value: a function over the rows of a table, of what the subquery takes from the row outside. */
export function bindSubquery(node: SubqueryNode, context: ExprContext): Expr {
  const { catalog } = context.scope;
  const stream = streamOf(node.query, catalog);
  if (stream) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'a subquery in an expression reads tables only, and this one reads a stream',
      stream.span,
      "join the stream instead: FROM a JOIN b OVER (RANGE INTERVAL '1' MINUTE PRECEDING) ON a.k = b.k",
    );
  }
  const outer = new Outer(context);
  const query = bindQuery(node.query, catalog, outer);
  const operands = node.kind === 'inQuery' ? operandsOf(node.operand).map((part) => bindExpr(part, context)) : [];
  if (node.kind !== 'exists') checkColumns(node, query, operands);
  const parts = decompose(query, outer, node);
  const items = node.kind === 'exists' ? [] : query.items;
  const keyed = parts.keys.map(({ inner }, i) => item(`key ${i + 1}`, inner, node.span));
  const read = parts.read.map((expr, i) => item(`column ${i + 1}`, expr, node.span));
  const columns = [...keyed, ...items, ...read];
  // A table has a column at least; EXISTS needs only to know whether there is a row.
  const whole = columns.length > 0 ? columns : [item('row', truth, node.span)];
  const table = catalog.queries.table(parts.table(whole), node.query.span);
  const args = [...parts.keys.map(({ outside }) => outside), ...operands, ...parts.outside];
  const wanted: Omit<Subquery, 'name'> = {
    mode: node.kind === 'exists' ? 'exists' : node.kind === 'inQuery' ? 'in' : 'value',
    table,
    keys: parts.keys.length,
    items: items.length,
    residual: parts.residual(keyed.length + items.length, whole.length + parts.keys.length + operands.length),
    type: node.kind === 'scalarQuery' ? (query.items[0]?.expr.type as SqlType) : { kind: 'boolean' },
  };
  const name = catalog.queries.subquery(wanted);
  const found: Expr = { kind: 'call', name, args, type: wanted.type };
  const value = parts.ifNone ? orElse(found, parts.ifNone, parts, catalog, node) : found;
  return node.kind === 'inQuery' && node.negated ? call('NOT', [value], node.span) : value;
}

type SubqueryNode = ast.Exists | ast.InQuery | ast.ScalarQuery;

const truth: Expr = { kind: 'literal', value: true, type: { kind: 'boolean' } };

function item(name: string, expr: Expr, span: ast.Span): BoundItem {
  return { name, expr, span };
}

function operandsOf(operand: ast.Expr): readonly ast.Expr[] {
  return operand.kind === 'row' ? operand.items : [operand];
}

function checkColumns(node: ast.InQuery | ast.ScalarQuery, { items }: BoundQuery, operands: readonly Expr[]): void {
  const wanted = node.kind === 'inQuery' ? operands.length : 1;
  if (items.length !== wanted) {
    throw new SqlError(
      'SQL_COLUMN_COUNT',
      `the subquery gives ${items.length} columns, and ${wanted} ${wanted === 1 ? 'is' : 'are'} needed here`,
      node.query.span,
    );
  }
  if (node.kind !== 'inQuery') return;
  items.forEach(({ expr: { type }, span }, i) => {
    const operand = operands[i] as Expr;
    const compared = commonType([operand, { kind: 'column', index: i, type }]);
    if (compared && (columnKind(operand.type) === columnKind(type) || operand.type.kind === 'null')) return;
    throw new SqlError(
      'SQL_TYPE',
      `${printType(operand.type)} cannot be compared with the ${printType(type)} that the subquery gives`,
      span,
      'CAST one of them',
    );
  });
}

/** A subquery, taken apart: what is asked of the table once, and what of each row outside. */
interface Parts {
  /** Equal columns and expressions: found by hash. */
  readonly keys: readonly { readonly inner: Expr; readonly outside: Expr }[];
  /** What the rest of the condition reads of the table, and of the row outside. */
  readonly read: readonly Expr[];
  readonly outside: readonly Expr[];
  /** The query with these columns. */
  table(columns: readonly BoundItem[]): BoundQuery;
  /** The rest of the condition, `read` being columns from `columnsAt` on, `outside` from `argsAt` on. */
  residual(columnsAt: number, argsAt: number): Expr | null;
  /** An aggregate over no row, for a key that is not in the table: COUNT is 0, the others are NULL. */
  readonly ifNone: BoundQuery | null;
}

function decompose(query: BoundQuery, outer: Outer, node: SubqueryNode): Parts {
  const simple = { keys: [], read: [], outside: [], residual: () => null, ifNone: null };
  if (outer.refs.length === 0) {
    // EXISTS does not look at the columns, and need not compute them; where they make the rows, they stay.
    if (node.kind === 'exists' && query.kind === 'select' && !query.group)
      return { ...simple, table: (items) => ({ ...query, items, distinct: null, orderBy: null }) };
    return { ...simple, table: () => query };
  }
  if (query.kind !== 'select') throw notYet('a column from outside in a subquery of this form', node.query.span);
  const refuse = (what: string): never => {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      `a column from outside cannot be used in ${what} of a subquery`,
      node.query.span,
      'compare it in WHERE',
    );
  };
  if (query.items.some(({ expr }) => outer.isIn(expr))) refuse('the select list');
  if (query.group?.keys.some((key) => outer.isIn(key))) refuse('GROUP BY');
  if (query.group?.aggregates.some(({ arg }) => arg && outer.isIn(arg))) refuse('an aggregate');
  if (query.having && outer.isIn(query.having)) refuse('HAVING');
  const inner: Expr[] = [];
  const rest: Expr[] = [];
  const keys: { inner: Expr; outside: Expr }[] = [];
  for (const part of query.where ? conjuncts(query.where) : []) {
    const key = outer.isIn(part) ? keyOf(part, outer) : null;
    if (key) keys.push(key);
    else (outer.isIn(part) ? rest : inner).push(part);
  }
  const where = allOf(inner);
  if (query.group) return grouped(query, { keys, rest, where }, node);
  const read: Expr[] = [];
  const outside: Expr[] = [];
  const residual = allOf(rest);
  if (residual && query.distinct && node.kind === 'scalarQuery')
    throw notYet('DISTINCT in a subquery that compares with a column from outside', node.query.span);
  if (residual) collect(residual, outer, read, outside);
  return {
    keys,
    read,
    outside,
    table: (items) => ({
      ...query,
      where,
      items,
      distinct: query.distinct && { time: null, keys: [...items.keys()] },
      orderBy: null,
    }),
    residual: (columnsAt, argsAt) => residual && placed(residual, outer, { read, outside, columnsAt, argsAt }),
    ifNone: null,
  };
}

// (SELECT MAX(t.x) FROM t WHERE t.k = s.k): one group per key, made once.
function grouped(
  query: BoundSelect,
  { keys, rest, where }: { keys: Parts['keys']; rest: readonly Expr[]; where: Expr | null },
  node: SubqueryNode,
): Parts {
  const group = query.group as NonNullable<BoundSelect['group']>;
  if (rest.length > 0 || group.keys.length > 0 || query.having || node.kind !== 'scalarQuery') {
    throw notYet('GROUP BY or an aggregate in a subquery that compares with a column from outside', node.query.span);
  }
  const moved = (expr: Expr): Expr => substitute(expr, (column) => ({ ...column, index: column.index + keys.length }));
  return {
    keys,
    read: [],
    outside: [],
    table: (columns) => ({
      ...query,
      where,
      orderBy: null,
      distinct: null,
      group: { ...group, keys: keys.map(({ inner }) => inner) },
      items: columns.map((column, i) =>
        i < keys.length
          ? { ...column, expr: { kind: 'column', index: i, type: column.expr.type } }
          : { ...column, expr: moved(column.expr) },
      ),
    }),
    residual: () => null,
    ifNone: { ...query, where: { kind: 'literal', value: false, type: { kind: 'boolean' } }, orderBy: null },
  };
}

function orElse(found: Expr, none: BoundQuery, { keys }: Parts, catalog: Catalog, node: SubqueryNode): Expr {
  const table = catalog.queries.table(none, node.query.span);
  const value = catalog.queries.subquery({
    mode: 'value',
    table,
    keys: 0,
    items: 1,
    residual: null,
    type: found.type,
  });
  const empty: Expr = { kind: 'call', name: value, args: [], type: found.type };
  const exists = catalog.queries.subquery({
    mode: 'exists',
    table: tableOf(found, catalog),
    keys: keys.length,
    items: 0,
    residual: null,
    type: { kind: 'boolean' },
  });
  const isThere: Expr = {
    kind: 'call',
    name: exists,
    args: (found as { args: readonly Expr[] }).args,
    type: { kind: 'boolean' },
  };
  return call('CASE', [isThere, found, empty], node.span);
}

function tableOf(found: Expr, catalog: Catalog): string {
  const subquery = catalog.queries.subqueries.find(({ name }) => found.kind === 'call' && name === found.name);
  if (!subquery) throw new Error('broken invariant: a subquery is known by its name');
  return subquery.table;
}

function keyOf(part: Expr, outer: Outer): { inner: Expr; outside: Expr } | null {
  if (part.kind !== 'call' || part.name !== '=') return null;
  const [a, b] = part.args as readonly [Expr, Expr];
  if (columnKind(a.type) !== columnKind(b.type)) return null;
  if (!outer.isIn(a) && outer.isOnly(b)) return { inner: a, outside: outer.outside(b) };
  if (!outer.isIn(b) && outer.isOnly(a)) return { inner: b, outside: outer.outside(a) };
  return null;
}

function allOf(parts: readonly Expr[]): Expr | null {
  return parts.reduce<Expr | null>(
    (all, part) => (all ? { kind: 'call', name: 'AND', args: [all, part], type: { kind: 'boolean' } } : part),
    null,
  );
}

function collect(expr: Expr, outer: Outer, read: Expr[], outside: Expr[]): void {
  const ref = outer.ref(expr);
  if (ref) add(outside, ref);
  else if (expr.kind === 'column') add(read, expr);
  else if (expr.kind === 'call') for (const arg of expr.args) collect(arg, outer, read, outside);
  else if (expr.kind === 'cast') collect(expr.arg, outer, read, outside);
}

function add(list: Expr[], expr: Expr): void {
  if (indexOf(list, expr) < 0) list.push(expr);
}

function indexOf(list: readonly Expr[], expr: Expr): number {
  const text = JSON.stringify(expr);
  return list.findIndex((known) => JSON.stringify(known) === text);
}

interface Places {
  readonly read: readonly Expr[];
  readonly outside: readonly Expr[];
  readonly columnsAt: number;
  readonly argsAt: number;
}

function placed(expr: Expr, outer: Outer, places: Places): Expr {
  const ref = outer.ref(expr);
  if (ref) return { kind: 'column', index: places.argsAt + indexOf(places.outside, ref), type: expr.type };
  if (expr.kind === 'column') return { ...expr, index: places.columnsAt + indexOf(places.read, expr) };
  if (expr.kind === 'call') return { ...expr, args: expr.args.map((arg) => placed(arg, outer, places)) };
  return expr.kind === 'cast' ? { ...expr, arg: placed(expr.arg, outer, places) } : expr;
}
