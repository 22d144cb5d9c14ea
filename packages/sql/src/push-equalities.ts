import type { Expr } from '@rowtime/core';
import { areLookUpKeys, areOneKey } from './join-keys.ts';
import type { PlanNode } from './plan.ts';

type Joined = Extract<PlanNode, { kind: 'join' | 'lookup' }>;

/** FROM a, b WHERE a.k = b.k: what WHERE asks of a pair of an inner join, ON could ask; equal columns are found by hash. */
export function pushEqualities(node: PlanNode): PlanNode | null {
  if (node.kind !== 'filter') return null;
  const { input, predicate } = node;
  if (input.kind !== 'join' && input.kind !== 'lookup') return null;
  if (input.kind === 'join' ? input.sides.some(({ isOuter }) => isOuter) : input.isOuter) return null;
  const width = leftWidth(input);
  const pairs: { left: number; right: number }[] = [];
  const rest: Expr[] = [];
  for (const part of conjuncts(predicate)) {
    const pair = equalColumns(part, width, input.kind === 'lookup' ? areLookUpKeys : areOneKey);
    if (pair && pair.right < input.schema.length - 1) pairs.push({ left: pair.left, right: pair.right - width - 1 });
    else rest.push(part);
  }
  if (pairs.length === 0) return null;
  const keyed = withKeys(input, pairs);
  const [first, ...others] = rest;
  if (!first) return keyed;
  const left = others.reduce<Expr>(
    (all, part) => ({ kind: 'call', name: 'AND', args: [all, part], type: { kind: 'boolean' } }),
    first,
  );
  return { ...node, input: keyed, predicate: left };
}

/** The operands of AND. */
export function conjuncts(expr: Expr): readonly Expr[] {
  return expr.kind === 'call' && expr.name === 'AND' ? expr.args.flatMap(conjuncts) : [expr];
}

// Columns of the left, its ROWTIME, columns of the right, its ROWTIME.
function leftWidth(node: Joined): number {
  if (node.kind === 'join') return node.inputs[0].schema.length;
  const stream = node.input.schema.length;
  return node.isTableFirst ? node.schema.length - stream - 2 : stream;
}

function equalColumns(expr: Expr, width: number, areKeys: typeof areOneKey): { left: number; right: number } | null {
  if (expr.kind !== 'call' || expr.name !== '=') return null;
  const [a, b] = expr.args;
  if (a?.kind !== 'column' || b?.kind !== 'column' || !areKeys(a.type, b.type)) return null;
  const [left, right] = a.index < b.index ? [a.index, b.index] : [b.index, a.index];
  return left < width && right > width ? { left, right } : null;
}

function withKeys(node: Joined, pairs: readonly { readonly left: number; readonly right: number }[]): PlanNode {
  const [left, right] = [pairs.map((pair) => pair.left), pairs.map((pair) => pair.right)];
  if (node.kind === 'join') {
    const [a, b] = node.sides;
    return {
      ...node,
      sides: [
        { ...a, keys: [...a.keys, ...left] },
        { ...b, keys: [...b.keys, ...right] },
      ],
    };
  }
  return {
    ...node,
    streamKeys: [...node.streamKeys, ...(node.isTableFirst ? right : left)],
    tableKeys: [...node.tableKeys, ...(node.isTableFirst ? left : right)],
  };
}
