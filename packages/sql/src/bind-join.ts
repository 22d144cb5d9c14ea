import type { Expr, Frame, Schema } from '@rowtime/core';
import type * as ast from './ast.ts';
import { bindExpr, call, plainContext } from './bind-expr.ts';
import { bindFrame, millisOf } from './bind-over.ts';
import type { BoundFrom, BoundQuery } from './bound.ts';
import { type Catalog, nameOf } from './catalog.ts';
import { SqlError } from './errors.ts';
import { areLookUpKeys, areOneKey } from './join-keys.ts';
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
  const { scope, leftKeys, rightKeys, residual } = bindCondition(join, joined, left, right, areOneKey);
  const { schema } = joined;
  if (!left.frame && !right.frame && !left.following && !right.following) {
    // AWS developer guide, "Stream Joins": without a window no two rows are ever there together.
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'a join of two streams needs a window on one side at least',
      join.span,
      `write OVER (RANGE INTERVAL '1' MINUTE PRECEDING) after the name of one of them`,
    );
  }
  const isOuter = {
    left: join.type === 'left' || join.type === 'full',
    right: join.type === 'right' || join.type === 'full',
  };
  const following = bindFollowing(join, left, right, left.from.schema.length, schema.length - 1);
  // Who is followed waits for the rows that follow.
  const waits = (side: BoundSide, other: BoundSide): Frame | null =>
    other.following === null ? side.frame : { kind: 'range', millis: other.following };
  // A side without a window is there when its own row comes, and only then.
  const isNow = {
    left: !left.frame && !left.following && !isOuter.right,
    right: !right.frame && !right.following && !isOuter.left,
  };
  return {
    scope: atOwnTime(scope, left.scope, isNow.left, right.scope, isNow.right),
    from: {
      kind: 'join',
      following,
      left: {
        from: left.from,
        frame: waits(left, right),
        keys: leftKeys,
        isOuter: isOuter.left,
      },
      right: {
        from: right.from,
        frame: waits(right, left),
        keys: rightKeys,
        isOuter: isOuter.right,
      },
      residual,
      schema,
    },
  };
}

interface BoundSide extends Bound {
  readonly frame: Frame | null;
  /** How far its window reaches forward from a row of the other side; null: it does not. */
  readonly following: number | null;
}

// AWS SQL reference, "ROWTIME": Orders JOIN Shipments OVER (RANGE INTERVAL '1' HOUR FOLLOWING) gives rows with the ROWTIME of the
// order, which each waits an hour for its shipments.
function bindFollowing(
  join: ast.Join,
  left: BoundSide,
  right: BoundSide,
  leftTime: number,
  rightTime: number,
): { time: number; millis: number } | null {
  const millis = left.following ?? right.following;
  if (millis === null) return null;
  const followed = left.following === null ? left : right;
  if (followed.frame || followed.following !== null) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'beside a window that reaches forward the other side of a join has none',
      join.span,
      'drop OVER (…) of the other side',
    );
  }
  const outer = left.following === null ? 'right' : 'left';
  if (join.type === 'full' || join.type === outer) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'a row in a window that reaches forward has no ROWTIME if it meets none',
      join.span,
      'keep the side without a window on the outer side',
    );
  }
  return { time: followed === left ? leftTime : rightTime, millis };
}

function bindSide(
  item: ast.FromItem,
  catalog: Catalog,
  windows: readonly ast.NamedWindow[],
  bindFrom: BindFrom,
): BoundSide {
  if (item.kind === 'join') return { ...bindFrom(item, catalog, windows), frame: null, following: null };
  const bound = bindFrom({ ...item, over: null }, catalog, windows);
  const frame = item.over && sideFrame(item.over, windows);
  if (!frame) return { ...bound, frame: null, following: null };
  const forward = frame.start.kind === 'following' ? frame.start : frame.end?.kind === 'following' ? frame.end : null;
  if (!forward) return { ...bound, frame: joinFrame(frame), following: null };
  if (frame.unit === 'rows' || !forward.offset) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'a window of a join reaches forward by an interval',
      forward.span,
      "write RANGE INTERVAL '1' MINUTE FOLLOWING",
    );
  }
  const before = forward === frame.end && frame.start.kind === 'preceding' ? { ...frame, end: null } : null;
  return { ...bound, frame: before && joinFrame(before), following: millisOf(forward.offset, forward.span) };
}

function joinFrame(frame: ast.Frame): Frame {
  const bound = bindFrame(frame);
  if (bound.kind !== 'unbounded') return bound;
  throw new SqlError(
    'SQL_NOT_SUPPORTED',
    'the window of a join has an end: its rows would never leave it',
    frame.span,
    "write RANGE INTERVAL '1' HOUR PRECEDING",
  );
}

// AWS SQL reference, "JOIN clause": a window of a join has a frame, and no PARTITION BY.
function sideFrame(over: ast.Over, windows: readonly ast.NamedWindow[]): ast.Frame {
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
  for (const { expr, descending, span } of spec.orderBy) {
    if (expr.kind === 'column' && expr.path.at(-1)?.name === 'ROWTIME' && !descending) continue;
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      'the window of a join is in ROWTIME order',
      span,
      'drop ORDER BY, or write ORDER BY ROWTIME',
    );
  }
  return spec.frame;
}

interface Joined {
  readonly scope: Scope;
  readonly schema: Schema;
  /** Where the columns of the right side begin. */
  readonly offset: number;
}

/** The columns of both, each followed by its ROWTIME. */
function joinedScope(leftScope: Scope, left: Schema, rightScope: Scope, right: Schema): Joined {
  const offset = left.length + 1;
  const rowtime = { name: 'ROWTIME of an input', type: { kind: 'timestamp' }, nullable: true } as const;
  const relations = [
    ...leftScope.relations.map((relation): Relation => {
      return { ...relation, rowtimeAt: relation.rowtimeAt ?? left.length, rowtime: -1 };
    }),
    ...rightScope.relations.map((relation): Relation => {
      const placed = { ...relation, offset: relation.offset + offset };
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

/** The scope of what comes behind the join: the ROWTIME of a side whose row is always the one that comes is that of the row. */
function atOwnTime(scope: Scope, left: Scope, isLeft: boolean, right: Scope, isRight: boolean): Scope {
  const sides = [...left.relations, ...right.relations];
  const relations = scope.relations.map((relation, i): Relation => {
    const side = sides[i];
    if (!side || side.rowtimeAt !== undefined || !(i < left.relations.length ? isLeft : isRight)) return relation;
    const { rowtimeAt: _, ...rest } = relation;
    return { ...rest, rowtime: side.rowtime ?? -1 };
  });
  return new Scope(relations, scope.catalog, scope.shared);
}

interface BoundCondition {
  readonly scope: Scope;
  readonly leftKeys: readonly number[];
  readonly rightKeys: readonly number[];
  readonly residual: Expr | null;
}

/** ON: equalities of two columns become keys, the rest is asked of each pair. */
function bindCondition(
  join: ast.Join,
  { scope: both, offset }: Joined,
  left: Bound,
  right: Bound,
  areKeys: typeof areOneKey,
): BoundCondition {
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
    const pair = equalColumns(part, leftWidth, offset, areKeys);
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

function equalColumns(
  expr: Expr,
  leftWidth: number,
  offset: number,
  areKeys: typeof areOneKey,
): { left: number; right: number } | null {
  if (expr.kind !== 'call' || expr.name !== '=') return null;
  const [a, b] = expr.args;
  if (a?.kind !== 'column' || b?.kind !== 'column' || !areKeys(a.type, b.type)) return null;
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
  const none = { where: null, group: null, windows: [], having: null, distinct: null, orderBy: null, retime: null };
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
  const joined = joinedScope(left.scope, left.from.schema, right.scope, right.from.schema);
  const { scope, leftKeys, rightKeys, residual } = bindCondition(join, joined, left, right, areLookUpKeys);
  return {
    scope: atOwnTime(scope, left.scope, !isTableFirst, right.scope, isTableFirst),
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
