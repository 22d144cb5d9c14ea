import { commonType, type Expr, needsCast, printType, type Schema, type SqlType } from '@rowtime/core';
import type * as ast from './ast.ts';
import { unreachable } from './ast.ts';
import { bindExpr, bindRecord, type ExprContext, notYet, plainContext } from './bind-expr.ts';
import { Grouping } from './bind-group.ts';
import { bindJoin } from './bind-join.ts';
import { bindDistinct, bindOrderBy, bindTableOrder, checkOrderOfDistinct } from './bind-order.ts';
import { OverWindows } from './bind-over.ts';
import { bindRetime, checkRowtime, noRowtime, rowtimeColumn } from './bind-rowtime.ts';
import type { BoundFrom, BoundItem, BoundQuery, BoundSelect, BoundValues, RecordField } from './bound.ts';
import { type Catalog, nameOf } from './catalog.ts';
import { SqlError } from './errors.ts';
import type { Outer } from './outer.ts';
import { substitute } from './rules.ts';
import { type Relation, Scope } from './scope.ts';
import { countColumns } from './suggest.ts';
import { tableFunction, tableFunctions } from './table-functions/index.ts';
import { streamIn, streamOf } from './tables.ts';
import { containsAggregate } from './visit-aggregates.ts';

/** What a query gives: name, type and place of each column. */
export function outputOf(query: BoundQuery): readonly { name: string; type: Expr['type']; span: ast.Span }[] {
  return query.items.map(({ name, expr, span }) => ({ name, type: expr.type, span }));
}

/** `outer`: around a subquery in an expression. */
export function bindQuery(query: ast.Query, catalog: Catalog, outer: Outer | null = null): BoundQuery {
  switch (query.kind) {
    case 'select':
      return bindSelect(query, catalog, outer);
    case 'setOperation':
      return bindSetOperation(query, catalog);
    case 'values':
      return sorted(bindValues(query, catalog), query.orderBy, catalog);
    default:
      return unreachable(query);
  }
}

// Tables have no order of their own, and what ends can be sorted by anything.
function sorted(query: BoundQuery, orderBy: readonly ast.OrderItem[], catalog: Catalog): BoundQuery {
  const schema = schemaOf(query);
  const scope = new Scope([{ name: null, schema, offset: 0, isTable: true }], catalog);
  const items = query.items.map(
    ({ name, expr, span }, index): BoundItem => ({ name, expr: { kind: 'column', index, type: expr.type }, span }),
  );
  const { orderBy: order } = bindTableOrder(orderBy, items, plainContext(scope, 'ORDER BY'));
  if (!order) return query;
  const from: BoundFrom = { kind: 'query', query, schema };
  const none = { where: null, group: null, windows: [], having: null, distinct: null, retime: null };
  return { kind: 'select', from, ...none, items, orderBy: order };
}

function bindValues(query: ast.Values, catalog: Catalog): BoundValues {
  const context = plainContext(new Scope([], catalog), 'VALUES');
  const rows = query.rows.map((row) => row.items.map((item) => bindExpr(item, context)));
  const [first = []] = rows;
  const items = first.map((_, c): BoundItem => {
    const column = rows.map((row, r) => {
      const values = query.rows[r] as ast.ValuesRow;
      if (row.length === first.length) return row[c] as Expr;
      throw new SqlError(
        'SQL_COLUMN_COUNT',
        `one row of VALUES has ${countColumns(first.length)}, and another ${row.length}`,
        values.span,
      );
    });
    const type = commonType(column);
    if (!type) {
      throw new SqlError(
        'SQL_TYPE',
        `column ${c + 1} of VALUES has no common type: ${column.map((expr) => printType(expr.type)).join(', ')}`,
        query.span,
        'CAST them to one type',
      );
    }
    return {
      name: `EXPR$${c}`,
      expr: { kind: 'column', index: c, type },
      span: query.rows[0]?.items[c]?.span ?? query.span,
    };
  });
  const cast = (expr: Expr, type: SqlType): Expr =>
    needsCast(expr.type, type) || expr.type.kind === 'null' ? { kind: 'cast', arg: expr, type } : expr;
  return {
    kind: 'values',
    rows: rows.map((row) => row.map((expr, c) => cast(expr, items[c]?.expr.type ?? expr.type))),
    items,
  };
}

function bindSetOperation(query: ast.SetOperation, catalog: Catalog): BoundQuery {
  const name = query.op.toUpperCase() + (query.all ? ' ALL' : '');
  const stream = streamOf(query, catalog);
  if (!stream) {
    if (query.all && query.op !== 'union') {
      throw new SqlError(
        'SQL_NOT_SUPPORTED',
        `${name} is not part of the dialect`,
        query.span,
        `write ${query.op.toUpperCase()}`,
      );
    }
    const inputs = [bindQuery(query.left, catalog), bindQuery(query.right, catalog)] as const;
    const items = matchedItems(query, inputs);
    const bound: BoundQuery = query.all
      ? { kind: 'union', inputs, items }
      : { kind: 'set', op: query.op, inputs, items };
    return sorted(bound, query.orderBy, catalog);
  }
  if (query.op !== 'union' || !query.all) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      `${name} of streams is not part of the dialect`,
      query.span,
      'between streams only UNION ALL is',
    );
  }
  const tables = [query.left, query.right].find((side) => !streamOf(side, catalog));
  if (tables) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'UNION ALL of a stream and a table: the rows of a table have no ROWTIME',
      tables.span,
      'give the table a pump of its own into the same stream',
    );
  }
  // AWS SQL reference, "ORDER BY clause": it sorts what both sides gave.
  if (query.orderBy.length > 0) return bindSelect(selectAll(query), catalog, null);
  const inputs = [bindQuery(query.left, catalog), bindQuery(query.right, catalog)];
  return { kind: 'union', inputs, items: matchedItems(query, inputs) };
}

/** The columns of both sides, by position. */
function matchedItems(query: ast.SetOperation, inputs: readonly BoundQuery[]): BoundItem[] {
  const name = query.op.toUpperCase() + (query.all ? ' ALL' : '');
  const [left, right] = inputs.map(outputOf);
  if (!left || !right || left.length !== right.length) {
    throw new SqlError(
      'SQL_COLUMN_COUNT',
      `one side of ${name} gives ${countColumns(left?.length ?? 0)}, the other ${right?.length ?? 0}`,
      query.span,
    );
  }
  return left.map(({ name: column, type, span }, i): BoundItem => {
    const other = right[i]?.type ?? type;
    const common = commonType([
      { kind: 'column', index: i, type },
      { kind: 'column', index: i, type: other },
    ]);
    if (!common) {
      throw new SqlError(
        'SQL_TYPE',
        `column ${i + 1} of ${name} is ${printType(type)} on one side and ${printType(other)} on the other`,
        span,
        'CAST one of them',
      );
    }
    return { name: column, expr: { kind: 'column', index: i, type: common }, span };
  });
}

function selectAll({ orderBy, ...query }: ast.SetOperation): ast.Select {
  const { span } = query;
  const subquery: ast.Subquery = {
    kind: 'subquery',
    query: { ...query, orderBy: [] },
    over: null,
    alias: null,
    columns: [],
    span,
  };
  return {
    kind: 'select',
    stream: true,
    distinct: false,
    items: [{ kind: 'selectStar', qualifier: null, span }],
    from: subquery,
    where: null,
    groupBy: [],
    stagger: null,
    having: null,
    windows: [],
    orderBy,
    span,
  };
}

function bindSelect(select: ast.Select, catalog: Catalog, outer: Outer | null): BoundSelect {
  const isTable = !streamIn(select.from, catalog);
  if (isTable) checkTableSelect(select);
  const bound = bindFrom(select.from, catalog, select.windows);
  const { from } = bound;
  const scope = bound.scope.within(outer);
  const where =
    select.where && condition(bindExpr(select.where, plainContext(scope, 'WHERE')), select.where.span, 'WHERE');
  const grouped =
    select.groupBy.length > 0 || select.stagger !== null || select.having !== null || aggregatesIn(select);
  const grouping = grouped ? new Grouping(select, scope, isTable) : null;
  const over = new OverWindows(select, scope, grouping);
  const context: ExprContext = grouping ? withWindows(grouping, over) : over;
  const items = select.items.flatMap((item) => bindItem(item, scope, context, grouping !== null));
  if (isTable && over.windows.length > 0) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'a function OVER a window of tables alone: their rows come in no order',
      select.span,
      'write GROUP BY',
    );
  }
  // AWS SQL reference, "Aggregate Functions": an analytic function cannot appear in HAVING.
  const having = select.having && condition(bindExpr(select.having, grouping ?? over), select.having.span, 'HAVING');
  const { orderBy, within } = isTable
    ? bindTableOrder(select.orderBy, items, context)
    : bindOrderBy(select.orderBy, items, context, grouping);
  const placed = (expr: Expr): Expr =>
    substitute(expr, (column) => ({
      ...column,
      index: over.place(column.index, grouping?.width ?? from.schema.length),
    }));
  const retime = bindRetime(items, grouping, within, orderBy?.isRetimed ?? false);
  if (retime && isTable) throw noRowtime('AS ROWTIME of rows of a table', (items[retime.time] as BoundItem).span);
  const distinctOf = (): BoundSelect['distinct'] =>
    isTable ? { time: null, keys: [...items.keys()] } : bindDistinct(items, grouping, select.span);
  const distinct = select.distinct ? distinctOf() : null;
  if (distinct && orderBy) checkOrderOfDistinct(select.orderBy, orderBy, items);
  return {
    kind: 'select',
    from,
    where,
    distinct,
    group: grouping?.group() ?? null,
    windows: over.windows,
    having,
    items: named(items).map((item) => ({ ...item, expr: placed(item.expr) })),
    orderBy: orderBy && {
      ...orderBy,
      time: placed(orderBy.time),
      keys: orderBy.keys.map((key) => ({ ...key, expr: placed(key.expr) })),
    },
    retime,
  };
}

function checkTableSelect(select: ast.Select): void {
  const refuse = (what: string, span: ast.Span, hint: string): never => {
    throw new SqlError('SQL_NOT_SUPPORTED', what, span, hint);
  };
  if (select.stream)
    refuse('SELECT STREAM of tables alone: they are no stream', select.from.span, 'write SELECT without STREAM');
  if (select.stagger) refuse('WINDOWED BY of a table: its rows have no ROWTIME', select.stagger.span, 'write GROUP BY');
  const [window] = select.windows;
  if (window) refuse('WINDOW of a table: its rows have no ROWTIME', window.span, 'write GROUP BY');
}

function aggregatesIn(select: ast.Select): boolean {
  return (
    select.items.some((item) => item.kind === 'selectExpr' && containsAggregate(item.expr)) ||
    select.orderBy.some(({ expr }) => containsAggregate(expr))
  );
}

/** The select list of a GROUP BY: functions OVER a window see the rows of the groups. */
function withWindows(grouping: Grouping, over: OverWindows): ExprContext {
  return {
    scope: grouping.scope,
    match: (node) => grouping.match(node),
    column: (node) => grouping.column(node),
    aggregate: (call) => grouping.aggregate(call),
    analytic: (call) => over.analytic(call),
  };
}

function condition(expr: Expr, span: ast.Span, clause: string): Expr {
  if (expr.type.kind === 'boolean' || expr.type.kind === 'null') return expr;
  throw new SqlError('SQL_TYPE', `${clause} takes a condition, and this is ${printType(expr.type)}`, span);
}

function bindItem(item: ast.SelectItem, scope: Scope, context: ExprContext, grouped: boolean): BoundItem[] {
  const { span } = item;
  if (item.kind === 'selectStar') {
    const qualifier = item.qualifier?.parts[item.qualifier.parts.length - 1] ?? null;
    const identifier = (name: string): ast.Identifier => ({ kind: 'identifier', name, quoted: true, span });
    return scope.star(qualifier, span).map(({ relation, name, expr }) => {
      // Not by name: a subquery may have two columns of one name.
      if (!grouped) return { name, expr, span, isRowtime: expr.kind === 'rowtime' };
      const path = relation === null ? [identifier(name)] : [identifier(relation), identifier(name)];
      return { name, expr: bindExpr({ kind: 'column', path, span }, context), span };
    });
  }
  const record = bindRecord(item.expr, context);
  if (record) {
    const name = item.alias?.name ?? null;
    return record.fields.map(({ name: field }, at) => ({
      name: `${name ?? 'record'}.${field}`,
      expr: record.field(at),
      span: item.expr.span,
      record: { name, field, at },
    }));
  }
  const implied = item.expr.kind === 'column' ? item.expr.path.at(-1)?.name : undefined;
  const bound = { name: item.alias?.name ?? implied ?? '', expr: bindExpr(item.expr, context), span: item.expr.span };
  if (item.alias?.name !== 'ROWTIME') return [bound];
  checkRowtime(bound);
  return [{ ...bound, isRowtime: true }];
}

// Unnamed expressions are EXPR$0, EXPR$1, … by their place (AWS SQL reference, "SELECT clause").
function named(items: readonly BoundItem[]): BoundItem[] {
  return items.map((item, i) => (item.name === '' ? { ...item, name: `EXPR$${i}` } : item));
}

function bindFrom(
  item: ast.FromItem,
  catalog: Catalog,
  windows: readonly ast.NamedWindow[],
): { from: BoundFrom; scope: Scope } {
  if (item.kind === 'join') return bindJoin(item, catalog, windows, bindFrom);
  if (item.over) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'only the inputs of a join have a window of their own',
      item.over.span,
      'write the function OVER the window: COUNT(*) OVER (…)',
    );
  }
  const from = bindFromItem(item, catalog);
  const name = item.alias?.name ?? (item.kind === 'relation' ? nameOf(item.name) : null);
  if (from.kind === 'stream' || from.kind === 'table') {
    const { schema, metadata, rows } = catalog.find((item as ast.Relation).name);
    const isTable = rows !== null;
    const relation: Relation = { name, schema: renamed(schema, [], item).schema, offset: 0, hidden: metadata, isTable };
    return { from, scope: new Scope([relation], catalog) };
  }
  const records = from.kind === 'query' ? from.query.items.map(({ record }) => record ?? null) : [];
  const rowtime = from.kind === 'query' || from.kind === 'tableFunction' ? rowtimeColumn(from.query) : -1;
  const isTable = !streamIn(item, catalog);
  const relation: Relation = { name, ...renamed(from.schema, records, item), offset: 0, rowtime, isTable };
  return { from, scope: new Scope([relation], catalog) };
}

function bindFromItem(item: ast.Relation | ast.Subquery | ast.TableFunction, catalog: Catalog): BoundFrom {
  switch (item.kind) {
    case 'relation': {
      const view = catalog.view(item.name);
      if (view) return bindView(view, catalog);
      const { name, schema, metadata, rows } = catalog.find(item.name);
      if (rows) return { kind: 'table', table: name, schema };
      return { kind: 'stream', stream: name, schema: [...schema, ...metadata] };
    }
    case 'subquery': {
      const query = bindQuery(item.query, catalog);
      return { kind: 'query', query, schema: schemaOf(query) };
    }
    case 'tableFunction':
      return bindTableFunction(item.call, catalog);
    default:
      return unreachable(item);
  }
}

/** A view is its query, in place of its name. */
export function bindView(view: ast.CreateView, catalog: Catalog): BoundFrom {
  const query = catalog.within(view, () => bindQuery(view.query, catalog));
  const record = query.items.find((item) => item.record);
  if (record && view.columns.length > 0) throw notYet('names for the columns of a view with a record', record.span);
  const { schema } = renamed(schemaOf(query), [], view);
  const items = query.items.map((item, i) => ({ ...item, name: schema[i]?.name ?? item.name }));
  return { kind: 'query', query: { ...query, items }, schema };
}

function bindTableFunction(call: ast.Call, catalog: Catalog): BoundFrom {
  const name = call.name.name;
  const fn = tableFunction(name);
  if (!fn) {
    throw new SqlError(
      'SQL_UNKNOWN_FUNCTION',
      `there is no table function ${name}`,
      call.name.span,
      `the table functions are ${tableFunctions.map((known) => known.name).join(', ')}`,
    );
  }
  const [cursor, ...rest] = call.args;
  if (cursor?.kind !== 'cursor') {
    throw new SqlError(
      'SQL_ARGUMENTS',
      `the first argument of ${name} is CURSOR(SELECT STREAM …)`,
      cursor?.span ?? call.span,
    );
  }
  if (!streamOf(cursor.query, catalog)) {
    throw new SqlError('SQL_NOT_SUPPORTED', `${name} reads a stream, and this is a table`, cursor.query.span);
  }
  const query = bindQuery(cursor.query, catalog);
  const input = schemaOf(query);
  const args = rest.map((arg) => {
    const bound = bindExpr(arg, plainContext(new Scope([], catalog), 'the arguments of a table function'));
    if (bound.kind === 'literal' && bound.value !== null) return bound.value;
    throw new SqlError('SQL_ARGUMENTS', `the arguments of ${name} after the cursor are constants`, arg.span);
  });
  const spanOf = (i: number): ast.Span => rest[i]?.span ?? call.span;
  return { kind: 'tableFunction', name, args, query, input, schema: fn.bind(input, args, spanOf) };
}

function schemaOf(query: BoundQuery): Schema {
  return outputOf(query).map(({ name, type }) => ({ name, type, nullable: true }));
}

// AS t(a, b): new names for the columns; a record is one of them.
function renamed(
  schema: Schema,
  records: readonly (RecordField | null)[],
  { columns, span }: { columns: readonly ast.Identifier[]; span: ast.Span },
): { schema: Schema; records: readonly (RecordField | null)[] } {
  if (columns.length === 0) return { schema, records };
  // The fields of a record stand together, the first of them at 0.
  const starts = [...schema.keys()].filter((i) => !records[i] || records[i]?.at === 0);
  if (columns.length !== starts.length) {
    throw new SqlError(
      'SQL_COLUMN_COUNT',
      `${countColumns(columns.length)} named, and there are ${starts.length}`,
      span,
    );
  }
  const nameAt = (i: number): string => columns[starts.filter((start) => start <= i).length - 1]?.name ?? '';
  return {
    schema: schema.map((field, i) => ({ ...field, name: records[i] ? field.name : nameAt(i) })),
    records: records.map((record, i) => record && { ...record, name: nameAt(i) }),
  };
}
