import {
  type Batch,
  ColumnBuilder,
  columnKind,
  compile,
  concat,
  Failures,
  type FunctionLookup,
  fromRows,
  type Relation,
  RowErrors,
  type Schema,
  subqueryFunction,
  valueAt,
} from '@rowtime/core';
import type { ReferenceTable } from './catalog.ts';
import { SqlError } from './errors.ts';
import { functionNamed } from './functions/index.ts';
import { type InstantiateOptions, type OperatorOptions, operatorOf } from './instantiate.ts';
import { inputsOf, type PlanNode } from './plan.ts';
import type { Subquery, TablePlan } from './table-queries.ts';

/** Runs the queries of tables, with the operators that streams have: what they read ends at once. Gives the tables that
 *  pumps read, and the functions that they call. Throws a SqlError for a row that cannot be computed: there is no stream
 *  yet whose error_stream could have it. */
export function runTables(
  plans: readonly TablePlan[],
  subqueries: readonly Subquery[],
  given: Readonly<Record<string, ReferenceTable>>,
  seed: number,
): Pick<InstantiateOptions, 'tables' | 'withSubqueries'> {
  const tables = new Map<string, Relation>();
  for (const [name, { schema, rows }] of Object.entries(given)) {
    tables.set(name, {
      schema,
      rows: fromRows(
        schema,
        rows.map((row) => ({ rowtime: 0, row })),
      ),
    });
  }
  const withSubqueries = (functions: FunctionLookup): FunctionLookup => functionsOver(tables, subqueries, functions);
  const options: OperatorOptions = { seed, tables, functions: withSubqueries(functionNamed) };
  for (const { name, root, span } of plans) {
    const run = new TableRun(options, span);
    tables.set(name, { schema: root.schema, rows: run.rows(root) });
  }
  return { tables, withSubqueries };
}

// A subquery may be asked by the query of a later table, so each is made when it is first called for.
function functionsOver(
  tables: ReadonlyMap<string, Relation>,
  subqueries: readonly Subquery[],
  functions: FunctionLookup,
): FunctionLookup {
  const byName = new Map(subqueries.map((subquery) => [subquery.name, subquery]));
  const made = new Map<string, ReturnType<typeof subqueryFunction>>();
  const find: FunctionLookup = (name) => {
    const subquery = byName.get(name);
    if (!subquery) return functions(name);
    const known = made.get(name);
    if (known) return known;
    const relation = tables.get(subquery.table);
    if (!relation) throw new Error('broken invariant: the table of a subquery comes before who asks it');
    const fn = subqueryFunction({ ...subquery, relation, functions: find });
    made.set(name, fn);
    return fn;
  };
  return find;
}

class TableRun {
  readonly #options: OperatorOptions;
  readonly #span: TablePlan['span'];

  constructor(options: OperatorOptions, span: TablePlan['span']) {
    this.#options = options;
    this.#span = span;
  }

  rows(node: PlanNode): Batch {
    switch (node.kind) {
      case 'read':
      case 'once':
        throw new Error('broken invariant: a query of tables reads tables');
      case 'table':
        return this.#options.tables.get(node.table)?.rows ?? empty(node.schema);
      case 'values':
        return this.#values(node);
      case 'union':
        return all(
          node.inputs.map((input) => this.rows(input)),
          node.schema,
        );
      default: {
        const errors = new RowErrors(null);
        const operator = operatorOf(node, errors, this.#options);
        const out: Batch[] = [];
        const take = (batch: Batch): void => void out.push(batch);
        inputsOf(node).forEach((input, i) => {
          const batch = this.rows(input);
          if (batch.length > 0) operator.push(batch, take, i);
        });
        operator.advance(Number.POSITIVE_INFINITY, take);
        this.#check(errors);
        return all(out, node.schema);
      }
    }
  }

  #values({ rows, schema }: Extract<PlanNode, { kind: 'values' }>): Batch {
    const builders = schema.map(({ type }) => new ColumnBuilder(columnKind(type), rows.length));
    const failures = new Failures();
    const one: Batch = { length: 1, rowtime: new Float64Array(1), columns: [] };
    for (const row of rows) {
      row.forEach((expr, c) => {
        const column = compile(expr, failures, this.#options.functions)(one);
        const state = column.valid?.[0] ?? 1;
        if (state > 1) throw this.#failed(failures.get(state).message);
        builders[c]?.push(valueAt(column, 0));
      });
    }
    return {
      length: rows.length,
      rowtime: new Float64Array(rows.length),
      columns: builders.map((builder) => builder.finish()),
    };
  }

  #check(errors: RowErrors): void {
    const failed = errors.take();
    const message = failed?.columns[messageColumn];
    if (message) throw this.#failed(String(valueAt(message, 0)));
  }

  #failed(message: string): SqlError {
    return new SqlError('SQL_TABLE_ROW', `a row of this table cannot be computed: ${message}`, this.#span);
  }
}

/** MESSAGE of error_stream. */
const messageColumn = 3;

function all(batches: readonly Batch[], schema: Schema): Batch {
  const full = batches.filter(({ length }) => length > 0);
  const rows = full.length > 0 ? concat(full) : empty(schema);
  return { ...rows, rowtime: new Float64Array(rows.length) };
}

function empty(schema: Schema): Batch {
  return fromRows(schema, []);
}
