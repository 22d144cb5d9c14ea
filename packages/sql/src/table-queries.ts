import type { Expr, Schema, SqlType } from '@rowtime/core';
import type { Span } from './ast.ts';
import type { BoundQuery } from './bound.ts';
import { SqlError } from './errors.ts';
import type { PlanNode } from './plan.ts';

/** A query of tables alone. It ends, so it is run once, before any row comes, and its rows are a table like any other. */
export interface TableQuery {
  readonly name: string;
  readonly query: BoundQuery;
  readonly schema: Schema;
  readonly span: Span;
}

export interface TablePlan {
  readonly name: string;
  readonly root: PlanNode;
  readonly span: Span;
}

/** EXISTS, IN or a value in an expression: see SubqueryOptions of core, where `table` is its relation. */
export interface Subquery {
  readonly name: string;
  readonly mode: 'exists' | 'in' | 'value';
  readonly table: string;
  readonly keys: number;
  readonly items: number;
  readonly residual: Expr | null;
  readonly type: SqlType;
}

/** The queries of tables in an application, and the subqueries over them: each once, those inside others first. */
export class TableQueries {
  readonly #tables = new Map<string, TableQuery>();
  readonly #subqueries = new Map<string, Subquery>();
  readonly #taken: (name: string) => boolean;

  /** `taken`: the names of the reference tables. */
  constructor(taken: (name: string) => boolean) {
    this.#taken = taken;
  }

  get tables(): readonly TableQuery[] {
    return [...this.#tables.values()];
  }

  get subqueries(): readonly Subquery[] {
    return [...this.#subqueries.values()];
  }

  /** The name of the table that the query gives. */
  table(query: BoundQuery, span: Span): string {
    const schema = query.items.map(({ name, expr }) => ({ name, type: expr.type, nullable: true }));
    const text = withoutSpans(query);
    const time = timed.exec(text);
    if (time) {
      throw new SqlError(
        'SQL_NOT_SUPPORTED',
        `${time[1] ?? 'ROWTIME'} in a query of tables, which is run before there is any time`,
        span,
        'use it in the query of a stream',
      );
    }
    const known = this.#tables.get(text);
    if (known) return known.name;
    let name = `TABLE$${this.#tables.size + 1}`;
    while (this.#taken(name)) name += '$';
    this.#tables.set(text, { name, query, schema, span });
    return name;
  }

  /** The name of the function that the subquery is. */
  subquery(wanted: Omit<Subquery, 'name'>): string {
    const text = JSON.stringify(wanted);
    const known = this.#subqueries.get(text);
    if (known) return known.name;
    const name = `${wanted.mode.toUpperCase()}$${this.#subqueries.size + 1}`;
    this.#subqueries.set(text, { ...wanted, name });
    return name;
  }
}

/** True for the name of a function that asks a table; those of the dialect have no $. */
export function isSubquery(name: string): boolean {
  return name.includes('$');
}

/** In a bound query as JSON; inside of a text its quotes are escaped. */
const timed = /"kind":"rowtime"|"kind":"call","name":"((?:CURRENT|LOCAL)[A-Z_]*)"/;

// The same query is bound more than once: as a GROUP BY key and in the select list, for one.
function withoutSpans(query: BoundQuery): string {
  return JSON.stringify(query, (key, value: unknown) => (key === 'span' ? undefined : value));
}
