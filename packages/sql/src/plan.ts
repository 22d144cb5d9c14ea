import type { AnalyticOptions, Expr, Field, Frame, Schema, SortKey, Value } from '@rowtime/core';
import { needsCast } from '@rowtime/core';
import { unreachable } from './ast.ts';
import { outputOf } from './bind.ts';
import type { BoundPump } from './bind-pump.ts';
import type {
  BoundFrom,
  BoundJoinSide,
  BoundLookup,
  BoundOrder,
  BoundQuery,
  BoundSelect,
  BoundSet,
  BoundTime,
  TimeBound,
  WindowPlan,
} from './bound.ts';
import { substitute } from './rules.ts';

/** A query as a tree of operators: plain data, printed by explain.ts and made into operators by instantiate.ts.
 *  `schema` is what the node emits. */
export type PlanNode =
  | { readonly kind: 'read'; readonly stream: string; readonly schema: Schema }
  /** A reference table, or the rows of VALUES: only in the plan of a query of tables. */
  | { readonly kind: 'table'; readonly table: string; readonly schema: Schema }
  | { readonly kind: 'values'; readonly rows: readonly (readonly Expr[])[]; readonly schema: Schema }
  /** What a query of tables gave, inserted into a stream once. */
  | { readonly kind: 'once'; readonly table: string; readonly schema: Schema }
  | {
      /** GROUP BY of tables. */
      readonly kind: 'groupAll';
      readonly input: PlanNode;
      readonly keys: readonly number[];
      readonly calls: readonly GroupCall[];
      readonly schema: Schema;
    }
  | { readonly kind: 'filter'; readonly input: PlanNode; readonly predicate: Expr; readonly schema: Schema }
  | { readonly kind: 'project'; readonly input: PlanNode; readonly exprs: readonly Expr[]; readonly schema: Schema }
  | {
      readonly kind: 'tumble';
      readonly input: PlanNode;
      readonly window: WindowPlan;
      /** Columns of the input. */
      readonly keys: readonly number[];
      readonly calls: readonly GroupCall[];
      readonly schema: Schema;
    }
  | {
      readonly kind: 'groupRuns';
      readonly input: PlanNode;
      readonly keys: readonly number[];
      /** The one of `keys` whose changes close the groups. */
      readonly run: number;
      readonly calls: readonly GroupCall[];
      readonly schema: Schema;
    }
  | {
      readonly kind: 'stagger';
      readonly input: PlanNode;
      /** Milliseconds. */
      readonly range: number;
      readonly keys: readonly number[];
      readonly calls: readonly GroupCall[];
      readonly schema: Schema;
    }
  | {
      readonly kind: 'retime';
      readonly input: PlanNode;
      /** The column that becomes the ROWTIME. */
      readonly time: number;
      readonly within: number;
      readonly bound: TimeBound | null;
      readonly schema: Schema;
    }
  | (BoundTime & {
      readonly kind: 'distinct';
      readonly input: PlanNode;
      /** The column that time completes, and the expression it comes from. */
      readonly time: number;
      readonly timeExpr: Expr;
      readonly keys: readonly number[];
      readonly schema: Schema;
    })
  | (BoundTime & {
      readonly kind: 'sort';
      readonly input: PlanNode;
      /** The column of the leading key, and the expression it comes from. */
      readonly time: number;
      readonly timeExpr: Expr;
      readonly keys: readonly SortKey[];
      readonly schema: Schema;
    })
  | {
      readonly kind: 'slide';
      readonly input: PlanNode;
      /** Columns are those of the input; each call adds one behind them. */
      readonly windows: readonly {
        readonly frame: Frame;
        readonly partitionBy: readonly number[];
        readonly calls: readonly SlideCall[];
      }[];
      readonly schema: Schema;
    }
  | {
      readonly kind: 'join';
      /** Left and right. */
      readonly inputs: readonly [PlanNode, PlanNode];
      readonly sides: readonly [PlanJoinSide, PlanJoinSide];
      readonly residual: Expr | null;
      readonly schema: Schema;
    }
  | (Omit<BoundLookup, 'kind' | 'from'> & { readonly kind: 'lookup'; readonly input: PlanNode })
  | { readonly kind: 'union'; readonly inputs: readonly PlanNode[]; readonly schema: Schema }
  | {
      readonly kind: 'tableFunction';
      readonly name: string;
      readonly args: readonly Value[];
      readonly input: PlanNode;
      /** The columns of `input` by the names of the query, which its arguments use; a rule may have dropped them there. */
      readonly columns: Schema;
      readonly schema: Schema;
    };

/** An aggregate of a GROUP BY; `input` null: COUNT(*). */
export interface GroupCall {
  readonly name: string;
  readonly input: number | null;
  readonly ignoreNulls: boolean;
}

/** How one input takes part in a join: see JoinSide of core. */
export type PlanJoinSide = Omit<BoundJoinSide, 'from'>;

/** A function OVER a window; `input` null: COUNT(*). `args` are those of the call, of which only literals are looked at. */
export interface SlideCall {
  readonly name: string;
  readonly input: number | null;
  readonly args: readonly Expr[];
  readonly options: AnalyticOptions;
}

/** Reads no other node. */
export type LeafNode = Extract<PlanNode, { kind: 'read' | 'table' | 'values' | 'once' }>;

function isLeaf(node: PlanNode): node is LeafNode {
  return node.kind === 'read' || node.kind === 'table' || node.kind === 'values' || node.kind === 'once';
}

/** The inputs of a node, left to right. */
export function inputsOf(node: PlanNode): readonly PlanNode[] {
  if (isLeaf(node)) return [];
  return node.kind === 'union' || node.kind === 'join' ? node.inputs : [node.input];
}

/** The node with other inputs. */
export function withInputs(node: PlanNode, f: (input: PlanNode) => PlanNode): PlanNode {
  if (isLeaf(node)) return node;
  if (node.kind === 'union') return { ...node, inputs: node.inputs.map(f) };
  if (node.kind === 'join') return { ...node, inputs: [f(node.inputs[0]), f(node.inputs[1])] };
  return { ...node, input: f(node.input) };
}

export interface PumpPlan {
  readonly name: string;
  readonly into: string;
  readonly root: PlanNode;
}

export function planPump({ name, into, query, rowtime, columns, table }: BoundPump): PumpPlan {
  const rows: PlanNode = table === null ? planQuery(query) : { kind: 'once', table, schema: schemaOf(query) };
  const input: PlanNode =
    rowtime === null ? rows : { ...rowtime, kind: 'retime', input: rows, within: 0, schema: rows.schema };
  return { name, into: into.name, root: { kind: 'project', input, exprs: columns, schema: into.schema } };
}

export function planQuery(query: BoundQuery): PlanNode {
  switch (query.kind) {
    case 'select':
      return planSelect(query);
    case 'union': {
      const schema = schemaOf(query);
      const inputs = query.inputs.map((side): PlanNode => {
        const input = planQuery(side);
        return { kind: 'project', input, exprs: columnsAs(input.schema, schema), schema };
      });
      return { kind: 'union', inputs, schema };
    }
    case 'set':
      return planSet(query);
    case 'values':
      return { kind: 'values', rows: query.rows, schema: schemaOf(query) };
    default:
      return unreachable(query);
  }
}

/** The columns of `from` with the types of `to`. */
function columnsAs(from: Schema, to: Schema): Expr[] {
  return from.map(({ type }, index): Expr => {
    const column: Expr = { kind: 'column', index, type };
    const target = to[index]?.type ?? type;
    return needsCast(type, target) ? { kind: 'cast', arg: column, type: target } : column;
  });
}

// Rows are grouped by all columns, and each group counts the rows that either side gave.
function planSet(query: BoundSet): PlanNode {
  const schema = schemaOf(query);
  const one: Expr = { kind: 'literal', value: 1, type: { kind: 'integer' } };
  const none: Expr = { kind: 'cast', arg: { kind: 'literal', value: null, type: { kind: 'null' } }, type: one.type };
  const marked = [...schema, field('left', one.type), field('right', one.type)];
  const sides = query.inputs.map((side, i): PlanNode => {
    const input = planQuery(side);
    const exprs = [...columnsAs(input.schema, schema), i === 0 ? one : none, i === 0 ? none : one];
    return { kind: 'project', input, exprs, schema: marked };
  });
  const bigint = { kind: 'bigint' } as const;
  const counted = [...schema, field('left rows', bigint), field('right rows', bigint)];
  const grouped: PlanNode = {
    kind: 'groupAll',
    input: { kind: 'union', inputs: sides, schema: marked },
    keys: [...schema.keys()],
    calls: [
      { name: 'COUNT', input: schema.length, ignoreNulls: false },
      { name: 'COUNT', input: schema.length + 1, ignoreNulls: false },
    ],
    schema: counted,
  };
  const zero: Expr = { kind: 'literal', value: 0, type: { kind: 'integer' } };
  const test = (name: string, side: 0 | 1): Expr => {
    const rows: Expr = { kind: 'column', index: schema.length + side, type: bigint };
    return { kind: 'call', name, args: [rows, zero], type: { kind: 'boolean' } };
  };
  const predicate: Expr = {
    kind: 'call',
    name: 'AND',
    args: [test('>', 0), test(query.op === 'except' ? '=' : '>', 1)],
    type: { kind: 'boolean' },
  };
  const input: PlanNode =
    query.op === 'union' ? grouped : { kind: 'filter', input: grouped, predicate, schema: counted };
  return { kind: 'project', input, exprs: columnsAs(schema, schema), schema };
}

function planSelect(query: BoundSelect): PlanNode {
  const { retime } = query;
  if (!retime || retime.isFirst) return planRows(query);
  const input = planRows(query);
  const { time, within, bound } = retime;
  return { kind: 'retime', input, time, within, bound, schema: input.schema };
}

function planRows(query: BoundSelect): PlanNode {
  let node = planFrom(query.from);
  if (query.where) node = { kind: 'filter', input: node, predicate: query.where, schema: node.schema };
  if (query.group) node = planGroup(node, query.group);
  if (query.having) node = { kind: 'filter', input: node, predicate: query.having, schema: node.schema };
  const width = node.schema.length;
  if (query.windows.length > 0) node = planWindows(node, query.windows);
  // What the windows read stands between the columns of FROM and the calls.
  const between = node.kind === 'slide' ? node.input.schema.length - width : 0;
  const placed = (expr: Expr): Expr =>
    substitute(expr, (column) => (column.index < width ? column : { ...column, index: column.index + between }));
  const schema = schemaOf(query);
  const exprs = query.items.map(({ expr }) => placed(expr));
  if (query.distinct) {
    const input: PlanNode = { kind: 'project', input: node, exprs, schema };
    const { distinct } = query;
    node =
      distinct.time === null
        ? { kind: 'groupAll', input, keys: distinct.keys, calls: [], schema }
        : { ...distinct, kind: 'distinct', input, timeExpr: exprs[distinct.time] as Expr, schema };
    if (!query.orderBy) return node;
    // The binder has seen to it that the keys of ORDER BY are columns of the list, or ROWTIME.
    const texts = exprs.map((expr) => JSON.stringify(expr));
    const selected = (expr: Expr): Expr => {
      const item = texts.indexOf(JSON.stringify(placed(expr)));
      return item < 0 ? expr : { kind: 'column', index: item, type: expr.type };
    };
    const columns = schema.map(({ type }, index): Expr => ({ kind: 'column', index, type }));
    return planSort(node, columns, schema, query.orderBy, selected);
  }
  if (!query.orderBy) return { kind: 'project', input: node, exprs, schema };

  return planSort(node, exprs, schema, query.orderBy, placed, query.retime);
}

// Sort keys need not be selected: they travel behind the columns and are dropped after the sort.
function planSort(
  input: PlanNode,
  exprs: readonly Expr[],
  schema: Schema,
  { time, window, isRun, keys }: BoundOrder,
  placed: (expr: Expr) => Expr,
  retime: BoundSelect['retime'] = null,
): PlanNode {
  const sortExprs = [placed(time), ...keys.map(({ expr }) => placed(expr))];
  const wide: Schema = [...schema, ...sortExprs.map(({ type }, i) => field(`sort key ${i + 1}`, type))];
  let rows: PlanNode = { kind: 'project', input, exprs: [...exprs, ...sortExprs], schema: wide };
  if (retime?.isFirst) {
    const { time: column, within, bound } = retime;
    rows = { kind: 'retime', input: rows, time: column, within, bound, schema: wide };
  }
  const sorted: PlanNode = {
    kind: 'sort',
    input: rows,
    time: schema.length,
    timeExpr: retime?.isFirst ? { kind: 'rowtime', type: time.type } : time,
    window,
    isRun,
    keys: keys.map(({ descending, nulls }, i) => ({ index: schema.length + 1 + i, descending, nulls })),
    schema: wide,
  };
  const selected = schema.map(({ type }, index): Expr => ({ kind: 'column', index, type }));
  return { kind: 'project', input: sorted, exprs: selected, schema };
}

function planGroup(input: PlanNode, group: NonNullable<BoundSelect['group']>): PlanNode {
  const args = group.aggregates.flatMap(({ arg }) => arg ?? []);
  const { window } = group;
  // The expressions of the window are not read, but a row for which one fails is an error row.
  const exprs = [...group.keys, ...args, ...(window.unit === 'expression' ? window.exprs : [])];
  const nameOf = (i: number): string => {
    if (i < group.keys.length) return `key ${i + 1}`;
    const at = i - group.keys.length;
    return at < args.length ? `argument ${at + 1}` : `window ${at - args.length + 1}`;
  };
  const schema: Schema = exprs.map(({ type }, i) => field(nameOf(i), type));
  let next = group.keys.length;
  const calls = group.aggregates.map(({ name, arg, ignoreNulls = false }) => ({
    name,
    input: arg ? next++ : null,
    ignoreNulls,
  }));
  const keys = group.keys.map((_, i) => i);
  const projected: PlanNode = { kind: 'project', input, exprs, schema };
  const keyFields = schema.slice(0, keys.length);
  const results = group.aggregates.map(({ name, type }) => field(name, type));
  if (window.unit === 'all')
    return { kind: 'groupAll', input: projected, keys, calls, schema: [...keyFields, ...results] };
  if (window.unit === 'run') {
    return { kind: 'groupRuns', input: projected, keys, run: window.key, calls, schema: [...keyFields, ...results] };
  }
  if (window.unit === 'stagger') {
    return { kind: 'stagger', input: projected, range: window.size, keys, calls, schema: [...keyFields, ...results] };
  }
  const start: Field = { name: 'window start', type: { kind: 'timestamp' }, nullable: false };
  return { kind: 'tumble', input: projected, window, keys, calls, schema: [...keyFields, start, ...results] };
}

function planWindows(input: PlanNode, windows: BoundSelect['windows']): PlanNode {
  const exprs: Expr[] = input.schema.map(({ type }, index) => ({ kind: 'column', index, type }));
  // A column of FROM is taken where it stands; anything else is computed behind them, once.
  const place = (expr: Expr): number => {
    const text = JSON.stringify(expr);
    const at = exprs.findIndex((known) => JSON.stringify(known) === text);
    return at < 0 ? exprs.push(expr) - 1 : at;
  };
  const placed = windows.map(({ frame, partitionBy, calls }) => ({
    frame,
    partitionBy: partitionBy.map(place),
    calls: calls.map(({ name, args, options }) => ({ name, input: args[0] ? place(args[0]) : null, args, options })),
  }));
  const schema = exprs.map(
    ({ type }, i) => input.schema[i] ?? field(`window input ${i - input.schema.length + 1}`, type),
  );
  const results = windows.flatMap(({ calls }) => calls.map(({ name, type }) => field(name, type)));
  return {
    kind: 'slide',
    input: { kind: 'project', input, exprs, schema },
    windows: placed,
    schema: [...schema, ...results],
  };
}

function planFrom(from: BoundFrom): PlanNode {
  switch (from.kind) {
    case 'stream':
      return { kind: 'read', stream: from.stream, schema: from.schema };
    case 'table':
      return { kind: 'table', table: from.table, schema: from.schema };
    case 'query':
      return planQuery(from.query);
    case 'join': {
      const { left, right, residual, schema } = from;
      const side = ({ frame, keys, isOuter }: BoundJoinSide): PlanJoinSide => ({ frame, keys, isOuter });
      const inputs = [planFrom(left.from), planFrom(right.from)] as const;
      const join: PlanNode = { kind: 'join', inputs, sides: [side(left), side(right)], residual, schema };
      if (!from.following) return join;
      const { time, millis: lag } = from.following;
      const bound: TimeBound = {
        expr: { kind: 'rowtime', type: { kind: 'timestamp' } },
        window: null,
        lag,
        sorts: true,
      };
      return { kind: 'retime', input: join, time, within: 0, bound, schema };
    }
    case 'lookup': {
      const { from: stream, ...rest } = from;
      return { ...rest, input: planFrom(stream) };
    }
    case 'tableFunction':
      return {
        kind: 'tableFunction',
        name: from.name,
        args: from.args,
        input: planQuery(from.query),
        columns: from.input,
        schema: from.schema,
      };
    default:
      return unreachable(from);
  }
}

function schemaOf(query: BoundQuery): Schema {
  return outputOf(query).map(({ name, type }) => field(name, type));
}

function field(name: string, type: Expr['type']): Field {
  return { name, type, nullable: true };
}
