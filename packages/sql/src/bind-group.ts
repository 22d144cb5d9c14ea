import { aggregateFunction, columnKind, type Expr, printType } from '@rowtime/core';
import type * as ast from './ast.ts';
import { bindExpr, type ExprContext, plainContext } from './bind-expr.ts';
import { millisOf } from './bind-over.ts';
import type { BoundAggregateCall, BoundGroup, BoundTime, TimeBound } from './bound.ts';
import { SqlError } from './errors.ts';
import { ascendsWithRowtime, monotonicity } from './monotonic.ts';
import { isOuter } from './outer.ts';
import { substitute } from './rules.ts';
import type { Scope } from './scope.ts';
import { printName } from './suggest.ts';
import { containsAggregate } from './visit-aggregates.ts';
import { atTime, calendarWindow, windowOf } from './windows.ts';

/** Expressions over the groups of a GROUP BY. Its columns: the keys, the start of the window, the aggregates. */
export class Grouping implements ExprContext {
  readonly scope: Scope;
  readonly #keys: readonly Expr[];
  /** The GROUP BY expressions that are the window; none for STAGGER, for tables, and for MONOTONIC(x), which is a key. */
  readonly #windows: readonly Expr[];
  readonly #plan: BoundGroup['window'];
  readonly #aggregates: BoundAggregateCall[] = [];
  readonly #inner: ExprContext;

  constructor(select: ast.Select, scope: Scope, isTable: boolean) {
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
    if (isTable) {
      this.#windows = [];
      this.#plan = { unit: 'all' };
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
    if (plan.unit === 'stagger' || plan.unit === 'all') return null;
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
    if (plan.unit === 'run' || plan.unit === 'all') return null;
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
    const expr = this.scope.column(node); // an unknown column is the better error
    if (isOuter(expr)) return expr;
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
