import type { Expr } from '@rowtime/core';
import { step, stepMonths, type Window } from '@rowtime/core';
import type { WindowPlan } from './bound.ts';

/** The windows that a GROUP BY expression cuts ROWTIME into; null if it is not such an expression. */
export function windowOf(expr: Expr): WindowPlan | null {
  if (expr.kind === 'rowtime') return { unit: 'millisecond', size: 1 };
  if (expr.kind !== 'call' || (expr.name !== 'STEP' && expr.name !== 'FLOOR_TO')) return null;
  const [time, by] = expr.args;
  if (time?.kind !== 'rowtime' || by?.kind !== 'literal') return null;
  if (expr.name === 'FLOOR_TO') return unitPlans[String(by.value)] ?? null;
  return by.type.kind === 'interval' ? { unit: by.type.unit, size: Number(by.value) } : null;
}

const unitPlans: Readonly<Record<string, WindowPlan>> = {
  SECOND: { unit: 'millisecond', size: 1_000 },
  MINUTE: { unit: 'millisecond', size: 60_000 },
  HOUR: { unit: 'millisecond', size: 3_600_000 },
  DAY: { unit: 'millisecond', size: 86_400_000 },
  MONTH: { unit: 'month', size: 1 },
  YEAR: { unit: 'month', size: 12 },
};

export function windowFrom(plan: WindowPlan): Window {
  return plan.unit === 'month' ? stepMonths(plan.size) : step(plan.size);
}

/** For choosing the finest of several windows: its shortest length in milliseconds. */
export function lengthOf({ unit, size }: WindowPlan): number {
  return unit === 'month' ? size * 28 * 86_400_000 : size;
}

/** True for an expression of ROWTIME alone that never decreases (AWS SQL reference, "Monotonic Expressions and
 *  Operators", as far as the functions of this version go). */
export function ascendsWithRowtime(expr: Expr): boolean {
  if (expr.kind === 'rowtime') return true;
  if (expr.kind !== 'call') return false;
  const [first, second] = expr.args;
  if (!first || second?.kind !== 'literal') return false;
  // A month before 03-29 23:00 is later than one before 03-30: both fall on the last day of February.
  if (second.type.kind === 'interval' && second.type.unit === 'month' && expr.name !== 'STEP') return false;
  if (expr.name === '*' || expr.name === '/') return Number(second.value) > 0 && ascendsWithRowtime(first);
  return ascending.includes(expr.name) && ascendsWithRowtime(first);
}

// Functions of one ascending argument and constants.
const ascending = ['STEP', 'FLOOR_TO', 'CEIL_TO', '+', '-', 'DATETIME_DIFFERENCE'];
