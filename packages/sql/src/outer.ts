import type { Expr } from '@rowtime/core';
import type * as ast from './ast.ts';
import type { ExprContext } from './bind-expr.ts';

/** What a subquery takes from the row outside of it. Inside, it is a call without arguments, so that whoever moves the
 *  columns of the subquery about leaves it alone. */
export class Outer {
  readonly #context: ExprContext;
  /** Over what the query outside reads. */
  readonly refs: Expr[] = [];

  constructor(context: ExprContext) {
    this.#context = context;
  }

  column(node: ast.Column): Expr {
    const expr = this.#context.match(node) ?? this.#context.column(node);
    const text = JSON.stringify(expr);
    let at = this.refs.findIndex((known) => JSON.stringify(known) === text);
    if (at < 0) at = this.refs.push(expr) - 1;
    return { kind: 'call', name: `${prefix}${at}`, args: [], type: expr.type };
  }

  /** What it stands for outside; null if it is none of these. */
  ref(expr: Expr): Expr | null {
    if (expr.kind !== 'call' || !expr.name.startsWith(prefix)) return null;
    return this.refs[Number(expr.name.slice(prefix.length))] ?? null;
  }

  isIn(expr: Expr): boolean {
    if (expr.kind === 'call') return isOuter(expr) || expr.args.some((arg) => this.isIn(arg));
    return expr.kind === 'cast' && this.isIn(expr.arg);
  }

  /** Is it made of these and constants alone? */
  isOnly(expr: Expr): boolean {
    if (expr.kind === 'call') return isOuter(expr) || expr.args.every((arg) => this.isOnly(arg));
    return expr.kind === 'cast' ? this.isOnly(expr.arg) : expr.kind === 'literal';
  }

  /** An expression made of these alone, as it is outside. */
  outside(expr: Expr): Expr {
    const ref = this.ref(expr);
    if (ref) return ref;
    if (expr.kind === 'call') return { ...expr, args: expr.args.map((arg) => this.outside(arg)) };
    return expr.kind === 'cast' ? { ...expr, arg: this.outside(expr.arg) } : expr;
  }
}

const prefix = 'OUTER ';

/** Does a subquery take this from outside? */
export function isOuter(expr: Expr): boolean {
  return expr.kind === 'call' && expr.name.startsWith(prefix);
}
