import { columnKind, type Expr, type Frame, mayBeExact, type Schema, type SqlType, scaleOf } from '@rowtime/core';
import type * as ast from './ast.ts';
import { bindExpr, notYet, plainContext } from './bind-expr.ts';
import { bindFrame, millisOf } from './bind-over.ts';
import type { BoundFrom } from './bound.ts';
import { type Catalog, type CatalogStream, nameOf } from './catalog.ts';
import { SqlError } from './errors.ts';
import { type Relation, Scope } from './scope.ts';
import { printName, suggest } from './suggest.ts';

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
  const [leftTable, rightTable] = [tableOf(join.left, catalog), tableOf(join.right, catalog)];
  if (leftTable && rightTable) throw notYet('a join of two reference tables', join.span);
  if (leftTable || rightTable) return bindLookup(join, catalog, windows, bindFrom, leftTable, rightTable);

  const left = bindSide(join.left, catalog, windows, bindFrom);
  const right = bindSide(join.right, catalog, windows, bindFrom);
  const { scope, schema, offset } = joinedScope(left.scope, left.from.schema, right.scope, right.from.schema);
  const { leftKeys, rightKeys, residual } = bindCondition(join, scope, left.from.schema.length, offset);
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

/** The columns of both, each followed by its ROWTIME. */
function joinedScope(
  leftScope: Scope,
  left: Schema,
  rightScope: Scope,
  right: Schema,
): { scope: Scope; schema: Schema; offset: number } {
  const offset = left.length + 1;
  const rowtime = { name: 'ROWTIME of an input', type: { kind: 'timestamp' }, nullable: true } as const;
  const relations = [
    ...leftScope.relations.map(
      (relation): Relation => ({ ...relation, rowtimeAt: relation.rowtimeAt ?? left.length, rowtime: -1 }),
    ),
    ...rightScope.relations.map(
      (relation): Relation => ({
        ...relation,
        offset: relation.offset + offset,
        rowtimeAt: (relation.rowtimeAt ?? right.length) + offset,
        rowtime: -1,
      }),
    ),
  ];
  return { scope: new Scope(relations), schema: [...left, rowtime, ...right, rowtime], offset };
}

/** The scope of what comes behind the join: the ROWTIME of a side whose row is always the one that comes is that of the row. */
function atOwnTime(scope: Scope, left: Scope, isLeft: boolean, right: Scope, isRight: boolean): Scope {
  const sides = [...left.relations, ...right.relations];
  return new Scope(
    scope.relations.map((relation, i) => {
      const side = sides[i];
      if (!side || side.rowtimeAt !== undefined || !(i < left.relations.length ? isLeft : isRight)) return relation;
      const { rowtimeAt: _, ...rest } = relation;
      return { ...rest, rowtime: side.rowtime ?? -1 };
    }),
  );
}

interface BoundCondition {
  readonly leftKeys: readonly number[];
  readonly rightKeys: readonly number[];
  readonly residual: Expr | null;
}

/** ON: equalities of two columns become keys, the rest is asked of each pair. */
function bindCondition(join: ast.Join, scope: Scope, leftWidth: number, offset: number): BoundCondition {
  const { condition } = join;
  if (!condition) return { leftKeys: [], rightKeys: [], residual: null };
  if (condition.kind !== 'on')
    throw notYet(condition.kind === 'using' ? 'JOIN … USING' : 'NATURAL JOIN', condition.span);
  const expr = bindExpr(condition.expr, plainContext(scope, 'ON'));
  if (expr.type.kind !== 'boolean' && expr.type.kind !== 'null') {
    throw new SqlError('SQL_TYPE', 'ON takes a condition', condition.span);
  }
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
  return { leftKeys, rightKeys, residual };
}

function conjuncts(expr: Expr): readonly Expr[] {
  return expr.kind === 'call' && expr.name === 'AND' ? expr.args.flatMap(conjuncts) : [expr];
}

function equalColumns(expr: Expr, leftWidth: number, offset: number): { left: number; right: number } | null {
  if (expr.kind !== 'call' || expr.name !== '=') return null;
  const [a, b] = expr.args;
  if (a?.kind !== 'column' || b?.kind !== 'column' || !areOneKey(a.type, b.type)) return null;
  const [left, right] = a.index < b.index ? [a.index, b.index] : [b.index, a.index];
  // The ROWTIME columns between and behind are no columns of the inputs.
  return left < leftWidth && right >= offset ? { left, right: right - offset } : null;
}

/** Whether values that are equal are stored alike: not 1 and 1.00 where they may be too long for a double, nor a CHAR and
 *  a text without its padding. */
function areOneKey(a: SqlType, b: SqlType): boolean {
  if (columnKind(a) !== columnKind(b)) return false;
  if (columnKind(a) === 'num') return scaleOf(a) === scaleOf(b) || !(mayBeExact(a) || mayBeExact(b));
  const isPadded = a.kind === 'char' || b.kind === 'char';
  return !isPadded || (a.kind === b.kind && 'length' in a && 'length' in b && a.length === b.length);
}

function tableOf(item: ast.FromItem, catalog: Catalog): CatalogStream | null {
  if (item.kind !== 'relation') return null;
  const found = catalog.find(item.name);
  return found.rows ? found : null;
}

function bindLookup(
  join: ast.Join,
  catalog: Catalog,
  windows: readonly ast.NamedWindow[],
  bindFrom: BindFrom,
  leftTable: CatalogStream | null,
  rightTable: CatalogStream | null,
): Bound {
  const isTableFirst = leftTable !== null;
  const table = (leftTable ?? rightTable) as CatalogStream;
  const item = (isTableFirst ? join.left : join.right) as ast.Relation;
  if (join.type === 'full' || join.type === (isTableFirst ? 'left' : 'right')) {
    throw new SqlError(
      'SQL_NOT_SUPPORTED',
      `the rows of ${printName(table.name)} that no row of the stream meets never come out`,
      join.span,
      'keep the stream on the outer side: LEFT JOIN from the stream to the table',
    );
  }
  // A window on the stream side means nothing here: each row meets the table when it comes.
  const { from, scope: streamScope } = bindSide(isTableFirst ? join.right : join.left, catalog, windows, bindFrom);
  const tableScope = new Scope([{ name: item.alias?.name ?? nameOf(item.name), schema: table.schema, offset: 0 }]);
  const { scope, schema, offset } = isTableFirst
    ? joinedScope(tableScope, table.schema, streamScope, from.schema)
    : joinedScope(streamScope, from.schema, tableScope, table.schema);
  const leftWidth = isTableFirst ? table.schema.length : from.schema.length;
  const { leftKeys, rightKeys, residual } = bindCondition(join, scope, leftWidth, offset);
  const [leftScope, rightScope] = isTableFirst ? [tableScope, streamScope] : [streamScope, tableScope];
  return {
    scope: atOwnTime(scope, leftScope, !isTableFirst, rightScope, isTableFirst),
    from: {
      kind: 'lookup',
      from,
      table: table.name,
      streamKeys: isTableFirst ? rightKeys : leftKeys,
      tableKeys: isTableFirst ? leftKeys : rightKeys,
      isOuter: join.type === 'left' || join.type === 'right',
      isTableFirst,
      residual,
      schema,
    },
  };
}
