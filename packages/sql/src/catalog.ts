import type { Field, Row, Schema } from '@rowtime/core';
import type { Identifier, Name, Span, Statement } from './ast.ts';
import { SqlError } from './errors.ts';
import { printName, suggest } from './suggest.ts';
import { typeOf } from './types.ts';

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

/** Thrown for a stream of which no more than the name is known, so that a check can leave out what depends on it. */
export class UnknownColumns extends Error {
  override readonly name = 'UnknownColumns';
  readonly stream: string;

  constructor(stream: string) {
    super(`the columns of ${printName(stream)} are not known`);
    this.stream = stream;
  }
}

/** The streams of an application, by exact name. */
export class Catalog {
  readonly #streams = new Map<string, CatalogStream>();
  /** Names of streams whose columns are not known. */
  readonly #unknown = new Set<string>();

  constructor(inputs: Readonly<Record<string, Schema>>, tables: Readonly<Record<string, ReferenceTable>>) {
    for (const [name, schema] of Object.entries(inputs))
      this.#streams.set(name, { name, schema, input: true, metadata: metadataOf(schema), rows: null });
    for (const [name, { schema, rows }] of Object.entries(tables))
      this.#streams.set(name, { name, schema, input: true, metadata: [], rows });
  }

  get streams(): readonly CatalogStream[] {
    return [...this.#streams.values()].filter(({ rows }) => rows === null);
  }

  /** A stream of which no more than the name is known: an input without a schema, or one whose CREATE STREAM has an error. */
  defineUnknown(name: string): void {
    this.#unknown.add(name);
  }

  /** CREATE STREAM. With OR REPLACE the earlier one is gone. */
  define(statement: Extract<Statement, { kind: 'createStream' }>): void {
    const name = nameOf(statement.name);
    const known = this.#streams.get(name);
    if (known?.input) {
      throw new SqlError(
        'SQL_DUPLICATE_NAME',
        `${printName(name)} is the input stream`,
        statement.name.span,
        'give this stream another name',
      );
    }
    if (known && !statement.orReplace) {
      throw new SqlError(
        'SQL_DUPLICATE_NAME',
        `stream ${printName(name)} exists already`,
        statement.name.span,
        'write CREATE OR REPLACE STREAM',
      );
    }
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
    if (this.#unknown.has(wanted)) throw new UnknownColumns(wanted);
    if (wanted === 'error_stream' || wanted === 'ERROR_STREAM') {
      throw new SqlError(
        'SQL_UNKNOWN_STREAM',
        'error_stream cannot be read or written by the SQL of an application',
        name.span,
        'send it to a destination instead',
      );
    }
    throw unknownStream(wanted, name.parts[name.parts.length - 1] as Identifier, name.span, this.#streams.keys());
  }
}

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
