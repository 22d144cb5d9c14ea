import { compile, type Expr, Failures, finestWindow, step, stepMonths, valueWindow, type Window } from '@rowtime/core';
import type { WindowPlan } from './bound.ts';
import { functionNamed } from './functions/index.ts';

type CalendarPlan = Extract<WindowPlan, { unit: 'millisecond' | 'month' }>;

/** The windows that a list of GROUP BY expressions cuts ROWTIME into: a group is complete when any of them changes (AWS SQL
 *  reference, "Aggregate Functions"). All are monotonic expressions of ROWTIME alone. */
export function windowOf(exprs: readonly Expr[]): WindowPlan {
  const plans = exprs.map(calendarWindow);
  const finest = plans.reduce((best, plan) => (best && plan && lengthOf(plan) < lengthOf(best) ? plan : best));
  const isNested = finest !== null && plans.every((plan) => plan !== null && liesIn(finest, plan));
  return isNested ? finest : { unit: 'expression', exprs };
}

/** The window of STEP(ROWTIME …), FLOOR(ROWTIME TO …) and ROWTIME, whose start is the value of the expression itself. */
export function calendarWindow(expr: Expr): CalendarPlan | null {
  if (expr.kind === 'rowtime') return { unit: 'millisecond', size: 1 };
  if (expr.kind !== 'call' || (expr.name !== 'STEP' && expr.name !== 'FLOOR_TO')) return null;
  const [time, by] = expr.args;
  if (time?.kind !== 'rowtime' || by?.kind !== 'literal') return null;
  if (expr.name === 'FLOOR_TO') return unitPlans[String(by.value)] ?? null;
  return by.type.kind === 'interval' ? { unit: by.type.unit, size: Number(by.value) } : null;
}

const unitPlans: Readonly<Record<string, CalendarPlan>> = {
  SECOND: { unit: 'millisecond', size: 1_000 },
  MINUTE: { unit: 'millisecond', size: 60_000 },
  HOUR: { unit: 'millisecond', size: 3_600_000 },
  DAY: { unit: 'millisecond', size: 86_400_000 },
  MONTH: { unit: 'month', size: 1 },
  YEAR: { unit: 'month', size: 12 },
};

export function windowFrom(plan: WindowPlan): Window {
  if (plan.unit === 'expression') return finestWindow(plan.exprs.map(windowOfValues));
  return plan.unit === 'month' ? stepMonths(plan.size) : step(plan.size);
}

/** The windows in which an expression of ROWTIME alone keeps its value. */
export function windowOfValues(expr: Expr): Window {
  const plan = calendarWindow(expr);
  if (plan) return windowFrom(plan);
  const kernel = compile(expr, new Failures(), functionNamed);
  return valueWindow((rowtime) => kernel({ length: rowtime.length, rowtime, columns: [] }));
}

/** The expression with ROWTIME replaced: the value of a window's expression from a time in the window. */
export function atTime(expr: Expr, time: Expr): Expr {
  switch (expr.kind) {
    case 'rowtime':
      return time;
    case 'call':
      if (expr.name === 'CURRENT_ROW_TIMESTAMP') return time;
      return { ...expr, args: expr.args.map((arg) => atTime(arg, time)) };
    case 'cast':
      return { ...expr, arg: atTime(expr.arg, time) };
    default:
      return expr;
  }
}

// Days lie in months; milliseconds in a multiple of them.
function liesIn(finer: CalendarPlan, coarser: CalendarPlan): boolean {
  if (finer.unit === coarser.unit) return coarser.size % finer.size === 0;
  return finer.unit === 'millisecond' && 86_400_000 % finer.size === 0;
}

/** For choosing the finest of several windows: its shortest length in milliseconds. */
function lengthOf({ unit, size }: CalendarPlan): number {
  return unit === 'month' ? size * 28 * 86_400_000 : size;
}
