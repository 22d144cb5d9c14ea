import {
  aggregateFunction,
  assignable,
  commonType,
  type Expr,
  type Field,
  needsCast,
  printType,
  type Schema,
} from '@rowtime/core';
import type * as ast from './ast.ts';
import { unreachable } from './ast.ts';
import { bindExpr, type ExprContext, notYet, plainContext } from './bind-expr.ts';
import type {
  BoundAggregateCall,
  BoundFrom,
  BoundGroup,
  BoundItem,
  BoundOrder,
  BoundQuery,
  BoundSelect,
} from './bound.ts';
import { type Catalog, type CatalogStream, nameOf } from './catalog.ts';
import { SqlError } from './errors.ts';
import { type Relation, Scope } from './scope.ts';
import { printName } from './suggest.ts';
import { tableFunction, tableFunctions } from './table-functions/index.ts';
import { containsAggregate } from './visit-aggregates.ts';
import { ascendsWithRowtime, lengthOf, windowOf } from './windows.ts';

/** A pump: what it inserts where. `items` are the columns of the target, in its order. */
export interface BoundPump {
  readonly name: string;
  readonly into: CatalogStream;
  readonly query: BoundQuery;
  readonly columns: readonly Expr[];
  readonly span: ast.Span;
}

/** INSERT INTO target [(columns)] query: columns match by position; those left out are NULL. */
export function bindPump(pump: ast.CreatePump, catalog: Catalog): BoundPump {
  const { insert } = pump;
  const into = catalog.find(insert.target);
  if (into.input) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      `${printName(into.name)} is the input of the application; a pump cannot write it`,
      insert.target.span,
    );
  }
  const query = bindQuery(insert.query, catalog);
  const targets = targetColumns(insert, into);
  const given = outputOf(query);
  if (given.length !== targets.length) {
    throw new SqlError(
      'SQL_COLUMN_COUNT',
      `${printName(into.name)} takes ${count(targets.length)} here, and the query gives ${given.length}`,
      insert.query.span,
      insert.columns.length > 0
        ? 'columns match by position; name as many after INSERT INTO as the query gives'
        : `columns match by position; the stream has ${into.schema.map(({ name }) => printName(name)).join(', ')}`,
    );
  }
  const columns = into.schema.map((field): Expr => {
    const at = targets.indexOf(field);
    const item = given[at];
    if (!item) {
      if (field.nullable) return { kind: 'cast', arg: nullLiteral, type: field.type };
      throw new SqlError(
        'SQL_COLUMN_COUNT',
        `column ${printName(field.name)} is NOT NULL and gets no value`,
        insert.target.span,
        'name it after INSERT INTO, or drop NOT NULL',
      );
    }
    const expr: Expr = { kind: 'column', index: at, type: item.type };
    if (assignable(item.type, field.type))
      return needsCast(item.type, field.type) ? { kind: 'cast', arg: expr, type: field.type } : expr;
    throw new SqlError(
      'SQL_TYPE',
      `column ${printName(field.name)} of ${printName(into.name)} is ${printType(field.type)}, and the query gives ${printType(item.type)}`,
      item.span,
      `columns match by position; write CAST(… AS ${printType(field.type)}) if this is the one you mean`,
    );
  });
  return { name: nameOf(pump.name), into, query, columns, span: pump.span };
}

function targetColumns(insert: ast.Insert, into: CatalogStream): readonly Field[] {
  if (insert.columns.length === 0) return into.schema;
  const scope = new Scope([{ name: into.name, schema: into.schema, offset: 0 }]);
  const seen = new Set<string>();
  return insert.columns.map((column) => {
    if (seen.has(column.name))
      throw new SqlError('SQL_DUPLICATE_NAME', `column ${printName(column.name)} is named twice`, column.span);
    seen.add(column.name);
    const found = scope.column({ kind: 'column', path: [column], span: column.span });
    if (found.kind !== 'column')
      throw new SqlError('SQL_NOT_SUPPORTED_YET', 'inserting into ROWTIME is not supported yet', column.span);
    return into.schema[found.index] as Field;
  });
}

const nullLiteral: Expr = { kind: 'literal', value: null, type: { kind: 'null' } };

/** What a query gives: name, type and place of each column. */
export function outputOf(query: BoundQuery): readonly { name: string; type: Expr['type']; span: ast.Span }[] {
  return query.items.map(({ name, expr, span }) => ({ name, type: expr.type, span }));
}

function bindQuery(query: ast.Query, catalog: Catalog): BoundQuery {
  switch (query.kind) {
    case 'select':
      return bindSelect(query, catalog);
    case 'setOperation':
      return bindSetOperation(query, catalog);
    case 'values':
      throw notYet('VALUES', query.span);
    default:
      return unreachable(query);
  }
}

function bindSetOperation(query: ast.SetOperation, catalog: Catalog): BoundQuery {
  const name = query.op.toUpperCase() + (query.all ? ' ALL' : '');
  if (query.op !== 'union' || !query.all) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      `${name} of streams is not part of the dialect`,
      query.span,
      'between streams only UNION ALL is',
    );
  }
  const [firstOrder] = query.orderBy;
  if (firstOrder) throw notYet('ORDER BY after UNION ALL', firstOrder.span);
  const inputs = [bindQuery(query.left, catalog), bindQuery(query.right, catalog)];
  const [left, right] = inputs.map(outputOf);
  if (!left || !right || left.length !== right.length) {
    throw new SqlError(
      'SQL_COLUMN_COUNT',
      `one side of UNION ALL gives ${count(left?.length ?? 0)}, the other ${right?.length ?? 0}`,
      query.span,
    );
  }
  const items = left.map(({ name: column, type, span }, i): BoundItem => {
    const other = right[i]?.type ?? type;
    const common = commonType([
      { kind: 'column', index: i, type },
      { kind: 'column', index: i, type: other },
    ]);
    if (!common) {
      throw new SqlError(
        'SQL_TYPE',
        `column ${i + 1} of UNION ALL is ${printType(type)} on one side and ${printType(other)} on the other`,
        span,
        'CAST one of them',
      );
    }
    return { name: column, expr: { kind: 'column', index: i, type: common }, span };
  });
  return { kind: 'union', inputs, items };
}

function bindSelect(select: ast.Select, catalog: Catalog): BoundSelect {
  if (select.distinct) throw notYet('SELECT DISTINCT', select.span);
  if (select.stagger) throw notYet('WINDOWED BY STAGGER', select.stagger.span);
  const [window] = select.windows;
  if (window) throw notYet('the WINDOW clause', window.span);
  const { from, scope } = bindFrom(select.from, catalog);
  const where =
    select.where && condition(bindExpr(select.where, plainContext(scope, 'WHERE')), select.where.span, 'WHERE');
  const grouped = select.groupBy.length > 0 || select.having !== null || aggregatesIn(select);
  const grouping = grouped ? new Grouping(select, scope) : null;
  const context = grouping ?? plainContext(scope, 'the select list');
  const items = select.items.flatMap((item) => bindItem(item, scope, context, grouping !== null));
  const having = select.having && condition(bindExpr(select.having, context), select.having.span, 'HAVING');
  const orderBy = bindOrderBy(select.orderBy, items, context, grouping);
  return { kind: 'select', from, where, group: grouping?.group() ?? null, having, items: named(items), orderBy };
}

function aggregatesIn(select: ast.Select): boolean {
  return (
    select.items.some((item) => item.kind === 'selectExpr' && containsAggregate(item.expr)) ||
    select.orderBy.some(({ expr }) => containsAggregate(expr))
  );
}

function condition(expr: Expr, span: ast.Span, clause: string): Expr {
  if (expr.type.kind === 'boolean' || expr.type.kind === 'null') return expr;
  throw new SqlError('SQL_TYPE', `${clause} takes a condition, and this is ${printType(expr.type)}`, span);
}

function bindItem(item: ast.SelectItem, scope: Scope, context: ExprContext, grouped: boolean): BoundItem[] {
  if (item.kind === 'selectStar') {
    const qualifier = item.qualifier?.parts[item.qualifier.parts.length - 1] ?? null;
    return scope.star(qualifier).map(({ name, expr }) => {
      // Not by name: a subquery may have two columns of one name.
      if (!grouped) return { name, expr, span: item.span };
      const identifier: ast.Identifier = { kind: 'identifier', name, quoted: true, span: item.span };
      const path = qualifier ? [qualifier, identifier] : [identifier];
      return { name, expr: bindExpr({ kind: 'column', path, span: item.span }, context), span: item.span };
    });
  }
  if (item.alias?.name === 'ROWTIME' && !(item.expr.kind === 'column' && item.expr.path.at(-1)?.name === 'ROWTIME')) {
    throw notYet('AS ROWTIME', item.alias.span);
  }
  const implied = item.expr.kind === 'column' ? item.expr.path.at(-1)?.name : undefined;
  return [{ name: item.alias?.name ?? implied ?? '', expr: bindExpr(item.expr, context), span: item.expr.span }];
}

// Unnamed expressions are EXPR$0, EXPR$1, … by their place (AWS SQL reference, "SELECT clause").
function named(items: readonly BoundItem[]): BoundItem[] {
  return items.map((item, i) => (item.name === '' ? { ...item, name: `EXPR$${i}` } : item));
}

/** Expressions over the groups of a GROUP BY. Its columns: the keys, the start of the window, the aggregates. */
class Grouping implements ExprContext {
  readonly scope: Scope;
  readonly #keys: readonly Expr[];
  readonly #window: Expr;
  readonly #aggregates: BoundAggregateCall[] = [];
  readonly #inner: ExprContext;

  constructor(select: ast.Select, scope: Scope) {
    this.scope = scope;
    this.#inner = plainContext(scope, 'GROUP BY');
    const all = select.groupBy.map((key) => bindExpr(key, this.#inner));
    const windows = all.filter((key) => windowOf(key) !== null);
    const [first, ...rest] = windows;
    const ascending = all.findIndex(ascendsWithRowtime);
    if (!first && ascending >= 0)
      throw notYet('GROUP BY with this expression of ROWTIME', select.groupBy[ascending]!.span);
    if (!first) throw notMonotonic(select, scope);
    // A group is complete when the finest window is; the coarser ones are then constant keys.
    this.#window = rest.reduce((finest, key) => (finer(key, finest) ? key : finest), first);
    this.#keys = all.filter((key) => key !== this.#window && !(key.kind === 'literal'));
  }

  group(): BoundGroup {
    const window = windowOf(this.#window);
    if (!window) throw new Error('broken invariant: the window of a group is one');
    return { keys: this.#keys, window, aggregates: this.#aggregates };
  }

  get windowColumn(): Expr {
    return { kind: 'column', index: this.#keys.length, type: { kind: 'timestamp' } };
  }

  match(node: ast.Expr): Expr | null {
    // Unqualified ROWTIME is the time of the row about to be produced: the end of the window (AWS SQL reference, "ROWTIME").
    if (node.kind === 'column' && node.path.length === 1 && node.path[0]?.name === 'ROWTIME') {
      const own = this.scope.column(node);
      if (own.kind === 'rowtime') return own;
    }
    if (node.kind === 'number' || node.kind === 'string' || node.kind === 'unit' || containsAggregate(node))
      return null;
    const expr = this.#tryInner(node);
    if (!expr || expr.kind === 'literal') return null;
    const text = JSON.stringify(expr);
    if (JSON.stringify(this.#window) === text) return this.windowColumn;
    const key = this.#keys.findIndex((candidate) => JSON.stringify(candidate) === text);
    return key < 0 ? null : { kind: 'column', index: key, type: expr.type };
  }

  column(node: ast.Column): Expr {
    this.scope.column(node); // an unknown column is the better error
    const name = node.path.map((part) => printName(part.name)).join('.');
    throw new SqlError(
      'SQL_NOT_GROUPED',
      `${name} is neither a GROUP BY key nor inside an aggregate`,
      node.span,
      `add it to GROUP BY, or write MIN(${name}) or another aggregate`,
    );
  }

  aggregate(call: ast.Call): Expr {
    const name = call.name.name;
    const args = call.args.map((arg) => bindExpr(arg, plainContext(this.scope, 'an aggregate')));
    const bound = aggregateFunction(name)?.bind(args.map(({ type }) => type));
    const [arg] = args;
    if (!bound || (call.star && name !== 'COUNT') || (!call.star && !arg)) {
      throw new SqlError(
        'SQL_ARGUMENTS',
        `there is no ${name}(${call.star ? '*' : args.map(({ type }) => printType(type)).join(', ')})`,
        call.span,
      );
    }
    const wanted: BoundAggregateCall = { name, arg: arg ?? null, type: bound.type };
    const text = JSON.stringify(wanted);
    let index = this.#aggregates.findIndex((known) => JSON.stringify(known) === text);
    if (index < 0) index = this.#aggregates.push(wanted) - 1;
    return { kind: 'column', index: this.#keys.length + 1 + index, type: bound.type };
  }

  // A part that does not bind by itself is looked at again, part by part, and its error comes from there.
  #tryInner(node: ast.Expr): Expr | null {
    try {
      return bindExpr(node, this.#inner);
    } catch (error) {
      if (error instanceof SqlError) return null;
      throw error;
    }
  }
}

function finer(a: Expr, b: Expr): boolean {
  const [windowA, windowB] = [windowOf(a), windowOf(b)];
  return windowA !== null && windowB !== null && lengthOf(windowA) < lengthOf(windowB);
}

function notMonotonic(select: ast.Select, scope: Scope): SqlError {
  const source = scope.relations[0]?.name ?? null;
  const rowtime = source === null ? 'ROWTIME' : `${printName(source)}.ROWTIME`;
  const [first] = select.groupBy;
  const last = select.groupBy.at(-1);
  return new SqlError(
    'SQL_NOT_MONOTONIC',
    first
      ? 'GROUP BY has no window over ROWTIME, so its groups would never be complete'
      : 'aggregates of a stream need a GROUP BY with a window over ROWTIME',
    first && last ? { from: first.span.from, to: last.span.to } : select.span,
    `add STEP(${rowtime} BY INTERVAL '1' MINUTE) to GROUP BY`,
  );
}

function bindOrderBy(
  orderBy: readonly ast.OrderItem[],
  items: readonly BoundItem[],
  context: ExprContext,
  grouping: Grouping | null,
): BoundOrder | null {
  const [first, ...rest] = orderBy;
  if (!first) return null;
  for (const { within, nulls, span } of orderBy) {
    if (within) throw notYet('ORDER BY … WITHIN', span);
    if (nulls) throw notYet(`NULLS ${nulls.toUpperCase()}`, span);
  }
  const bindKey = ({ expr }: ast.OrderItem): Expr => ordinalOrAlias(expr, items) ?? bindExpr(expr, context);
  const time = bindKey(first);
  const isWindow = grouping !== null && JSON.stringify(time) === JSON.stringify(grouping.windowColumn);
  if (!isWindow && !ascendsWithRowtime(time)) {
    const example = grouping ? 'the window of GROUP BY' : 'FLOOR("STREAM".ROWTIME TO SECOND)';
    throw new SqlError(
      'SQL_NOT_MONOTONIC',
      'the first key of ORDER BY is not an ascending expression of ROWTIME, so no row could ever be emitted',
      first.expr.span,
      `put ${example} first`,
    );
  }
  if (first.descending)
    throw new SqlError(
      'SQL_NOT_MONOTONIC',
      'the first key of ORDER BY on a stream cannot be DESC: time goes forward',
      first.span,
      'drop DESC',
    );
  const keys = rest.map((item) => ({ expr: bindKey(item), descending: item.descending }));
  return { time, window: isWindow && grouping ? grouping.group().window : null, keys };
}

function ordinalOrAlias(expr: ast.Expr, items: readonly BoundItem[]): Expr | null {
  if (expr.kind === 'number' && expr.form === 'integer') {
    const item = items[Number(expr.text) - 1];
    if (item) return item.expr;
    throw new SqlError(
      'SQL_COLUMN_COUNT',
      `ORDER BY ${expr.text}: the select list has ${count(items.length)}`,
      expr.span,
    );
  }
  if (expr.kind !== 'column' || expr.path.length !== 1) return null;
  const named = items.filter(({ name }) => name === expr.path[0]?.name);
  return named.length === 1 ? (named[0]?.expr ?? null) : null;
}

function bindFrom(item: ast.FromItem, catalog: Catalog): { from: BoundFrom; scope: Scope } {
  if (item.kind === 'join') throw notYet('JOIN', item.span);
  if (item.over) throw notYet('a window OVER an input of FROM', item.over.span);
  const from = bindFromItem(item, catalog);
  const schema = renamed(from.schema, item);
  const name = item.alias?.name ?? (item.kind === 'relation' ? nameOf(item.name) : null);
  const rowtime = from.kind === 'stream' ? -1 : rowtimeColumn(from.query);
  const relation: Relation = { name, schema, offset: 0, rowtime };
  return { from: { ...from, schema }, scope: new Scope([relation]) };
}

/** The column of a query that is the ROWTIME of its rows, selected as such; -1 if there is none. */
function rowtimeColumn(query: BoundQuery): number {
  if (query.kind === 'union') {
    const [first = -1, ...others] = query.inputs.map(rowtimeColumn);
    return others.every((other) => other === first) ? first : -1;
  }
  // ORDER BY may give the rows the ROWTIME of its key.
  if (query.orderBy) return -1;
  return query.items.findIndex(({ name, expr }) => name === 'ROWTIME' && expr.kind === 'rowtime');
}

function bindFromItem(item: ast.Relation | ast.Subquery | ast.TableFunction, catalog: Catalog): BoundFrom {
  switch (item.kind) {
    case 'relation': {
      const { name, schema } = catalog.find(item.name);
      return { kind: 'stream', stream: name, schema };
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

function bindTableFunction(call: ast.Call, catalog: Catalog): BoundFrom {
  const name = call.name.name;
  const fn = tableFunction(name);
  if (!fn) {
    if (laterTableFunctions.includes(name)) throw notYet(name, call.name.span);
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
  const query = bindQuery(cursor.query, catalog);
  const input = schemaOf(query);
  const args = rest.map((arg) => {
    const bound = bindExpr(arg, plainContext(new Scope([]), 'the arguments of a table function'));
    if (bound.kind === 'literal' && bound.value !== null) return bound.value;
    throw new SqlError('SQL_ARGUMENTS', `the arguments of ${name} after the cursor are constants`, arg.span);
  });
  const spanOf = (i: number): ast.Span => rest[i]?.span ?? call.span;
  return { kind: 'tableFunction', name, args, query, input, schema: fn.bind(input, args, spanOf) };
}

const laterTableFunctions = [
  'RANDOM_CUT_FOREST_WITH_EXPLANATION',
  'HOTSPOTS',
  'TOP_K_ITEMS_TUMBLING',
  'COUNT_DISTINCT_ITEMS_TUMBLING',
  'GROUP_RANK',
];

function schemaOf(query: BoundQuery): Schema {
  return outputOf(query).map(({ name, type }) => ({ name, type, nullable: true }));
}

// AS t(a, b)
function renamed(schema: Schema, { columns, span }: { columns: readonly ast.Identifier[]; span: ast.Span }): Schema {
  if (columns.length === 0) return schema;
  if (columns.length !== schema.length) {
    throw new SqlError('SQL_COLUMN_COUNT', `${count(columns.length)} named, and there are ${schema.length}`, span);
  }
  return schema.map((field, i) => ({ ...field, name: columns[i]?.name ?? field.name }));
}

function count(columns: number): string {
  return columns === 1 ? '1 column' : `${columns} columns`;
}
