import type { Field, Row, Schema } from '@rowtime/core';
import type { CreateView, Identifier, Name, Span, Statement } from './ast.ts';
import { SqlError } from './errors.ts';
import { printName, suggest } from './suggest.ts';
import { TableQueries } from './table-queries.ts';
import { typeOf } from './types.ts';
import { UserFunctions } from './user-functions.ts';

/** What a name in FROM or INTO can mean. */
export interface CatalogStream {
  readonly name: string;
  readonly schema: Schema;
  /** Input streams come from the configuration; the others from CREATE STREAM. */
  readonly input: boolean;
  /** Columns of an input stream behind those declared, which `*` does not take. */
  readonly metadata: Schema;
  /** The rows of a reference table; null for a stream. */
  readonly rows: readonly Row[] | null;
}

/** A reference table: its name and columns are exact, as if quoted. */
export interface ReferenceTable {
  readonly schema: Schema;
  readonly rows: readonly Row[];
}

/** What the service adds to the rows of an input stream (AWS developer guide, "Reserved columns"; the lengths hold what
 *  Kinesis allows). The source fills what it knows; the rest is NULL. */
const metadataColumns: Schema = [
  { name: 'APPROXIMATE_ARRIVAL_TIME', type: { kind: 'timestamp' }, nullable: true },
  { name: 'PARTITION_KEY', type: { kind: 'varchar', length: 256 }, nullable: true },
  { name: 'SEQUENCE_NUMBER', type: { kind: 'varchar', length: 128 }, nullable: true },
  { name: 'SHARD_ID', type: { kind: 'varchar', length: 64 }, nullable: true },
];

// A declared column of that name is the column.
function metadataOf(schema: Schema): Schema {
  return metadataColumns.filter(({ name }) => !schema.some((field) => field.name === name));
}

/** Thrown for a stream, view or function of which no more than the name is known, so that a check can leave out what depends
 *  on it. */
export class UnknownColumns extends Error {
  override readonly name = 'UnknownColumns';
  /** Its name. */
  readonly stream: string;

  constructor(stream: string) {
    super(`no more than the name of ${printName(stream)} is known`);
    this.stream = stream;
  }
}

/** What the names of an application mean: its streams, tables, views and functions, by exact name. */
export class Catalog {
  readonly #streams = new Map<string, CatalogStream>();
  readonly #views = new Map<string, CreateView>();
  /** The views that are being looked into, outermost first. */
  readonly #open: string[] = [];
  #looks = 0;
  /** Of which no more than the name is known. */
  readonly #unknown = new Set<string>();
  readonly functions = new UserFunctions();
  readonly queries = new TableQueries((name) => this.isInput(name));

  constructor(inputs: Readonly<Record<string, Schema>>, tables: Readonly<Record<string, ReferenceTable>>) {
    for (const [name, schema] of Object.entries(inputs))
      this.#streams.set(name, { name, schema, input: true, metadata: metadataOf(schema), rows: null });
    for (const [name, { schema, rows }] of Object.entries(tables))
      this.#streams.set(name, { name, schema, input: true, metadata: [], rows });
  }

  get streams(): readonly CatalogStream[] {
    return [...this.#streams.values()].filter(({ rows }) => rows === null);
  }

  /** The reference tables. */
  get references(): readonly CatalogStream[] {
    return [...this.#streams.values()].filter(({ rows }) => rows !== null);
  }

  /** True for what the configuration declares: an input stream or a reference table. */
  isInput(name: string): boolean {
    return this.#streams.get(name)?.input ?? false;
  }

  /** A stream, view or function of which no more than the name is known: an input without a schema, or one whose CREATE has an
   *  error. */
  defineUnknown(name: string): void {
    this.#unknown.add(name);
    this.#views.delete(name);
  }

  /** Throws UnknownColumns for what was defined as such. */
  checkKnown(name: string): void {
    if (this.#unknown.has(name)) throw new UnknownColumns(name);
  }

  addView(view: CreateView): void {
    this.#views.set(nameOf(view.name), view);
  }

  /** The view of this name; null if it names no view. */
  view(name: Name): CreateView | null {
    return this.#views.get(nameOf(name)) ?? null;
  }

  /** What `look` finds in the query of a view, which must not read itself. */
  within<T>(view: CreateView, look: () => T): T {
    const name = nameOf(view.name);
    if (this.#open.includes(name))
      throw new SqlError('SQL_CYCLE', `view ${printName(name)} reads itself`, view.name.span, 'read a stream instead');
    // A view that reads another twice doubles with each view above it.
    if (++this.#looks > looksMax)
      throw new SqlError(
        'SQL_TOO_COMPLEX',
        `views are read more than ${looksMax} times`,
        view.name.span,
        'write a stream and a pump that fills it',
      );
    this.#open.push(name);
    try {
      return look();
    } finally {
      this.#open.pop();
    }
  }

  /** CREATE STREAM. */
  define(statement: Extract<Statement, { kind: 'createStream' }>): void {
    const name = nameOf(statement.name);
    const seen = new Set<string>();
    const schema = statement.columns.map((column): Field => {
      if (seen.has(column.name.name)) {
        throw new SqlError(
          'SQL_DUPLICATE_NAME',
          `column ${printName(column.name.name)} is there twice`,
          column.name.span,
        );
      }
      seen.add(column.name.name);
      const type = typeOf(column.type);
      if (type.kind === 'interval') {
        throw new SqlError(
          'SQL_TYPE',
          'a column cannot be an INTERVAL',
          column.type.span,
          'store it as BIGINT milliseconds',
        );
      }
      return { name: column.name.name, type, nullable: !column.notNull };
    });
    this.#streams.set(name, { name, schema, input: false, metadata: [], rows: null });
  }

  find(name: Name): CatalogStream {
    const wanted = nameOf(name);
    const stream = this.#streams.get(wanted);
    if (stream) return stream;
    this.checkKnown(wanted);
    if (wanted === 'error_stream' || wanted === 'ERROR_STREAM') {
      throw new SqlError(
        'SQL_UNKNOWN_STREAM',
        'error_stream cannot be read or written by the SQL of an application',
        name.span,
        'send it to a destination instead',
      );
    }
    const names = [...this.#streams.keys(), ...this.#views.keys()];
    throw unknownStream(wanted, name.parts[name.parts.length - 1] as Identifier, name.span, names);
  }
}

const looksMax = 10_000;

export function nameOf(name: Name): string {
  // A schema in front ("STREAMS"."X") names the same stream: an application has one schema.
  return name.parts[name.parts.length - 1]?.name ?? '';
}

function unknownStream(wanted: string, written: Identifier, span: Span, names: Iterable<string>): SqlError {
  const all = [...names];
  const near = suggest(wanted, all);
  return new SqlError(
    'SQL_UNKNOWN_STREAM',
    `there is no stream ${printName(wanted)}`,
    span,
    near
      ? `did you mean ${printName(near)}? ${caseRule(wanted, near, written.quoted)}`.trim()
      : `the streams here are ${all.map(printName).join(', ') || 'none'}`,
  );
}

/** What to know about case when only that is wrong. */
export function caseRule(wanted: string, near: string, quoted: boolean): string {
  if (wanted.toUpperCase() !== near.toUpperCase()) return '';
  return quoted ? 'Quoted names are case-sensitive.' : 'Unquoted names are upper-cased.';
}
