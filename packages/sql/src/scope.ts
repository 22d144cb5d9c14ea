import type { Expr, Schema } from '@rowtime/core';
import type { Column, Identifier, Span } from './ast.ts';
import type { RecordField } from './bound.ts';
import { caseRule } from './catalog.ts';
import { SqlError } from './errors.ts';
import { insteadOfColumn } from './foreign-functions.ts';
import { printName, suggest } from './suggest.ts';

/** One input of a FROM clause. `name` is its alias or its own name; null for a subquery without one. */
export interface Relation {
  readonly name: string | null;
  readonly schema: Schema;
  /** Where its columns begin among those of the whole FROM clause. */
  readonly offset: number;
  /** By column of `schema`, the record that the column is a field of; such a column has no name of its own. */
  readonly records?: readonly (RecordField | null)[];
  /** Columns behind those of `schema` that `*` does not take: metadata of an input stream. */
  readonly hidden?: Schema;
  /** The column that holds its ROWTIME, in a join; else ROWTIME is that of the row itself. */
  readonly rowtimeAt?: number;
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
    const [first, second, third] = path;
    if (first && second && third && path.length === 3) {
      return this.#field([this.#relation(first)], second, third) ?? this.#noRecord(second, [this.#relation(first)]);
    }
    if (!first || path.length > 3)
      throw new SqlError('SQL_SYNTAX', 'a name has at most three parts: relation, record, field', span);
    // t.c is a column of t, or a field of a record in any of them.
    if (second && !this.relations.some(({ name }) => name === first.name)) {
      const field = this.#field(this.relations, first, second);
      if (field) return field;
    }
    const column = second ?? first;
    const among = second ? [this.#relation(first)] : this.relations;
    const found = among.flatMap((relation) =>
      [...relation.schema, ...(relation.hidden ?? [])].flatMap(({ name, type }, index) =>
        name === column.name && !relation.records?.[index] ? [{ relation, index, type }] : [],
      ),
    );
    const [match] = found;
    if (match && found.length === 1) {
      if (match.relation.rowtime === match.index) return { kind: 'rowtime', type: { kind: 'timestamp' } };
      return { kind: 'column', index: match.relation.offset + match.index, type: match.type };
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
    if (column.name === 'ROWTIME') {
      // Qualified, it is the time of that input's row; else that of the row about to come out (AWS SQL reference, "ROWTIME").
      const rowtimeAt = second ? among[0]?.rowtimeAt : undefined;
      if (rowtimeAt === undefined) return { kind: 'rowtime', type: { kind: 'timestamp' } };
      return { kind: 'column', index: rowtimeAt, type: { kind: 'timestamp' } };
    }
    throw unknownColumn(column, among);
  }

  /** The columns of `*` or `relation.*`. */
  star(qualifier: Identifier | null, span: Span): { relation: string | null; name: string; expr: Expr }[] {
    const among = qualifier ? [this.#relation(qualifier)] : this.relations;
    return among.flatMap(({ name: relation, schema, records, offset, rowtime }) => {
      if (records?.some((record) => record !== null)) {
        throw new SqlError(
          'SQL_TYPE',
          '* would take a record, which is no value',
          span,
          'name its fields: t.r.COLUMN1',
        );
      }
      return schema.map(({ name, type }, i) => {
        const expr: Expr = i === rowtime ? { kind: 'rowtime', type } : { kind: 'column', index: offset + i, type };
        return { relation, name, expr };
      });
    });
  }

  #field(among: readonly Relation[], record: Identifier, field: Identifier): Expr | null {
    for (const { records = [], schema, offset } of among) {
      const index = records.findIndex((known) => known?.name === record.name && known.field === field.name);
      if (index >= 0) return { kind: 'column', index: offset + index, type: (schema[index] as Schema[number]).type };
      const fields = records.flatMap((known) => (known?.name === record.name ? [known.field] : []));
      if (fields.length > 0) {
        throw new SqlError(
          'SQL_UNKNOWN_COLUMN',
          `record ${printName(record.name)} has no field ${printName(field.name)}`,
          field.span,
          `it has ${fields.map(printName).join(', ')}`,
        );
      }
    }
    return null;
  }

  #noRecord(record: Identifier, among: readonly Relation[]): never {
    const names = new Set(among.flatMap(({ records = [] }) => records.flatMap((known) => known?.name ?? [])));
    throw new SqlError(
      'SQL_UNKNOWN_COLUMN',
      `there is no record ${printName(record.name)}`,
      record.span,
      names.size > 0
        ? `the records are ${[...names].map(printName).join(', ')}`
        : 'records come from log parsers, such as REGEX_LOG_PARSE(…) AS r',
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

function unknownColumn(column: Identifier, relations: readonly Relation[]): SqlError {
  const names = relations.flatMap(({ schema, records, hidden = [] }) => [
    ...schema.flatMap(({ name }, i) => (records?.[i] ? [] : [name])),
    ...hidden.map(({ name }) => name),
  ]);
  const near = suggest(column.name, names);
  const owners = relations.map(({ name }) => (name === null ? 'the subquery' : printName(name)));
  // "AMZN" is a name, and often a text was meant.
  const text = column.quoted ? `a text is put in single quotes: '${column.name.replaceAll("'", "''")}'; ` : '';
  const rule = near ? caseRule(column.name, near, column.quoted) : '';
  return new SqlError(
    'SQL_UNKNOWN_COLUMN',
    `${owners.join(' and ')} ${owners.length > 1 ? 'have' : 'has'} no column ${printName(column.name)}`,
    column.span,
    near
      ? `did you mean ${printName(near)}? ${rule}`.trim()
      : (insteadOfColumn(column.name) ?? `${text}the columns are ${names.map(printName).join(', ')}`),
  );
}
