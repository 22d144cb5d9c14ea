import type { Node } from './ast.ts';

/** The nodes directly below a node, in the order of its properties, which is the order of the text. */
function children(node: Node): Node[] {
  const out: Node[] = [];
  for (const value of Object.values(node)) {
    if (isNode(value)) out.push(value);
    else if (Array.isArray(value)) for (const item of value) if (isNode(item)) out.push(item);
  }
  return out;
}

/**
 * Visits a node and all below it, each before those below it. `enter` says `false` to leave out what is below: a
 * search for the aggregates of a query stops at its subqueries. Takes any depth.
 */
export function walk(root: Node, enter: (node: Node) => boolean | undefined): void {
  const stack: Node[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (enter(node) !== false) stack.push(...children(node).reverse());
  }
}

/** The number of nodes on the longest way down. `stopAt` bounds the work: from there on it is not counted further. */
export function height(root: Node, stopAt: number): { readonly height: number; readonly deepest: Node } {
  let best = { height: 0, deepest: root };
  const stack: { node: Node; depth: number }[] = [{ node: root, depth: 1 }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.depth > best.height) best = { height: next.depth, deepest: next.node };
    if (best.height >= stopAt) break;
    for (const node of children(next.node)) stack.push({ node, depth: next.depth + 1 });
  }
  return best;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
