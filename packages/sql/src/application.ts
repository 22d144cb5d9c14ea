import { type Field, Graph, type Millis, type Schema, type SqlType } from '@rowtime/core';
import type { Statement } from './ast.ts';
import { type BoundPump, bindPump } from './bind.ts';
import { notYet } from './bind-expr.ts';
import { Catalog, nameOf, type ReferenceTable, UnknownColumns } from './catalog.ts';
import { SqlError } from './errors.ts';
import { explain, printSchema } from './explain.ts';
import { instantiate, streamsRead } from './instantiate.ts';
import { parse, parseAll, parseExpr } from './parser.ts';
import { type PumpPlan, planPump } from './plan.ts';
import { columnsRead, prune } from './prune.ts';
import { rewrite } from './rules.ts';
import { printName } from './suggest.ts';
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
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      errors.push(error);
    }
  };
  attempt(() => checkLength(sql));
  const parsed = parseAll(sql);
  errors.push(...parsed.errors);
  const schemas = Object.fromEntries(Object.entries(inputs).map(([name, columns]) => [name, schemaFrom(columns)]));
  const catalog = new Catalog(schemas, tables);
  for (const name of [...unknown, ...parsed.lost]) catalog.defineUnknown(name);
  for (const statement of parsed.statements) {
    if (statement.kind !== 'createStream') continue;
    attempt(() => {
      try {
        catalog.define(statement);
      } catch (error) {
        catalog.defineUnknown(nameOf(statement.name));
        throw error;
      }
    });
  }
  const bound = new Map<string, BoundPump>();
  for (const statement of parsed.statements) {
    attempt(() => {
      try {
        bindPumps([statement], catalog, bound);
      } catch (error) {
        if (!(error instanceof UnknownColumns)) throw error;
        const pump = statement.kind === 'createPump' ? nameOf(statement.name) : '';
        if (unknown.includes(error.stream)) unchecked.push({ pump, stream: error.stream });
      }
    });
  }
  const pumps = [...bound.values()].flatMap((pump) => {
    const plans: { plan: PumpPlan; pump: BoundPump }[] = [];
    attempt(() => plans.push({ plan: planPump(pump), pump }));
    return plans;
  });
  attempt(() =>
    rejectCycles(
      pumps.map(({ plan }) => plan),
      pumps.map(({ pump }) => pump),
    ),
  );
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
  // Streams first: a pump may name one that is created after it.
  for (const statement of statements) if (statement.kind === 'createStream') catalog.define(statement);
  const bound = bindPumps(statements, catalog);
  const pumps = bound.map(planPump).map((pump) => ({ ...pump, root: prune(rewrite(pump.root)) }));
  rejectCycles(pumps, bound);
  const { streams } = catalog;
  const explained = [
    ...streams.map(
      ({ name, schema, input }) => `${input ? 'input' : 'stream'} ${printName(name)} (${printSchema(schema)})`,
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
    graph: () => new Graph(instantiate(streams, pumps, { seed, tables, now: now ?? null }), plan),
  };
}

/** `pumps`: those of the statements before, by name. */
function bindPumps(
  statements: readonly Statement[],
  catalog: Catalog,
  pumps: Map<string, BoundPump> = new Map(),
): BoundPump[] {
  for (const statement of statements) {
    switch (statement.kind) {
      case 'createStream':
        break;
      case 'createPump': {
        const name = nameOf(statement.name);
        if (pumps.has(name) && !statement.orReplace) {
          throw new SqlError(
            'SQL_DUPLICATE_NAME',
            `pump ${printName(name)} exists already`,
            statement.name.span,
            'write CREATE OR REPLACE PUMP',
          );
        }
        const pump = bindPump(statement, catalog);
        pumps.delete(name);
        // A stopped pump is checked like the others, and does not run.
        if (statement.state !== 'stopped') pumps.set(name, pump);
        break;
      }
      case 'queryStatement':
        throw new SqlError(
          'SQL_NOT_SUPPORTED',
          'a query on its own goes nowhere',
          statement.span,
          'put it in a pump: CREATE PUMP name AS INSERT INTO stream SELECT …',
        );
      case 'insert':
        throw new SqlError(
          'SQL_NOT_SUPPORTED',
          'INSERT stands in a pump',
          statement.span,
          'write CREATE PUMP name AS INSERT INTO …',
        );
      case 'createView':
        throw notYet('CREATE VIEW', statement.span);
      case 'createFunction':
        throw notYet('CREATE FUNCTION', statement.span);
      case 'alterPump':
        throw notYet('ALTER PUMP', statement.span);
      case 'drop':
        throw notYet(`DROP ${statement.object.toUpperCase()}`, statement.span);
    }
  }
  return [...pumps.values()];
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
