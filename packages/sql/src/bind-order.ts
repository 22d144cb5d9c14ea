import { columnKind, type Expr, printType } from '@rowtime/core';
import type * as ast from './ast.ts';
import { bindExpr, type ExprContext } from './bind-expr.ts';
import type { Grouping } from './bind-group.ts';
import { millisOf } from './bind-over.ts';
import type { BoundDistinct, BoundItem, BoundOrder, BoundTime } from './bound.ts';
import { SqlError } from './errors.ts';
import { monotonicity } from './monotonic.ts';
import { countColumns } from './suggest.ts';

interface Ordering {
  readonly orderBy: (BoundOrder & { readonly isRetimed: boolean }) | null;
  /** How late a row may come, in milliseconds. */
  readonly within: number | null;
}

export function bindOrderBy(
  orderBy: readonly ast.OrderItem[],
  items: readonly BoundItem[],
  context: ExprContext,
  grouping: Grouping | null,
): Ordering {
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

// What is read of tables is all there: it is sorted by anything, under one time.
export function bindTableOrder(
  orderBy: readonly ast.OrderItem[],
  items: readonly BoundItem[],
  context: ExprContext,
): Ordering {
  if (orderBy.length === 0) return { orderBy: null, within: null };
  for (const { within, span } of orderBy) {
    if (within)
      throw new SqlError('SQL_NOT_SUPPORTED', 'WITHIN sorts a stream, and this is a table', span, 'leave it out');
  }
  const keys = orderBy.map(({ expr, descending, nulls }) => ({
    expr: ordinalOrAlias(expr, items) ?? bindExpr(expr, context),
    descending,
    nulls,
  }));
  const time: Expr = { kind: 'literal', value: 0, type: { kind: 'timestamp' } };
  return { orderBy: { time, window: null, isRun: false, keys, isRetimed: false }, within: null };
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
      `ORDER BY ${expr.text}: the select list has ${countColumns(items.length)}`,
      expr.span,
    );
  }
  if (expr.kind !== 'column' || expr.path.length !== 1) return null;
  const named = items.filter(({ name }) => name === expr.path[0]?.name);
  return named.length === 1 ? (named[0]?.expr ?? null) : null;
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

// AWS SQL reference, "SELECT ALL and SELECT DISTINCT": a streaming DISTINCT has a monotonic expression that is not
// constant in its list; ROWTIME itself is not compared.
export function bindDistinct(items: readonly BoundItem[], grouping: Grouping | null, span: ast.Span): BoundDistinct {
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

export function checkOrderOfDistinct(
  written: readonly ast.OrderItem[],
  { keys }: BoundOrder,
  items: readonly BoundItem[],
): void {
  const selected = items.map(({ expr }) => JSON.stringify(expr));
  keys.forEach(({ expr }, i) => {
    // The first key of a stream is not one of them.
    const item = written[i + written.length - keys.length];
    if (!item || selected.includes(JSON.stringify(expr))) return;
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'after SELECT DISTINCT, ORDER BY takes only what is selected',
      item.span,
      'add it to the select list',
    );
  });
}
