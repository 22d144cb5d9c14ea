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
  /** The column that holds its ROWTIME, in a join; else ROWTIME is that of the row itself. */
  readonly rowtimeAt?: number;
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
    const found = among.flatMap((relation) => {
      const index = relation.schema.findIndex(({ name }) => name === column.name);
      return index < 0 ? [] : [{ relation, index }];
    });
    const [match] = found;
    if (match && found.length === 1) {
      const { type } = match.relation.schema[match.index] as Schema[number];
      return { kind: 'column', index: match.relation.offset + match.index, type };
    }
    if (found.length > 1) {
      const owners = found.map(({ relation }) => printName(relation.name ?? 'the subquery'));
      throw new SqlError(
        'SQL_AMBIGUOUS_COLUMN',
        `${printName(column.name)} is a column of ${owners.join(' and ')}`,
        span,
        `write ${owners[0]}.${printName(column.name)}`,
      );
    }
    if (column.name === 'ROWTIME') {
      // Qualified, it is the time of that input's row; else that of the row about to come out (AWS SQL reference, "ROWTIME").
      const rowtimeAt = second ? among[0]?.rowtimeAt : undefined;
      if (rowtimeAt === undefined) return { kind: 'rowtime', type: { kind: 'timestamp' } };
      return { kind: 'column', index: rowtimeAt, type: { kind: 'timestamp' } };
    }
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
