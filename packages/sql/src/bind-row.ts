import type { Expr } from '@rowtime/core';
import type * as ast from './ast.ts';
import { bindDistinct, call, negate } from './bind-expr.ts';
import { SqlError } from './errors.ts';

// Rows are no values: (a, b) = (c, d) is a = c AND b = d, and the others follow from it (SQL:2008, 8.2).

type Bind = (part: ast.Expr) => Expr;

/** A comparison of two rows; null if neither side is one. */
export function compareRows(node: ast.Binary, bind: Bind): Expr | null {
  if (!isRow(node.left) && !isRow(node.right)) return null;
  if (!comparisons.has(node.op)) return null;
  return compared(node.op, pairs(node.left, node.right, bind), node.opSpan);
}

/** (a, b) BETWEEN (c, d) AND (e, f); null if these are no rows. */
export function betweenRows(node: ast.Between, bind: Bind): Expr | null {
  if (![node.operand, node.low, node.high].some(isRow)) return null;
  const low = compared('>=', pairs(node.operand, node.low, bind), node.span);
  const high = compared('<=', pairs(node.operand, node.high, bind), node.span);
  return call('AND', [low, high], node.span);
}

/** What (a, b) IN (…) asks of an item of the list; null if the operand is no row. */
export function equalsRow(operand: ast.Expr, bind: Bind): ((item: ast.Expr) => Expr) | null {
  return isRow(operand) ? (item) => compared('=', pairs(operand, item, bind), item.span) : null;
}

export function distinctRows(node: ast.IsDistinct, bind: Bind): Expr | null {
  if (!isRow(node.left) && !isRow(node.right)) return null;
  const { span } = node;
  const same = pairs(node.left, node.right, bind).map(([a, b]) => bindDistinct({ span, negated: true }, a, b));
  return negate(all(same, span), !node.negated, span);
}

/** (a, b) IS NULL: all are; IS NOT NULL: none is. */
export function nullRow(node: ast.Is, bind: Bind): Expr | null {
  const { operand, span } = node;
  if (!isRow(operand) || node.test !== 'NULL') return null;
  return all(
    operand.items.map((item) => negate(call('IS_NULL', [bind(item)], item.span), node.negated, span)),
    span,
  );
}

const comparisons: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

function isRow(node: ast.Expr): node is ast.Row {
  return node.kind === 'row' && node.items.length > 1;
}

function pairs(left: ast.Expr, right: ast.Expr, bind: Bind): [Expr, Expr][] {
  const [a, b] = [left, right].map((side) => (side.kind === 'row' ? side.items : [side])) as [ast.Expr[], ast.Expr[]];
  if (a.length !== b.length) {
    throw new SqlError(
      'SQL_COLUMN_COUNT',
      `a row of ${a.length} cannot be compared with one of ${b.length}`,
      right.span,
      'write as many values on both sides',
    );
  }
  return a.map((item, i) => [bind(item), bind(b[i] as ast.Expr)]);
}

function compared(op: string, sides: readonly [Expr, Expr][], span: ast.Span): Expr {
  const equal = sides.map((pair) => call('=', pair, span));
  if (op === '=') return all(equal, span);
  if (op === '<>') return call('NOT', [all(equal, span)], span);
  // The first pair that differs decides: a < c OR (a = c AND b <= d).
  const strict = op === '<=' ? '<' : op === '>=' ? '>' : op;
  return sides.reduceRight<Expr | null>((rest, pair, i) => {
    if (!rest) return call(op, pair, span);
    const goesOn = call('AND', [equal[i] as Expr, rest], span);
    return call('OR', [call(strict, pair, span), goesOn], span);
  }, null) as Expr;
}

function all(tests: readonly Expr[], span: ast.Span): Expr {
  return tests.reduce((left, right) => call('AND', [left, right], span));
}
