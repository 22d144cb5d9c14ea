import type { Expr, Schema } from '@rowtime/core';
import type { Column, Identifier } from './ast.ts';
import { caseRule } from './catalog.ts';
import { SqlError } from './errors.ts';
import { printName, suggest } from './suggest.ts';

/** One input of a FROM clause. `name` is its alias or its own name; null for a subquery without one. */
export interface Relation {
  readonly name: string | null;
  readonly schema: Schema;
  /** Where its columns begin among those of the whole FROM clause. */
  readonly offset: number;
  /** Its column that is the ROWTIME of its rows; a declared column of that name is not. */
  readonly rowtime?: number;
}

/** The columns that expressions can name. */
export class Scope {
  readonly relations: readonly Relation[];

  constructor(relations: readonly Relation[]) {
    this.relations = relations;
  }

  /** A name as an expression. ROWTIME is a column of every row; a declared column of that name comes first. */
  column({ path, span }: Column): Expr {
    const [first, second] = path;
    if (!first || path.length > 2) {
      throw new SqlError(
        'SQL_NOT_SUPPORTED_YET',
        'fields of a record are not supported yet',
        span,
        'log parsers come in a later version',
      );
    }
    const column = second ?? first;
    const among = second ? [this.#relation(first)] : this.relations;
    const found = among.flatMap((relation) =>
      relation.schema.flatMap(({ name }, index) => (name === column.name ? [{ relation, index }] : [])),
    );
    const [match] = found;
    if (match && found.length === 1) {
      if (match.relation.rowtime === match.index) return { kind: 'rowtime', type: { kind: 'timestamp' } };
      const { type } = match.relation.schema[match.index] as Schema[number];
      return { kind: 'column', index: match.relation.offset + match.index, type };
    }
    if (found.length > 1) {
      const owners = [
        ...new Set(found.map(({ relation }) => (relation.name === null ? 'the subquery' : printName(relation.name)))),
      ];
      throw new SqlError(
        'SQL_AMBIGUOUS_COLUMN',
        owners.length > 1
          ? `${printName(column.name)} is a column of ${owners.join(' and ')}`
          : `${owners[0]} has ${found.length} columns ${printName(column.name)}`,
        span,
        owners.length > 1 ? `write ${owners[0]}.${printName(column.name)}` : 'name them apart: … AS t(a, b)',
      );
    }
    if (column.name === 'ROWTIME') return { kind: 'rowtime', type: { kind: 'timestamp' } };
    throw unknownColumn(column, among);
  }

  /** The columns of `*` or `relation.*`, as expressions with names. */
  star(qualifier: Identifier | null): { name: string; expr: Expr }[] {
    const among = qualifier ? [this.#relation(qualifier)] : this.relations;
    return among.flatMap(({ schema, offset }) =>
      schema.map(({ name, type }, i) => ({ name, expr: { kind: 'column', index: offset + i, type } as const })),
    );
  }

  #relation(qualifier: Identifier): Relation {
    const found = this.relations.find(({ name }) => name === qualifier.name);
    if (found) return found;
    const names = this.relations.flatMap(({ name }) => name ?? []);
    const near = suggest(qualifier.name, names);
    throw new SqlError(
      'SQL_UNKNOWN_STREAM',
      `FROM has no ${printName(qualifier.name)}`,
      qualifier.span,
      near
        ? `did you mean ${printName(near)}? ${caseRule(qualifier.name, near, qualifier.quoted)}`.trim()
        : names.length > 0
          ? `it has ${names.map(printName).join(', ')}; with an alias, only the alias is known`
          : 'the subquery in FROM has no name; write (…) AS t',
    );
  }
}

// Columns of the service's input streams that need more than the SQL to fill.
const metadataColumns = ['APPROXIMATE_ARRIVAL_TIME', 'PARTITION_KEY', 'SEQUENCE_NUMBER', 'SHARD_ID', 'PARTITION_ID'];

function unknownColumn(column: Identifier, relations: readonly Relation[]): SqlError {
  if (metadataColumns.includes(column.name)) {
    return new SqlError(
      'SQL_NOT_SUPPORTED_YET',
      `the metadata column ${column.name} is not supported yet`,
      column.span,
    );
  }
  const names = relations.flatMap(({ schema }) => schema.map(({ name }) => name));
  const near = suggest(column.name, names);
  const owners = relations.map(({ name }) => (name === null ? 'the subquery' : printName(name)));
  const rule = near ? caseRule(column.name, near, column.quoted) : '';
  return new SqlError(
    'SQL_UNKNOWN_COLUMN',
    `${owners.join(' and ')} ${owners.length > 1 ? 'have' : 'has'} no column ${printName(column.name)}`,
    column.span,
    near ? `did you mean ${printName(near)}? ${rule}`.trim() : `the columns are ${names.map(printName).join(', ')}`,
  );
}
