import { type Field, Graph, type Millis, type Schema, type SqlType } from '@rowtime/core';
import type { Statement } from './ast.ts';
import { bindView } from './bind.ts';
import { bindFunction } from './bind-function.ts';
import { type BoundPump, bindPump } from './bind-pump.ts';
import { Catalog, nameOf, type ReferenceTable, UnknownColumns } from './catalog.ts';
import { SqlError } from './errors.ts';
import { explain, explainSubquery, explainTable, printSchema } from './explain.ts';
import { instantiate, streamsRead } from './instantiate.ts';
import { parse, parseAll, parseExpr } from './parser.ts';
import { type PumpPlan, planPump, planQuery } from './plan.ts';
import { columnsRead, prune } from './prune.ts';
import { rewrite } from './rules.ts';
import { runTables } from './run-tables.ts';
import { runScript } from './script.ts';
import { printName } from './suggest.ts';
import type { TablePlan } from './table-queries.ts';
import { typeOf } from './types.ts';

export interface CompileOptions {
  /** The input streams, as the configuration of the application declares them: their names and columns are exact. */
  readonly inputs: Readonly<Record<string, Schema | Readonly<Record<string, string>>>>;
  /** Reference tables, loaded: their names and columns are exact, too. */
  readonly tables?: Readonly<Record<string, ReferenceTable>>;
  /** Where RANDOM_CUT_FOREST starts its random numbers. The service took a new seed at each start. Default 42. */
  readonly seed?: number;
  /** When the application starts, for CURRENT_TIMESTAMP and its like; a restored checkpoint keeps the time of the first start.
   *  Left out: the ROWTIME of each row, so that a replay gives the same results. */
  readonly now?: Millis;
}

/** A compiled program. Plain data until `graph` makes operators of it. */
export interface Application {
  /** Every stream, input streams first. */
  readonly streams: readonly {
    readonly name: string;
    readonly schema: Schema;
    readonly input: boolean;
    /** Columns that batches of an input stream have behind those of `schema`: see metadataColumns. */
    readonly metadata: Schema;
  }[];
  readonly pumps: readonly PumpPlan[];
  /** For each column of an input stream, the declared ones and then its metadata, whether any pump reads it. */
  used(input: string): boolean[];
  /** The plan as text: what EXPLAIN would say. */
  explain(): string;
  /** A new graph, with operators of its own. */
  graph(): Graph;
}

/** Compiles a program of the dialect. Throws a SqlError for the first thing that is wrong. */
export function compile(sql: string, options: CompileOptions): Application {
  checkLength(sql);
  return compileStatements(parse(sql), options);
}

/** What `check` found. */
export interface Checked {
  /** In the order of the text. Empty: nothing is wrong with what could be checked. */
  readonly errors: readonly SqlError[];
  /** Pumps that were only parsed, because they read a stream whose columns are not known. */
  readonly unchecked: readonly { readonly pump: string; readonly stream: string }[];
}

/** Everything that is wrong with a program. Goes on at the next statement, and says nothing about what only follows from an
 *  earlier error. `unknown`: input streams of which no more than the name is known. */
export function check(sql: string, { inputs, tables = {} }: CompileOptions, unknown: readonly string[] = []): Checked {
  const errors: SqlError[] = [];
  const unchecked: { pump: string; stream: string }[] = [];
  /** True: there was no error. What is used twice has its error once. */
  const attempt = (work: () => void): boolean => {
    try {
      work();
      return true;
    } catch (error) {
      if (error instanceof UnknownColumns) return true;
      if (!(error instanceof SqlError)) throw error;
      if (!errors.some(({ code, span }) => code === error.code && span.from === error.span.from)) errors.push(error);
      return false;
    }
  };
  attempt(() => checkLength(sql));
  const { statements, lost, errors: misunderstood } = parseAll(sql);
  errors.push(...misunderstood);
  const schemas = Object.fromEntries(Object.entries(inputs).map(([name, columns]) => [name, schemaFrom(columns)]));
  const catalog = new Catalog(schemas, tables);
  const isLost = (object: string, name: string): boolean =>
    lost.some((made) => made.object === object && made.name === name);
  const script = runScript(statements, (name) => catalog.isInput(name), { attempt, isLost });
  for (const name of unknown) catalog.defineUnknown(name);
  for (const { object, name } of lost) if (object !== 'pump') catalog.defineUnknown(name);
  for (const statement of script.streams) {
    if (!attempt(() => catalog.define(statement))) catalog.defineUnknown(nameOf(statement.name));
  }
  for (const view of script.views) catalog.addView(view);
  for (const fn of script.functions) catalog.functions.add(nameOf(fn.name), fn);
  for (const view of script.views) {
    if (!attempt(() => bindView(view, catalog))) catalog.defineUnknown(nameOf(view.name));
  }
  for (const fn of script.functions) attempt(() => bindFunction(fn, catalog));
  const pumps: { plan: PumpPlan; pump: BoundPump }[] = [];
  for (const { pump, isStarted } of script.pumps) {
    attempt(() => {
      try {
        const bound = bindPump(pump, catalog);
        if (isStarted) pumps.push({ plan: planPump(bound), pump: bound });
      } catch (error) {
        if (error instanceof UnknownColumns && unknown.includes(error.stream))
          unchecked.push({ pump: nameOf(pump.name), stream: error.stream });
        throw error;
      }
    });
  }
  attempt(() =>
    rejectCycles(
      pumps.map(({ plan }) => plan),
      pumps.map(({ pump }) => pump),
    ),
  );
  // What one error left half bound is not run.
  if (errors.length === 0) attempt(() => runTables(planTables(catalog), catalog.queries.subqueries, tables, 0));
  return { errors: errors.sort((a, b) => a.span.from - b.span.from), unchecked };
}

/** Limit of the service (AWS developer guide, "Limits"): the SQL of an application has at most 100 KB. */
const bytesMax = 100 * 1024;

function checkLength(sql: string): void {
  const bytes = new TextEncoder().encode(sql).length;
  if (bytes <= bytesMax) return;
  throw new SqlError(
    'SQL_TOO_COMPLEX',
    `the program has ${bytes} bytes; the most is ${bytesMax}`,
    { from: 0, to: 0 },
    'the service took 100 KB of SQL: split the program in two applications',
  );
}

function compileStatements(
  statements: readonly Statement[],
  { inputs, tables = {}, seed = 42, now }: CompileOptions,
): Application {
  const schemas = Object.fromEntries(Object.entries(inputs).map(([name, columns]) => [name, schemaFrom(columns)]));
  const catalog = new Catalog(schemas, tables);
  const { streams: created, views, functions, pumps: left } = runScript(statements, (name) => catalog.isInput(name));
  // Streams first: a pump may name one that is created after it.
  for (const statement of created) catalog.define(statement);
  for (const view of views) catalog.addView(view);
  for (const fn of functions) catalog.functions.add(nameOf(fn.name), fn);
  // What nobody uses is checked like the rest.
  for (const view of views) bindView(view, catalog);
  for (const fn of functions) bindFunction(fn, catalog);
  // A stopped pump is checked, too, and does not run.
  const bound = left.flatMap(({ pump, isStarted }) => {
    const checked = bindPump(pump, catalog);
    return isStarted ? [checked] : [];
  });
  const pumps = bound.map(planPump).map((pump) => ({ ...pump, root: prune(rewrite(pump.root)) }));
  rejectCycles(pumps, bound);
  const { streams, queries } = catalog;
  const tablePlans = planTables(catalog);
  const options = runTables(tablePlans, queries.subqueries, tables, seed);
  const definitions = { tables: tablePlans, subqueries: queries.subqueries, references: catalog.references, seed };
  const explained = [
    ...streams.map(
      ({ name, schema, input }) => `${input ? 'input' : 'stream'} ${printName(name)} (${printSchema(schema)})`,
    ),
    ...tablePlans.map(explainTable),
    ...queries.subqueries.map((subquery) =>
      explainSubquery(subquery, options.tables.get(subquery.table)?.schema ?? []),
    ),
    ...pumps.map(explain),
  ].join('\n');
  // Not the time itself: a checkpoint is of the same plan, whenever it is gone on with.
  const plan = `${explained}\nseed ${seed}${now === undefined ? '' : '\nstart'}`;
  return {
    streams,
    pumps,
    used(input) {
      const stream = streams.find(({ name }) => name === input);
      const schema = stream ? [...stream.schema, ...stream.metadata] : [];
      const read = new Set(pumps.flatMap(({ root }) => [...columnsRead(root, input)]));
      return schema.map((_, i) => read.has(i));
    },
    explain: () => explained,
    graph: () => new Graph(instantiate(streams, pumps, { ...options, definitions, seed, now: now ?? null }), plan),
  };
}

function planTables({ queries }: Catalog): TablePlan[] {
  return queries.tables.map(({ name, query, span }) => ({ name, span, root: rewrite(planQuery(query)) }));
}

function rejectCycles(pumps: readonly PumpPlan[], bound: readonly BoundPump[]): void {
  const done = new Set<string>();
  const visiting = new Set<string>();
  const visit = (stream: string): void => {
    if (done.has(stream)) return;
    visiting.add(stream);
    for (const [i, { name, into, root }] of pumps.entries()) {
      if (into !== stream) continue;
      for (const read of streamsRead(root)) {
        if (visiting.has(read)) {
          const span = bound[i]?.span ?? { from: 0, to: 0 };
          throw new SqlError(
            'SQL_CYCLE',
            `pump ${printName(name)} reads ${printName(read)}, which depends on what it writes`,
            span,
          );
        }
        visit(read);
      }
    }
    visiting.delete(stream);
    done.add(stream);
  };
  for (const { into } of pumps) visit(into);
}

/** A schema from names and SQL types: `{ rating: 'INTEGER' }`. Names are exact, as if quoted. */
export function schemaFrom(columns: Schema | Readonly<Record<string, string>>): Schema {
  if (Array.isArray(columns)) return columns as Schema;
  return Object.entries(columns as Readonly<Record<string, string>>).map(
    ([name, type]): Field => ({ name, type: parseType(type), nullable: true }),
  );
}

/** A SQL type from its text: "VARCHAR(32)". Throws a SqlError, whose place is in `text`. */
export function parseType(text: string): SqlType {
  const before = 'CAST(NULL AS ';
  try {
    const cast = parseExpr(`${before}${text})`);
    if (cast.kind === 'cast') return typeOf(cast.type);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
  }
  throw new SqlError(
    'SQL_UNKNOWN_TYPE',
    `${JSON.stringify(text)} is not a SQL type`,
    { from: 0, to: text.length },
    'write VARCHAR(32), INTEGER, DOUBLE, TIMESTAMP …',
  );
}
