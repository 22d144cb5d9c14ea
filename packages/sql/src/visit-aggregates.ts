import { aggregateFunction } from '@rowtime/core';
import type { Expr } from './ast.ts';
import { walk } from './visit.ts';

/** True if an aggregate of this query is in the expression: those of subqueries and of OVER windows do not count. */
export function containsAggregate(expr: Expr): boolean {
  let found = false;
  walk(expr, (node) => {
    if (node.kind === 'select') return false;
    if (node.kind === 'call' && !node.over && aggregateFunction(node.name.name)) found = true;
    return !found;
  });
  return found;
}
