import type { Expr } from '@rowtime/core';
import type { CreateFunction } from './ast.ts';

/** The functions that the program itself makes: several of one name differ in the types of their parameters. */
export class UserFunctions {
  readonly #byName = new Map<string, CreateFunction[]>();
  readonly #bodies = new Map<CreateFunction, Expr>();
  /** Those whose body is being bound, outermost first. */
  readonly #open: CreateFunction[] = [];

  add(name: string, fn: CreateFunction): void {
    const known = this.#byName.get(name);
    if (known) known.push(fn);
    else this.#byName.set(name, [fn]);
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  overloads(name: string): readonly CreateFunction[] {
    return this.#byName.get(name) ?? [];
  }

  /** The bound body, from `bind` when it is first asked for; null if that is going on right now. */
  body(fn: CreateFunction, bind: () => Expr): Expr | null {
    const known = this.#bodies.get(fn);
    if (known) return known;
    if (this.#open.includes(fn)) return null;
    this.#open.push(fn);
    try {
      const body = bind();
      this.#bodies.set(fn, body);
      return body;
    } finally {
      this.#open.pop();
    }
  }
}
