import type { Expr } from '@rowtime/core';
import { type PlanNode, withInputs } from './plan.ts';
import { pushEqualities } from './push-equalities.ts';

/** A rewrite of one node into one that gives the same rows; null where it does not apply. */
export interface Rule {
  readonly name: string;
  apply(node: PlanNode): PlanNode | null;
}

const rules: readonly Rule[] = [
  {
    name: 'merge projections',
    apply(node) {
      if (node.kind !== 'project' || node.input.kind !== 'project') return null;
      const { input } = node;
      const uses = new Map<number, number>();
      for (const expr of node.exprs) countColumns(expr, uses);
      // An expression that is used twice would be computed twice; and one whose failure fails the row must not come
      // under a function that drops failures.
      const once = input.exprs.every((expr, i) => isSimple(expr) || (uses.get(i) ?? 0) <= 1);
      // NOT NULL of the inner projection would be lost; and a failure in a column that is dropped still fails its row.
      const all = input.exprs.every((expr, i) => isSimple(expr) || uses.has(i));
      if (!once || !all || input.schema.some(({ nullable }) => !nullable)) return null;
      return {
        ...node,
        input: input.input,
        exprs: node.exprs.map((expr) => substitute(expr, ({ index }) => input.exprs[index])),
      };
    },
  },
  {
    name: 'equal columns of WHERE as keys of a join',
    apply: pushEqualities,
  },
  {
    name: 'drop a projection that changes nothing',
    apply: withoutIdentity,
  },
];

/** The input of a projection that changes nothing; null for any other node. */
export function withoutIdentity(node: PlanNode): PlanNode | null {
  if (node.kind !== 'project' || node.exprs.length !== node.input.schema.length) return null;
  if (node.schema.some(({ nullable }) => !nullable)) return null;
  if (!node.exprs.every((expr, i) => expr.kind === 'column' && expr.index === i)) return null;
  // The name of a column is only a label here: what reads it does so by index.
  return renamed(node.input, node);
}

/** Applies the rules to a whole plan until none applies. */
export function rewrite(node: PlanNode): PlanNode {
  let current = withInputs(node, rewrite);
  for (;;) {
    const next = rules.reduce<PlanNode | null>((found, rule) => found ?? rule.apply(current), null);
    if (!next) return current;
    current = withInputs(next, rewrite);
  }
}

function renamed(node: PlanNode, { schema }: PlanNode): PlanNode {
  return node.kind === 'project' || node.kind === 'sort' || node.kind === 'union' ? { ...node, schema } : node;
}

/** True for what is only passed on: it costs nothing and cannot fail. */
export function isSimple(expr: Expr): boolean {
  return expr.kind === 'column' || expr.kind === 'literal' || expr.kind === 'rowtime';
}

const lazy = ['CASE', 'COALESCE', 'AND', 'OR'];

function countColumns(expr: Expr, uses: Map<number, number>, times = 1): void {
  if (expr.kind === 'column') uses.set(expr.index, (uses.get(expr.index) ?? 0) + times);
  else if (expr.kind === 'call') {
    for (const arg of expr.args) countColumns(arg, uses, lazy.includes(expr.name) ? 2 : times);
  } else if (expr.kind === 'cast') countColumns(expr.arg, uses, times);
}

/** The expression with its columns replaced. */
export function substitute(expr: Expr, by: (column: Extract<Expr, { kind: 'column' }>) => Expr | undefined): Expr {
  switch (expr.kind) {
    case 'column': {
      const replaced = by(expr);
      if (!replaced) throw new Error('broken invariant: a projection reads columns that its input has');
      return replaced;
    }
    case 'call':
      return { ...expr, args: expr.args.map((arg) => substitute(arg, by)) };
    case 'cast':
      return { ...expr, arg: substitute(expr.arg, by) };
    default:
      return expr;
  }
}
