import {
  aggregateFunction,
  analyticFunction,
  analyticFunctions,
  type Expr,
  type Frame,
  printType,
} from '@rowtime/core';
import type * as ast from './ast.ts';
import { bindExpr, type ExprContext, plainContext } from './bind-expr.ts';
import type { BoundAnalyticCall, BoundWindow } from './bound.ts';
import { SqlError } from './errors.ts';
import { insteadOf } from './foreign-functions.ts';
import { intervalLiteral } from './literals.ts';
import type { Scope } from './scope.ts';
import { printName, suggest } from './suggest.ts';

/** The OVER windows of a select list: collects the calls, window by window, as the list is bound. A call becomes a column
 *  whose index is known only when all are there: until then it is negative, see `place`. */
export class OverWindows implements ExprContext {
  readonly scope: Scope;
  readonly #plain: ExprContext;
  readonly #named: readonly ast.NamedWindow[];
  readonly #windows: { frame: Frame; partitionBy: readonly Expr[]; calls: BoundAnalyticCall[] }[] = [];

  /** `groups`: the rows are those of a GROUP BY; null: those of FROM. */
  constructor(select: ast.Select, scope: Scope, groups: ExprContext | null = null) {
    this.scope = scope;
    this.#plain = groups ?? plainContext(scope, 'the arguments of a function OVER a window');
    this.#named = select.windows;
    // A window that nobody uses is checked all the same.
    for (const { spec } of select.windows) {
      // Others may build on a window that does not say how far it reaches: OVER (w ROWS 10 PRECEDING).
      if (spec.frame || spec.base || spec.orderBy.length > 0) this.#resolve(spec);
      else for (const expr of spec.partitionBy) bindExpr(expr, this.#plain);
    }
  }

  get windows(): readonly BoundWindow[] {
    return this.#windows;
  }

  match(): null {
    return null;
  }

  column(node: ast.Column): Expr {
    return this.scope.column(node);
  }

  aggregate(call: ast.Call): Expr {
    return plainContext(this.scope, 'a query without GROUP BY').aggregate(call);
  }

  analytic(call: ast.Call): Expr {
    const name = call.name.name;
    const fn = analyticFunction(name);
    if (!fn) {
      const near = suggest(
        name,
        analyticFunctions.map((known) => known.name),
      );
      throw new SqlError(
        'SQL_UNKNOWN_FUNCTION',
        `${name} cannot be used OVER a window`,
        call.name.span,
        insteadOf(name) ?? (near && `did you mean ${near}?`),
      );
    }
    const distinct = call.quantifier === 'distinct';
    if (distinct && !distinctFunctions.includes(name)) {
      // AWS SQL reference, "COUNT": DISTINCT is not supported, in aggregate and analytic functions alike.
      throw new SqlError(
        'SQL_NOT_SUPPORTED',
        `${name}(DISTINCT …) is not part of the dialect`,
        call.span,
        name === 'COUNT'
          ? 'COUNT_DISTINCT_ITEMS_TUMBLING counts distinct values'
          : `DISTINCT is for ${distinctFunctions.join(', ')} OVER a window`,
      );
    }
    const args = call.args.map((arg) => bindExpr(arg, this.#plain));
    const options = {
      ignoreNulls: call.nulls === 'ignore',
      fromLast: call.nthFrom === 'last',
      ...(distinct ? { distinct } : {}),
    };
    const bound = call.star === (args.length === 0) ? fn.bind(args, options) : null;
    if (!bound) {
      const types = call.star ? '*' : args.map(({ type }) => printType(type)).join(', ');
      throw new SqlError('SQL_ARGUMENTS', `there is no ${name}(${types}) OVER a window`, call.span, fn.doc);
    }
    const { frame: written, partitionBy } = this.#resolve(call.over as ast.Over);
    const wanted: BoundAnalyticCall = { name, args, options, type: bound.type };
    const frame = written.kind === 'unbounded' ? frameOfAll(wanted, call) : written;
    const key = JSON.stringify([frame, partitionBy]);
    let at = this.#windows.findIndex((known) => JSON.stringify([known.frame, known.partitionBy]) === key);
    if (at < 0) at = this.#windows.push({ frame, partitionBy, calls: [] }) - 1;
    const { calls } = this.#windows[at] as { calls: BoundAnalyticCall[] };
    const text = JSON.stringify(wanted);
    let index = calls.findIndex((known) => JSON.stringify(known) === text);
    if (index < 0) index = calls.push(wanted) - 1;
    return { kind: 'column', index: placeholder(at, index), type: bound.type };
  }

  /** Where a column of a bound expression is: calls come behind the `width` columns of FROM, window by window. */
  place(index: number, width: number): number {
    if (index >= 0) return index;
    const at = Math.floor((-1 - index) / callsMax);
    const before = this.#windows.slice(0, at).reduce((sum, { calls }) => sum + calls.length, 0);
    return width + before + ((-1 - index) % callsMax);
  }

  #resolve(over: ast.Over): { frame: Frame; partitionBy: readonly Expr[] } {
    const spec = over.kind === 'windowName' ? this.#find(over.name) : over;
    const base = spec.base && this.#find(spec.base);
    const [order] = [...spec.orderBy, ...(base?.orderBy ?? [])];
    // AWS SQL reference, "Allowed and Disallowed Window Specifications".
    if (order)
      throw new SqlError(
        'SQL_NOT_SUPPORTED',
        'a sliding window has no ORDER BY: rows are in ROWTIME order',
        order.span,
        'drop ORDER BY',
      );
    const frame = spec.frame ?? base?.frame;
    if (!frame) {
      throw new SqlError(
        'SQL_NOT_SUPPORTED',
        'a sliding window says how far it reaches',
        spec.span,
        "write RANGE INTERVAL '1' MINUTE PRECEDING, or ROWS 10 PRECEDING",
      );
    }
    const partitionBy = spec.partitionBy.length > 0 ? spec.partitionBy : (base?.partitionBy ?? []);
    return { frame: bindFrame(frame), partitionBy: partitionBy.map((expr) => bindExpr(expr, this.#plain)) };
  }

  #find(name: ast.Identifier): ast.WindowSpec {
    const found = this.#named.find((window) => window.name.name === name.name);
    if (found) return found.spec;
    const names = this.#named.map((window) => window.name.name);
    const near = suggest(name.name, names);
    throw new SqlError(
      'SQL_UNKNOWN_WINDOW',
      `there is no window ${printName(name.name)}`,
      name.span,
      near
        ? `did you mean ${printName(near)}?`
        : `define it: WINDOW ${printName(name.name)} AS (RANGE INTERVAL '1' MINUTE PRECEDING)`,
    );
  }
}

// For MIN and MAX it changes nothing.
const distinctFunctions = ['SUM', 'AVG', 'MIN', 'MAX'];

// UNBOUNDED PRECEDING: no row ever leaves, so a function is computed from what the aggregate of its name keeps.
function frameOfAll({ name, args, options }: BoundAnalyticCall, call: ast.Call): Frame {
  const [, steps] = args;
  if (name === 'LAG' && !options.ignoreNulls) {
    // It sees no further than its own rows back.
    return { kind: 'rows', preceding: steps?.kind === 'literal' ? Number(steps.value) : 1 };
  }
  const types = args.map(({ type }) => type);
  const isKept = !options.distinct || name === 'MIN' || name === 'MAX';
  if (isKept && aggregateFunction(name)?.bind(types, options)) return { kind: 'unbounded' };
  throw new SqlError(
    'SQL_NOT_SUPPORTED',
    `${name}${options.distinct ? '(DISTINCT …)' : ''} needs all rows of its window, and UNBOUNDED PRECEDING keeps none`,
    call.span,
    'give the window an end: ROWS 1000 PRECEDING',
  );
}

const callsMax = 4096;

function placeholder(window: number, call: number): number {
  return -1 - (window * callsMax + call);
}

/** Frames reach back from the current row, and end there. */
export function bindFrame({ unit, start, end, span }: ast.Frame): Frame {
  if (end && end.kind !== 'currentRow') {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'a sliding window ends at the current row',
      end.span,
      'write … PRECEDING, or BETWEEN … PRECEDING AND CURRENT ROW',
    );
  }
  if (start.kind === 'following') {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'a sliding window cannot reach forward: later rows are not there yet',
      start.span,
      'write PRECEDING',
    );
  }
  if (start.kind === 'currentRow')
    return unit === 'rows' ? { kind: 'rows', preceding: 0 } : { kind: 'range', millis: 0 };
  if (!start.offset) return { kind: 'unbounded' };
  if (unit === 'rows') return { kind: 'rows', preceding: rowsOf(start.offset) };
  return { kind: 'range', millis: millisOf(start.offset, span) };
}

function rowsOf(offset: ast.Expr): number {
  const rows = offset.kind === 'number' && offset.form === 'integer' ? Number(offset.text) : Number.NaN;
  if (Number.isSafeInteger(rows) && rows <= rowsMax) return rows;
  throw new SqlError(
    'SQL_ARGUMENTS',
    'ROWS takes a whole number of rows',
    offset.span,
    `at most ${rowsMax}, as in ROWS 10 PRECEDING`,
  );
}

const rowsMax = 10_000_000;

/** The milliseconds of the interval behind `clause`: RANGE, WITHIN. */
export function millisOf(offset: ast.Expr, span: ast.Span, clause = 'RANGE'): number {
  const interval = offset.kind === 'interval' ? intervalLiteral(offset) : null;
  if (interval?.kind === 'literal' && interval.type.kind === 'interval') {
    // AWS SQL reference, "Data Types": intervals are day-time. Months differ in length, so that a later row could reach
    // back to before an earlier one.
    if (interval.type.unit === 'month') {
      throw new SqlError(
        'SQL_NOT_SUPPORTED',
        `${clause} takes no months or years, which differ in length`,
        offset.span,
        "write days: INTERVAL '30' DAY",
      );
    }
    if (Number(interval.value) >= 0) return Number(interval.value);
  }
  throw new SqlError(
    'SQL_ARGUMENTS',
    `${clause} takes an interval that is not negative`,
    interval ? offset.span : span,
    `as in ${clause} INTERVAL '1' MINUTE${clause === 'RANGE' ? ' PRECEDING' : ''}`,
  );
}
