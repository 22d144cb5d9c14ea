import { compile, type Expr, Failures, isNumeric, isText, type SqlType, valueAt } from '@rowtime/core';
import { functionNamed } from './functions/index.ts';
import { isSubquery } from './table-queries.ts';

/** How the value of an expression moves from row to row (AWS SQL reference, "Monotonic Expressions and Operators"). */
export interface Monotonicity {
  readonly direction: 'constant' | 'ascending' | 'descending';
  /** A function of ROWTIME alone, which can be asked about times that no row has yet. Else it is monotonic by decree, as
   *  MONOTONIC(x) is, and all that is known is that it changed. */
  readonly isOfRowtime: boolean;
}

/** null: nothing is known, or it can go both ways. */
export function monotonicity(expr: Expr): Monotonicity | null {
  switch (expr.kind) {
    case 'literal':
      return { direction: 'constant', isOfRowtime: true };
    case 'rowtime':
      return ascending;
    case 'column':
      return null;
    case 'cast': {
      const arg = monotonicity(expr.arg);
      return arg?.direction === 'constant' || castKeepsOrder(expr.arg.type, expr.type) ? arg : null;
    }
    case 'call':
      return ofCall(expr);
  }
}

/** True for an expression of ROWTIME alone that never decreases. */
export function ascendsWithRowtime(expr: Expr): boolean {
  const found = monotonicity(expr);
  return found?.direction === 'ascending' && found.isOfRowtime;
}

const ascending: Monotonicity = { direction: 'ascending', isOfRowtime: true };
const byDecree: Monotonicity = { direction: 'ascending', isOfRowtime: false };

function ofCall({ name, args, type }: Extract<Expr, { kind: 'call' }>): Monotonicity | null {
  if (name === 'CURRENT_ROW_TIMESTAMP') return ascending;
  // Fixed when the query starts: what they are in a replay without a clock must not matter.
  if (fixedTimes.includes(name)) return { direction: 'constant', isOfRowtime: false };
  // So are the rows of tables.
  if (isSubquery(name)) {
    const isSame = args.every((arg) => monotonicity(arg)?.direction === 'constant');
    return isSame ? { direction: 'constant', isOfRowtime: false } : null;
  }
  if (name === 'MONOTONIC') {
    const declared = args[0] && monotonicity(args[0]);
    return declared && declared.direction !== 'constant' ? declared : byDecree;
  }
  const moves = args.map(monotonicity);
  const [a, b = null] = moves;
  if (!a || moves.includes(null)) return null;
  const isOfRowtime = moves.every((move) => move?.isOfRowtime);
  if (moves.every((move) => move?.direction === 'constant')) return { direction: 'constant', isOfRowtime };
  const [first, second] = args as [Expr, Expr];
  switch (name) {
    case '+':
    case '-':
      // A month before 03-29 23:00 is later than one before 03-30: both fall on the last day of February.
      if (!b || (type.kind !== 'interval' && args.some((arg) => isMonths(arg.type)))) return null;
      return both(a, name === '+' ? b : flipped(b));
    case 'NEGATE':
      return flipped(a);
    case '*':
      if (b?.direction === 'constant') return scaled(a, second);
      return b && a.direction === 'constant' ? scaled(b, first) : null;
    case '/': {
      if (b?.direction === 'constant') return scaled(a, second);
      // c/m jumps where m is 0, so it is not asked about times to come.
      const inverse = b && a.direction === 'constant' ? scaled(flipped(b), first) : null;
      return inverse && { ...inverse, isOfRowtime: false };
    }
    case 'DATETIME_DIFFERENCE': {
      const difference = b && both(a, flipped(b));
      // Whole months between two times depend on the length of months.
      return difference && (isMonths(type) ? { ...difference, isOfRowtime: false } : difference);
    }
    case 'SUBSTRING':
      return isText(type) && args.length > 1 && Number(constantValue(second)) <= 1 ? a : null;
    default:
      return orderKeeping.includes(name) && moves.slice(1).every((move) => move?.direction === 'constant') ? a : null;
  }
}

const fixedTimes = ['CURRENT_TIMESTAMP', 'LOCALTIMESTAMP', 'CURRENT_TIME', 'LOCALTIME', 'CURRENT_DATE'];

// Functions that keep the order of their first argument, the others being constants.
const orderKeeping = ['STEP', 'FLOOR_TO', 'CEIL_TO', 'FLOOR', 'CEIL', 'UNIX_TIMESTAMP', 'TO_TIMESTAMP'];

function isMonths(type: SqlType): boolean {
  return type.kind === 'interval' && type.unit === 'month';
}

function flipped(move: Monotonicity): Monotonicity {
  if (move.direction === 'constant') return move;
  return { ...move, direction: move.direction === 'ascending' ? 'descending' : 'ascending' };
}

function both(a: Monotonicity, b: Monotonicity): Monotonicity | null {
  const isOfRowtime = a.isOfRowtime && b.isOfRowtime;
  if (a.direction === 'constant') return { direction: b.direction, isOfRowtime };
  if (b.direction === 'constant' || a.direction === b.direction) return { direction: a.direction, isOfRowtime };
  return null;
}

/** The sign rule of m * c and m / c. */
function scaled(move: Monotonicity, by: Expr): Monotonicity | null {
  const value = constantValue(by);
  // One that no double holds is its digits.
  const factor = Number(value);
  if (value === null || Number.isNaN(factor)) return null;
  if (factor === 0) return { ...move, direction: 'constant' };
  return factor > 0 ? move : flipped(move);
}

/** The value of a constant; null for NULL, and for one that is known only when the query starts. */
function constantValue(expr: Expr): number | string | boolean | null {
  if (!monotonicity(expr)?.isOfRowtime) return null;
  return valueAt(
    compile(expr, new Failures(), functionNamed)({ length: 1, rowtime: new Float64Array(1), columns: [] }),
    0,
  );
}

function castKeepsOrder(from: SqlType, to: SqlType): boolean {
  const isDay = (type: SqlType): boolean => type.kind === 'timestamp' || type.kind === 'date';
  const isAmount = (type: SqlType): boolean => isNumeric(type) || type.kind === 'interval';
  if (isAmount(from)) return isAmount(to);
  // Years have four digits, so that the text of a later time is the larger one.
  if (isDay(from)) return isDay(to) || isText(to);
  return isText(from) && isText(to);
}
