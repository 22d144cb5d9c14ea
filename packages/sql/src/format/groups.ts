import type { BinaryOp, Expr, FromItem, Node, Select, Statement } from '../ast.ts';
import { binaryPrecedence } from '../keywords.ts';
import type { Token } from '../lexer.ts';
import { walk } from '../visit.ts';

/** Tokens [from, to) that stand on one line if they fit, and else begin a line at each of their breaks. */
export interface Group {
  readonly from: number;
  readonly to: number;
  /** Token → how many levels further in than the line on which the group begins. */
  readonly breaks: Map<number, 0 | 1>;
  /** Breaks even if it would fit. */
  readonly always: boolean;
}

/** The groups of a statement, a group before those inside it. Groups lie inside each other or apart. */
export function groupsOf(statement: Statement, tokens: readonly Token[], indexAt: (offset: number) => number): Group[] {
  const from = indexAt(statement.span.from);
  const to = indexAt(statement.span.to);
  const whole: Group = { from, to, breaks: new Map(), always: true };
  const groups = [whole];
  /** The innermost group of parentheses around each token; one of the parentheses is not in it. */
  const around = parentheses(tokens, from, to, whole, groups);
  const groupAround = (i: number): Group => around[i - from] ?? whole;
  const is = (i: number, ...words: string[]): boolean =>
    tokens[i]?.kind !== 'quoted' && words.includes(tokens[i]?.text ?? '');
  /** The first of some words at or behind an offset. */
  const find = (offset: number, ...words: string[]): number => {
    let i = indexAt(offset);
    while (i < to && !is(i, ...words)) i++;
    return i;
  };

  const lineOfQuery = (i: number): void => {
    const group = groupAround(i);
    if (i > group.from) group.breaks.set(i, group === whole ? 0 : 1);
  };
  /** A clause: its items on lines of their own if they do not fit behind its first words. */
  const clause = (at: number, end: number, first: number | null): void => {
    const group: Group = { from: at, to: end, breaks: new Map(), always: false };
    for (let i = at + 1; i < end; i++) {
      if (groupAround(i) !== groupAround(at) || !is(i, ',') || i + 1 === end) continue;
      group.breaks.set(i + 1, 1);
      // A comma of the clause is none of the parentheses around the query.
      groupAround(at).breaks.delete(i + 1);
    }
    if (first !== null) group.breaks.set(first, 1);
    groups.push(group);
  };
  const clausesOf = (select: Select): void => {
    const starts = [indexAt(select.span.from)];
    const firsts = [indexAt(select.items[0]?.span.from ?? select.span.from)];
    const next = (behind: number, word: string, words: number | null): void => {
      starts.push(find(behind, word));
      firsts.push(words === null ? -1 : (starts.at(-1) ?? 0) + words);
    };
    let behind = select.items.at(-1)?.span.to ?? 0;
    next(behind, 'FROM', null);
    behind = select.from.span.to;
    if (select.where) {
      next(behind, 'WHERE', null);
      behind = select.where.span.to;
    }
    const [group] = select.groupBy;
    if (group) {
      next(behind, 'GROUP', 2);
      behind = select.groupBy.at(-1)?.span.to ?? 0;
    }
    if (select.stagger) {
      next(behind, 'WINDOWED', null);
      behind = select.stagger.span.to;
    }
    if (select.having) {
      next(behind, 'HAVING', null);
      behind = select.having.span.to;
    }
    if (select.windows.length > 0) {
      next(behind, 'WINDOW', 1);
      behind = select.windows.at(-1)?.span.to ?? 0;
    }
    if (select.orderBy.length > 0) next(behind, 'ORDER', 2);
    const end = indexAt(select.span.to);
    starts.forEach((start, i) => {
      lineOfQuery(start);
      // (SELECT …) ORDER BY: the clause before ends with the parenthesis.
      let clauseEnd = starts[i + 1] ?? end;
      while (
        clauseEnd > start &&
        groupAround(clauseEnd - 1) !== groupAround(start) &&
        is(clauseEnd - 1, ')') &&
        closes(clauseEnd - 1, start)
      )
        clauseEnd--;
      const first = firsts[i] ?? -1;
      clause(start, clauseEnd, first > start && first < clauseEnd ? first : null);
    });
  };
  /** Whether the parenthesis at `i` was opened before `start`. */
  const closes = (i: number, start: number): boolean => {
    let depth = 0;
    for (let at = i; at >= start; at--) depth += is(at, ')') ? 1 : is(at, '(') ? -1 : 0;
    return depth > 0;
  };

  const seen = new Set<Node>();
  walk(statement, (node) => {
    switch (node.kind) {
      case 'createPump':
        lineOfQuery(indexAt(node.insert.span.from));
        break;
      case 'createFunction': {
        let at = indexAt(node.body.span.from);
        while (at > from && !is(at, 'RETURN')) at--;
        lineOfQuery(at);
        break;
      }
      case 'select':
        clausesOf(node);
        break;
      case 'values':
        lineOfQuery(indexAt(node.span.from));
        clause(indexAt(node.span.from), indexAt(node.span.to), indexAt(node.span.from) + 1);
        break;
      case 'setOperation': {
        const at = find(node.left.span.to, node.op.toUpperCase());
        lineOfQuery(at);
        lineOfQuery(is(at + 1, 'ALL', 'DISTINCT') ? at + 2 : at + 1);
        if (node.orderBy.length > 0) {
          const order = find(node.right.span.to, 'ORDER');
          lineOfQuery(order);
          clause(order, indexAt(node.span.to), order + 2);
        }
        break;
      }
      case 'join': {
        if (seen.has(node)) break;
        const group: Group = {
          from: indexAt(node.span.from),
          to: indexAt(node.span.to),
          breaks: new Map(),
          always: false,
        };
        let item: FromItem = node;
        while (item.kind === 'join') {
          seen.add(item);
          const at = find(item.left.span.to, 'NATURAL', 'INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'JOIN', ',');
          if (!is(at, ',') && groupAround(at) === groupAround(group.from)) group.breaks.set(at, 1);
          item = item.left;
        }
        groups.push(group);
        break;
      }
      case 'binary': {
        if (seen.has(node)) break;
        const group: Group = {
          from: indexAt(node.span.from),
          to: indexAt(node.span.to),
          breaks: new Map(),
          always: false,
        };
        let left: Expr = node;
        while (left.kind === 'binary' && level(left.op) === level(node.op)) {
          const at = indexAt(left.opSpan.from);
          // Parentheses around the left operand begin a group of their own.
          if (groupAround(at) !== groupAround(indexAt(node.opSpan.from))) break;
          seen.add(left);
          group.breaks.set(at, 1);
          left = left.left;
        }
        groups.push(group);
        break;
      }
      case 'case': {
        const group: Group = {
          from: indexAt(node.span.from),
          to: indexAt(node.span.to),
          breaks: new Map(),
          always: false,
        };
        for (const branch of node.branches) group.breaks.set(indexAt(branch.span.from), 1);
        if (node.otherwise) group.breaks.set(find(node.branches.at(-1)?.span.to ?? 0, 'ELSE'), 1);
        group.breaks.set(group.to - 1, 0);
        groups.push(group);
        break;
      }
    }
    return true;
  });
  return groups.sort((a, b) => a.from - b.from || b.to - a.to);
}

function level(op: BinaryOp): number {
  return binaryPrecedence[op];
}

/** A group for each pair of parentheses: what is inside on lines of its own, further in. */
function parentheses(tokens: readonly Token[], from: number, to: number, whole: Group, groups: Group[]): Group[] {
  const around: Group[] = [];
  const closeOf = partners(tokens, from, to);
  const open: Group[] = [whole];
  for (let i = from; i < to; i++) {
    const { kind, text } = tokens[i] as Token;
    const isSymbol = kind === 'symbol';
    if (isSymbol && text === ')') open.pop();
    const parent = open.at(-1) as Group;
    around.push(parent);
    const close = closeOf.get(i);
    if (isSymbol && text === '(' && close !== undefined) {
      const group: Group = { from: i, to: close + 1, breaks: new Map(), always: false };
      // f(g(…)): the parentheses inside break for both.
      const inner = [i + 1, i + 2].find((at) => closeOf.get(at) === close - 1);
      if (inner === undefined && close > i + 1) {
        group.breaks.set(i + 1, 1);
        group.breaks.set(close, 0);
      }
      groups.push(group);
      open.push(group);
    } else if (isSymbol && text === ',' && parent !== whole && i + 1 < to) parent.breaks.set(i + 1, 1);
  }
  return around;
}

function partners(tokens: readonly Token[], from: number, to: number): Map<number, number> {
  const out = new Map<number, number>();
  const open: number[] = [];
  for (let i = from; i < to; i++) {
    const { kind, text } = tokens[i] as Token;
    if (kind !== 'symbol') continue;
    if (text === '(') open.push(i);
    const at = text === ')' ? open.pop() : undefined;
    if (at !== undefined) out.set(at, i);
  }
  return out;
}
