import { columnKind, type Expr, type Frame, type Schema } from '@rowtime/core';
import type * as ast from './ast.ts';
import { bindExpr, call, plainContext } from './bind-expr.ts';
import { bindFrame } from './bind-over.ts';
import type { BoundFrom, BoundQuery } from './bound.ts';
import { type Catalog, nameOf } from './catalog.ts';
import { SqlError } from './errors.ts';
import { conjuncts } from './push-equalities.ts';
import { substitute } from './rules.ts';
import { type Relation, Scope, type SharedColumn } from './scope.ts';
import { printName, suggest } from './suggest.ts';
import { streamIn } from './tables.ts';

export interface Bound {
  readonly from: BoundFrom;
  readonly scope: Scope;
}

/** Binds a FROM item that is no join side with a window: handed in, because FROM items nest. */
export type BindFrom = (item: ast.FromItem, catalog: Catalog, windows: readonly ast.NamedWindow[]) => Bound;

/** JOIN of two streams, or of a stream and a reference table. */
export function bindJoin(
  join: ast.Join,
  catalog: Catalog,
  windows: readonly ast.NamedWindow[],
  bindFrom: BindFrom,
): Bound {
  const [leftTable, rightTable] = [join.left, join.right].map((side) => !streamIn(side, catalog));
  if (leftTable || rightTable) {
    // Of two tables, the one that keeps its rows plays the stream.
    const isTableFirst = leftTable === true && (!rightTable || join.type === 'right');
    return bindLookup(join, catalog, windows, bindFrom, isTableFirst);
  }

  const left = bindSide(join.left, catalog, windows, bindFrom);
  const right = bindSide(join.right, catalog, windows, bindFrom);
  const joined = joinedScope(left.scope, left.from.schema, right.scope, right.from.schema);
  const { scope, leftKeys, rightKeys, residual } = bindCondition(join, joined, left, right);
  const { schema } = joined;
  if (!left.frame && !right.frame) {
    // AWS developer guide, "Stream Joins": without a window no two rows are ever there together.
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'a join of two streams needs a window on one side at least',
      join.span,
      `write OVER (RANGE INTERVAL '1' MINUTE PRECEDING) after the name of one of them`,
    );
  }
  return {
    scope,
    from: {
      kind: 'join',
      left: {
        from: left.from,
        frame: left.frame,
        keys: leftKeys,
        isOuter: join.type === 'left' || join.type === 'full',
      },
      right: {
        from: right.from,
        frame: right.frame,
        keys: rightKeys,
        isOuter: join.type === 'right' || join.type === 'full',
      },
      residual,
      schema,
    },
  };
}

interface BoundSide extends Bound {
  readonly frame: Frame | null;
}

function bindSide(
  item: ast.FromItem,
  catalog: Catalog,
  windows: readonly ast.NamedWindow[],
  bindFrom: BindFrom,
): BoundSide {
  if (item.kind === 'join') return { ...bindFrom(item, catalog, windows), frame: null };
  const bound = bindFrom({ ...item, over: null }, catalog, windows);
  return { ...bound, frame: item.over && sideFrame(item.over, windows) };
}

// AWS SQL reference, "JOIN clause": a window of a join has a frame, and no PARTITION BY.
function sideFrame(over: ast.Over, windows: readonly ast.NamedWindow[]): Frame {
  let spec: ast.WindowSpec;
  if (over.kind === 'windowName') {
    const found = windows.find(({ name }) => name.name === over.name.name);
    if (!found) {
      const near = suggest(
        over.name.name,
        windows.map(({ name }) => name.name),
      );
      throw new SqlError(
        'SQL_UNKNOWN_WINDOW',
        `there is no window ${printName(over.name.name)}`,
        over.span,
        near && `did you mean ${printName(near)}?`,
      );
    }
    spec = found.spec;
  } else spec = over;
  const [partition] = spec.partitionBy;
  if (partition)
    throw new SqlError('SQL_NOT_SUPPORTED', 'the window of a join has no PARTITION BY', partition.span, 'say it in ON');
  if (!spec.frame) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'the window of a join says how far it reaches',
      spec.span,
      "write RANGE INTERVAL '1' MINUTE PRECEDING",
    );
  }
  return bindFrame(spec.frame);
}

interface Joined {
  readonly scope: Scope;
  readonly schema: Schema;
  /** Where the columns of the right side begin. */
  readonly offset: number;
}

/** The columns of both, each followed by its ROWTIME. `stream`: the other side is a table, so that a row has the ROWTIME
 *  of this one. */
function joinedScope(
  leftScope: Scope,
  left: Schema,
  rightScope: Scope,
  right: Schema,
  stream: 'left' | 'right' | null = null,
): Joined {
  const offset = left.length + 1;
  const rowtime = { name: 'ROWTIME of an input', type: { kind: 'timestamp' }, nullable: true } as const;
  const relations = [
    ...leftScope.relations.map((relation): Relation => {
      if (stream === 'left' && relation.rowtimeAt === undefined) return relation;
      return { ...relation, rowtimeAt: relation.rowtimeAt ?? left.length, rowtime: -1 };
    }),
    ...rightScope.relations.map((relation): Relation => {
      const placed = { ...relation, offset: relation.offset + offset };
      if (stream === 'right' && relation.rowtimeAt === undefined) return placed;
      return { ...placed, rowtimeAt: (relation.rowtimeAt ?? right.length) + offset, rowtime: -1 };
    }),
  ];
  const shared = [
    ...leftScope.shared,
    ...rightScope.shared.map(({ name, expr }) => ({ name, expr: moved(expr, offset) })),
  ];
  const scope = new Scope(relations, leftScope.catalog, shared);
  return { scope, schema: [...left, rowtime, ...right, rowtime], offset };
}

interface BoundCondition {
  readonly scope: Scope;
  readonly leftKeys: readonly number[];
  readonly rightKeys: readonly number[];
  readonly residual: Expr | null;
}

/** ON: equalities of two columns become keys, the rest is asked of each pair. */
function bindCondition(join: ast.Join, { scope: both, offset }: Joined, left: Bound, right: Bound): BoundCondition {
  const { condition } = join;
  if (!condition) return { scope: both, leftKeys: [], rightKeys: [], residual: null };
  const { scope, expr } =
    condition.kind === 'on'
      ? { scope: both, expr: bindExpr(condition.expr, plainContext(both, 'ON')) }
      : bindShared(join, condition, both, offset, left.scope, right.scope);
  if (!expr) return { scope, leftKeys: [], rightKeys: [], residual: null };
  if (expr.type.kind !== 'boolean' && expr.type.kind !== 'null') {
    throw new SqlError('SQL_TYPE', 'ON takes a condition', condition.span);
  }
  const leftWidth = left.from.schema.length;
  const leftKeys: number[] = [];
  const rightKeys: number[] = [];
  const rest: Expr[] = [];
  for (const part of conjuncts(expr)) {
    const pair = equalColumns(part, leftWidth, offset);
    if (pair) {
      leftKeys.push(pair.left);
      rightKeys.push(pair.right);
    } else rest.push(part);
  }
  const residual = rest.reduce<Expr | null>(
    (all, part) => (all ? { kind: 'call', name: 'AND', args: [all, part], type: { kind: 'boolean' } } : part),
    null,
  );
  return { scope, leftKeys, rightKeys, residual };
}

/** USING (a, b) and NATURAL: equal columns, which are one column afterwards. */
function bindShared(
  join: ast.Join,
  condition: Exclude<ast.JoinCondition, { kind: 'on' }>,
  both: Scope,
  offset: number,
  left: Scope,
  right: Scope,
): { scope: Scope; expr: Expr | null } {
  const { span } = condition;
  const names =
    condition.kind === 'using' ? condition.columns : naturalColumns(left, right).map((name) => quoted(name, span));
  const pairs = names.map((column) => {
    const node: ast.Column = { kind: 'column', path: [column], span: column.span };
    const [a, b] = [left.column(node), moved(right.column(node), offset)];
    if (a.kind === 'rowtime' || b.kind === 'rowtime')
      throw new SqlError(
        'SQL_NOT_SUPPORTED',
        'ROWTIME is no column to join on',
        column.span,
        'write ON a.ROWTIME = b.ROWTIME',
      );
    return { name: column.name, a, b, equal: call('=', [a, b], column.span) };
  });
  const indexes = new Set(pairs.flatMap(({ a, b }) => [...columnsIn(a), ...columnsIn(b)]));
  const relations = both.relations.map((relation): Relation => {
    const own = [...relation.schema.keys()].filter((i) => indexes.has(relation.offset + i));
    return { ...relation, merged: new Set([...(relation.merged ?? []), ...own]) };
  });
  // SQL:2008, 7.7: the value of the side that is there.
  const shared = pairs.map(({ name, a, b }): SharedColumn => {
    if (join.type === 'full') return { name, expr: call('COALESCE', [a, b], span) };
    return { name, expr: join.type === 'right' ? b : a };
  });
  const rest = both.shared.filter(({ name }) => !shared.some((column) => column.name === name));
  const expr = pairs.reduce<Expr | null>((all, { equal }) => (all ? call('AND', [all, equal], span) : equal), null);
  return { scope: new Scope(relations, both.catalog, [...shared, ...rest]), expr };
}

function naturalColumns(left: Scope, right: Scope): string[] {
  const names = (scope: Scope): string[] => [
    ...scope.shared.map(({ name }) => name),
    ...scope.relations.flatMap(({ schema, merged }) => schema.flatMap(({ name }, i) => (merged?.has(i) ? [] : [name]))),
  ];
  const others = new Set(names(right));
  return [...new Set(names(left))].filter((name) => others.has(name));
}

function quoted(name: string, span: ast.Span): ast.Identifier {
  return { kind: 'identifier', name, quoted: true, span };
}

function moved(expr: Expr, offset: number): Expr {
  return substitute(expr, (column) => ({ ...column, index: column.index + offset }));
}

function columnsIn(expr: Expr): number[] {
  if (expr.kind === 'column') return [expr.index];
  return expr.kind === 'call' ? expr.args.flatMap(columnsIn) : [];
}

function equalColumns(expr: Expr, leftWidth: number, offset: number): { left: number; right: number } | null {
  if (expr.kind !== 'call' || expr.name !== '=') return null;
  const [a, b] = expr.args;
  if (a?.kind !== 'column' || b?.kind !== 'column' || columnKind(a.type) !== columnKind(b.type)) return null;
  const [left, right] = a.index < b.index ? [a.index, b.index] : [b.index, a.index];
  // The ROWTIME columns between and behind are no columns of the inputs.
  return left < leftWidth && right >= offset ? { left, right: right - offset } : null;
}

/** A side that ends, as a table: by its name, or as the result of a query. */
function bindTable(
  item: ast.FromItem,
  catalog: Catalog,
  windows: readonly ast.NamedWindow[],
  bindFrom: BindFrom,
): Bound & { readonly table: string } {
  const { from, scope } = bindFrom(item.kind === 'join' ? item : { ...item, over: null }, catalog, windows);
  if (from.kind === 'table') return { from, scope, table: from.table };
  const items = from.schema.map(({ name, type }, index) => ({
    name,
    expr: { kind: 'column', index, type } as const,
    span: item.span,
  }));
  const none = { where: null, group: null, windows: [], having: null, distinct: null, orderBy: null };
  const query: BoundQuery = from.kind === 'query' ? from.query : { kind: 'select', from, ...none, items };
  return { from, scope, table: catalog.queries.table(query, item.span) };
}

function bindLookup(
  join: ast.Join,
  catalog: Catalog,
  windows: readonly ast.NamedWindow[],
  bindFrom: BindFrom,
  isTableFirst: boolean,
): Bound {
  if (join.type === 'full' || join.type === (isTableFirst ? 'left' : 'right')) {
    const table = isTableFirst ? join.left : join.right;
    const name = table.kind === 'relation' ? printName(nameOf(table.name)) : 'the table';
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      streamIn(join, catalog)
        ? `the rows of ${name} that no row of the stream meets never come out`
        : 'FULL JOIN of two tables is not part of the dialect',
      join.span,
      streamIn(join, catalog)
        ? 'keep the stream on the outer side: LEFT JOIN from the stream to the table'
        : 'write a LEFT JOIN, and UNION ALL the rows of the other side that meet none',
    );
  }
  // A window on the stream side means nothing here: each row meets the table when it comes.
  const stream = bindSide(isTableFirst ? join.right : join.left, catalog, windows, bindFrom);
  const table = bindTable(isTableFirst ? join.left : join.right, catalog, windows, bindFrom);
  const [left, right] = isTableFirst ? [table, stream] : [stream, table];
  const streamSide = isTableFirst ? 'right' : 'left';
  const joined = joinedScope(left.scope, left.from.schema, right.scope, right.from.schema, streamSide);
  const { scope, leftKeys, rightKeys, residual } = bindCondition(join, joined, left, right);
  return {
    scope,
    from: {
      kind: 'lookup',
      from: stream.from,
      table: table.table,
      streamKeys: isTableFirst ? rightKeys : leftKeys,
      tableKeys: isTableFirst ? leftKeys : rightKeys,
      isOuter: join.type === 'left' || join.type === 'right',
      isTableFirst,
      residual,
      schema: joined.schema,
    },
  };
}
