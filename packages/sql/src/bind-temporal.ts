import type { Expr } from '@rowtime/core';
import type * as ast from './ast.ts';
import { call } from './bind-expr.ts';

/** A temporal predicate as comparisons of its end points. A period holds its start and not its end; a point in time is a
 *  period that starts and ends there (AWS SQL reference, "Temporal Predicates"). */
export function bindTemporal(node: ast.Temporal, bind: (part: ast.Expr) => Expr): Expr {
  const x = ends(node.left, bind);
  const y = ends(node.right, bind);
  const name = `${node.modifier ?? ''} ${node.op}`.trim();
  const tests = (comparisons[name] ?? comparisons[node.op])?.(node.right.kind !== 'period') ?? [];
  const at = { xs: x.start, xe: x.end, ys: y.start, ye: y.end };
  return tests
    .map(([left, op, right]) => call(op, [at[left], at[right]], node.span))
    .reduce((all, test) => call('AND', [all, test], node.span));
}

function ends(node: ast.Expr, bind: (part: ast.Expr) => Expr): { start: Expr; end: Expr } {
  if (node.kind === 'period') return { start: bind(node.start), end: bind(node.end) };
  const point = bind(node);
  return { start: point, end: point };
}

type End = 'xs' | 'xe' | 'ys' | 'ye';
type Test = readonly [left: End, op: '<' | '<=' | '=' | '>', right: End];

// The reference shows these as pictures only. CONTAINS of a point is written out there; the others are those of SQL:2011,
// and STRICTLY and IMMEDIATELY take the equality of the ends that touch away or leave nothing else. LEADS and LAGS, which
// the standard does not have, are decisions: SEMANTICS.md, "temporal predicates".
//
//   X PRECEDES Y   [--X--)[--Y--)        X LEADS Y   [--X----)
//                                                    [--Y------)    or later
const comparisons: Readonly<Record<string, (isPoint: boolean) => readonly Test[]>> = {
  OVERLAPS: (isPoint) => [
    ['xs', isPoint ? '<=' : '<', 'ye'],
    ['ys', '<', 'xe'],
  ],
  'strictly OVERLAPS': () => [
    ['xs', '<', 'ys'],
    ['ys', '<', 'xe'],
    ['xe', '<', 'ye'],
  ],
  CONTAINS: (isPoint) => [
    ['xs', '<=', 'ys'],
    ['ye', isPoint ? '<' : '<=', 'xe'],
  ],
  'strictly CONTAINS': () => [
    ['xs', '<', 'ys'],
    ['ye', '<', 'xe'],
  ],
  EQUALS: () => [
    ['xs', '=', 'ys'],
    ['xe', '=', 'ye'],
  ],
  PRECEDES: () => [['xe', '<=', 'ys']],
  'strictly PRECEDES': () => [['xe', '<', 'ys']],
  'immediately PRECEDES': () => [['xe', '=', 'ys']],
  SUCCEEDS: () => [['ye', '<=', 'xs']],
  'strictly SUCCEEDS': () => [['ye', '<', 'xs']],
  'immediately SUCCEEDS': () => [['ye', '=', 'xs']],
  LEADS: () => [
    ['xs', '<=', 'ys'],
    ['xe', '<', 'ye'],
  ],
  'strictly LEADS': () => [
    ['xs', '<', 'ys'],
    ['xe', '<', 'ye'],
  ],
  'immediately LEADS': () => [
    ['xs', '=', 'ys'],
    ['xe', '<', 'ye'],
  ],
  LAGS: () => [
    ['ys', '<=', 'xs'],
    ['ye', '<', 'xe'],
  ],
  'strictly LAGS': () => [
    ['ys', '<', 'xs'],
    ['ye', '<', 'xe'],
  ],
  'immediately LAGS': () => [
    ['ys', '=', 'xs'],
    ['ye', '<', 'xe'],
  ],
};
