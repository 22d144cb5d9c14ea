import { assignable, type Expr, type Field, needsCast, printType } from '@rowtime/core';
import type * as ast from './ast.ts';
import { bindQuery, outputOf } from './bind.ts';
import { checkRowtime, explicitRowtime, noRowtime, rowtimeColumn, timeBound } from './bind-rowtime.ts';
import type { BoundQuery, TimeBound } from './bound.ts';
import { type Catalog, type CatalogStream, nameOf } from './catalog.ts';
import { SqlError } from './errors.ts';
import { Scope } from './scope.ts';
import { countColumns, printName } from './suggest.ts';
import { streamOf } from './tables.ts';

/** A pump: what it inserts where. `items` are the columns of the target, in its order. */
export interface BoundPump {
  readonly name: string;
  readonly into: CatalogStream;
  readonly query: BoundQuery;
  /** The column of the query that is inserted into ROWTIME. */
  readonly rowtime: { readonly time: number; readonly bound: TimeBound | null } | null;
  readonly columns: readonly Expr[];
  /** The table that is inserted once; null for a query of streams. */
  readonly table: string | null;
  readonly span: ast.Span;
}

/** INSERT INTO target [(columns)] query: columns match by position; those left out are NULL. */
export function bindPump(pump: ast.CreatePump, catalog: Catalog): BoundPump {
  const { insert } = pump;
  if (catalog.view(insert.target)) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      `${printName(nameOf(insert.target))} is a view, which holds no rows`,
      insert.target.span,
      'insert into a stream',
    );
  }
  const into = catalog.find(insert.target);
  if (into.input) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      `${printName(into.name)} is the input of the application; a pump cannot write it`,
      insert.target.span,
    );
  }
  const query = bindQuery(insert.query, catalog);
  const table = streamOf(insert.query, catalog) ? null : catalog.queries.table(query, insert.query.span);
  const targets = targetColumns(insert, into, catalog);
  const record = query.items.find((item) => item.record);
  if (record)
    throw new SqlError(
      'SQL_TYPE',
      'a record is no value',
      record.span,
      'take its fields in an outer query: SELECT STREAM t.r.COLUMN1 FROM (SELECT …) AS t',
    );
  const all = outputOf(query);
  // AS ROWTIME names no column of a stream: it may be left out of those inserted, or be one of them.
  const left = all.length === targets.length + 1 ? explicitRowtime(query) : -1;
  const given = all.filter((_, i) => i !== left);
  if (given.length !== targets.length) {
    throw new SqlError(
      'SQL_COLUMN_COUNT',
      `${printName(into.name)} takes ${countColumns(targets.length)} here, and the query gives ${given.length}`,
      insert.query.span,
      missingComma(insert.query, given.length < targets.length) ??
        (insert.columns.length > 0
          ? 'columns match by position; name as many after INSERT INTO as the query gives'
          : `columns match by position; the stream has ${into.schema.map(({ name }) => printName(name)).join(', ')}`),
    );
  }
  const columns = into.schema.map((field): Expr => {
    const at = targets.indexOf(field);
    const item = given[at];
    if (!item) {
      if (field.nullable) return { kind: 'cast', arg: nullLiteral, type: field.type };
      throw new SqlError(
        'SQL_COLUMN_COUNT',
        `column ${printName(field.name)} is NOT NULL and gets no value`,
        insert.target.span,
        'name it after INSERT INTO, or drop NOT NULL',
      );
    }
    const expr: Expr = { kind: 'column', index: left >= 0 && at >= left ? at + 1 : at, type: item.type };
    if (assignable(item.type, field.type))
      return needsCast(item.type, field.type) ? { kind: 'cast', arg: expr, type: field.type } : expr;
    throw new SqlError(
      'SQL_TYPE',
      `column ${printName(field.name)} of ${printName(into.name)} is ${printType(field.type)}, and the query gives ${printType(item.type)}`,
      item.span,
      `columns match by position; write CAST(… AS ${printType(field.type)}) if this is the one you mean`,
    );
  });
  const rowtime = insertedRowtime(query, targets);
  if (rowtime && table !== null) throw noRowtime('INSERT into ROWTIME of rows of a table', insert.span);
  return { name: nameOf(pump.name), into, query, rowtime, columns, table, span: pump.span };
}

/** SELECT a b, c: without a comma b is the name of a. */
function missingComma(query: ast.Query, isShort: boolean): string | null {
  if (!isShort || query.kind !== 'select') return null;
  for (const item of query.items) {
    // With AS there would be more than a blank between them.
    if (item.kind !== 'selectExpr' || !item.alias || item.alias.span.from > item.expr.span.to + 1) continue;
    const name = printName(item.alias.name);
    return `${name} names the column before it; if it is a column of its own, a comma is missing before ${name}`;
  }
  return null;
}

// INSERT INTO s (ROWTIME, …)
function insertedRowtime(query: BoundQuery, targets: readonly (Field | null)[]): BoundPump['rowtime'] {
  const time = targets.indexOf(null);
  const item = query.items[time];
  if (!item || time === rowtimeColumn(query)) return null;
  checkRowtime(item);
  if (query.kind !== 'select' || query.group || query.orderBy || query.retime) return { time, bound: null };
  return item.expr.kind === 'rowtime' ? null : { time, bound: timeBound(item.expr, null) };
}

/** The columns of the target; null for ROWTIME. */
function targetColumns(insert: ast.Insert, into: CatalogStream, catalog: Catalog): readonly (Field | null)[] {
  if (insert.columns.length === 0) return into.schema;
  const scope = new Scope([{ name: into.name, schema: into.schema, offset: 0 }], catalog);
  const seen = new Set<string>();
  return insert.columns.map((column) => {
    if (seen.has(column.name))
      throw new SqlError('SQL_DUPLICATE_NAME', `column ${printName(column.name)} is named twice`, column.span);
    seen.add(column.name);
    const found = scope.column({ kind: 'column', path: [column], span: column.span });
    return found.kind === 'column' ? (into.schema[found.index] as Field) : null;
  });
}

const nullLiteral: Expr = { kind: 'literal', value: null, type: { kind: 'null' } };
