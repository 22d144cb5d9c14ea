import { type Expr, printType } from '@rowtime/core';
import type * as ast from './ast.ts';
import type { Grouping } from './bind-group.ts';
import type { BoundItem, BoundQuery, BoundRetime, TimeBound } from './bound.ts';
import { SqlError } from './errors.ts';
import { ascendsWithRowtime } from './monotonic.ts';

// Which column of a query is the ROWTIME of its rows, or gives them another one (AS ROWTIME, INSERT into ROWTIME).

export function checkRowtime({ expr, span }: BoundItem): void {
  if (expr.type.kind === 'timestamp') return;
  throw new SqlError(
    'SQL_TYPE',
    `ROWTIME is a TIMESTAMP, and this is ${printType(expr.type)}`,
    span,
    'CAST it, or use TO_TIMESTAMP(milliseconds) or CHAR_TO_TIMESTAMP(format, text)',
  );
}

export function noRowtime(what: string, span: ast.Span): SqlError {
  return new SqlError(
    'SQL_NOT_SUPPORTED',
    `${what}: they come at the first time that is known, and have that ROWTIME`,
    span,
    'leave it out, or give the time a column of its own name',
  );
}

/** AS ROWTIME. */
export function bindRetime(
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
export function timeBound(expr: Expr, grouping: Grouping | null): TimeBound | null {
  if (grouping) return grouping.timeBound(expr);
  return ascendsWithRowtime(expr) ? { expr, window: null, lag: 0, sorts: false } : null;
}

/** The column of a query that is the ROWTIME of its rows, selected as such; -1 if there is none. */
export function rowtimeColumn(query: BoundQuery): number {
  if (query.kind === 'union') {
    const [first = -1, ...others] = query.inputs.map(rowtimeColumn);
    return others.every((other) => other === first) ? first : -1;
  }
  if (query.kind !== 'select') return -1;
  if (query.retime) return query.retime.time;
  // ORDER BY may give the rows the ROWTIME of its key.
  if (query.orderBy) return -1;
  return query.items.findIndex(({ name, expr }) => name === 'ROWTIME' && expr.kind === 'rowtime');
}

/** The column of a query that is written AS ROWTIME; -1 if there is none. */
export function explicitRowtime(query: BoundQuery): number {
  if (query.kind === 'select') return query.items.findIndex(({ isRowtime }) => isRowtime);
  if (query.kind !== 'union') return -1;
  const [first = -1, ...others] = query.inputs.map(explicitRowtime);
  return others.every((other) => other === first) ? first : -1;
}
