import {
  aggregateFunction,
  assignable,
  columnKind,
  commonType,
  type Expr,
  type Field,
  needsCast,
  printType,
  type Schema,
} from '@rowtime/core';
import type * as ast from './ast.ts';
import { unreachable } from './ast.ts';
import { bindExpr, bindRecord, type ExprContext, notYet, plainContext } from './bind-expr.ts';
import { bindJoin } from './bind-join.ts';
import { millisOf, OverWindows } from './bind-over.ts';
import type {
  BoundAggregateCall,
  BoundDistinct,
  BoundFrom,
  BoundGroup,
  BoundItem,
  BoundOrder,
  BoundQuery,
  BoundRetime,
  BoundSelect,
  BoundTime,
  RecordField,
  TimeBound,
} from './bound.ts';
import { type Catalog, type CatalogStream, nameOf } from './catalog.ts';
import { SqlError } from './errors.ts';
import { ascendsWithRowtime, monotonicity } from './monotonic.ts';
import { substitute } from './rules.ts';
import { type Relation, Scope } from './scope.ts';
import { printName } from './suggest.ts';
import { tableFunction, tableFunctions } from './table-functions/index.ts';
import { containsAggregate } from './visit-aggregates.ts';
import { atTime, calendarWindow, windowOf } from './windows.ts';

/** A pump: what it inserts where. `items` are the columns of the target, in its order. */
export interface BoundPump {
  readonly name: string;
  readonly into: CatalogStream;
  readonly query: BoundQuery;
  /** The column of the query that is inserted into ROWTIME. */
  readonly rowtime: { readonly time: number; readonly bound: TimeBound | null } | null;
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
  const record = query.items.find((item) => item.record);
  if (record)
    throw new SqlError(
      'SQL_TYPE',
      'a record is no value',
      record.span,
      'take its fields in an outer query: SELECT STREAM t.r.COLUMN1 FROM (SELECT …) AS t',
    );
  const all = outputOf(query);
  // AS ROWTIME names no column of a stream: it may be left out of those inserted, or be one of them.
  const left = all.length === targets.length + 1 ? explicitRowtime(query) : -1;
  const given = all.filter((_, i) => i !== left);
  if (given.length !== targets.length) {
    throw new SqlError(
      'SQL_COLUMN_COUNT',
      `${printName(into.name)} takes ${count(targets.length)} here, and the query gives ${given.length}`,
      insert.query.span,
      missingComma(insert.query, given.length < targets.length) ??
        (insert.columns.length > 0
          ? 'columns match by position; name as many after INSERT INTO as the query gives'
          : `columns match by position; the stream has ${into.schema.map(({ name }) => printName(name)).join(', ')}`),
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
    const expr: Expr = { kind: 'column', index: left >= 0 && at >= left ? at + 1 : at, type: item.type };
    if (assignable(item.type, field.type))
      return needsCast(item.type, field.type) ? { kind: 'cast', arg: expr, type: field.type } : expr;
    throw new SqlError(
      'SQL_TYPE',
      `column ${printName(field.name)} of ${printName(into.name)} is ${printType(field.type)}, and the query gives ${printType(item.type)}`,
      item.span,
      `columns match by position; write CAST(… AS ${printType(field.type)}) if this is the one you mean`,
    );
  });
  return { name: nameOf(pump.name), into, query, rowtime: insertedRowtime(query, targets), columns, span: pump.span };
}

/** SELECT a b, c: without a comma b is the name of a. */
function missingComma(query: ast.Query, isShort: boolean): string | null {
  if (!isShort || query.kind !== 'select') return null;
  for (const item of query.items) {
    // With AS there would be more than a blank between them.
    if (item.kind !== 'selectExpr' || !item.alias || item.alias.span.from > item.expr.span.to + 1) continue;
    const name = printName(item.alias.name);
    return `${name} names the column before it; if it is a column of its own, a comma is missing before ${name}`;
  }
  return null;
}

// INSERT INTO s (ROWTIME, …)
function insertedRowtime(query: BoundQuery, targets: readonly (Field | null)[]): BoundPump['rowtime'] {
  const time = targets.indexOf(null);
  const item = query.items[time];
  if (!item || time === rowtimeColumn(query)) return null;
  checkRowtime(item);
  if (query.kind !== 'select' || query.group || query.orderBy || query.retime) return { time, bound: null };
  return item.expr.kind === 'rowtime' ? null : { time, bound: timeBound(item.expr, null) };
}

function checkRowtime({ expr, span }: BoundItem): void {
  if (expr.type.kind === 'timestamp') return;
  throw new SqlError(
    'SQL_TYPE',
    `ROWTIME is a TIMESTAMP, and this is ${printType(expr.type)}`,
    span,
    'CAST it, or use TO_TIMESTAMP(milliseconds) or CHAR_TO_TIMESTAMP(format, text)',
  );
}

/** The columns of the target; null for ROWTIME. */
function targetColumns(insert: ast.Insert, into: CatalogStream): readonly (Field | null)[] {
  if (insert.columns.length === 0) return into.schema;
  const scope = new Scope([{ name: into.name, schema: into.schema, offset: 0 }]);
  const seen = new Set<string>();
  return insert.columns.map((column) => {
    if (seen.has(column.name))
      throw new SqlError('SQL_DUPLICATE_NAME', `column ${printName(column.name)} is named twice`, column.span);
    seen.add(column.name);
    const found = scope.column({ kind: 'column', path: [column], span: column.span });
    return found.kind === 'column' ? (into.schema[found.index] as Field) : null;
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
  // AWS SQL reference, "ORDER BY clause": it sorts what both sides gave.
  if (query.orderBy.length > 0) return bindSelect(selectAll(query), catalog);
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

function bindSelect(select: ast.Select, catalog: Catalog): BoundSelect {
  const { from, scope } = bindFrom(select.from, catalog, select.windows);
  const where =
    select.where && condition(bindExpr(select.where, plainContext(scope, 'WHERE')), select.where.span, 'WHERE');
  const grouped =
    select.groupBy.length > 0 || select.stagger !== null || select.having !== null || aggregatesIn(select);
  const grouping = grouped ? new Grouping(select, scope) : null;
  const over = new OverWindows(select, scope, grouping);
  const context: ExprContext = grouping ? withWindows(grouping, over) : over;
  const items = select.items.flatMap((item) => bindItem(item, scope, context, grouping !== null));
  // AWS SQL reference, "Aggregate Functions": an analytic function cannot appear in HAVING.
  const having = select.having && condition(bindExpr(select.having, grouping ?? over), select.having.span, 'HAVING');
  const { orderBy, within } = bindOrderBy(select.orderBy, items, context, grouping);
  const placed = (expr: Expr): Expr =>
    substitute(expr, (column) => ({
      ...column,
      index: over.place(column.index, grouping?.width ?? from.schema.length),
    }));
  const retime = bindRetime(items, grouping, within, orderBy?.isRetimed ?? false);
  const distinct = select.distinct ? bindDistinct(items, grouping, select.span) : null;
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

// AWS SQL reference, "SELECT ALL and SELECT DISTINCT": a streaming DISTINCT has a monotonic expression that is not
// constant in its list; ROWTIME itself is not compared.
function bindDistinct(items: readonly BoundItem[], grouping: Grouping | null, span: ast.Span): BoundDistinct {
  const times = items.map(({ expr }) => timeOf(expr, grouping));
  // One that time completes forgets sooner than one that waits for a row.
  const complete = times.findIndex((time) => time && !time.isRun);
  const time = complete >= 0 ? complete : times.findIndex((found) => found !== null);
  const found = times[time];
  if (!found) {
    throw new SqlError(
      'SQL_NOT_MONOTONIC',
      'SELECT DISTINCT of a stream has no ascending expression of ROWTIME in its list',
      span,
      'add FLOOR("STREAM".ROWTIME TO MINUTE), or ROWTIME, to the list',
    );
  }
  const keys = items.flatMap(({ expr }, i) => (expr.kind === 'rowtime' ? [] : [i]));
  return { ...found, time, keys };
}

/** How time completes an expression over the rows of FROM, or over the groups; null if it does not. */
function timeOf(expr: Expr, grouping: Grouping | null): BoundTime | null {
  const fromGroups = grouping?.timeOf(expr);
  if (fromGroups) return fromGroups;
  const found = monotonicity(expr);
  if (!found || found.direction === 'constant') return null;
  const isKnown = found.isOfRowtime && found.direction === 'ascending' && columnKind(expr.type) === 'num';
  return { window: null, isRun: !isKnown };
}

function checkOrderOfDistinct(
  written: readonly ast.OrderItem[],
  { keys }: BoundOrder,
  items: readonly BoundItem[],
): void {
  const selected = items.map(({ expr }) => JSON.stringify(expr));
  keys.forEach(({ expr }, i) => {
    const item = written[i + 1];
    if (!item || selected.includes(JSON.stringify(expr))) return;
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'after SELECT DISTINCT, ORDER BY takes only what is selected',
      item.span,
      'add it to the select list',
    );
  });
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

/** AS ROWTIME. */
function bindRetime(
  items: readonly BoundItem[],
  grouping: Grouping | null,
  within: number | null,
  isFirst: boolean,
): BoundRetime | null {
  const [time = -1, second] = items.flatMap(({ isRowtime }, i) => (isRowtime ? [i] : []));
  if (second !== undefined)
    throw new SqlError('SQL_DUPLICATE_NAME', 'two columns are AS ROWTIME', (items[second] as BoundItem).span);
  const item = items[time];
  if (!item || (item.expr.kind === 'rowtime' && within === null)) return null;
  // The order of the T-sort is that of its key, whatever is known of it.
  const bound = within === null ? timeBound(item.expr, grouping) : null;
  return { time, within: within ?? 0, bound, isFirst };
}

/** What ROWTIME says about an expression; null if nothing. */
function timeBound(expr: Expr, grouping: Grouping | null): TimeBound | null {
  if (grouping) return grouping.timeBound(expr);
  return ascendsWithRowtime(expr) ? { expr, window: null, lag: 0, sorts: false } : null;
}

// Unnamed expressions are EXPR$0, EXPR$1, … by their place (AWS SQL reference, "SELECT clause").
function named(items: readonly BoundItem[]): BoundItem[] {
  return items.map((item, i) => (item.name === '' ? { ...item, name: `EXPR$${i}` } : item));
}

/** Expressions over the groups of a GROUP BY. Its columns: the keys, the start of the window, the aggregates. */
class Grouping implements ExprContext {
  readonly scope: Scope;
  readonly #keys: readonly Expr[];
  /** The GROUP BY expressions that are the window; none for STAGGER, and for MONOTONIC(x), which is a key. */
  readonly #windows: readonly Expr[];
  readonly #plan: BoundGroup['window'];
  readonly #aggregates: BoundAggregateCall[] = [];
  readonly #inner: ExprContext;

  constructor(select: ast.Select, scope: Scope) {
    this.scope = scope;
    const { stagger } = select;
    this.#inner = plainContext(scope, stagger ? 'PARTITION BY' : 'GROUP BY');
    const all = (stagger?.partitionBy ?? select.groupBy).map((key) => bindExpr(key, this.#inner));
    if (stagger) {
      const size = millisOf(stagger.range, stagger.span);
      if (size === 0) throw new SqlError('SQL_ARGUMENTS', 'the range of STAGGER is zero', stagger.range.span);
      this.#windows = [];
      this.#plan = { unit: 'stagger', size };
      this.#keys = all.filter((key) => key.kind !== 'literal');
      return;
    }
    const moves = all.map((key) => {
      const found = monotonicity(key);
      return found?.direction === 'constant' ? null : found;
    });
    const windows = all.filter((_, i) => moves[i]?.isOfRowtime);
    const plan = windows.length > 0 ? windowOf(windows) : null;
    if (plan) {
      // What a calendar window is made of several: the coarser ones are constant in it, and stay keys.
      const isWindow = (key: Expr): boolean =>
        plan.unit === 'expression'
          ? windows.includes(key)
          : JSON.stringify(calendarWindow(key)) === JSON.stringify(plan);
      this.#plan = plan;
      this.#windows = windows.filter(isWindow);
      this.#keys = all.filter((key) => !this.#windows.includes(key) && key.kind !== 'literal');
      return;
    }
    const run = all.find((_, i) => moves[i]);
    if (!run) throw notMonotonic(select, scope);
    this.#windows = [];
    this.#keys = all.filter((key) => key.kind !== 'literal');
    this.#plan = { unit: 'run', key: this.#keys.indexOf(run) };
  }

  group(): BoundGroup {
    return { keys: this.#keys, window: this.#plan, aggregates: this.#aggregates };
  }

  /** The value of a window's expression, from the start of the window, which is a column behind the keys. */
  #windowValue(window: Expr): Expr {
    const start: Expr = { kind: 'column', index: this.#keys.length, type: { kind: 'timestamp' } };
    return calendarWindow(window) ? start : atTime(window, start);
  }

  /** Which expression over the groups is complete with them: that of the window, or the monotonic key. */
  timeOf(expr: Expr): BoundTime | null {
    const plan = this.#plan;
    if (plan.unit === 'stagger') return null;
    const text = JSON.stringify(expr);
    if (plan.unit === 'run') {
      return expr.kind === 'column' && expr.index === plan.key ? { window: null, isRun: true } : null;
    }
    const window = this.#windows.find((known) => JSON.stringify(this.#windowValue(known)) === text);
    if (!window) return null;
    const isKnown = monotonicity(window)?.direction === 'ascending' && columnKind(expr.type) === 'num';
    return { window: plan, isRun: !isKnown };
  }

  /** The ROWTIMEs of the rows of a group lie in its window: so do their MIN and MAX, and the start of the window. */
  timeBound(expr: Expr): TimeBound | null {
    const plan = this.#plan;
    if (plan.unit === 'run') return null;
    const rowtime: Expr = { kind: 'rowtime', type: { kind: 'timestamp' } };
    const start = this.#windows.length > 0 ? this.#keys.length : -1;
    const first = this.#keys.length + (this.#windows.length > 0 ? 1 : 0);
    const least = substitute(expr, (column) => {
      const aggregate = this.#aggregates[column.index - first];
      const isTime = aggregate?.arg?.kind === 'rowtime' && ofTheRows.includes(aggregate.name);
      return isTime || column.index === start ? rowtime : column;
    });
    if (!ascendsWithRowtime(least)) return null;
    if (plan.unit === 'stagger') return { expr: least, window: null, lag: plan.size, sorts: true };
    return { expr: least, window: plan, lag: 0, sorts: true };
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
    const window = this.#windows.find((known) => JSON.stringify(known) === text);
    if (window) return this.#windowValue(window);
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
    const ignoreNulls = call.nulls === 'ignore';
    const bound = aggregateFunction(name)?.bind(
      args.map(({ type }) => type),
      { ignoreNulls },
    );
    const [arg] = args;
    if (!bound || (call.star && name !== 'COUNT') || (!call.star && !arg)) {
      throw new SqlError(
        'SQL_ARGUMENTS',
        `there is no ${name}(${call.star ? '*' : args.map(({ type }) => printType(type)).join(', ')})`,
        call.span,
      );
    }
    const wanted: BoundAggregateCall = {
      name,
      arg: arg ?? null,
      type: bound.type,
      ...(ignoreNulls ? { ignoreNulls } : {}),
    };
    const text = JSON.stringify(wanted);
    let index = this.#aggregates.findIndex((known) => JSON.stringify(known) === text);
    if (index < 0) index = this.#aggregates.push(wanted) - 1;
    return { kind: 'column', index: this.#keys.length + (this.#windows.length > 0 ? 1 : 0) + index, type: bound.type };
  }

  analytic(call: ast.Call): Expr {
    return plainContext(this.scope, 'HAVING').analytic(call);
  }

  /** How many columns the groups have. */
  get width(): number {
    return this.#keys.length + (this.#windows.length > 0 ? 1 : 0) + this.#aggregates.length;
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

// Aggregates of ROWTIME that give one of them.
const ofTheRows = ['MIN', 'MAX', 'FIRST_VALUE', 'LAST_VALUE'];

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
): { orderBy: (BoundOrder & { isRetimed: boolean }) | null; within: number | null } {
  const [first, ...rest] = orderBy;
  if (!first) return { orderBy: null, within: null };
  for (const { within, span } of rest) {
    if (within)
      throw new SqlError('SQL_NOT_SUPPORTED', 'only the first key of ORDER BY has WITHIN', span, 'drop WITHIN');
  }
  const bindKey = ({ expr }: ast.OrderItem): Expr => ordinalOrAlias(expr, items) ?? bindExpr(expr, context);
  const time = bindKey(first);
  const keys = rest.map((item) => ({ expr: bindKey(item), descending: item.descending, nulls: item.nulls }));
  const within = first.within && bindWithin(first, time, items);
  const found = timeOf(time, grouping);
  if (within !== null || (!found && isRowtimeItem(time, items) && !first.descending)) {
    const sorted = { window: null, isRun: false, time, keys, isRetimed: true };
    return { orderBy: within !== null && keys.length === 0 ? null : sorted, within };
  }
  if (!found) {
    const example = grouping ? 'the window of GROUP BY' : 'FLOOR("STREAM".ROWTIME TO SECOND)';
    throw new SqlError(
      'SQL_NOT_MONOTONIC',
      'the first key of ORDER BY is not an ascending expression of ROWTIME, so no row could ever be emitted',
      first.expr.span,
      `put ${example} first`,
    );
  }
  const direction = monotonicity(time)?.isOfRowtime ? monotonicity(time)?.direction : null;
  if (first.descending ? direction === 'ascending' || !found.isRun : direction === 'descending')
    throw new SqlError(
      'SQL_NOT_MONOTONIC',
      first.descending
        ? 'the first key of ORDER BY on a stream cannot be DESC: time goes forward'
        : 'the first key of ORDER BY goes back while time goes forward, so no row could ever be emitted',
      first.span,
      first.descending ? 'drop DESC' : 'add DESC',
    );
  return { orderBy: { ...found, time, keys, isRetimed: false }, within: null };
}

/** ORDER BY ts WITHIN interval, the T-sort (AWS SQL reference, "T-sorting Stream Input"): how late a row may come. */
function bindWithin(first: ast.OrderItem, time: Expr, items: readonly BoundItem[]): number {
  const interval = first.within as ast.Expr;
  if (time.type.kind !== 'timestamp') {
    throw new SqlError(
      'SQL_TYPE',
      `ORDER BY … WITHIN sorts by a TIMESTAMP, and this is ${printType(time.type)}`,
      first.expr.span,
    );
  }
  if (first.descending)
    throw new SqlError('SQL_NOT_SUPPORTED', 'ORDER BY … WITHIN cannot be DESC', first.span, 'drop DESC');
  if (!isRowtimeItem(time, items) || monotonicity(time)) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'ORDER BY … WITHIN sorts by the time of a column, which is selected AS ROWTIME',
      first.expr.span,
      'write SELECT STREAM s.ts AS ROWTIME, … ORDER BY s.ts WITHIN INTERVAL …',
    );
  }
  return millisOf(interval, interval.span, 'WITHIN');
}

function isRowtimeItem(expr: Expr, items: readonly BoundItem[]): boolean {
  const text = JSON.stringify(expr);
  return items.some((item) => item.isRowtime && JSON.stringify(item.expr) === text);
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
  if (item.kind === 'relation') {
    const { schema, metadata } = catalog.find(item.name);
    const relation: Relation = { name, schema: renamed(schema, [], item).schema, offset: 0, hidden: metadata };
    return { from, scope: new Scope([relation]) };
  }
  const records = from.kind === 'query' ? from.query.items.map(({ record }) => record ?? null) : [];
  const rowtime = from.kind === 'query' || from.kind === 'tableFunction' ? rowtimeColumn(from.query) : -1;
  const relation: Relation = { name, ...renamed(from.schema, records, item), offset: 0, rowtime };
  return { from, scope: new Scope([relation]) };
}

/** The column of a query that is the ROWTIME of its rows, selected as such; -1 if there is none. */
function rowtimeColumn(query: BoundQuery): number {
  if (query.kind === 'union') {
    const [first = -1, ...others] = query.inputs.map(rowtimeColumn);
    return others.every((other) => other === first) ? first : -1;
  }
  if (query.retime) return query.retime.time;
  // ORDER BY may give the rows the ROWTIME of its key.
  if (query.orderBy) return -1;
  return query.items.findIndex(({ name, expr }) => name === 'ROWTIME' && expr.kind === 'rowtime');
}

/** The column of a query that is written AS ROWTIME; -1 if there is none. */
function explicitRowtime(query: BoundQuery): number {
  if (query.kind === 'select') return query.items.findIndex(({ isRowtime }) => isRowtime);
  const [first = -1, ...others] = query.inputs.map(explicitRowtime);
  return others.every((other) => other === first) ? first : -1;
}

function bindFromItem(item: ast.Relation | ast.Subquery | ast.TableFunction, catalog: Catalog): BoundFrom {
  switch (item.kind) {
    case 'relation': {
      const { name, schema, metadata, rows } = catalog.find(item.name);
      if (rows) {
        throw new SqlError(
          'SQL_NOT_SUPPORTED',
          `${printName(name)} is a reference table: a stream can only be joined with it`,
          item.span,
        );
      }
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
    throw new SqlError('SQL_COLUMN_COUNT', `${count(columns.length)} named, and there are ${starts.length}`, span);
  }
  const nameAt = (i: number): string => columns[starts.filter((start) => start <= i).length - 1]?.name ?? '';
  return {
    schema: schema.map((field, i) => ({ ...field, name: records[i] ? field.name : nameAt(i) })),
    records: records.map((record, i) => record && { ...record, name: nameAt(i) }),
  };
}

function count(columns: number): string {
  return columns === 1 ? '1 column' : `${columns} columns`;
}
